#include "transport/response_guard.h"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <utility>

namespace ackd {
namespace {

// 10^15 bytes is more than any body; a longer number is an attempt at overflow.
constexpr std::size_t kLengthDigitsMax = 15;

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_token(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  const auto allowed = [&](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || kMarks.find(c) != std::string_view::npos;
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), allowed);
}

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

bool ResponseGuard::on_header_line(std::string_view line) {
  header_bytes_ += line.size();
  header_lines_ += 1;
  if (header_bytes_ > kHeaderBytesMax) {
    return stop(TransferEnd::kHeaderCap, fmt::format("more than {} header bytes", kHeaderBytesMax));
  }
  if (header_lines_ > kHeaderLinesMax) {
    return stop(TransferEnd::kHeaderCap, fmt::format("more than {} header lines", kHeaderLinesMax));
  }
  if (line.size() < 2 || line.substr(line.size() - 2) != "\r\n") {
    return stop(TransferEnd::kBadHttp, "a header line ends without CR LF");
  }
  line.remove_suffix(2);
  if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
    return stop(TransferEnd::kBadHttp, "a header line holds CR, LF or NUL");
  }
  if (headers_complete_) return true;  // trailers are counted and otherwise ignored
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
  is_chunked_ = false;
  has_retry_after_ = false;
  content_type_.clear();
  return true;
}

bool ResponseGuard::on_blank_line() {
  inside_block_ = false;
  if (has_length_ && is_chunked_) return stop(TransferEnd::kBadHttp, "both Content-Length and Transfer-Encoding");
  headers_complete_ = status_ >= 200;
  return true;
}

bool ResponseGuard::on_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return stop(TransferEnd::kBadHttp, "a header line is folded, or its name is not a token followed by a colon");
  }
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = without_blanks(line.substr(colon + 1));
  if (equal_ignoring_case(name, "Content-Length")) return on_length(value);
  if (equal_ignoring_case(name, "Transfer-Encoding")) return on_transfer_encoding(value);
  if (equal_ignoring_case(name, "Retry-After")) has_retry_after_ = true;
  if (equal_ignoring_case(name, "Content-Type")) content_type_ = value.substr(0, kContentTypeBytesMax);
  return true;
}

bool ResponseGuard::on_length(std::string_view value) {
  if (std::exchange(has_length_, true)) return stop(TransferEnd::kBadHttp, "more than one Content-Length");
  if (value.empty() || value.size() > kLengthDigitsMax || !std::all_of(value.begin(), value.end(), is_digit)) {
    return stop(TransferEnd::kBadHttp, "Content-Length is not one plausible number");
  }
  return true;
}

bool ResponseGuard::on_transfer_encoding(std::string_view value) {
  if (std::exchange(is_chunked_, true) || !equal_ignoring_case(value, "chunked") || minor_version_ == 0) {
    return stop(TransferEnd::kBadHttp, "Transfer-Encoding is not exactly one 'chunked' of HTTP/1.1");
  }
  return true;
}

bool ResponseGuard::on_body(std::string_view bytes) {
  if (drop_body_) return true;
  const std::size_t room = body_bytes_max_ - body_.size();
  body_.append(bytes.substr(0, room));
  if (bytes.size() <= room) return true;
  return stop(TransferEnd::kBodyCap, fmt::format("more than {} bytes", body_bytes_max_));
}

}  // namespace ackd
