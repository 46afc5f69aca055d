// A regular expression that a whole text must match, in time linear in the text: RE2, so that neither a profile's
// author nor a platform's value can make admission slow.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ackd {

class Pattern {
 public:
  // At most 500 bytes of RE2 syntax. Errors say what is wrong with the expression.
  static Result<Pattern> parse(std::string_view text);
  ~Pattern();
  Pattern(const Pattern& other);  // compiles anew: profiles are copied rarely
  Pattern& operator=(const Pattern& other);
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;

  // Safe to call from any thread.
  bool matches(std::string_view utf8) const;
  const std::string& text() const { return text_; }

 private:
  class Compiled;
  Pattern(std::string text, std::unique_ptr<Compiled> compiled);

  std::string text_;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace ackd
