// The daemon's HTTP API as ackctl speaks it: one request after the other over one connection. Shapes and addresses of
// the API are the business of the verbs; this only carries them.
#pragma once

#include <curl/curl.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "ackctl/document.h"
#include "base/result.h"
#include "base/time.h"

namespace ackd {

struct DaemonAnswer {
  int status = 0;
  std::string body;
  Duration retry_after{0};  // what a refusal asks to wait; zero when it does not say
};

// What a verb that waits and repeats asks for.
struct RequestTerms {
  std::function<bool()> stop;        // asked about once a second during a request; true ends it, with kIo
  Duration answered_within{60'000};  // a batch of 10,000 on a slow disk takes seconds; a minute means that it hangs
  bool repeatable = false;           // the caller may repeat a request of unknown effect: no advice to look first
};

class Client {
 public:
  // `address` is the path of a unix socket, or "http://host:port". Nothing is connected before the first request.
  explicit Client(std::string address);

  // Any HTTP answer is a DaemonAnswer, refusals too. An error means that the daemon was not reached (kUnavailable) or
  // went away before it had answered (kIo): after kIo it is unknown whether the request took effect, and the message
  // says so.
  Result<DaemonAnswer> get(const std::string& path);
  Result<DaemonAnswer> post(const std::string& path, std::string_view json_body);
  // A document a line (application/x-ndjson).
  Result<DaemonAnswer> post_lines(const std::string& path, std::string_view lines);
  Result<DaemonAnswer> put(const std::string& path, std::string_view json_body);
  // DELETE, whose own name is a word of the language.
  Result<DaemonAnswer> remove(const std::string& path);

  // For the requests that follow.
  void set_terms(RequestTerms terms) { terms_ = std::move(terms); }

  // A value as it may stand in a path's query.
  std::string escaped(std::string_view value);

 private:
  struct CurlCloser {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  };

  void prepare(const std::string& path);
  Result<DaemonAnswer> perform();
  Result<DaemonAnswer> send(const char* method, const char* content_type, const std::string& path,
                            std::string_view body);
  Error trouble(CURLcode code, const char* detail) const;

  std::string address_;
  bool is_socket_;
  RequestTerms terms_;
  std::unique_ptr<CURL, CurlCloser> curl_;
};

// The sentence of a refusal: the problem document's detail and field, or the status when there is none.
std::string refusal_of(const DaemonAnswer& answer);
// The same of a problem document; empty when it says nothing.
std::string refusal_of(const Document& problem);

}  // namespace ackd
