#include "model/state.h"

#include <array>
#include <cstddef>

namespace ackd {
namespace {

constexpr std::array<const char*, kStateCount> kNames{"pending", "held", "delivered", "exhausted", "cancelled"};

}  // namespace

const char* name_of(State state) {
  return kNames.at(static_cast<std::size_t>(state));
}

std::optional<State> parse_state(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames.at(i)) return static_cast<State>(i);
  }
  return std::nullopt;
}

}  // namespace ackd
