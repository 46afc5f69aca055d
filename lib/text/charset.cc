#include "text/charset.h"

#include <iconv.h>

#include <array>
#include <cerrno>
#include <string>

namespace ackd {
namespace {

struct CharsetName {
  Charset charset;
  const char* ours;
  const char* iconv;
};
constexpr std::array<CharsetName, 2> kCharsets{
    {{Charset::kUtf8, "utf-8", "UTF-8"}, {Charset::kIso88591, "iso-8859-1", "ISO-8859-1"}}};

// An iconv descriptor is not safe to share between threads and cheap to open (0.2 us), so each conversion has its own.
class Converter {
 public:
  explicit Converter(const char* target) : handle_(iconv_open(target, "UTF-8")) {}
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  ~Converter() {
    if (valid()) iconv_close(handle_);
  }

  bool valid() const { return handle_ != reinterpret_cast<iconv_t>(-1); }

  // Converts the front of `in` into `out`; false with errno where it had to stop.
  bool convert(std::string_view& in, std::string& out) {
    std::array<char, 1024> chunk{};
    char* from = const_cast<char*>(in.data());
    std::size_t from_left = in.size();
    while (from_left > 0) {
      char* to = chunk.data();
      std::size_t to_left = chunk.size();
      const std::size_t done = iconv(handle_, &from, &from_left, &to, &to_left);
      const int stopped_by = done == static_cast<std::size_t>(-1) ? errno : 0;
      out.append(chunk.data(), chunk.size() - to_left);
      in.remove_prefix(in.size() - from_left);
      if (stopped_by != 0 && stopped_by != E2BIG) return false;
    }
    return true;
  }

 private:
  iconv_t handle_;
};

// The length of the well-formed sequence at the front, 0 when there is none.
std::size_t sequence_length(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U; };
  const auto continues = [&](std::size_t i) { return (at(i) & 0xC0U) == 0x80U; };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (first == 0xE0 && at(1) < 0xA0) return 0;  // overlong
    if (first == 0xED && at(1) > 0x9F) return 0;  // surrogate
    return continues(1) && continues(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (first == 0xF0 && at(1) < 0x90) return 0;  // overlong
    if (first == 0xF4 && at(1) > 0x8F) return 0;  // above U+10FFFF
    return continues(1) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

bool is_valid_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t length = sequence_length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::optional<Charset> parse_charset(std::string_view name) {
  for (const CharsetName& known : kCharsets) {
    if (name == known.ours) return known.charset;
  }
  return std::nullopt;
}

const char* name_of(Charset charset) {
  return kCharsets.at(static_cast<std::size_t>(charset)).ours;
}

Result<std::string> from_utf8(std::string_view utf8, Charset target, Unmappable unmappable) {
  if (!is_valid_utf8(utf8)) return invalid("the text is not valid UTF-8");
  if (target == Charset::kUtf8) return std::string(utf8);
  Converter converter(kCharsets.at(static_cast<std::size_t>(target)).iconv);
  if (!converter.valid()) {
    return Error{
        ErrorCode::kUnavailable, std::string("this system's iconv cannot convert UTF-8 to ") + name_of(target), {}};
  }
  std::string out;
  while (!converter.convert(utf8, out)) {
    const std::size_t length = sequence_length(utf8);
    if (unmappable == Unmappable::kRefuse) {
      return invalid("the character '" + std::string(utf8.substr(0, length)) + "' does not exist in " +
                     name_of(target));
    }
    out.push_back('?');
    utf8.remove_prefix(length);
  }
  return out;
}

}  // namespace ackd
