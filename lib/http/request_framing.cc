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
  return {};
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return to_lower(x) == to_lower(y); });
}

std::optional<Problem> refuse_framing(std::string_view version, const Fields& headers) {
  const std::string_view trouble = first_trouble(version, headers);
  if (trouble.empty()) return std::nullopt;
  return Problem{400, "bad_request", std::string(trouble) + "; the connection is closed", {}};
}

std::optional<std::uint64_t> content_length(const Fields& headers) {
  const std::string* value = find(headers, "Content-Length");
  std::uint64_t length = 0;
  if (value == nullptr) return std::nullopt;
  std::from_chars(value->data(), value->data() + value->size(), length);
  return length;
}

}  // namespace ackd
