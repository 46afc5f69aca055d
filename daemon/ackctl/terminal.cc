#include "ackctl/terminal.h"

#include <fmt/format.h>
#include <unistd.h>

namespace ackd {
namespace {

const char* code_of(Ink ink) {
  switch (ink) {
    case Ink::kFaint: return "2";
    case Ink::kGood: return "32";
    case Ink::kBad: return "31";
    case Ink::kWaiting: return "33";
    case Ink::kPlain: break;
  }
  return "0";
}

Ink ink_of(std::string_view text) {
  if (text == "delivered" || text == "acknowledged" || text == "ok") return Ink::kGood;
  if (text == "exhausted" || text == "rejected" || text == "unreachable" || text == "WRONG") return Ink::kBad;
  if (text == "held" || text == "unknown" || text == "possibly_sent") return Ink::kWaiting;
  return Ink::kPlain;
}

}  // namespace

std::string Terminal::paint(Ink ink, std::string_view text) const {
  if (!colours_ || ink == Ink::kPlain) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code_of(ink), text);
}

std::string Terminal::paint_state(std::string_view text) const {
  return paint(ink_of(text), text);
}

bool wants_colours(bool forbidden) {
  return !forbidden && ::isatty(STDOUT_FILENO) == 1;
}

bool wants_progress() {
  return ::isatty(STDERR_FILENO) == 1;
}

}  // namespace ackd
