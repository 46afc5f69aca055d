#include "http/request_framing.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace ackd {
namespace {

char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// RFC 9110, section 5.6.2.
bool is_token(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  const auto allowed = [&](char c) {
    const char lower = to_lower(c);
    return is_digit(c) || (lower >= 'a' && lower <= 'z') || kMarks.find(c) != std::string_view::npos;
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), allowed);
}

bool is_printable(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

std::ptrdiff_t count(const Fields& headers, std::string_view name) {
  return std::count_if(headers.begin(), headers.end(), [&](const Field& h) { return same_name(h.name, name); });
}

const std::string* find(const Fields& headers, std::string_view name) {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [&](const Field& h) { return same_name(h.name, name); });
  return found == headers.end() ? nullptr : &found->value;
}

// Nineteen digits cannot overflow 64 bits, and no body is that long.
bool is_length(const std::string& value) {
  return !value.empty() && value.size() < 20 && std::all_of(value.begin(), value.end(), is_digit);
}

std::string_view first_trouble(std::string_view version, const Fields& headers) {
  for (const Field& header : headers) {
    if (!is_token(header.name)) return "a header's name holds a blank or another character that no name may hold";
    if (!is_printable(header.value)) return "a header's value holds a control character";
  }
  if (count(headers, "Host") > 1) return "the Host header is given more than once";
  const std::string* length = find(headers, "Content-Length");
  const std::string* coding = find(headers, "Transfer-Encoding");
  if (length != nullptr && coding != nullptr) return "Content-Length and Transfer-Encoding are given together";
  if (count(headers, "Content-Length") > 1) return "Content-Length is given more than once";
  if (count(headers, "Transfer-Encoding") > 1) return "Transfer-Encoding is given more than once";
  if (length != nullptr && !is_length(*length)) return "Content-Length is not a plain number";
  if (coding != nullptr && !same_name(*coding, "chunked")) return "Transfer-Encoding is something else than chunked";
  if (coding != nullptr && version != "HTTP/1.1") return "Transfer-Encoding needs HTTP/1.1";
  const std::string* expected = find(headers, "Expect");
  if (expected != nullptr && (count(headers, "Expect") > 1 || !same_name(*expected, "100-continue"))) {
    return "Expect is something else than 100-continue";
  }
  return {};
}

// Where the line that ends with `text` goes on, if it ends in CR LF.
const char* next_line(const char* end) {
  return end[0] == '\0' && end[1] == '\0' ? end + 2 : nullptr;
}

bool has_plain_lines(std::string_view version, const std::vector<HeaderLine>& lines) {
  const char* at = next_line(version.data() + version.size());
  for (const HeaderLine& line : lines) {
    if (at == nullptr || line.name.data() != at) return false;
    at = next_line(line.value.data() + line.value.size());
  }
  return at != nullptr && next_line(at) != nullptr;
}

bool is_loopback_name(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && host.back() != ']') host = host.substr(0, colon);
  return same_name(host, "localhost") || host == "[::1]" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

Problem bad_request(std::string_view trouble) {
  return {400, "bad_request", std::string(trouble) + "; the connection is closed", {}};
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return to_lower(x) == to_lower(y); });
}

std::optional<Problem> refuse_framing(std::string_view version, const Fields& headers) {
  const std::string_view trouble = first_trouble(version, headers);
  if (trouble.empty()) return std::nullopt;
  return bad_request(trouble);
}

bool is_plain_target(std::string_view target) {
  return target.starts_with('/') && std::all_of(target.begin(), target.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte > 0x20 && byte != 0x7f;
         });
}

std::optional<Problem> refuse_lines(std::string_view version, bool plain_target, const std::vector<HeaderLine>& lines) {
  if (!plain_target)
    return bad_request(
        "the request's target is no path, or holds a blank or a control character; begin it with '/' and "
        "percent-encode");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return bad_request("the version is not HTTP/1.1 or HTTP/1.0");
  if (has_plain_lines(version, lines)) return std::nullopt;
  return bad_request("a line of the headers is folded, or ends in something else than CR LF");
}

std::optional<Problem> refuse_browser(const Fields& headers) {
  const std::string* host = find(headers, "Host");
  const bool by_page = find(headers, "Origin") != nullptr || find(headers, "Sec-Fetch-Site") != nullptr;
  if (!by_page && (host == nullptr || is_loopback_name(*host))) return std::nullopt;
  return Problem{403,
                 "forbidden",
                 by_page ? "requests of web pages are refused on TCP; call the API from a program"
                         : "the Host is not one of loopback; address the API as localhost or 127.0.0.1",
                 {}};
}

bool is_chunked(const Fields& headers) {
  return find(headers, "Transfer-Encoding") != nullptr;
}

std::optional<std::uint64_t> content_length(const Fields& headers) {
  const std::string* value = find(headers, "Content-Length");
  std::uint64_t length = 0;
  if (value == nullptr) return std::nullopt;
  std::from_chars(value->data(), value->data() + value->size(), length);
  return length;
}

}  // namespace ackd
