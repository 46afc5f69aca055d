// JSON from outside, read into a plain tree. Strict, because what is read becomes the content of a money message:
// numbers stay the sender's own token ("12.30" is not 12.3), text must be well-formed UTF-8, and an object that names a
// member twice is refused, since two readers of it would not agree on what it says.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ackd {

enum class JsonKind { kNull, kBoolean, kNumber, kString, kArray, kObject };

// With its article, for sentences: "a number", "null".
const char* name_of(JsonKind kind);

struct JsonMember;

struct JsonValue {
  JsonKind kind = JsonKind::kNull;
  std::string text;                 // of a string; a number's token; "true" or "false"
  std::vector<JsonValue> items;     // of an array
  std::vector<JsonMember> members;  // of an object, in the sender's order

  const JsonValue* find(std::string_view name) const;
  JsonValue* find(std::string_view name);
};

struct JsonMember {
  std::string name;
  JsonValue value;
};

// A tree costs far more memory than its text: without a cap on values, 16 MiB of "[[],[]," would become a gigabyte.
inline constexpr std::size_t kJsonDepthMax = 32;
inline constexpr std::size_t kJsonValuesMax = 500'000;

// Reads one document. Errors name the line and column. A number whose exponent no double can hold is refused too: the
// library insists, and no amount looks like that. NUL is refused in every string: no protocol can carry it.
Result<JsonValue> read_json(std::string_view text);

// The first member of `object` that is not in `known`, as an error that suggests the nearest known name.
// `what` names the object in the sentence: "a notification".
std::optional<Error> find_unknown_member(const JsonValue& object, const std::vector<std::string>& known,
                                         std::string_view what);

// A client's own words for use inside an error: at most 64 bytes, never cut inside a character.
std::string shortened(std::string_view text);

}  // namespace ackd
