#include "ackctl/curl_command.h"

#include <fmt/format.h>

#include <algorithm>

#include "ackctl/printable.h"
#include "crypto/digest.h"

namespace ackd {
namespace {

// Linux refuses a single argument of more than 128 KiB; escaping makes four bytes of one.
constexpr std::size_t kArgumentBytesMax = 24 * 1024;

bool is_plain(char c) {
  const bool is_alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return is_alphanumeric || std::string_view("-_./:=,@%+").find(c) != std::string_view::npos;
}

std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// Octal, because a hexadecimal escape would take the digits behind it along in some shells.
std::string in_escapes(std::string_view text) {
  std::string out = "$'";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\'' || c == '\\') {
      out += std::string("\\") + c;
    } else if (byte < 0x20 || byte >= 0x7F) {
      out += fmt::format("\\{:03o}", byte);
    } else {
      out.push_back(c);
    }
  }
  return out + "'";
}

std::string body_of(const Document& request) {
  const std::string base64 = text_of(request, "body_base64");
  if (base64.empty()) return text_of(request, "body");
  const auto bytes = from_base64(base64);
  return bytes ? *bytes : std::string();
}

}  // namespace

std::string shell_word(std::string_view text) {
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_plain)) return std::string(text);
  return printable(text) == text ? in_quotes(text) : in_escapes(text);
}

std::string curl_command(const Document& request) {
  const std::string method = text_of(request, "method");
  const std::string body = body_of(request);
  const bool through_pipe = body.size() > kArgumentBytesMax || body.find('\0') != std::string::npos;
  std::string out;
  if (through_pipe) out += fmt::format("printf %s {} | base64 -d |\n", to_text(body, DigestForm::kBase64));
  out += fmt::format("curl --include --globoff --path-as-is --request {}", shell_word(method));
  const Document headers = part_of(request, "headers");
  for (const auto& [name, value] : headers.items()) {
    out += " \\\n  --header " + shell_word(name + ": " + text_of(headers, name.c_str()));
  }
  if (method != "GET")
    out += " \\\n  " + (through_pipe ? std::string("--data-binary @-") : "--data-raw " + shell_word(body));
  return out + " \\\n  " + shell_word(text_of(request, "url")) + "\n";
}

}  // namespace ackd
