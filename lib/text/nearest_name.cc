#include "text/nearest_name.h"

#include <algorithm>
#include <numeric>

namespace ackd {
namespace {

// Longer names are nobody's typing mistake, and the distance below costs their product.
constexpr std::size_t kNameBytesCompared = 128;

char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Levenshtein's distance, one row at a time.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (to_lower(a[i - 1]) == to_lower(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string nearest_name(std::string_view mistyped, const std::vector<std::string>& known) {
  if (mistyped.size() > kNameBytesCompared) return {};
  std::string nearest;
  std::size_t fewest = std::max<std::size_t>(1, mistyped.size() / 3) + 1;
  for (const std::string& name : known) {
    const std::size_t changes = distance(mistyped, name);
    if (changes >= fewest) continue;
    fewest = changes;
    nearest = name;
  }
  return nearest;
}

std::string did_you_mean(std::string_view mistyped, const std::vector<std::string>& known) {
  const std::string nearest = nearest_name(mistyped, known);
  return nearest.empty() ? std::string() : "; did you mean '" + nearest + "'?";
}

std::string join_or(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += i + 1 == names.size() ? " or " : ", ";
    out += names[i];
  }
  return out;
}

}  // namespace ackd
