#include "transport/name_cache.h"

#include <algorithm>
#include <utility>

namespace ackd {

const NameAnswer* NameCache::find(const std::string& host, std::int64_t now_ms) const {
  const auto found = entries_.find(host);
  if (found == entries_.end() || found->second.expires_ms <= now_ms) return nullptr;
  return &found->second.answer;
}

std::optional<NameAnswer::Kind> NameCache::last_kind(const std::string& host, std::int64_t since_ms) const {
  const auto found = entries_.find(host);
  if (found == entries_.end()) return std::nullopt;
  const NameAnswer::Kind kind = found->second.answer.kind;
  if (kind == NameAnswer::Kind::kFailed && found->second.expires_ms < since_ms) return std::nullopt;
  return kind;
}

void NameCache::note_silence(const std::string& host, std::int64_t now_ms) {
  if (entries_.size() >= kEntriesMax) make_room(now_ms);
  entries_.insert_or_assign(host, Entry{{NameAnswer::Kind::kFailed, {}, "no name server answered"}, now_ms});
}

void NameCache::put(const std::string& host, NameAnswer answer, std::int64_t ttl_s, std::int64_t now_ms) {
  if (entries_.size() >= kEntriesMax) make_room(now_ms);
  std::int64_t ttl_ms = kFailedTtlMs;
  if (answer.kind == NameAnswer::Kind::kNotFound) ttl_ms = kNegativeTtlMs;
  if (answer.kind == NameAnswer::Kind::kFound) {
    ttl_ms = std::clamp(std::clamp<std::int64_t>(ttl_s, 0, kTtlMaxMs) * 1'000, kTtlMinMs, kTtlMaxMs);
  }
  entries_.insert_or_assign(host, Entry{std::move(answer), now_ms + ttl_ms});
}

// Rare and linear. When every entry is alive, half of them go: forgetting one costs one lookup, and halving keeps the
// next pass far away.
void NameCache::make_room(std::int64_t now_ms) {
  std::erase_if(entries_, [&](const auto& entry) { return entry.second.expires_ms <= now_ms; });
  while (entries_.size() > kEntriesMax / 2) entries_.erase(entries_.begin());
}

}  // namespace ackd
