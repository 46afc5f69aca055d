// Colours, when somebody is there to see them. Meaning never depends on a colour alone.
#pragma once

#include <string>
#include <string_view>

namespace ackd {

enum class Ink { kPlain, kFaint, kGood, kBad, kWaiting };

class Terminal {
 public:
  explicit Terminal(bool colours) : colours_(colours) {}

  std::string paint(Ink ink, std::string_view text) const;
  // A state or an outcome in the colour of its meaning; any other text as it is.
  std::string paint_state(std::string_view text) const;

 private:
  bool colours_;
};

// True when standard output is a terminal and the operator did not forbid colours.
bool wants_colours(bool forbidden);

// True when standard error is a terminal, where a line may be rewritten.
bool wants_progress();

}  // namespace ackd
