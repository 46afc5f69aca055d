#include "text/pattern.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/check.h"

namespace ackd {
namespace {

constexpr std::size_t kPatternBytesMax = 500;
// Of the compiled program and of each matcher's cache. RE2 answers with its slower matcher when the cache is full.
constexpr std::int64_t kMemoryBytesMax = 1024 * 1024;

re2::StringPiece piece(std::string_view text) {
  return {text.data(), text.size()};
}

RE2::Options options() {
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingUTF8);
  options.set_max_mem(kMemoryBytesMax);
  options.set_never_capture(true);
  options.set_log_errors(false);
  return options;
}

}  // namespace

class Pattern::Compiled {
 public:
  explicit Compiled(const std::string& text) : expression(text, options()) {}
  const RE2 expression;
};

Result<Pattern> Pattern::parse(std::string_view text) {
  if (text.size() > kPatternBytesMax) {
    return invalid(fmt::format("the pattern has {} bytes; the limit is {}", text.size(), kPatternBytesMax));
  }
  auto compiled = std::make_unique<Compiled>(std::string(text));
  if (!compiled->expression.ok()) {
    return invalid(fmt::format("'{}' is not a pattern: {}", text, compiled->expression.error()));
  }
  return Pattern(std::string(text), std::move(compiled));
}

Pattern::Pattern(std::string text, std::unique_ptr<Compiled> compiled)
    : text_(std::move(text)), compiled_(std::move(compiled)) {}

Pattern::~Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;

Pattern::Pattern(const Pattern& other) : Pattern(other.text_, std::make_unique<Compiled>(other.text_)) {}

Pattern& Pattern::operator=(const Pattern& other) {
  return *this = Pattern(other);
}

bool Pattern::matches(std::string_view utf8) const {
  CHECK_THAT(compiled_ != nullptr, "a pattern that was moved away is not used");
  return RE2::FullMatch(piece(utf8), compiled_->expression);
}

}  // namespace ackd
