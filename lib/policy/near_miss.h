// How near an answer came to the acknowledgement, for the person who must find out why a merchant's server is not
// understood.
#pragma once

#include <string>
#include <string_view>

#include "policy/acknowledgement.h"
#include "policy/answer_quote.h"

namespace ackd {

// "200 to 299", "200, 302".
std::string accepted_statuses(const AckRule& rule);

// Why a body under an accepted status is not the acknowledgement. REQUIRES: it is not.
std::string body_trouble(const AckRule& rule, std::string_view body, const AnswerQuote& quote);

// Why the status is not accepted, and what the body says all the same. REQUIRES: it is not accepted.
std::string status_trouble(const AckRule& rule, int status, std::string_view body, const AnswerQuote& quote);

}  // namespace ackd
