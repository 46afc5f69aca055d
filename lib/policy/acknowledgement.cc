#include "policy/acknowledgement.h"

#include <fmt/format.h>

#include <algorithm>

#include "policy/answer_text.h"
#include "policy/near_miss.h"

namespace ackd {
namespace {

bool status_is_accepted(const AckRule& rule, int status) {
  if (rule.statuses.empty()) return status >= 200 && status <= 299;
  return std::find(rule.statuses.begin(), rule.statuses.end(), status) != rule.statuses.end();
}

}  // namespace

AckVerdict judge_answer(const AckRule& rule, int status, std::string_view body, std::string_view content_type) {
  const AnswerQuote quote(body, content_type, rule.charset);
  if (!status_is_accepted(rule, status)) return {false, status_trouble(rule, status, body, quote)};
  if (!body_matches(rule, body)) return {false, body_trouble(rule, body, quote)};
  if (rule.match == AckMatch::kStatusOnly) return {true, fmt::format("status {}", status)};
  return {true, fmt::format("status {} and the body {}", status, quote(body))};
}

bool decided_by_status(const AckRule& rule) {
  return rule.match == AckMatch::kStatusOnly;
}

bool may_match_inside_cap(const AckRule& rule) {
  return rule.match == AckMatch::kContains || rule.match == AckMatch::kFirstElement;
}

std::string describe(const AckRule& rule) {
  const std::string text = fmt::format("'{}'{}", rule.text, rule.any_case ? " in any case" : "");
  const std::string status = rule.statuses.empty() ? "a status from 200 to 299" : "status " + accepted_statuses(rule);
  switch (rule.match) {
    case AckMatch::kStatusOnly: return status + ", whatever the body";
    case AckMatch::kExact: return fmt::format("body is exactly {} with {}", text, status);
    case AckMatch::kTrimmed: return fmt::format("body is {}, blanks around it allowed, with {}", text, status);
    case AckMatch::kContains: return fmt::format("body contains {} with {}", text, status);
    case AckMatch::kXmlElement:
    case AckMatch::kJsonValue:
    case AckMatch::kFirstElement: break;
  }
  return fmt::format("{} is {} with {}", place_in_words(rule), text, status);
}

}  // namespace ackd
