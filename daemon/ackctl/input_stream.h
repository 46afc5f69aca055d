// A file or standard input, read as it comes and never held whole: line by line, or, for what turns out to be one
// document, up to a limit.
//
//   open -> await_line (what is it?) -> next_line ... next_line      or      -> read_document
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ackctl/stop_signals.h"
#include "base/result.h"
#include "base/time.h"
#include "base/unique_fd.h"

namespace ackd {

class InputStream {
 public:
  enum class Event {
    kLine,
    kPause,    // nothing came for as long as the caller wanted to wait
    kEnd,      // of the input; a last line need not end in a newline
    kStopped,  // Ctrl-C or SIGTERM
  };

  struct Line {
    std::uint64_t number = 0;  // 1 for the first
    std::string_view text;     // without its newline; valid until the next call
    bool too_long = false;     // over kLineBytesMax, and skipped: `text` is empty
  };

  // What the API takes as one notification. It bounds what is held.
  static constexpr std::size_t kLineBytesMax = 2u << 20;

  // "-" is standard input. `stop` must outlive the stream.
  static Result<InputStream> open(const std::string& path, const StopSignals& stop);

  // Shows the next line that is not blank without taking it; of a very long one only the beginning.
  Result<Event> await_line(std::string_view& text);

  // Takes the next line that is not blank. Waits for ever, or as long as `patience` says.
  Result<Event> next_line(Line& line, std::optional<Duration> patience);

  // Takes everything that is left, from the first line that is not blank. More than `limit` bytes is kTooLarge.
  Result<Event> read_document(std::string& text, std::size_t limit);

 private:
  InputStream(std::string name, UniqueFd file, const StopSignals& stop);

  int fd() const;
  bool take_line(Line& line);
  void skip_what_is_too_long();
  // kLine when more bytes are there than before.
  Result<Event> fill(std::optional<Duration> patience);

  std::string name_;
  UniqueFd file_;  // none for standard input
  const StopSignals* stop_;
  std::string buffer_;
  std::size_t at_ = 0;       // up to here it has been taken
  std::size_t scanned_ = 0;  // up to here there is no newline behind at_
  bool ended_ = false;
  bool skipping_ = false;  // inside a line that is too long
  std::uint64_t number_ = 0;
};

}  // namespace ackd
