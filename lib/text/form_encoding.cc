#include "text/form_encoding.h"

#include <algorithm>
#include <array>

namespace ackd {
namespace {

constexpr bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

constexpr auto kKept = [] {
  std::array<bool, 256> kept{};
  for (std::size_t byte = 0; byte < kept.size(); ++byte) kept[byte] = is_unreserved(static_cast<char>(byte));
  return kept;
}();

bool is_kept(char c) {
  return kKept[static_cast<unsigned char>(c)];
}

// What is kept is most of it, and is appended run by run.
void append_encoded(std::string& out, std::string_view bytes, Space space) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  for (auto at = bytes.begin(); at != bytes.end();) {
    const auto run_end = std::find_if_not(at, bytes.end(), is_kept);
    out.append(at, run_end);
    at = run_end;
    if (at == bytes.end()) return;
    const char c = *at++;
    if (c == ' ' && space == Space::kPlus) {
      out.push_back('+');
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string percent_encode(std::string_view bytes, Space space) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 2);
  append_encoded(out, bytes, space);
  return out;
}

std::string form_encode(const Fields& pairs, Space space) {
  std::size_t bytes = 0;
  for (const Field& pair : pairs) bytes += pair.name.size() + pair.value.size() + 2;
  std::string out;
  out.reserve(bytes);
  for (const Field& pair : pairs) {
    if (!out.empty()) out.push_back('&');
    append_encoded(out, pair.name, space);
    out.push_back('=');
    append_encoded(out, pair.value, space);
  }
  return out;
}

Result<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return invalid("a '%' in the form is not followed by two hex digits");
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

Result<Fields> form_decode(std::string_view text) {
  Fields pairs;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(pair.size() == text.size() ? pair.size() : pair.size() + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    Result<std::string> name = percent_decode(pair.substr(0, equals));
    if (!name) return name.error();
    Result<std::string> value =
        equals == std::string_view::npos ? Result<std::string>(std::string()) : percent_decode(pair.substr(equals + 1));
    if (!value) return Error{ErrorCode::kInvalid, value.error().message, *name};
    pairs.push_back({*std::move(name), *std::move(value)});
  }
  return pairs;
}

}  // namespace ackd
