#include "events/spdlog_log.h"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "text/charset.h"

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

// The bytes of the character at the front of `text`; 1 for what starts no character.
std::size_t character_bytes(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t bytes = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return bytes <= text.size() && is_valid_utf8(text.substr(0, bytes)) ? bytes : 1;
}

// C1 controls drive some terminals as ESC does; the bidirectional overrides make a line read as another one.
bool is_harmful(std::string_view character) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(character[at]); };
  if (character.size() == 1) return byte(0) < 0x20 || byte(0) >= 0x7f;
  if (character.size() == 2) return byte(0) == 0xC2 && byte(1) < 0xA0;
  if (character.size() != 3 || byte(0) != 0xE2) return false;
  const bool override_mark = byte(1) == 0x80 && byte(2) >= 0xA8 && byte(2) <= 0xAE;  // U+2028 to U+202E
  const bool isolate_mark = byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9;   // U+2066 to U+2069
  return override_mark || isolate_mark;
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

constexpr const char* kTextPattern = "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
constexpr const char* kJsonPattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})";

}  // namespace

SpdlogLog::SpdlogLog(const LogConfig& config, std::function<void(std::string_view line)> sink)
    : format_(config.format) {
  std::shared_ptr<spdlog::sinks::sink> out;  // spdlog's own idea of a sink's lifetime
  if (sink) {
    out = std::make_shared<FunctionSink>(std::move(sink));
  } else {
    out = std::make_shared<spdlog::sinks::stderr_sink_mt>();
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
  const std::string line =
      format_ == LogFormat::kJson ? json_line(event, message, fields) : text_line(event, message, fields);
  logger_->log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

std::string escape_for_log(std::string_view value) {
  bool plain = !value.empty();
  std::string out;
  while (!value.empty()) {
    const std::string_view character = value.substr(0, character_bytes(value));
    value.remove_prefix(character.size());
    const char first = character.front();
    if (is_harmful(character)) {
      for (const char byte : character) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
      plain = false;
    } else if (first == '"' || first == '\\') {
      out += '\\';
      out += first;
      plain = false;
    } else {
      out += character;
      plain = plain && first != ' ' && first != '=';
    }
  }
  return plain ? out : '"' + out + '"';
}

}  // namespace ackd
