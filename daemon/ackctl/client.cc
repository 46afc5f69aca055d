#include "ackctl/client.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <utility>

#include "ackctl/document.h"

namespace ackd {
namespace {

constexpr long kConnectTimeoutMs = 5'000;
// A batch of 10,000 notifications on a slow disk takes seconds; a minute means that the daemon hangs.
constexpr long kTotalTimeoutMs = 60'000;

std::size_t append_body(char* bytes, std::size_t size, std::size_t count, void* body) {
  static_cast<std::string*>(body)->append(bytes, size * count);
  return size * count;
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
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, kTotalTimeoutMs);
}

Result<Answer> Client::perform() {
  CURL* curl = curl_.get();
  Answer answer;
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
  return answer;
}

Result<Answer> Client::get(const std::string& path) {
  prepare(path);
  return perform();
}

Result<Answer> Client::post(const std::string& path, std::string_view json_body) {
  prepare(path);
  CURL* curl = curl_.get();
  curl_slist* headers = curl_slist_append(nullptr, "Content-Type: application/json");
  // Without this libcurl asks first and waits a second for the daemon's "go on".
  headers = curl_slist_append(headers, "Expect:");
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_POST, 1L);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(json_body.size()));
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, json_body.data());
  Result<Answer> answer = perform();
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
  return {ErrorCode::kIo,
          fmt::format("ackd at {} did not finish its answer: {}. Whether the request took effect is unknown; look with "
                      "'ackctl ls' before repeating it.",
                      address_, words),
          {}};
}

std::string refusal_of(const Answer& answer) {
  const auto problem = parse_document(answer.body, "the daemon's answer");
  std::string detail = problem ? text_of(*problem, "detail") : "";
  if (detail.empty() && problem) detail = text_of(*problem, "title");
  if (detail.empty()) return fmt::format("ackd answered with status {} and gave no reason", answer.status);
  const std::string field = text_of(*problem, "field");
  const bool named = field.empty() || detail.find(field) != std::string::npos;
  return named ? detail : fmt::format("{}: {}", field, detail);
}

}  // namespace ackd
