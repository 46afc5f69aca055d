#include "engine/packed_key.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "base/check.h"

namespace ackd {
namespace {

using Sizes = std::array<std::uint16_t, 3>;

std::uint16_t size_of(std::string_view part) {
  CHECK_THAT(part.size() <= UINT16_MAX, "a lane's key is longer than any that is admitted");
  return static_cast<std::uint16_t>(part.size());
}
static_assert(kNameBytesMax <= UINT16_MAX && kUrlBytesMax <= UINT16_MAX);

}  // namespace

PackedKey::PackedKey(const LaneKeyView& key) {
  const Sizes sizes{size_of(key.provider), size_of(key.merchant), size_of(key.origin)};
  bytes_ = std::make_unique<char[]>(sizeof(Sizes) + key.provider.size() + key.merchant.size() + key.origin.size());
  std::memcpy(bytes_.get(), sizes.data(), sizeof(Sizes));
  char* end = bytes_.get() + sizeof(Sizes);
  for (const std::string_view part : {key.provider, key.merchant, key.origin}) {
    end = std::copy(part.begin(), part.end(), end);
  }
}

LaneKeyView PackedKey::view() const {
  LaneKeyView key;
  if (!bytes_) return key;
  Sizes sizes;
  std::memcpy(sizes.data(), bytes_.get(), sizeof(Sizes));
  key.provider = {bytes_.get() + sizeof(Sizes), sizes[0]};
  key.merchant = {key.provider.data() + sizes[0], sizes[1]};
  key.origin = {key.merchant.data() + sizes[1], sizes[2]};
  return key;
}

}  // namespace ackd
