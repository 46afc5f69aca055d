#include "ackctl/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <utility>

#include "ackctl/document.h"

namespace ackd {
namespace {

constexpr long kConnectTimeoutMs = 5'000;
// No answer means a day; a number without bound would overflow what it is added to.
constexpr curl_off_t kRetryAfterMaxS = 86'400;
constexpr const char* kJson = "Content-Type: application/json";
constexpr const char* kLines = "Content-Type: application/x-ndjson";

std::size_t append_body(char* bytes, std::size_t size, std::size_t count, void* body) {
  static_cast<std::string*>(body)->append(bytes, size * count);
  return size * count;
}

// Not zero ends the request.
int asked_to_stop(void* terms, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const RequestTerms*>(terms)->stop() ? 1 : 0;
}

bool never_reached(CURLcode code) {
  return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_URL_MALFORMAT ||
         code == CURLE_UNSUPPORTED_PROTOCOL;
}

}  // namespace

Client::Client(std::string address)
    : address_(std::move(address)), is_socket_(!address_.starts_with("http://")), curl_(curl_easy_init()) {
  CHECK_THAT(curl_ != nullptr, "libcurl gave no handle");
  while (!is_socket_ && address_.ends_with('/')) address_.pop_back();
}

void Client::prepare(const std::string& path) {
  CURL* curl = curl_.get();
  curl_easy_reset(curl);
  const std::string url = (is_socket_ ? "http://localhost" : address_) + path;
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  if (is_socket_) curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, address_.c_str());
  // The environment's proxy is for the internet, not for the daemon beside us.
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(terms_.answered_within.count()));
  if (!terms_.stop) return;
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, asked_to_stop);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &terms_);
}

Result<DaemonAnswer> Client::perform() {
  CURL* curl = curl_.get();
  DaemonAnswer answer;
  std::array<char, CURL_ERROR_SIZE> detail{};
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail.data());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
  const CURLcode code = curl_easy_perform(curl);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, nullptr);
  if (code != CURLE_OK) return trouble(code, detail.data());
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  curl_off_t retry_after_s = 0;
  curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after_s);
  answer.retry_after = std::chrono::seconds(std::min<curl_off_t>(retry_after_s, kRetryAfterMaxS));
  return answer;
}

Result<DaemonAnswer> Client::get(const std::string& path) {
  prepare(path);
  return perform();
}

Result<DaemonAnswer> Client::post(const std::string& path, std::string_view json_body) {
  return send("POST", kJson, path, json_body);
}

Result<DaemonAnswer> Client::post_lines(const std::string& path, std::string_view lines) {
  return send("POST", kLines, path, lines);
}

Result<DaemonAnswer> Client::put(const std::string& path, std::string_view json_body) {
  return send("PUT", kJson, path, json_body);
}

Result<DaemonAnswer> Client::remove(const std::string& path) {
  prepare(path);
  curl_easy_setopt(curl_.get(), CURLOPT_CUSTOMREQUEST, "DELETE");
  return perform();
}

Result<DaemonAnswer> Client::send(const char* method, const char* content_type, const std::string& path,
                                  std::string_view body) {
  prepare(path);
  CURL* curl = curl_.get();
  curl_slist* headers = curl_slist_append(nullptr, content_type);
  // Without this libcurl asks first and waits a second for the daemon's "go on".
  headers = curl_slist_append(headers, "Expect:");
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_POST, 1L);
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
  Result<DaemonAnswer> answer = perform();
  curl_slist_free_all(headers);
  return answer;
}

std::string Client::escaped(std::string_view value) {
  char* text = curl_easy_escape(curl_.get(), value.data(), static_cast<int>(value.size()));
  std::string out = text == nullptr ? "" : text;
  curl_free(text);
  return out;
}

Error Client::trouble(CURLcode code, const char* detail) const {
  std::string words = *detail != '\0' ? detail : curl_easy_strerror(code);
  long os_error = 0;
  curl_easy_getinfo(curl_.get(), CURLINFO_OS_ERRNO, &os_error);
  // For a socket libcurl's own words name a host and a port that nobody asked for.
  if (is_socket_ && os_error != 0) words = std::strerror(static_cast<int>(os_error));
  if (never_reached(code)) {
    return {ErrorCode::kUnavailable,
            fmt::format("cannot reach ackd at {}: {}. Start it with 'ackd --config FILE', or name its socket with "
                        "--socket PATH or --config FILE.",
                        address_, words),
            {}};
  }
  std::string message = fmt::format("ackd at {} did not finish its answer: {}", address_, words);
  if (!terms_.repeatable) {
    message += ". Whether the request took effect is unknown; look with 'ackctl ls' before repeating it.";
  }
  return {ErrorCode::kIo, std::move(message), {}};
}

std::string refusal_of(const Document& problem) {
  std::string detail = text_of(problem, "detail");
  if (detail.empty()) detail = text_of(problem, "title");
  const std::string field = text_of(problem, "field");
  const bool named = detail.empty() || field.empty() || detail.find(field) != std::string::npos;
  return named ? detail : fmt::format("{}: {}", field, detail);
}

std::string refusal_of(const DaemonAnswer& answer) {
  const auto problem = parse_document(answer.body, "the daemon's answer");
  std::string sentence = problem ? refusal_of(*problem) : "";
  if (!sentence.empty()) return sentence;
  return fmt::format("ackd answered with status {} and gave no reason", answer.status);
}

}  // namespace ackd
