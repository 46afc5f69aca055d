// What a rule compares in an answer: the whole body, or the text at a place inside it. Comparing looks at ASCII case
// and ASCII blanks only, so that it is the same in every charset a receiver may answer in.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/acknowledgement.h"

namespace ackd {

std::string_view trimmed(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);
bool contains_ignoring_case(std::string_view text, std::string_view part);

// Whether the rule compares the text at a place inside the body and not the body itself.
bool reads_place(AckMatch match);

// The text at the rule's place, blanks around it dropped where the rule says so. Fails with a sentence that says why
// there is none ("the XML has no return_code"); it may quote the receiver's bytes. REQUIRES: reads_place().
Result<std::string> text_at_place(const AckRule& rule, std::string_view body);

// "the XML's return_code", "the JSON's /code", "the first <result>". REQUIRES: reads_place().
std::string place_in_words(const AckRule& rule);

// Whether the body is the acknowledgement, whatever the status.
bool body_matches(const AckRule& rule, std::string_view body);

}  // namespace ackd
