#include "ackctl/prompt.h"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "ackctl/printable.h"
#include "config/key_file.h"

namespace ackd {
namespace {

// The terminal shows nothing that is typed while this lives. The interrupt key ends the line instead of the process,
// which would leave the terminal mute.
class Hidden {
 public:
  Hidden() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
    silent.c_lflag |= ECHONL;
    silent.c_cc[VEOL] = before_.c_cc[VINTR];
    is_set_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
  }
  ~Hidden() {
    if (is_set_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  Hidden(const Hidden&) = delete;
  Hidden& operator=(const Hidden&) = delete;

  bool is_set() const { return is_set_; }
  bool interrupted_by(const std::string& line) const { return line.ends_with(static_cast<char>(before_.c_cc[VINTR])); }

 private:
  termios before_{};
  bool is_set_ = false;
};

// A line of a terminal, which gives one a call, or everything up to the limit and one byte more, which shows that there
// is more. read(2) and no stream: a stream's buffer would keep a copy of the secret.
std::optional<std::string> read_bytes(bool one_line) {
  std::string bytes(kKeyFileBytesMax + 1, '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = ::read(STDIN_FILENO, bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    filled += static_cast<std::size_t>(got);
    if (got == 0 || one_line) break;
  }
  bytes.resize(filled);
  return bytes;
}

Result<Secret> checked(std::optional<std::string> bytes, std::string_view name) {
  if (!bytes) {
    return Error{ErrorCode::kNotFound, fmt::format("standard input cannot be read: {}", std::strerror(errno)), {}};
  }
  if (bytes->size() > kKeyFileBytesMax) {
    return Error{ErrorCode::kTooLarge,
                 fmt::format("standard input has more than {} bytes; is it really a key?", kKeyFileBytesMax),
                 {}};
  }
  if (bytes->ends_with('\n')) bytes->pop_back();
  if (bytes->ends_with('\r')) bytes->pop_back();
  if (bytes->empty()) return invalid(fmt::format("{}: standard input holds no key", name));
  return Secret(*std::move(bytes));
}

}  // namespace

bool can_ask() {
  return ::isatty(STDIN_FILENO) == 1;
}

bool confirmed(std::string_view question) {
  fmt::print(stderr, "{} [y/N] ", printable(question));
  const std::optional<std::string> answer = read_bytes(true);
  return answer && (*answer == "y\n" || *answer == "yes\n" || *answer == "Y\n");
}

Result<Secret> read_secret(std::string_view name) {
  if (!can_ask()) return checked(read_bytes(false), name);
  const Hidden hidden;
  if (!hidden.is_set()) {
    return Error{ErrorCode::kNotFound, "the terminal cannot be kept from showing the key; give it in a file", {}};
  }
  fmt::print(stderr, "{} (not shown): ", printable(name));
  std::optional<std::string> line = read_bytes(true);
  if (line && hidden.interrupted_by(*line)) return Error{ErrorCode::kNotFound, "interrupted; nothing was changed", {}};
  return checked(std::move(line), name);
}

}  // namespace ackd
