#include "policy/answer_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "text/json_pointer.h"
#include "text/xml.h"

namespace ackd {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\v\f";

char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), to_lower);
  return out;
}

Result<std::string> xml_text(const AckRule& rule, std::string_view body) {
  Result<std::string> text = xml_child_text(body, rule.place);
  if (!text) return text;
  return std::string(trimmed(*text));
}

Result<std::string> json_text(const AckRule& rule, std::string_view body) {
  const Result<JsonPointer> pointer = parse_json_pointer(rule.place);
  if (!pointer) return pointer.error();
  const Result<JsonValue> document = read_json(body);
  if (!document) return document.error();
  const JsonValue* value = find(*document, *pointer);
  if (value == nullptr) return Error{ErrorCode::kNotFound, fmt::format("the JSON has no {}", rule.place), {}};
  switch (value->kind) {
    case JsonKind::kString:
    case JsonKind::kNumber:
    case JsonKind::kBoolean: return value->text;
    default: return invalid(fmt::format("{} is {}", place_in_words(rule), name_of(value->kind)));
  }
}

Result<std::string> first_element(const AckRule& rule, std::string_view body) {
  std::optional<std::string> text = first_element_text(body, rule.place);
  if (text) return *std::move(text);
  return Error{ErrorCode::kNotFound, fmt::format("there is no <{}> element with a text", rule.place), {}};
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return to_lower(x) == to_lower(y); });
}

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  return lower_case(text).find(lower_case(part)) != std::string::npos;
}

bool reads_place(AckMatch match) {
  return match == AckMatch::kXmlElement || match == AckMatch::kJsonValue || match == AckMatch::kFirstElement;
}

Result<std::string> text_at_place(const AckRule& rule, std::string_view body) {
  CHECK_THAT(reads_place(rule.match), "only such a rule has a place");
  if (rule.match == AckMatch::kXmlElement) return xml_text(rule, body);
  if (rule.match == AckMatch::kJsonValue) return json_text(rule, body);
  return first_element(rule, body);
}

std::string place_in_words(const AckRule& rule) {
  if (rule.match == AckMatch::kXmlElement) return "the XML's " + rule.place;
  if (rule.match == AckMatch::kJsonValue) return "the JSON's " + (rule.place.empty() ? "value" : rule.place);
  return fmt::format("the first <{}>", rule.place);
}

bool body_matches(const AckRule& rule, std::string_view body) {
  const auto equal = [&](std::string_view text) {
    return rule.any_case ? equal_ignoring_case(text, rule.text) : text == rule.text;
  };
  switch (rule.match) {
    case AckMatch::kStatusOnly: return true;
    case AckMatch::kExact: return equal(body);
    case AckMatch::kTrimmed: return equal(trimmed(body));
    case AckMatch::kContains:
      return rule.any_case ? contains_ignoring_case(body, rule.text) : body.find(rule.text) != std::string_view::npos;
    case AckMatch::kXmlElement:
    case AckMatch::kJsonValue:
    case AckMatch::kFirstElement: break;
  }
  const Result<std::string> text = text_at_place(rule, body);
  return text && equal(*text);
}

}  // namespace ackd
