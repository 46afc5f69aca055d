// What name servers said, for as long as they said so. Pure: time is an argument.
//
// Why our own: libcurl's cache is one per multi and costs time linear in its entries at every transfer's end, and what
// c-ares 1.18 answers is not kept at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/egress.h"

namespace ackd {

struct NameAnswer {
  enum class Kind {
    kFound,
    kNotFound,  // the name servers say that there is no such name, or that it has no address, or that they are broken
    kFailed,    // no name server answered: our trouble
  };
  Kind kind = Kind::kFailed;
  std::vector<IpAddress> addresses;  // with kFound: at least one, IPv4 first
  std::string detail;                // else: the resolver's words
};

class NameCache {
 public:
  // A TTL of 0 would mean a lookup for every attempt, one of a week would outlive a merchant's move to a new address.
  static constexpr std::int64_t kTtlMinMs = 5'000;
  static constexpr std::int64_t kTtlMaxMs = 5 * 60'000;
  static constexpr std::int64_t kNegativeTtlMs = 5'000;
  // Long enough that a burst for one dead name asks once, short enough that a recovered resolver is noticed.
  static constexpr std::int64_t kFailedTtlMs = 1'000;
  static constexpr std::size_t kEntriesMax = 16'384;

  // The pointer stays valid until the next put().
  const NameAnswer* find(const std::string& host, std::int64_t now_ms) const;
  // What the host's last answer was, also when it is out of date; a failure only when it was none before `since_ms`.
  std::optional<NameAnswer::Kind> last_kind(const std::string& host, std::int64_t since_ms) const;
  // No name server has answered about it yet: as a failure that is out of date at once.
  void note_silence(const std::string& host, std::int64_t now_ms);
  // `ttl_s` counts only for addresses that were found.
  void put(const std::string& host, NameAnswer answer, std::int64_t ttl_s, std::int64_t now_ms);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    NameAnswer answer;
    std::int64_t expires_ms = 0;
  };
  void make_room(std::int64_t now_ms);

  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace ackd
