#include "config/size.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace ackd {
namespace {

// "64MiB", "1 GiB"; "0" needs no unit. Powers of 1024 only: "MB" means two things.
std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  if (number == 0 && unit.empty()) return 0;
  constexpr std::array<std::pair<std::string_view, unsigned>, 3> kUnits{{{"KiB", 10}, {"MiB", 20}, {"GiB", 30}}};
  const auto found = std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& known) { return known.first == unit; });
  if (found == kUnits.end() || number > (UINT64_MAX >> found->second)) return std::nullopt;
  return number << found->second;
}

}  // namespace

std::string format_size(std::uint64_t bytes) {
  constexpr std::array<std::pair<const char*, unsigned>, 3> kUnits{{{"GiB", 30}, {"MiB", 20}, {"KiB", 10}}};
  for (const auto& [unit, shift] : kUnits) {
    if (bytes >= (1ULL << shift) && bytes % (1ULL << shift) == 0) return fmt::format("{}{}", bytes >> shift, unit);
  }
  return fmt::format("{}", bytes);
}

std::uint64_t read_size(const YamlSection& section, std::string_view key, std::uint64_t fallback,
                        const SizeLimits& limits) {
  if (section.find(key) == nullptr) return fallback;
  const std::string text = section.text(key);
  const std::optional<std::uint64_t> size = parse_size(text);
  if (size && *size >= limits.least && *size <= limits.most) return *size;
  section.report(key, fmt::format("'{}' is not a size from {} to {}; write a number and KiB, MiB or GiB", text,
                                  format_size(limits.least), format_size(limits.most)));
  return fallback;
}

}  // namespace ackd
