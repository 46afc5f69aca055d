// Reads an answer as it arrives and stops it when it is too large or framed in a way that must not be trusted.
//
// libcurl 7.88 accepts much that a proxy on the way may read otherwise: two lengths, a length beside chunked, bare line
// feeds, folded headers, status 999. On a reused connection that is response smuggling: a merchant's answer could
// become another notification's acknowledgement. So such answers are refused here and their connection is closed. It
// also collects trailers without end (150 MB a second, measured) unless somebody counts.
//
// Pure: bytes in, verdict out; libcurl stays outside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/outcome.h"

namespace ackd {

// Over one whole answer: interim (1xx) answers, the final headers and the trailers together.
inline constexpr std::size_t kHeaderBytesMax = 32 * 1024;
inline constexpr std::size_t kHeaderLinesMax = 100;
inline constexpr std::size_t kContentTypeBytesMax = 200;

class ResponseGuard {
 public:
  ResponseGuard() = default;
  ResponseGuard(std::size_t body_bytes_max, bool drop_body) : body_bytes_max_(body_bytes_max), drop_body_(drop_body) {}

  // One line with its line end: the status line, a header, the blank line or a trailer. False ends the transfer.
  bool on_header_line(std::string_view line);
  // The next bytes of the body. Keeps what lies inside the cap; false, with kBodyCap, for the first byte beyond it.
  bool on_body(std::string_view bytes);

  // kHeaderCap, kBodyCap or kBadHttp after a false, else kComplete.
  TransferEnd stopped_by() const { return stopped_by_; }
  const std::string& stop_reason() const { return stop_reason_; }

  // Of the newest status line; interim ones count until the final one arrives.
  int status() const { return status_; }
  bool headers_complete() const { return headers_complete_; }
  bool has_retry_after() const { return has_retry_after_; }
  const std::string& content_type() const { return content_type_; }
  std::string& body() { return body_; }

 private:
  bool stop(TransferEnd end, std::string reason);
  bool on_status_line(std::string_view line);
  bool on_blank_line();
  bool on_field(std::string_view line);
  bool on_length(std::string_view value);
  bool on_transfer_encoding(std::string_view value);

  std::size_t body_bytes_max_ = 0;
  bool drop_body_ = false;

  std::size_t header_bytes_ = 0;
  std::size_t header_lines_ = 0;
  bool inside_block_ = false;  // between a status line and its blank line
  int minor_version_ = 1;
  bool has_length_ = false;
  bool is_chunked_ = false;

  int status_ = 0;
  bool headers_complete_ = false;
  bool has_retry_after_ = false;
  std::string content_type_;
  std::string body_;
  TransferEnd stopped_by_ = TransferEnd::kComplete;
  std::string stop_reason_;
};

}  // namespace ackd
