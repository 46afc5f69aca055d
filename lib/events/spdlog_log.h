// Structured log lines on standard error: one event a line, as key=value text for people or as one JSON object for
// programs. What a receiver or a client wrote can reach a log only escaped, so it can neither forge a line nor drive a
// terminal.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "config/config.h"

namespace spdlog {
class logger;
}

namespace ackd {

struct LogField {
  std::string_view name;
  std::variant<std::string, std::int64_t> value;
};
using LogFields = std::initializer_list<LogField>;

class SpdlogLog {
 public:
  // Lines go to standard error; a test gives a `sink` that takes them instead, without the newline.
  explicit SpdlogLog(const LogConfig& config, std::function<void(std::string_view line)> sink = {});
  ~SpdlogLog();

  // `event` is a stable name for programs ("drain_started"), `message` a sentence for people that says what to do where
  // something can be done. Never pass a Secret's bytes.
  void write(LogLevel level, std::string_view event, std::string_view message, LogFields fields = {}) const;
  bool enabled(LogLevel level) const;

 private:
  std::unique_ptr<spdlog::logger> logger_;
  LogFormat format_;
};

// The text form of one value: as it is when it is one plain word, otherwise quoted, with control characters (ASCII and
// C1), those that are hidden or reorder text, and bytes that are not UTF-8 as \xNN.
std::string escape_for_log(std::string_view value);

}  // namespace ackd
