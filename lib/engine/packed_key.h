// A lane's key as it is kept in memory: one allocation of its letters and six bytes. As three strings it would cost
// each lane 96 bytes, and one of its own for every part that is not short.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "model/notification.h"

namespace ackd {

// A key's parts wherever they lie. They stand in the order that people look at lanes in.
struct LaneKeyView {
  std::string_view provider;
  std::string_view merchant;
  std::string_view origin;

  LaneKeyView() = default;
  LaneKeyView(const LaneKey& key) : provider(key.provider), merchant(key.merchant), origin(key.origin) {}
  LaneKey copy() const { return {std::string(provider), std::string(merchant), std::string(origin)}; }
  friend auto operator<=>(const LaneKeyView&, const LaneKeyView&) = default;
};

class PackedKey {
 public:
  PackedKey() = default;
  // REQUIRES: each part is one that Intake admits.
  explicit PackedKey(const LaneKeyView& key);
  // Valid as long as this is.
  LaneKeyView view() const;

 private:
  std::unique_ptr<char[]> bytes_;  // sizes, then the parts; nothing while the key is empty
};

}  // namespace ackd
