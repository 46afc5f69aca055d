#include "ackctl/answer_script.h"

#include <fmt/format.h>
#include <iconv.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace ackd {
namespace {

// One end of iconv's state, closed with it.
struct IconvCloser {
  void operator()(void* converter) const { iconv_close(converter); }
};

Result<std::string> converted(std::string text, const std::string& charset) {
  if (charset.empty() || text.empty()) return text;
  void* opened = iconv_open(charset.c_str(), "UTF-8");
  if (opened == reinterpret_cast<void*>(-1)) return invalid(fmt::format("the charset '{}' is not known", charset));
  const std::unique_ptr<void, IconvCloser> converter(opened);
  std::string out(text.size() * 4 + 16, '\0');
  char* from = text.data();
  std::size_t from_left = text.size();
  char* to = out.data();
  std::size_t to_left = out.size();
  if (iconv(converter.get(), &from, &from_left, &to, &to_left) == static_cast<std::size_t>(-1)) {
    return invalid(fmt::format("'{}' cannot be written in {}", text, charset));
  }
  out.resize(out.size() - to_left);
  return out;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool is_status(std::string_view text) {
  return text.size() == 3 && text[0] >= '1' && text[0] <= '9' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Reads the list item by item. Plain text is collected apart, because only it is converted.
class ScriptReader {
 public:
  ScriptReader(std::string_view text, const std::string& charset) : text_(text), charset_(charset) {}

  Result<AnswerScript> read() {
    AnswerScript script;
    bool more = true;
    while (more) {
      auto answer = read_item(more);
      if (!answer) return answer.error();
      script.push_back(*std::move(answer));
    }
    return script;
  }

 private:
  // `more` tells whether a comma followed.
  Result<ScriptedAnswer> read_item(bool& more) {
    ScriptedAnswer answer;
    if (Status read = read_status(answer.status); !read) return read.error();
    more = false;
    while (!text_.empty() && !more) {
      const char c = text_.front();
      text_.remove_prefix(1);
      if (c == ',') {
        more = true;
      } else if (c != '\\') {
        plain_.push_back(c);
      } else if (Status read = read_escape(answer.body); !read) {
        return read.error();
      }
    }
    if (Status flushed = flush(answer.body); !flushed) return flushed.error();
    return answer;
  }

  Status read_status(int& status) {
    const std::string_view digits = text_.substr(0, 3);
    const bool ends = text_.size() == 3 || (text_.size() > 3 && (text_[3] == ',' || text_[3] == ':'));
    if (!is_status(digits) || !ends) return Done{};
    status = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
    if (status < 200 || status > 599) {
      return invalid(fmt::format("status {} cannot be answered: the range is 200 to 599", status));
    }
    text_.remove_prefix(text_.size() > 3 && text_[3] == ':' ? 4 : 3);
    return Done{};
  }

  Status read_escape(std::string& body) {
    constexpr std::string_view kNames = "nrt,\\";
    constexpr std::string_view kBytes = "\n\r\t,\\";
    const std::size_t known = text_.empty() ? std::string_view::npos : kNames.find(text_.front());
    if (known != std::string_view::npos) {
      plain_.push_back(kBytes[known]);
      text_.remove_prefix(1);
      return Done{};
    }
    const bool is_hex = text_.size() >= 3 && text_[0] == 'x' && hex_digit(text_[1]) >= 0 && hex_digit(text_[2]) >= 0;
    if (!is_hex) return invalid(R"(after a backslash only n, r, t, a comma, a backslash or xHH is known)");
    if (Status flushed = flush(body); !flushed) return flushed;
    body.push_back(static_cast<char>(hex_digit(text_[1]) * 16 + hex_digit(text_[2])));
    text_.remove_prefix(3);
    return Done{};
  }

  Status flush(std::string& body) {
    const auto bytes = converted(std::exchange(plain_, {}), charset_);
    if (!bytes) return bytes.error();
    body += *bytes;
    return Done{};
  }

  std::string_view text_;
  const std::string& charset_;
  std::string plain_;
};

}  // namespace

Result<AnswerScript> parse_answer_script(std::string_view text, const std::string& charset) {
  return ScriptReader(text, charset).read();
}

AnswerTurns::AnswerTurns(AnswerScript script) : script_(std::move(script)) {
  CHECK_THAT(!script_.empty(), "an answer script holds at least one answer");
}

AnswerTurns::Turn AnswerTurns::next(std::string_view identity) {
  const std::size_t number = ++turns_[std::hash<std::string_view>{}(identity)];
  return {number, script_[std::min(number, script_.size()) - 1]};
}

}  // namespace ackd
