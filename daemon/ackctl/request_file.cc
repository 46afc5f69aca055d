#include "ackctl/request_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "ackctl/document.h"
#include "crypto/digest.h"

namespace ackd {
namespace {

// "https://m.example/n?a=1", "/n?a=1" or "n?a=1": what is behind the host.
void split_target(std::string_view target, ReceivedRequest& request) {
  if (const std::size_t scheme = target.find("://"); scheme != std::string_view::npos) {
    target.remove_prefix(scheme + 3);
    target.remove_prefix(std::min(target.find_first_of("/?"), target.size()));
  }
  target = target.substr(0, target.find('#'));
  const std::size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
  if (request.path.empty()) request.path = "/";
}

Result<ReceivedRequest> from_document(std::string_view text) {
  const auto document = parse_document(text, "the request");
  if (!document) return document.error();
  ReceivedRequest request;
  request.method = text_of(*document, "method");
  if (request.method.empty()) return invalid("the request has no member \"method\"");
  split_target(text_of(*document, "url"), request);
  const Document headers = part_of(*document, "headers");
  for (const auto& [name, value] : headers.items()) request.headers.push_back({name, text_of(headers, name.c_str())});
  request.body = text_of(*document, "body");
  if (const std::string base64 = text_of(*document, "body_base64"); !base64.empty()) {
    auto bytes = from_base64(base64);
    if (!bytes) return invalid("body_base64: " + bytes.error().message);
    request.body = *std::move(bytes);
  }
  return request;
}

std::string_view take_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(first);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

Status read_request_line(std::string_view line, ReceivedRequest& request) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  const bool has_three = first != std::string_view::npos && last > first && line.substr(last + 1).starts_with("HTTP/");
  if (!has_three) {
    return invalid(
        fmt::format("line 1 is no request line such as 'POST /notify HTTP/1.1'; the file holds an HTTP "
                    "request, or the JSON that `ackctl render` prints"));
  }
  request.method = line.substr(0, first);
  split_target(trimmed(line.substr(first, last - first)), request);
  return Done{};
}

Status cut_body(ReceivedRequest& request) {
  if (find_header(request, "Transfer-Encoding") != nullptr) {
    return invalid("the body is chunked; save the request with its body put together and without Transfer-Encoding");
  }
  const std::string* length = find_header(request, "Content-Length");
  if (length == nullptr) return Done{};
  std::size_t bytes = 0;
  const auto [end, error] = std::from_chars(length->data(), length->data() + length->size(), bytes);
  const bool is_number = error == std::errc() && end == length->data() + length->size();
  if (!is_number || bytes > request.body.size()) {
    return invalid(
        fmt::format("the body has {} bytes and Content-Length says '{}': the file is cut off, or was "
                    "changed by an editor",
                    request.body.size(), *length));
  }
  request.body.resize(bytes);
  return Done{};
}

}  // namespace

Result<ReceivedRequest> parse_request_file(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return invalid("the file is empty");
  if (text[start] == '{') return from_document(text);
  std::string_view rest = text.substr(start);
  ReceivedRequest request;
  if (const Status read = read_request_line(take_line(rest), request); !read) return read.error();
  std::size_t number = 1;
  while (!rest.empty()) {
    const std::string_view line = take_line(rest);
    ++number;
    if (line.empty()) break;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
      return invalid(
          fmt::format("line {} is no header such as 'Content-Type: text/plain'; a blank line stands before "
                      "the body",
                      number));
    }
    request.headers.push_back({std::string(line.substr(0, colon)), std::string(trimmed(line.substr(colon + 1)))});
  }
  request.body = rest;
  if (const Status cut = cut_body(request); !cut) return cut.error();
  return request;
}

}  // namespace ackd
