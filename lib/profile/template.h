// Text with placeholders, as canonical strings use it around the merchant's key: "&key={key}", "&{md5(key)}".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace ackd {

enum class TemplatePart {
  kText,
  kKey,       // {key}: the key as it is
  kMd5OfKey,  // {md5(key)}: lower-case hex
};

struct TemplatePiece {
  TemplatePart part = TemplatePart::kText;
  std::string text;  // with kText
};
using Template = std::vector<TemplatePiece>;

// Every '{' must open a known placeholder; there is no escape, because no protocol puts a brace into its signed text.
Result<Template> parse_template(std::string_view text);

bool uses_key(const Template& pieces);

// The result may hold the key.
std::string expand(const Template& pieces, const Secret& key);

}  // namespace ackd
