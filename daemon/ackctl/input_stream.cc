#include "ackctl/input_stream.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace ackd {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

Error cannot(const char* what, const std::string& name) {
  return {ErrorCode::kNotFound, fmt::format("{} cannot be {}: {}", name, what, std::strerror(errno)), {}};
}

}  // namespace

InputStream::InputStream(std::string name, UniqueFd file, const StopSignals& stop)
    : name_(std::move(name)), file_(std::move(file)), stop_(&stop) {}

Result<InputStream> InputStream::open(const std::string& path, const StopSignals& stop) {
  if (path == "-") return InputStream("standard input", UniqueFd(), stop);
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return cannot("opened", path);
  return InputStream(path, std::move(file), stop);
}

int InputStream::fd() const {
  return file_.valid() ? file_.get() : STDIN_FILENO;
}

Result<InputStream::Event> InputStream::fill(std::optional<Duration> patience) {
  buffer_.erase(0, at_);
  scanned_ -= at_;
  at_ = 0;
  const int wait_ms = patience ? static_cast<int>(std::max<std::int64_t>(0, patience->count())) : -1;
  while (true) {
    std::array<pollfd, 2> both{{{fd(), POLLIN, 0}, {stop_->fd(), POLLIN, 0}}};
    const int ready = ::poll(both.data(), both.size(), wait_ms);
    if (ready < 0 && errno != EINTR) return cannot("read", name_);
    if (both[1].revents != 0) return Event::kStopped;
    if (ready == 0) return Event::kPause;
    if (ready < 0) continue;
    const std::size_t before = buffer_.size();
    buffer_.resize(before + kReadBytes);
    const ssize_t read = ::read(fd(), buffer_.data() + before, kReadBytes);
    buffer_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(0, read)));
    if (read < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (read < 0) return cannot("read", name_);
    ended_ = read == 0;
    return ended_ ? Event::kEnd : Event::kLine;
  }
}

// The next line of the buffer, if it is there to its end.
bool InputStream::take_line(Line& line) {
  const std::size_t newline = buffer_.find('\n', scanned_);
  const bool whole = newline != std::string::npos || (ended_ && (at_ < buffer_.size() || skipping_));
  const std::size_t end = std::min(newline, buffer_.size());
  scanned_ = end;
  if (!whole) return false;
  line = {++number_, std::string_view(buffer_).substr(at_, end - at_), false};
  line.too_long = std::exchange(skipping_, false) || line.text.size() > kLineBytesMax;
  if (line.too_long) line.text = {};
  at_ = std::min(end + 1, buffer_.size());
  scanned_ = at_;
  return true;
}

void InputStream::skip_what_is_too_long() {
  if (!skipping_ && buffer_.size() - at_ <= kLineBytesMax) return;
  skipping_ = true;
  at_ = scanned_ = buffer_.size();
}

Result<InputStream::Event> InputStream::next_line(Line& line, std::optional<Duration> patience) {
  while (true) {
    if (take_line(line)) {
      if (!line.too_long && is_blank(line.text)) continue;
      return Event::kLine;
    }
    if (ended_) return Event::kEnd;
    skip_what_is_too_long();
    const auto event = fill(patience);
    if (!event || *event == Event::kPause || *event == Event::kStopped) return event;
  }
}

Result<InputStream::Event> InputStream::await_line(std::string_view& text) {
  while (true) {
    const std::size_t newline = buffer_.find('\n', scanned_);
    text = std::string_view(buffer_).substr(at_, std::min(newline, buffer_.size()) - at_);
    const bool whole = newline != std::string::npos;
    if (whole && is_blank(text)) {
      ++number_;
      at_ = scanned_ = newline + 1;
      continue;
    }
    if (whole || text.size() > kLineBytesMax) return Event::kLine;
    if (ended_) return is_blank(text) ? Event::kEnd : Event::kLine;
    scanned_ = buffer_.size();
    const auto event = fill(std::nullopt);
    if (!event || *event == Event::kStopped) return event;
  }
}

Result<InputStream::Event> InputStream::read_document(std::string& text, std::size_t limit) {
  while (!ended_ && buffer_.size() - at_ <= limit) {
    const auto event = fill(std::nullopt);
    if (!event || *event == Event::kStopped) return event;
  }
  if (buffer_.size() - at_ > limit) {
    return Error{ErrorCode::kTooLarge,
                 fmt::format("{} holds more than {} bytes, the limit of one JSON document; write one notification a "
                             "line (NDJSON), which may be of any length",
                             name_, limit),
                 {}};
  }
  text = buffer_.substr(at_);
  at_ = scanned_ = buffer_.size();
  return Event::kEnd;
}

}  // namespace ackd
