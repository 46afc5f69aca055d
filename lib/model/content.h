// The business content of a notification: what the platform said, fixed at admission and byte-identical at every
// attempt. Signatures, timestamps and nonces are not content; they are made anew from it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ackd {

struct Field {
  std::string name;
  std::string value;  // UTF-8; numbers are the caller's own token, "12.30" stays "12.30"
  friend bool operator==(const Field&, const Field&) = default;
};
using Fields = std::vector<Field>;

const std::string* find_field(const Fields& fields, std::string_view name);

struct Content {
  Fields fields;     // in the profile's order, defaults and constants filled in
  std::string body;  // the raw body of JSON protocols, else empty
  friend bool operator==(const Content&, const Content&) = default;
};

// Length-prefixed bytes for the outbox, a format of its own ("version byte, field count, then name and value each with
// its length, then the body") because it must stay readable for years and must not depend on a JSON library's choices.
std::string encode(const Content& content);
std::size_t encoded_bytes(const Content& content);

// A content that is made of what stands elsewhere and must outlive it.
struct FieldView {
  std::string_view name;
  std::string_view value;
};
struct ContentView {
  std::vector<FieldView> fields;
  std::string_view body;
  std::string encode() const;
};
// In the order of their names; those of one name stay in theirs.
ContentView by_name(const Fields& fields);

// Empty when the bytes are not what encode() made.
std::optional<Content> decode_content(std::string_view bytes);

}  // namespace ackd
