// The daemon's JSON documents as the verbs read them. Another version of ackd may leave a member out or add one, so a
// missing or odd member reads as empty and never stops a verb.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ackd {

// Ordered, because `--json` shows members as the daemon sent them.
using Document = nlohmann::ordered_json;

// `what` names the text in the error: "the daemon's answer", "standard input".
Result<Document> parse_document(std::string_view text, std::string_view what);

// The member's text; a number or boolean as JSON writes it; empty when it is absent or null.
std::string text_of(const Document& document, const char* name);
std::int64_t number_of(const Document& document, const char* name);
bool flag_of(const Document& document, const char* name);
// A copy of the member when it is an array or object, else an empty array.
Document part_of(const Document& document, const char* name);

// One line of JSON that is safe on a terminal: what printable.h would escape is written as \uXXXX, so that the line
// still says exactly the same to a program. Bytes that are not UTF-8 become U+FFFD.
std::string to_line(const Document& document);

}  // namespace ackd
