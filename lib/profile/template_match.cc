#include "profile/template_match.h"

#include "text/form_encoding.h"

namespace ackd {
namespace {

// What was put through the piece's function; nothing where that cannot be undone.
std::optional<std::string> undone(const TemplatePiece& piece, std::string_view text) {
  if (piece.function == TemplateFunction::kNone) return std::string(text);
  if (piece.function != TemplateFunction::kPercent) return std::nullopt;
  const Result<std::string> decoded = percent_decode(text);
  return decoded ? std::optional(*decoded) : std::nullopt;
}

// False when the text is not one that the piece can stand for.
bool keep(const TemplatePiece& piece, std::string_view text, UtcOffset zone, TemplateMatch& match) {
  std::optional<std::string> value = undone(piece, text);
  if (!value) return true;
  switch (piece.value) {
    case TemplateValue::kNow: {
      const Result<WallTime> at = parse_time(*value, piece.argument, zone);
      if (at) match.now = *at;
      return at.ok();
    }
    case TemplateValue::kNonce: match.nonce = *std::move(value); break;
    case TemplateValue::kKeyId: match.key_id = *std::move(value); break;
    case TemplateValue::kBody: match.body = *std::move(value); break;
    case TemplateValue::kSignature: match.signature = *std::move(value); break;
    case TemplateValue::kSignatures: match.signatures = *std::move(value); break;
    case TemplateValue::kField: match.fields.push_back({piece.argument, *std::move(value)}); break;
    default: break;  // the merchant knows the rest itself
  }
  return true;
}

// Where the placeholder at `index` ends; npos when its end cannot be found.
std::size_t end_of(const Template& pieces, std::size_t index, std::string_view text) {
  if (index + 1 == pieces.size()) return text.size();
  const TemplatePiece& next = pieces[index + 1];
  if (next.value != TemplateValue::kText) return std::string_view::npos;
  // Behind the last literal nothing may be left, so it is the text's end that counts.
  const bool is_end = index + 2 == pieces.size();
  return is_end ? text.rfind(next.argument) : text.find(next.argument);
}

}  // namespace

std::optional<TemplateMatch> match_template(const Template& pieces, std::string_view text, UtcOffset zone) {
  TemplateMatch match;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const TemplatePiece& piece = pieces[i];
    if (piece.value == TemplateValue::kText) {
      if (!text.starts_with(piece.argument)) return std::nullopt;
      text.remove_prefix(piece.argument.size());
      continue;
    }
    const std::size_t end = end_of(pieces, i, text);
    if (end == std::string_view::npos || !keep(piece, text.substr(0, end), zone, match)) return std::nullopt;
    text.remove_prefix(end);
  }
  if (!text.empty()) return std::nullopt;
  return match;
}

}  // namespace ackd
