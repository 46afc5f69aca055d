#include "transport/response_guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "transport/http_grammar.h"

namespace ackd {
namespace {

// 10^15 bytes is more than any body; a longer number is an attempt at overflow.
constexpr std::size_t kLengthDigitsMax = 15;

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

bool ResponseGuard::stop(TransferEnd end, std::string reason) {
  stopped_by_ = end;
  stop_reason_ = std::move(reason);
  return false;
}

bool ResponseGuard::count_header(std::size_t bytes, std::size_t lines) {
  if (bytes > kHeaderBytesMax) {
    return stop(TransferEnd::kHeaderCap, fmt::format("more than {} header bytes", kHeaderBytesMax));
  }
  if (lines > kHeaderLinesMax) {
    return stop(TransferEnd::kHeaderCap, fmt::format("more than {} header lines", kHeaderLinesMax));
  }
  return true;
}

bool ResponseGuard::on_header_line(std::string_view line) {
  header_bytes_ += line.size();
  header_lines_ += 1;
  if (!count_header(header_bytes_, header_lines_)) return false;
  if (headers_complete_) return stop(TransferEnd::kBadHttp, "a header line behind the headers");
  if (line.size() < 2 || line.substr(line.size() - 2) != "\r\n") {
    return stop(TransferEnd::kBadHttp, "a header line ends without CR LF");
  }
  line.remove_suffix(2);
  if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
    return stop(TransferEnd::kBadHttp, "a header line holds CR, LF or NUL");
  }
  if (!inside_block_) return on_status_line(line);
  return line.empty() ? on_blank_line() : on_field(line);
}

bool ResponseGuard::on_status_line(std::string_view line) {
  const bool shaped = line.size() >= 12 && (line.substr(0, 9) == "HTTP/1.1 " || line.substr(0, 9) == "HTTP/1.0 ") &&
                      is_digit(line[9]) && is_digit(line[10]) && is_digit(line[11]) &&
                      (line.size() == 12 || line[12] == ' ');
  if (!shaped) return stop(TransferEnd::kBadHttp, "the status line is not HTTP/1.0 or HTTP/1.1 with a 3-digit status");
  status_ = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  minor_version_ = line[7] - '0';
  if (status_ < 100 || status_ > 599) {
    return stop(TransferEnd::kBadHttp, fmt::format("status {} is outside 100 to 599", status_));
  }
  if (status_ == 101) return stop(TransferEnd::kBadHttp, "status 101 although no other protocol was asked for");
  inside_block_ = true;
  has_length_ = false;
  length_ = 0;
  is_chunked_ = false;
  has_retry_after_ = false;
  retry_after_s_.reset();
  content_type_.clear();
  return true;
}

bool ResponseGuard::on_blank_line() {
  inside_block_ = false;
  if (has_length_ && is_chunked_) return stop(TransferEnd::kBadHttp, "both Content-Length and Transfer-Encoding");
  headers_complete_ = status_ >= 200;
  framing_ = framing();
  // A proxy on the way may wait for the body that a 204 announces, and take the next answer for it. A 304 announces the
  // length of what it does not send, as it should.
  if (status_ == 204 && (is_chunked_ || length_ > 0)) clean_ = false;
  return true;
}

ResponseGuard::Framing ResponseGuard::framing() const {
  if (status_ < 200 || status_ == 204 || status_ == 304) return Framing::kNone;
  if (is_chunked_) return Framing::kChunks;
  return has_length_ ? Framing::kLength : Framing::kConnection;
}

bool ResponseGuard::message_ended() const {
  if (!headers_complete_) return false;
  switch (framing_) {
    case Framing::kNone: return true;
    case Framing::kLength: return body_bytes_seen_ >= length_;
    case Framing::kChunks: return chunks_.ended();
    case Framing::kConnection: break;
  }
  return false;
}

bool ResponseGuard::on_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return stop(TransferEnd::kBadHttp, "a header line is folded, or its name is not a token followed by a colon");
  }
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = without_blanks(line.substr(colon + 1));
  if (same_name(name, "Content-Length")) return on_length(value);
  if (same_name(name, "Transfer-Encoding")) return on_transfer_encoding(value);
  if (same_name(name, "Retry-After")) on_retry_after(value);
  if (same_name(name, "Content-Type")) content_type_ = value.substr(0, kContentTypeBytesMax);
  return true;
}

bool ResponseGuard::on_length(std::string_view value) {
  if (std::exchange(has_length_, true)) return stop(TransferEnd::kBadHttp, "more than one Content-Length");
  if (value.empty() || value.size() > kLengthDigitsMax || !std::all_of(value.begin(), value.end(), is_digit)) {
    return stop(TransferEnd::kBadHttp, "Content-Length is not one plausible number");
  }
  for (const char digit : value) length_ = length_ * 10 + static_cast<std::uint64_t>(digit - '0');
  return true;
}

bool ResponseGuard::on_transfer_encoding(std::string_view value) {
  if (std::exchange(is_chunked_, true) || !same_name(value, "chunked") || minor_version_ == 0) {
    return stop(TransferEnd::kBadHttp, "Transfer-Encoding is not exactly one 'chunked' of HTTP/1.1");
  }
  return true;
}

// libcurl takes a number beyond its own for a date that it cannot read, and so for none.
void ResponseGuard::on_retry_after(std::string_view value) {
  constexpr std::size_t kDigitsMax = 18;
  has_retry_after_ = true;
  retry_after_s_.reset();
  if (value.empty() || !std::all_of(value.begin(), value.end(), is_digit)) return;
  value.remove_prefix(std::min(value.find_first_not_of('0'), value.size()));
  std::int64_t seconds = 0;
  for (const char digit : value.substr(0, kDigitsMax)) seconds = seconds * 10 + (digit - '0');
  retry_after_s_ = value.size() > kDigitsMax ? std::numeric_limits<std::int64_t>::max() : seconds;
}

bool ResponseGuard::on_body(std::string_view bytes) {
  body_bytes_seen_ += bytes.size();
  return framing_ == Framing::kChunks ? on_chunks(bytes) : keep(bytes);
}

bool ResponseGuard::on_chunks(std::string_view raw) {
  if (chunks_.ended()) return stop(TransferEnd::kBadHttp, "it goes on behind its last chunk");
  while (!raw.empty() && !chunks_.ended()) {
    const std::string_view data = chunks_.take(raw);
    if (chunks_.stopped_by() != TransferEnd::kComplete) return stop(chunks_.stopped_by(), chunks_.stop_reason());
    if (!count_header(header_bytes_ + chunks_.dropped_bytes(), header_lines_ + chunks_.trailers())) return false;
    if (!keep(data)) return false;
  }
  clean_ = clean_ && raw.empty();
  return true;
}

bool ResponseGuard::keep(std::string_view bytes) {
  if (drop_body_) return true;
  const std::size_t room = body_bytes_max_ - body_.size();
  body_.append(bytes.substr(0, room));
  if (bytes.size() <= room) return true;
  return stop(TransferEnd::kBodyCap, fmt::format("more than {} bytes", body_bytes_max_));
}

}  // namespace ackd
