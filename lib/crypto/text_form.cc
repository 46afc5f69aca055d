// The text forms of digest.h: hex and base64.
#include <openssl/evp.h>

#include <fmt/format.h>

#include "crypto/digest.h"

namespace ackd {
namespace {

std::string to_hex(std::string_view raw, const char* digits) {
  std::string out;
  out.reserve(raw.size() * 2);
  for (const char c : raw) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back(digits[byte >> 4]);
    out.push_back(digits[byte & 15]);
  }
  return out;
}

std::string to_base64(std::string_view raw) {
  // EVP_EncodeBlock writes a terminating zero behind the text.
  std::string out((raw.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(raw.data()), static_cast<int>(raw.size()));
  out.resize(static_cast<std::size_t>(length));
  return out;
}

// The value of a digit, or -1.
int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

// The text without its padding, or nothing when the padding is not what the length asks for.
std::optional<std::string_view> without_padding(std::string_view text) {
  std::size_t padding = 0;
  while (padding < 2 && text.ends_with('=')) {
    text.remove_suffix(1);
    ++padding;
  }
  const std::size_t wanted = (4 - text.size() % 4) % 4;
  if (wanted == 3 || (padding != 0 && padding != wanted)) return std::nullopt;
  return text;
}

}  // namespace

std::string to_text(std::string_view raw, DigestForm form) {
  switch (form) {
    case DigestForm::kHexUpper: return to_hex(raw, "0123456789ABCDEF");
    case DigestForm::kHexLower: return to_hex(raw, "0123456789abcdef");
    case DigestForm::kBase64: break;
  }
  return to_base64(raw);
}

Result<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) {
    return invalid(fmt::format("hex has two digits a byte, but the text has {} characters", text.size()));
  }
  std::string raw;
  raw.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) {
      return invalid(fmt::format("character {} is no hex digit", high < 0 ? i + 1 : i + 2));
    }
    raw.push_back(static_cast<char>(high << 4 | low));
  }
  return raw;
}

Result<std::string> from_base64(std::string_view text) {
  const std::optional<std::string_view> digits = without_padding(text);
  if (!digits) {
    return invalid(fmt::format("base64 text of {} characters is cut off or padded wrongly", text.size()));
  }
  std::string raw;
  raw.reserve(digits->size() * 3 / 4);
  unsigned window = 0;  // the bits that do not fill a byte yet stand at its low end
  unsigned bits = 0;
  for (std::size_t i = 0; i < digits->size(); ++i) {
    const int value = base64_value((*digits)[i]);
    if (value < 0) return invalid(fmt::format("character {} is not in the standard base64 alphabet", i + 1));
    window = (window << 6 | static_cast<unsigned>(value)) & 0xFFFF;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    raw.push_back(static_cast<char>(window >> bits & 0xFF));
  }
  return raw;
}

}  // namespace ackd
