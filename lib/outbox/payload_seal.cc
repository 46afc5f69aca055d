#include "outbox/payload_seal.h"

#include <bit>
#include <cstddef>
#include <cstring>

namespace ackd {
namespace {

// With words of one byte it is FNV-1a itself.
template <std::size_t kWordBytes>
class Fnv1a {
 public:
  void number(std::int64_t value) {
    for (std::size_t at = 0; at < sizeof value; at += kWordBytes) {
      word(static_cast<std::uint64_t>(value) >> (8 * at) & kWordMask);
    }
  }
  void text(std::string_view value) {
    number(static_cast<std::int64_t>(value.size()));
    for (; value.size() >= kWordBytes; value.remove_prefix(kWordBytes)) word(little_endian(value, kWordBytes));
    if (!value.empty()) word(little_endian(value, value.size()));
  }
  std::int64_t seal() const { return hash_ == 0 ? 1 : static_cast<std::int64_t>(hash_); }

 private:
  static constexpr std::uint64_t kWordMask = ~std::uint64_t{0} >> (64 - 8 * kWordBytes);

  static std::uint64_t little_endian(std::string_view bytes, std::size_t count) {
    static_assert(std::endian::native == std::endian::little);
    std::uint64_t out = 0;
    std::memcpy(&out, bytes.data(), count);
    return out;
  }
  void word(std::uint64_t value) { hash_ = (hash_ ^ value) * 0x100000001b3ULL; }

  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

template <std::size_t kWordBytes>
std::int64_t seal_of(const Payload& payload) {
  Fnv1a<kWordBytes> sealed;
  sealed.number(payload.lane.value);
  sealed.number(payload.revision.value);
  for (const std::string_view text : {payload.subject, payload.url, payload.content}) sealed.text(text);
  return sealed.seal();
}

}  // namespace

std::int64_t payload_seal(const Payload& payload) {
  return seal_of<8>(payload);
}

bool matches_seal(const Payload& payload, std::int64_t seal) {
  return seal == 0 || seal == payload_seal(payload) || seal == seal_of<1>(payload);
}

}  // namespace ackd
