// Places inside a JSON document by their path (RFC 6901), and documents put together from values at paths.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/json_reader.h"

namespace ackd {

// "/resource/ciphertext", "/items/0/id"; "" is the whole document. Steps are unescaped (~1 is '/', ~0 is '~').
struct JsonPointer {
  std::vector<std::string> steps;
  friend bool operator==(const JsonPointer&, const JsonPointer&) = default;
};

Result<JsonPointer> parse_json_pointer(std::string_view text);

// The value there, or nullptr.
const JsonValue* find(const JsonValue& document, const JsonPointer& pointer);

// The text of a string, number or boolean there; nothing for a document that is not JSON, for null, lists and objects.
std::optional<std::string> json_text_at(std::string_view document, const JsonPointer& pointer);

// How one value is written.
enum class JsonForm {
  kString,   // quoted; non-ASCII characters stay UTF-8, '/' is not escaped
  kNumber,   // the token as it is
  kBoolean,  // true or false
  kRaw,      // any JSON text, as it is
};

struct JsonPart {
  JsonPointer pointer;  // at least one step; a step of digits is an index of a list
  JsonForm form = JsonForm::kString;
  std::string value;
};

// One compact document, members in the order of their first mention. Fails when two parts contradict each other (a
// value and an object at one place, a list with a gap) or a value has not its form.
Result<std::string> json_encode(const std::vector<JsonPart>& parts);

// Whether `value` may be written in that form: a JSON number, true or false, one JSON text.
bool fits(std::string_view value, JsonForm form);

}  // namespace ackd
