#include "model/merchant.h"

#include <algorithm>

namespace ackd {
namespace {

bool has_secret(const MerchantKey& key) {
  return !key.secret.empty();
}

bool has_private_key(const MerchantKey& key) {
  return !key.private_key.empty();
}

// Those of the configuration are in files of their own.
std::size_t sealed_keys_of(const Merchant& merchant) {
  return merchant.source == MerchantSource::kRecord ? merchant.keys.size() : 0;
}

}  // namespace

void MerchantDirectory::put(Merchant merchant) {
  ++changes_;
  own_sealed_keys_ += sealed_keys_of(merchant);
  const auto found = merchants_.find(ByName::name(merchant));
  if (found == merchants_.end()) {
    places_.insert(&*merchants_.insert(std::move(merchant)).first);
    return;
  }
  own_sealed_keys_ -= sealed_keys_of(*found);
  auto node = merchants_.extract(found);  // keeps its place
  node.value() = std::move(merchant);
  merchants_.insert(std::move(node));
}

void MerchantDirectory::remove(std::string_view provider, std::string_view id) {
  const auto found = merchants_.find(NameView{provider, id});
  if (found == merchants_.end()) return;
  ++changes_;
  own_sealed_keys_ -= sealed_keys_of(*found);
  places_.erase(&*found);
  merchants_.erase(found);
}

std::size_t MerchantDirectory::sealed_keys() const {
  std::size_t count = own_sealed_keys_;
  for (const auto& [provider, keys] : shared_) count += keys.size();
  return count;
}

const Merchant* MerchantDirectory::find(std::string_view provider, std::string_view id) const {
  const auto found = places_.find(NameView{provider, id});
  return found == places_.end() ? nullptr : *found;
}

std::vector<const Merchant*> MerchantDirectory::all() const {
  return following({}, {}, merchants_.size());
}

std::vector<const Merchant*> MerchantDirectory::following(std::string_view provider, std::string_view id,
                                                          std::size_t count) const {
  std::vector<const Merchant*> out;
  const bool from_first = provider.empty() && id.empty();
  auto next = from_first ? merchants_.begin() : merchants_.upper_bound(NameView{provider, id});
  for (; next != merchants_.end() && out.size() < count; ++next) out.push_back(&*next);
  return out;
}

void MerchantDirectory::share(std::string_view provider, std::vector<MerchantKey> keys) {
  if (keys.empty()) {
    const auto found = shared_.find(provider);
    if (found != shared_.end()) shared_.erase(found);
    return;
  }
  shared_.insert_or_assign(std::string(provider), std::move(keys));
}

const std::vector<MerchantKey>& MerchantDirectory::shared_keys(std::string_view provider) const {
  static const std::vector<MerchantKey> kNone;
  const auto found = shared_.find(provider);
  return found == shared_.end() ? kNone : found->second;
}

std::vector<std::string_view> MerchantDirectory::providers_with_shared_keys() const {
  std::vector<std::string_view> providers;
  for (const auto& [provider, keys] : shared_) providers.push_back(provider);
  return providers;
}

std::vector<const MerchantKey*> MerchantDirectory::filling_keys(const Merchant& merchant) const {
  std::vector<const MerchantKey*> filling;
  const std::vector<MerchantKey>& shared = shared_keys(merchant.provider);
  if (shared.empty()) return filling;
  const bool lacks_secret = std::none_of(merchant.keys.begin(), merchant.keys.end(), has_secret);
  const bool lacks_private_key = std::none_of(merchant.keys.begin(), merchant.keys.end(), has_private_key);
  for (const MerchantKey& key : shared) {
    const bool fills = (lacks_secret && has_secret(key)) || (lacks_private_key && has_private_key(key));
    if (fills) filling.push_back(&key);
  }
  return filling;
}

const Merchant& MerchantDirectory::as_signing(const Merchant& merchant, Merchant& room) const {
  const std::vector<const MerchantKey*> filling = filling_keys(merchant);
  if (filling.empty()) return merchant;
  const bool lacks_secret = std::none_of(merchant.keys.begin(), merchant.keys.end(), has_secret);
  const bool lacks_private_key = std::none_of(merchant.keys.begin(), merchant.keys.end(), has_private_key);
  room = merchant;
  for (const MerchantKey* key : filling) {
    room.keys.push_back(
        {key->id, lacks_secret ? key->secret : Secret(), lacks_private_key ? key->private_key : Secret()});
  }
  return room;
}

void MerchantDirectory::pause(MerchantName merchant, Pause pause) {
  resume(merchant);
  if (pause.until) pause_ends_.insert({*pause.until, merchant});
  paused_.emplace(std::move(merchant), std::move(pause));
}

void MerchantDirectory::resume(const MerchantName& merchant) {
  const auto found = paused_.find(merchant);
  if (found == paused_.end()) return;
  if (found->second.until) pause_ends_.erase({*found->second.until, found->first});
  paused_.erase(found);
}

const MerchantDirectory::Pause* MerchantDirectory::find_pause(std::string_view provider, std::string_view id) const {
  const auto found = paused_.find(NameView{provider, id});
  return found == paused_.end() ? nullptr : &found->second;
}

std::optional<EngineTime> MerchantDirectory::next_pause_end() const {
  if (pause_ends_.empty()) return std::nullopt;
  return pause_ends_.begin()->first;
}

std::vector<MerchantName> MerchantDirectory::pauses_ended_by(EngineTime now, std::size_t count) const {
  std::vector<MerchantName> ended;
  for (const auto& [until, merchant] : pause_ends_) {
    if (until > now || ended.size() == count) break;
    ended.push_back(merchant);
  }
  return ended;
}

}  // namespace ackd
