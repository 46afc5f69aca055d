#include "profile/template.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "crypto/digest.h"
#include "text/nearest_name.h"

namespace ackd {
namespace {

constexpr std::size_t kTemplateBytesMax = 4096;
constexpr unsigned kRandomCharactersMax = 64;

// What follows a placeholder's name: nothing, ".NAME" or ":DETAIL".
enum class Detail { kNone, kName, kLength, kOptionalFormat };

struct Placeholder {
  std::string_view name;
  TemplateValue value;
  Detail detail;
};
constexpr std::array<Placeholder, 15> kPlaceholders{{{"key", TemplateValue::kKey, Detail::kNone},
                                                     {"key_id", TemplateValue::kKeyId, Detail::kNone},
                                                     {"merchant", TemplateValue::kMerchant, Detail::kNone},
                                                     {"field", TemplateValue::kField, Detail::kName},
                                                     {"option", TemplateValue::kOption, Detail::kName},
                                                     {"charset", TemplateValue::kCharset, Detail::kNone},
                                                     {"now", TemplateValue::kNow, Detail::kOptionalFormat},
                                                     {"now_ms", TemplateValue::kNow, Detail::kNone},
                                                     {"nonce", TemplateValue::kNonce, Detail::kNone},
                                                     {"body", TemplateValue::kBody, Detail::kNone},
                                                     {"text", TemplateValue::kCanonical, Detail::kNone},
                                                     {"signature", TemplateValue::kSignature, Detail::kNone},
                                                     {"signatures", TemplateValue::kSignatures, Detail::kNone},
                                                     {"random", TemplateValue::kRandom, Detail::kLength},
                                                     {"uuid", TemplateValue::kUuid, Detail::kNone}}};

struct FunctionName {
  std::string_view name;
  TemplateFunction function;
};
constexpr std::array<FunctionName, 7> kFunctions{{{"md5", TemplateFunction::kMd5},
                                                  {"sha1", TemplateFunction::kSha1},
                                                  {"sha256", TemplateFunction::kSha256},
                                                  {"sm3", TemplateFunction::kSm3},
                                                  {"crc32", TemplateFunction::kCrc32},
                                                  {"percent", TemplateFunction::kPercent},
                                                  {"upper", TemplateFunction::kUpper}}};

// The names that a place knows, without braces.
std::string_view names_known_in(TemplatePlace place) {
  switch (place) {
    case TemplatePlace::kConstant: return " merchant option charset ";
    case TemplatePlace::kAdmission: return " merchant option now now_ms random uuid ";
    case TemplatePlace::kHeader:
      return " merchant option charset field now now_ms nonce key_id body signature signatures ";
    case TemplatePlace::kAroundText: return " key field option merchant ";
    case TemplatePlace::kText: return " key field option merchant now now_ms nonce body ";
    case TemplatePlace::kSignInput: return " text key body ";
    case TemplatePlace::kSignature: return " signature now now_ms key_id ";
    case TemplatePlace::kWrap: break;
  }
  return " body ";
}

bool knows(TemplatePlace place, std::string_view name) {
  return names_known_in(place).find(fmt::format(" {} ", name)) != std::string_view::npos;
}

Error unknown_placeholder(std::string_view written, TemplatePlace place) {
  std::vector<std::string> names;
  for (const Placeholder& each : kPlaceholders) {
    const char* detail = each.detail == Detail::kName ? ".NAME" : each.detail == Detail::kLength ? ":N" : "";
    if (knows(place, each.name)) names.push_back(fmt::format("{{{}{}}}", each.name, detail));
  }
  return invalid(fmt::format("the placeholder '{{{}}}' is not known here; write {}", written, join_or(names)));
}

std::optional<unsigned> parse_length(std::string_view text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && number >= 1 && number <= kRandomCharactersMax ? std::optional(number) : std::nullopt;
}

// The detail behind the name: checked, and completed where it has a default.
Status read_detail(const Placeholder& placeholder, char separator, TemplatePiece& piece) {
  const bool has_detail = separator != '\0';
  switch (placeholder.detail) {
    case Detail::kNone:
      if (has_detail) return invalid(fmt::format("{{{}}} takes nothing behind its name", placeholder.name));
      if (placeholder.value == TemplateValue::kNow) piece.argument = "%s%L";
      return Done{};
    case Detail::kName:
      if (separator == '.' && !piece.argument.empty()) return Done{};
      return invalid(fmt::format("{{{0}}} needs a name: {{{0}.NAME}}", placeholder.name));
    case Detail::kLength:
      if (separator == ':' && parse_length(piece.argument)) return Done{};
      return invalid(fmt::format("{{random:N}} needs a length from 1 to {}", kRandomCharactersMax));
    case Detail::kOptionalFormat: break;
  }
  if (!has_detail) piece.argument = "%s";
  return check_time_format(piece.argument);
}

Result<TemplatePiece> parse_placeholder(std::string_view written, TemplatePlace place) {
  TemplatePiece piece;
  std::string_view inner = written;
  for (const FunctionName& known : kFunctions) {
    if (!inner.starts_with(known.name) || !inner.substr(known.name.size()).starts_with('(') || !inner.ends_with(')')) {
      continue;
    }
    piece.function = known.function;
    inner = inner.substr(known.name.size() + 1, inner.size() - known.name.size() - 2);
    break;
  }
  const std::size_t end = std::min(inner.find_first_of(".:"), inner.size());
  const std::string_view name = inner.substr(0, end);
  const auto known = std::find_if(kPlaceholders.begin(), kPlaceholders.end(),
                                  [&](const Placeholder& placeholder) { return placeholder.name == name; });
  if (known == kPlaceholders.end() || !knows(place, name)) return unknown_placeholder(written, place);
  piece.value = known->value;
  if (end < inner.size()) piece.argument = inner.substr(end + 1);
  const Status valid = read_detail(*known, end < inner.size() ? inner[end] : '\0', piece);
  if (!valid) return valid.error();
  return piece;
}

void add_text(Template& pieces, std::string_view text) {
  if (text.empty()) return;
  if (pieces.empty() || pieces.back().value != TemplateValue::kText) pieces.push_back({});
  pieces.back().argument += text;
}

std::string random_hex(std::string_view seed, std::size_t characters) {
  return to_text(digest(DigestKind::kSha256, std::string(seed) + "/random"), DigestForm::kHexLower)
      .substr(0, characters);
}

// Version 4: 122 bits of the seed's digest.
std::string uuid(std::string_view seed) {
  std::string hex = to_text(digest(DigestKind::kSha256, std::string(seed) + "/uuid"), DigestForm::kHexLower);
  hex[12] = '4';
  hex[16] = "89ab"[static_cast<unsigned char>(hex[16]) & 3U];
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4), hex.substr(16, 4),
                     hex.substr(20, 12));
}

std::string_view option_of(const TemplateFacts& facts, const std::string& name) {
  if (facts.options == nullptr) return {};
  const auto found = facts.options->find(name);
  return found == facts.options->end() ? std::string_view() : found->second;
}

std::string_view field_of(const TemplateFacts& facts, const std::string& name) {
  const std::string* value = facts.fields == nullptr ? nullptr : find_field(*facts.fields, name);
  return value == nullptr ? std::string_view() : *value;
}

// Nothing where it has to be made first.
std::optional<std::string_view> ready_value(const TemplatePiece& piece, const TemplateFacts& facts) {
  switch (piece.value) {
    case TemplateValue::kText: return piece.argument;
    case TemplateValue::kKey: return facts.key;
    case TemplateValue::kKeyId: return facts.key_id;
    case TemplateValue::kMerchant: return facts.merchant;
    case TemplateValue::kField: return field_of(facts, piece.argument);
    case TemplateValue::kOption: return option_of(facts, piece.argument);
    case TemplateValue::kCharset: return facts.charset;
    case TemplateValue::kNonce: return facts.nonce;
    case TemplateValue::kBody: return facts.body;
    case TemplateValue::kCanonical: return facts.text;
    case TemplateValue::kSignature: return facts.signature;
    case TemplateValue::kSignatures: return facts.signatures;
    case TemplateValue::kNow:
    case TemplateValue::kRandom:
    case TemplateValue::kUuid: break;
  }
  return std::nullopt;
}

std::string value_of(const TemplatePiece& piece, const TemplateFacts& facts) {
  if (const auto ready = ready_value(piece, facts)) return std::string(*ready);
  if (piece.value == TemplateValue::kNow) return format_time(facts.now, piece.argument, facts.zone);
  if (piece.value == TemplateValue::kUuid) return uuid(facts.seed);
  return random_hex(facts.seed, parse_length(piece.argument).value_or(1));
}

std::string upper_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return text;
}

std::string hex_digest(DigestKind kind, const std::string& bytes) {
  return to_text(digest(kind, bytes), DigestForm::kHexLower);
}

std::string apply(TemplateFunction function, std::string value, Space space) {
  switch (function) {
    case TemplateFunction::kNone: return value;
    case TemplateFunction::kMd5: return hex_digest(DigestKind::kMd5, value);
    case TemplateFunction::kSha1: return hex_digest(DigestKind::kSha1, value);
    case TemplateFunction::kSha256: return hex_digest(DigestKind::kSha256, value);
    case TemplateFunction::kSm3: return hex_digest(DigestKind::kSm3, value);
    case TemplateFunction::kCrc32: return std::to_string(crc32(value));
    case TemplateFunction::kPercent: return percent_encode(value, space);
    case TemplateFunction::kUpper: break;
  }
  return upper_case(std::move(value));
}

std::string literal_text(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '{' || c == '}' ? std::string(2, c) : std::string(1, c);
  return out;
}

// What stands between the braces.
std::string placeholder_text(const TemplatePiece& piece) {
  const bool has_milliseconds = piece.value == TemplateValue::kNow && piece.argument == "%s%L";
  if (has_milliseconds) return "now_ms";
  const auto placeholder = std::find_if(kPlaceholders.begin(), kPlaceholders.end(),
                                        [&](const Placeholder& each) { return each.value == piece.value; });
  CHECK_THAT(placeholder != kPlaceholders.end(), "every value but literal text has a placeholder");
  const bool has_default = placeholder->detail == Detail::kOptionalFormat && piece.argument == "%s";
  if (placeholder->detail == Detail::kNone || has_default) return std::string(placeholder->name);
  return fmt::format("{}{}{}", placeholder->name, placeholder->detail == Detail::kName ? '.' : ':', piece.argument);
}

std::string text_of(const TemplatePiece& piece) {
  if (piece.value == TemplateValue::kText) return literal_text(piece.argument);
  const auto function = std::find_if(kFunctions.begin(), kFunctions.end(),
                                     [&](const FunctionName& each) { return each.function == piece.function; });
  const std::string inner = placeholder_text(piece);
  if (function == kFunctions.end()) return "{" + inner + "}";
  return fmt::format("{{{}({})}}", function->name, inner);
}

}  // namespace

std::string text_of(const Template& pieces) {
  std::string out;
  for (const TemplatePiece& piece : pieces) out += text_of(piece);
  return out;
}

Result<Template> parse_template(std::string_view text, TemplatePlace place) {
  if (text.size() > kTemplateBytesMax) return invalid(fmt::format("has more than {} bytes", kTemplateBytesMax));
  Template pieces;
  while (!text.empty()) {
    const std::size_t brace = std::min(text.find_first_of("{}"), text.size());
    add_text(pieces, text.substr(0, brace));
    text.remove_prefix(brace);
    if (text.empty()) break;
    if (text.size() > 1 && text[1] == text[0]) {
      add_text(pieces, text.substr(0, 1));
      text.remove_prefix(2);
      continue;
    }
    const std::size_t close = text.find('}');
    if (text[0] == '}') return invalid("a '}' without its '{'; write '}}' for the character itself");
    if (close == std::string_view::npos) return invalid("a '{' without its '}'; write '{{' for the character itself");
    Result<TemplatePiece> piece = parse_placeholder(text.substr(1, close - 1), place);
    if (!piece) return piece.error();
    pieces.push_back(*std::move(piece));
    text.remove_prefix(close + 1);
  }
  return pieces;
}

bool uses(const Template& pieces, TemplateValue value) {
  return std::any_of(pieces.begin(), pieces.end(), [&](const TemplatePiece& piece) { return piece.value == value; });
}

std::string expand(const Template& pieces, const TemplateFacts& facts) {
  std::string out;
  for (const TemplatePiece& piece : pieces) {
    const bool as_it_is = piece.function == TemplateFunction::kNone;
    if (const auto ready = ready_value(piece, facts); ready && as_it_is) {
      out += *ready;
    } else {
      out += apply(piece.function, value_of(piece, facts), facts.space);
    }
  }
  return out;
}

}  // namespace ackd
