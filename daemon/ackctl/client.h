// The daemon's HTTP API as ackctl speaks it: one request after the other over one connection. Shapes and addresses of
// the API are the business of the verbs; this only carries them.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ackd {

struct Answer {
  int status = 0;
  std::string body;
};

class Client {
 public:
  // `address` is the path of a unix socket, or "http://host:port". Nothing is connected before the first request.
  explicit Client(std::string address);

  // Any HTTP answer is an Answer, refusals too. An error means that the daemon was not reached (kUnavailable) or went
  // away before it had answered (kIo): after kIo it is unknown whether the request took effect, and the message says
  // so.
  Result<Answer> get(const std::string& path);
  Result<Answer> post(const std::string& path, std::string_view json_body);

  // A value as it may stand in a path's query.
  std::string escaped(std::string_view value);

 private:
  struct CurlCloser {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  };

  void prepare(const std::string& path);
  Result<Answer> perform();
  Error trouble(CURLcode code, const char* detail) const;

  std::string address_;
  bool is_socket_;
  std::unique_ptr<CURL, CurlCloser> curl_;
};

// The sentence of a refusal: the problem document's detail and field, or the status when there is none.
std::string refusal_of(const Answer& answer);

}  // namespace ackd
