// One-purpose owners of libcurl's C handles.
#pragma once

#include <curl/curl.h>

#include <memory>

namespace ackd {

struct CurlEasyCloser {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using CurlEasy = std::unique_ptr<CURL, CurlEasyCloser>;

struct CurlMultiCloser {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
using CurlMulti = std::unique_ptr<CURLM, CurlMultiCloser>;

// A list of header lines or pins. libcurl reads it during the transfer, so it lives as long as the transfer does.
class CurlList {
 public:
  void append(const char* line) {
    // On failure curl leaves the list as it was; a request without one of its headers would be wrongly signed.
    curl_slist* longer = curl_slist_append(list_.get(), line);
    complete_ = complete_ && longer != nullptr;
    if (longer == nullptr) return;
    static_cast<void>(list_.release());
    list_.reset(longer);
  }
  curl_slist* get() const { return list_.get(); }
  // False when memory ran out on the way.
  bool complete() const { return complete_; }

 private:
  struct Closer {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  std::unique_ptr<curl_slist, Closer> list_;
  bool complete_ = true;
};

}  // namespace ackd
