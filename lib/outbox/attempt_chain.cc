#include "outbox/attempt_chain.h"

#include <string>
#include <string_view>

#include "crypto/digest.h"

namespace ackd {
namespace {

constexpr char kCanonicalVersion = 1;

class Canonical {
 public:
  explicit Canonical(const Hash& previous) { raw(previous); }

  Canonical& raw(const Hash& hash) {
    bytes_.append(reinterpret_cast<const char*>(hash.data()), hash.size());
    return *this;
  }
  Canonical& number(std::int64_t value) {
    for (unsigned shift = 0; shift < 64; shift += 8) {
      bytes_.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> shift));
    }
    return *this;
  }
  Canonical& text(std::string_view value) {
    number(static_cast<std::int64_t>(value.size()));
    bytes_.append(value);
    return *this;
  }
  Canonical& version() {
    bytes_.push_back(kCanonicalVersion);
    return *this;
  }
  Hash seal() const { return sha256(bytes_); }

 private:
  std::string bytes_;
};

}  // namespace

Hash chain_start(const Hash& content_hash, NotificationId id) {
  return Canonical(content_hash).number(id.value).seal();
}

Hash chain_next(const Hash& previous, const Attempt& attempt) {
  Canonical bytes(previous);
  bytes.version().number(attempt.number).text(name_of(attempt.outcome)).text(name_of(attempt.end));
  bytes.number(attempt.started_at.ms).number(attempt.ended_at.ms).number(attempt.status).text(attempt.reason);
  bytes.text(attempt.excerpt).text(attempt.content_type).text(attempt.peer).text(attempt.key_id);
  bytes.raw(attempt.request_hash).number(attempt.signed_at.ms).text(attempt.nonce).number(attempt.sends);
  return bytes.seal();
}

}  // namespace ackd
