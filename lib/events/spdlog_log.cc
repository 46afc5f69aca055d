#include "events/spdlog_log.h"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

#include "events/line_output.h"
#include "text/characters.h"

namespace ackd {
namespace {

class FunctionSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit FunctionSink(std::function<void(std::string_view)> take) : take_(std::move(take)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    std::string_view text(line.data(), line.size());
    if (text.ends_with('\n')) text.remove_suffix(1);
    take_(text);
  }
  void flush_() override {}

  std::function<void(std::string_view)> take_;
};

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return spdlog::level::debug;
    case LogLevel::kInfo: return spdlog::level::info;
    case LogLevel::kWarning: return spdlog::level::warn;
    case LogLevel::kError: return spdlog::level::err;
  }
  return spdlog::level::info;
}

bool is_harmful(const Character& character) {
  return character.bytes == 0 || is_control(character.code) || is_hidden(character.code);
}

std::string text_line(std::string_view event, std::string_view message, LogFields fields) {
  std::string line(event);
  for (const LogField& field : fields) {
    const auto* number = std::get_if<std::int64_t>(&field.value);
    line +=
        fmt::format(" {}={}", field.name,
                    number != nullptr ? std::to_string(*number) : escape_for_log(std::get<std::string>(field.value)));
  }
  if (!message.empty()) line += " message=" + escape_for_log(message);
  return line;
}

// The part after the time and the level, without the closing brace.
std::string json_line(std::string_view event, std::string_view message, LogFields fields) {
  nlohmann::ordered_json json{{"event", event}};
  for (const LogField& field : fields) {
    std::visit([&](const auto& value) { json[std::string(field.name)] = value; }, field.value);
  }
  if (!message.empty()) json["message"] = message;
  // ASCII only: every character that could harm a terminal becomes \uNNNN, and what is not UTF-8 becomes U+FFFD.
  std::string text = json.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
  return text.substr(1, text.size() - 2);
}

std::string line_of(LogFormat format, std::string_view event, std::string_view message, LogFields fields) {
  return format == LogFormat::kJson ? json_line(event, message, fields) : text_line(event, message, fields);
}

// Says how many lines were dropped as soon as there is room again, in front of the line that found it.
class StderrSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit StderrSink(LogFormat format) : format_(format), output_(STDERR_FILENO) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (dropped_ > 0 && report_dropped(message.logger_name)) dropped_ = 0;
    if (dropped_ > 0 || !put(message)) ++dropped_;
  }
  void flush_() override {}

  bool report_dropped(spdlog::string_view_t logger) {
    const std::string text =
        line_of(format_, "log_lines_dropped", "the log could not be written: its disk was full, or nobody read it",
                {{"count", dropped_}});
    return put({logger, spdlog::level::warn, spdlog::string_view_t(text.data(), text.size())});
  }

  bool put(const spdlog::details::log_msg& message) {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    return output_.write({line.data(), line.size()});
  }

  LogFormat format_;
  LineOutput output_;
  std::int64_t dropped_ = 0;
};

constexpr const char* kTextPattern = "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
constexpr const char* kJsonPattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})";

}  // namespace

SpdlogLog::SpdlogLog(const LogConfig& config, std::function<void(std::string_view line)> sink)
    : format_(config.format) {
  std::shared_ptr<spdlog::sinks::sink> out;  // spdlog's own idea of a sink's lifetime
  if (sink) {
    out = std::make_shared<FunctionSink>(std::move(sink));
  } else {
    out = std::make_shared<StderrSink>(format_);
  }
  logger_ = std::make_unique<spdlog::logger>("ackd", std::move(out));
  logger_->set_formatter(std::make_unique<spdlog::pattern_formatter>(
      format_ == LogFormat::kJson ? kJsonPattern : kTextPattern, spdlog::pattern_time_type::utc));
  logger_->set_level(to_spdlog(config.level));
}

SpdlogLog::~SpdlogLog() = default;

bool SpdlogLog::enabled(LogLevel level) const {
  return logger_->should_log(to_spdlog(level));
}

void SpdlogLog::write(LogLevel level, std::string_view event, std::string_view message, LogFields fields) const {
  if (!enabled(level)) return;
  const std::string line = line_of(format_, event, message, fields);
  logger_->log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

std::string escape_for_log(std::string_view value) {
  bool plain = !value.empty();
  std::string out;
  while (!value.empty()) {
    const Character character = first_character(value);
    const std::string_view bytes = value.substr(0, std::max<std::size_t>(character.bytes, 1));
    value.remove_prefix(bytes.size());
    const char first = bytes.front();
    if (is_harmful(character)) {
      for (const char byte : bytes) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
      plain = false;
    } else if (first == '"' || first == '\\') {
      out += '\\';
      out += first;
      plain = false;
    } else {
      out += bytes;
      plain = plain && first != ' ' && first != '=';
    }
  }
  return plain ? out : '"' + out + '"';
}

}  // namespace ackd
