#include "ackctl/verb.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "ackctl/printable.h"

namespace ackd {
namespace {

struct FileCloser {
  void operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};

}  // namespace

bool Verb::asked_for() const {
  return command_->parsed();
}

std::string sentence_of(const Error& error, std::string_view prefix) {
  if (error.field.empty() || error.message.starts_with(error.field + ":")) return error.message;
  return fmt::format("{}{}: {}", prefix, error.field, error.message);
}

void complain(std::string_view message) {
  fmt::print(stderr, "ackctl: {}\n", printable(message));
}

ExitCode give_up(const Error& error) {
  complain(error.message);
  const bool unreachable = error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kIo;
  return unreachable ? ExitCode::kUnreachable : ExitCode::kRefused;
}

ExitCode refuse(const Error& error) {
  complain(error.message);
  return ExitCode::kRefused;
}

Result<std::string> read_input(const std::string& path) {
  const std::unique_ptr<std::FILE, FileCloser> file(path == "-" ? stdin : std::fopen(path.c_str(), "rb"));
  if (file == nullptr) {
    return Error{ErrorCode::kNotFound, fmt::format("{} cannot be opened: {}", path, std::strerror(errno)), {}};
  }
  std::string bytes;
  std::string chunk(64 * 1024, '\0');
  while (const std::size_t read = std::fread(chunk.data(), 1, chunk.size(), file.get())) {
    bytes.append(chunk, 0, read);
    if (bytes.size() > kInputBytesMax) {
      return Error{ErrorCode::kTooLarge, fmt::format("{} holds more than {} bytes", path, kInputBytesMax), {}};
    }
  }
  if (std::ferror(file.get())) {
    return Error{ErrorCode::kNotFound, fmt::format("{} cannot be read: {}", path, std::strerror(errno)), {}};
  }
  return bytes;
}

}  // namespace ackd
