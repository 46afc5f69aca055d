// Reads an answer as it arrives and stops it when it is too large or framed in a way that must not be trusted.
//
// libcurl 7.88 accepts much that a proxy on the way may read otherwise: two lengths, a length beside chunked, bare line
// feeds, folded headers, status 999, odd chunks (chunk_reader.h). On a reused connection that is response smuggling: a
// merchant's answer could become another notification's acknowledgement. So such answers are refused here and their
// connection is closed. It also collects trailers without end (150 MB a second, measured) unless somebody counts.
//
// Pure: bytes in, verdict out; libcurl stays outside. It finds the end of the message by itself, so that an answer
// whose end libcurl sees elsewhere is noticed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/outcome.h"
#include "transport/chunk_reader.h"

namespace ackd {

// Over one whole answer: interim (1xx) answers, the final headers and the trailers together.
inline constexpr std::size_t kHeaderBytesMax = 32 * 1024;
inline constexpr std::size_t kHeaderLinesMax = 100;
inline constexpr std::size_t kContentTypeBytesMax = 200;

class ResponseGuard {
 public:
  ResponseGuard() = default;
  ResponseGuard(std::size_t body_bytes_max, bool drop_body) : body_bytes_max_(body_bytes_max), drop_body_(drop_body) {}

  // One line with its line end: the status line, a header or the blank line. False ends the transfer.
  bool on_header_line(std::string_view line);
  // The next bytes behind the blank line, chunked ones as they came. Keeps what of the body lies inside the cap; false
  // ends the transfer, for the first byte beyond the cap as kBodyCap.
  bool on_body(std::string_view bytes);

  // kHeaderCap, kBodyCap or kBadHttp after a false, else kComplete.
  TransferEnd stopped_by() const { return stopped_by_; }
  const std::string& stop_reason() const { return stop_reason_; }

  // The last byte of the answer has been seen. Never for a body that ends with its connection.
  bool message_ended() const;
  // Whether the end of the connection is the end of the body, because nothing else is.
  bool ends_with_connection() const { return headers_complete_ && framing_ == Framing::kConnection; }
  // False when the answer was sound and something around it was not: bytes behind its end, or a length where there can
  // be no body. The answer counts; what the connection says next would not be an answer to the next request.
  bool leaves_connection_clean() const { return clean_; }
  // Everything seen so far, framing included.
  std::uint64_t bytes_seen() const { return header_bytes_ + body_bytes_seen_; }

  // Of the newest status line; interim ones count until the final one arrives.
  int status() const { return status_; }
  bool headers_complete() const { return headers_complete_; }
  bool has_retry_after() const { return has_retry_after_; }
  // Of a Retry-After in seconds, however large; nothing for a date, which needs a clock.
  const std::optional<std::int64_t>& retry_after_s() const { return retry_after_s_; }
  const std::string& content_type() const { return content_type_; }
  std::string& body() { return body_; }

 private:
  // How the end of the body is found, once the headers are complete.
  enum class Framing : std::uint8_t { kNone, kLength, kChunks, kConnection };

  bool stop(TransferEnd end, std::string reason);
  bool count_header(std::size_t bytes, std::size_t lines);
  bool on_status_line(std::string_view line);
  bool on_blank_line();
  bool on_field(std::string_view line);
  bool on_length(std::string_view value);
  bool on_transfer_encoding(std::string_view value);
  void on_retry_after(std::string_view value);
  Framing framing() const;
  bool on_chunks(std::string_view raw);
  bool keep(std::string_view bytes);

  std::size_t body_bytes_max_ = 0;
  bool drop_body_ = false;

  std::size_t header_bytes_ = 0;
  std::size_t header_lines_ = 0;
  bool inside_block_ = false;  // between a status line and its blank line
  int minor_version_ = 1;
  bool has_length_ = false;
  bool is_chunked_ = false;
  std::uint64_t length_ = 0;

  Framing framing_ = Framing::kNone;
  ChunkReader chunks_;
  std::uint64_t body_bytes_seen_ = 0;
  bool clean_ = true;

  int status_ = 0;
  bool headers_complete_ = false;
  bool has_retry_after_ = false;
  std::optional<std::int64_t> retry_after_s_;
  std::string content_type_;
  std::string body_;
  TransferEnd stopped_by_ = TransferEnd::kComplete;
  std::string stop_reason_;
};

}  // namespace ackd
