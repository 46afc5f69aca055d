#include "text/charset.h"

#include <fmt/format.h>
#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

namespace ackd {
namespace {

struct CharsetName {
  Charset charset;
  const char* ours;
  const char* iconv;
};
constexpr std::array<CharsetName, 11> kCharsets{{{Charset::kUtf8, "utf-8", "UTF-8"},
                                                 {Charset::kIso88591, "iso-8859-1", "ISO-8859-1"},
                                                 {Charset::kGbk, "gbk", "GBK"},
                                                 {Charset::kGb18030, "gb18030", "GB18030"},
                                                 {Charset::kWindows1252, "windows-1252", "WINDOWS-1252"},
                                                 {Charset::kBig5, "big5", "BIG5-HKSCS"},
                                                 {Charset::kShiftJis, "shift_jis", "WINDOWS-31J"},
                                                 {Charset::kEucJp, "euc-jp", "EUC-JP"},
                                                 {Charset::kEucKr, "euc-kr", "UHC"},
                                                 {Charset::kUtf16Le, "utf-16le", "UTF-16LE"},
                                                 {Charset::kUtf16Be, "utf-16be", "UTF-16BE"}}};
// The first ones of the table.
constexpr std::size_t kWritten = 4;

constexpr bool charsets_are_in_order() {
  for (std::size_t i = 0; i < kCharsets.size(); ++i) {
    if (static_cast<std::size_t>(kCharsets[i].charset) != i) return false;
  }
  return true;
}
static_assert(charsets_are_in_order(), "every charset has its row, at its own place");

const CharsetName& names_of(Charset charset) {
  return kCharsets.at(static_cast<std::size_t>(charset));
}

// How much iconv gets at once. It converts all of it before it looks for what the target lacks, and again up to there,
// so that a long text of such characters would cost the square of its length.
constexpr std::size_t kWindowBytes = 64;

class Converter {
 public:
  Converter(const char* to, const char* from) : handle_(iconv_open(to, from)) {}
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  ~Converter() {
    if (valid()) iconv_close(handle_);
  }

  bool valid() const { return handle_ != reinterpret_cast<iconv_t>(-1); }

  // Converts the front of `in` into `out` and drops it from `in`; false where it had to stop.
  bool convert(std::string_view& in, std::string& out) {
    iconv(handle_, nullptr, nullptr, nullptr, nullptr);  // whatever the text before left behind
    while (!in.empty()) {
      std::array<char, kWindowBytes * 4> chunk;  // no character grows more
      char* from = const_cast<char*>(in.data());
      std::size_t from_left = std::min(in.size(), kWindowBytes);
      char* to = chunk.data();
      std::size_t to_left = chunk.size();
      const std::size_t done = iconv(handle_, &from, &from_left, &to, &to_left);
      const int stopped_by = done == static_cast<std::size_t>(-1) ? errno : 0;
      out.append(chunk.data(), chunk.size() - to_left);
      in.remove_prefix(static_cast<std::size_t>(from - in.data()));
      const bool cut_by_window = stopped_by == EINVAL && in.size() > from_left;
      if (stopped_by != 0 && !cut_by_window) return false;
    }
    return true;
  }

 private:
  iconv_t handle_;
};

enum class Direction { kFromUtf8, kToUtf8 };

// Kept open for each thread: a descriptor must not be shared between threads, and glibc unloads a charset's module soon
// after its last descriptor was closed, so that threads which alternate between two charsets would load it again each
// time (45 us instead of 0.2 us).
Converter& converter_for(Charset charset, Direction direction) {
  thread_local std::array<std::array<std::unique_ptr<Converter>, 2>, kCharsets.size()> kept;
  std::unique_ptr<Converter>& slot = kept.at(static_cast<std::size_t>(charset)).at(static_cast<std::size_t>(direction));
  const char* name = names_of(charset).iconv;
  if (!slot || !slot->valid()) {  // it may have failed for want of a descriptor, once
    slot = direction == Direction::kFromUtf8 ? std::make_unique<Converter>(name, "UTF-8")
                                             : std::make_unique<Converter>("UTF-8", name);
  }
  return *slot;
}

Error cannot_convert(Charset charset) {
  return {
      ErrorCode::kUnavailable,
      fmt::format("this system's iconv cannot convert between UTF-8 and {}; install the C library's charset modules",
                  name_of(charset)),
      {}};
}

// How many bytes at the front are plain ASCII; eight of them are looked at together.
std::size_t ascii_front(std::string_view bytes) {
  std::size_t at = 0;
  for (std::uint64_t eight = 0; bytes.size() - at >= sizeof eight; at += sizeof eight) {
    std::memcpy(&eight, bytes.data() + at, sizeof eight);
    if ((eight & 0x8080808080808080U) != 0) break;
  }
  while (at < bytes.size() && static_cast<unsigned char>(bytes[at]) < 0x80) ++at;
  return at;
}

bool is_ascii(std::string_view bytes) {
  return ascii_front(bytes) == bytes.size();
}

bool is_wide(Charset charset) {
  return charset == Charset::kUtf16Le || charset == Charset::kUtf16Be;
}

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

// REQUIRES: `character` is one well-formed sequence.
std::uint32_t code_point(std::string_view character) {
  constexpr std::array<unsigned, 5> kLeadBits{0, 0x7F, 0x1F, 0x0F, 0x07};
  std::uint32_t code = static_cast<unsigned char>(character.front()) & kLeadBits.at(character.size());
  for (const char c : character.substr(1)) code = code << 6U | (static_cast<unsigned char>(c) & 0x3FU);
  return code;
}

Error lacks(Charset charset, std::string_view character) {
  return invalid(fmt::format("the character '{}' (U+{:04X}) does not exist in {}", character, code_point(character),
                             name_of(charset)));
}

// Characters that iconv takes although no receiver could be trusted to read them as meant:
// the euro sign, which GBK does not have and its extensions put at different places (0x80 by Windows and PHP, A2E3 by
// Java), and the language tags U+E0000 to U+E007F, which iconv drops without a word where the charset lacks them.
bool is_misjudged(std::string_view rest, Charset target) {
  if (target == Charset::kGbk && rest.starts_with("\xE2\x82\xAC")) return true;
  return target != Charset::kGb18030 && (rest.starts_with("\xF3\xA0\x80") || rest.starts_with("\xF3\xA0\x81"));
}

// The front of `utf8` that iconv may be given.
std::string_view well_judged_part(std::string_view utf8, Charset target) {
  std::size_t at = utf8.find_first_of("\xE2\xF3");
  while (at != std::string_view::npos && !is_misjudged(utf8.substr(at), target)) {
    at = utf8.find_first_of("\xE2\xF3", at + 1);
  }
  return utf8.substr(0, at);
}

}  // namespace

bool is_valid_utf8(std::string_view bytes) {
  for (bytes.remove_prefix(ascii_front(bytes)); !bytes.empty(); bytes.remove_prefix(ascii_front(bytes))) {
    const std::size_t length = sequence_length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::optional<Charset> parse_charset(std::string_view name) {
  for (std::size_t i = 0; i < kWritten; ++i) {
    if (name == kCharsets.at(i).ours) return kCharsets.at(i).charset;
  }
  return std::nullopt;
}

const char* name_of(Charset charset) {
  return names_of(charset).ours;
}

Result<std::string> from_utf8(std::string_view utf8, Charset target, Unmappable unmappable) {
  if (is_ascii(utf8)) return std::string(utf8);
  if (!is_valid_utf8(utf8)) return invalid("the text is not valid UTF-8");
  if (target == Charset::kUtf8) return std::string(utf8);
  Converter& converter = converter_for(target, Direction::kFromUtf8);
  if (!converter.valid()) return cannot_convert(target);
  std::string out;
  while (true) {
    std::string_view part = well_judged_part(utf8, target);
    utf8.remove_prefix(part.size());
    while (!converter.convert(part, out)) {
      const std::size_t length = sequence_length(part);
      if (unmappable == Unmappable::kRefuse) return lacks(target, part.substr(0, length));
      out.push_back('?');
      part.remove_prefix(length);
    }
    if (utf8.empty()) return out;
    const std::size_t length = sequence_length(utf8);
    if (unmappable == Unmappable::kRefuse) return lacks(target, utf8.substr(0, length));
    out.push_back('?');
    utf8.remove_prefix(length);
  }
}

Result<std::string> to_utf8(std::string_view bytes, Charset source) {
  if (is_ascii(bytes) && !is_wide(source)) return std::string(bytes);
  if (source == Charset::kUtf8) {
    return is_valid_utf8(bytes) ? Result<std::string>(std::string(bytes)) : invalid("the bytes are not valid utf-8");
  }
  Converter& converter = converter_for(source, Direction::kToUtf8);
  if (!converter.valid()) return cannot_convert(source);
  std::string out;
  std::string_view rest = bytes;
  if (converter.convert(rest, out)) return out;
  return invalid(fmt::format("the bytes are not valid {}: byte {} of {} is 0x{:02X}", name_of(source),
                             bytes.size() - rest.size() + 1, bytes.size(), static_cast<unsigned char>(rest.front())));
}

namespace {

// Converts the front of `rest` into `out` and drops it, up to what is no character of the charset.
void convert_front(std::string_view& rest, Charset source, std::string& out) {
  if (source != Charset::kUtf8) {
    Converter& converter = converter_for(source, Direction::kToUtf8);
    if (converter.valid()) converter.convert(rest, out);
    return;
  }
  while (!rest.empty()) {
    const std::size_t length = sequence_length(rest);
    if (length == 0) return;
    out += rest.substr(0, length);
    rest.remove_prefix(length);
  }
}

}  // namespace

std::string to_visible_utf8(std::string_view bytes, Charset source) {
  if (is_ascii(bytes) && !is_wide(source)) return std::string(bytes);
  std::string out;
  std::string_view rest = bytes;
  while (true) {
    convert_front(rest, source, out);
    if (rest.empty()) return out;
    const std::size_t unit = std::min<std::size_t>(rest.size(), is_wide(source) ? 2 : 1);
    for (const char c : rest.substr(0, unit)) out += fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
    rest.remove_prefix(unit);
  }
}

std::size_t whole_characters(std::string_view bytes, Charset source) {
  if (is_ascii(bytes) && !is_wide(source)) return bytes.size();
  std::string dropped;
  std::string_view rest = bytes;
  convert_front(rest, source, dropped);
  return bytes.size() - rest.size();
}

}  // namespace ackd
