// What the API answers: a response as plain values, and its error form, application/problem+json (RFC 9457).
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "model/content.h"

namespace ackd {

struct ApiResponse {
  int status = 200;
  Fields headers;  // Content-Type included
  std::string body;
};

struct Problem {
  int status = 500;
  std::string title;   // short and stable, for programs: "conflict", "too_large"
  std::string detail;  // a sentence: what, where, which limit, what to do
  std::string field;   // the input field at fault, or empty
  int retry_after_s = 0;
};

// An error of the request itself: its code decides the status (invalid 400, too large 413, overloaded 429, unavailable
// 503 ...).
Problem problem_of(const Error& error);
// The same for the content of a notification, where "invalid" and an unknown merchant or provider are both 422: the
// JSON was fine, what it says cannot be delivered.
Problem problem_of_notification(const Error& error);

nlohmann::ordered_json to_json(const Problem& problem);
ApiResponse respond(const Problem& problem);
// Characters that a terminal obeys or hides are written \uXXXX, since people ask with curl too. Bytes that are not
// UTF-8 would be shown as U+FFFD; whatever may hold them is converted before.
ApiResponse respond(int status, const nlohmann::ordered_json& body);
// The text that it sends, for answers that are put together from parts, and such an answer.
std::string json_text(const nlohmann::ordered_json& json);
ApiResponse respond_text(int status, std::string json);

}  // namespace ackd
