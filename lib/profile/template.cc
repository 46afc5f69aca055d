#include "profile/template.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "crypto/digest.h"

namespace ackd {
namespace {

struct Placeholder {
  std::string_view name;
  TemplatePart part;
};
constexpr std::array<Placeholder, 2> kPlaceholders{
    {{"key", TemplatePart::kKey}, {"md5(key)", TemplatePart::kMd5OfKey}}};

}  // namespace

Result<Template> parse_template(std::string_view text) {
  Template pieces;
  while (!text.empty()) {
    const std::size_t open = text.find('{');
    if (open != 0) pieces.push_back({TemplatePart::kText, std::string(text.substr(0, open))});
    if (open == std::string_view::npos) break;
    const std::size_t close = text.find('}', open);
    const std::string_view name = text.substr(open + 1, close == std::string_view::npos ? close : close - open - 1);
    const auto known = std::find_if(kPlaceholders.begin(), kPlaceholders.end(),
                                    [&](const Placeholder& placeholder) { return placeholder.name == name; });
    if (close == std::string_view::npos || known == kPlaceholders.end()) {
      return invalid(fmt::format("the placeholder '{{{}' is not known; write {{key}} or {{md5(key)}}", name));
    }
    pieces.push_back({known->part, {}});
    text.remove_prefix(close + 1);
  }
  return pieces;
}

bool uses_key(const Template& pieces) {
  return std::any_of(pieces.begin(), pieces.end(),
                     [](const TemplatePiece& piece) { return piece.part != TemplatePart::kText; });
}

std::string expand(const Template& pieces, const Secret& key) {
  std::string out;
  for (const TemplatePiece& piece : pieces) {
    switch (piece.part) {
      case TemplatePart::kText: out += piece.text; break;
      case TemplatePart::kKey: out += key.reveal(); break;
      case TemplatePart::kMd5OfKey:
        out += to_text(digest(DigestKind::kMd5, key.reveal()), DigestForm::kHexLower);
        break;
    }
  }
  return out;
}

}  // namespace ackd
