#include "api/problem.h"

#include <utility>

#include "text/characters.h"

namespace ackd {
namespace {

// How long a client should wait is a guess, but one of the right size: a queue drains in a second, a disk or a drain
// takes longer.
constexpr int kRetryAfterBusyS = 1;
constexpr int kRetryAfterTroubleS = 10;

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid: return 400;
    case ErrorCode::kTooLarge: return 413;
    case ErrorCode::kNotFound: return 404;
    case ErrorCode::kConflict: return 409;
    case ErrorCode::kOverloaded: return 429;
    case ErrorCode::kUnavailable:
    case ErrorCode::kStorageFull: return 503;
    case ErrorCode::kIo:
    case ErrorCode::kCorrupt: return 500;
  }
  return 500;
}

int retry_after_s(ErrorCode code) {
  if (code == ErrorCode::kOverloaded) return kRetryAfterBusyS;
  return status_of(code) == 503 ? kRetryAfterTroubleS : 0;
}

}  // namespace

Problem problem_of(const Error& error) {
  return {status_of(error.code), name_of(error.code), error.message, error.field, retry_after_s(error.code)};
}

Problem problem_of_notification(const Error& error) {
  Problem problem = problem_of(error);
  if (error.code == ErrorCode::kInvalid || error.code == ErrorCode::kNotFound) problem.status = 422;
  return problem;
}

nlohmann::ordered_json to_json(const Problem& problem) {
  nlohmann::ordered_json json{
      {"type", "about:blank"}, {"title", problem.title}, {"status", problem.status}, {"detail", problem.detail}};
  if (!problem.field.empty()) json["field"] = problem.field;
  return json;
}

ApiResponse respond(const Problem& problem) {
  ApiResponse response{
      problem.status, {{"Content-Type", "application/problem+json"}}, json_text(to_json(problem)) + "\n"};
  if (problem.retry_after_s > 0) response.headers.push_back({"Retry-After", std::to_string(problem.retry_after_s)});
  return response;
}

ApiResponse respond(int status, const nlohmann::ordered_json& body) {
  return respond_text(status, json_text(body));
}

std::string json_text(const nlohmann::ordered_json& json) {
  return json_without_hidden(json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

ApiResponse respond_text(int status, std::string json) {
  return {status, {{"Content-Type", "application/json"}}, std::move(json) + "\n"};
}

}  // namespace ackd
