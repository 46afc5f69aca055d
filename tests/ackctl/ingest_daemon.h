// POST /v1/notifications as the daemon answers it, with mishaps on demand: a socket server that records each item once
// and recognises it when it comes again.
#pragma once

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "program.h"

namespace ackd {

// What happens to one request instead of a plain answer.
struct Mishap {
  enum Kind { kNone, kRefused, kCutBefore, kCutAfterwards, kGone, kFullFrom } kind = kNone;
  int number = 0;  // kRefused: the status; kFullFrom: the first item (from 0) that finds the disk full
  int retry_after_s = 0;
};

class IngestDaemon {
 public:
  struct Request {
    std::string content_type;
    std::string body;
  };

  IngestDaemon() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    listen(listener_, 8);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    address_ = fmt::format("http://127.0.0.1:{}", ntohs(address.sin_port));
    thread_ = std::thread([this] { serve(); });
  }
  ~IngestDaemon() {
    stopping_ = true;
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }

  // One for each request, in order; those that follow go well.
  void expect(std::deque<Mishap> mishaps) {
    const std::lock_guard<std::mutex> lock(mutex_);
    mishaps_ = std::move(mishaps);
  }

  ProgramResult run(std::vector<std::string> arguments, const std::string& input) {
    arguments.insert(arguments.begin(), "enqueue");
    arguments.insert(arguments.end(), {"--socket", address_});
    return run_ackctl(arguments, input);
  }

  std::vector<Request> take_requests() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(requests_, {});
  }
  std::size_t recorded() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return ids_.size();
  }

 private:
  void serve() {
    while (!stopping_) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      std::string buffer;
      while (serve_one(fd, buffer)) continue;
      close(fd);
    }
  }

  // False when the connection is over.
  bool serve_one(int fd, std::string& buffer) {
    const std::string head = take(fd, buffer, [&] { return head_size(buffer); });
    if (head.empty()) return false;
    const std::size_t length = std::stoul(value_of(head, "Content-Length: "));
    const std::string body = take(fd, buffer, [&] { return length; });
    const std::lock_guard<std::mutex> lock(mutex_);
    requests_.push_back({value_of(head, "Content-Type: "), body});
    Mishap mishap;
    if (!mishaps_.empty()) mishap = mishaps_.front();
    if (!mishaps_.empty()) mishaps_.pop_front();
    if (mishap.kind == Mishap::kCutBefore) return false;
    if (mishap.kind == Mishap::kGone) return shutdown(listener_, SHUT_RDWR) < 0;  // new connections are refused
    const std::string answer = mishap.kind == Mishap::kRefused ? refusal(mishap) : results(body, mishap);
    return mishap.kind != Mishap::kCutAfterwards && send_all(fd, answer);
  }

  // Reads on until the buffer has as many bytes as `size()` says, and takes them.
  template <class Size>
  static std::string take(int fd, std::string& buffer, Size size) {
    while (buffer.size() < size()) {
      char bytes[65'536];
      const ssize_t got = recv(fd, bytes, sizeof bytes, 0);
      if (got <= 0) return {};
      buffer.append(bytes, static_cast<std::size_t>(got));
    }
    std::string taken = buffer.substr(0, size());
    buffer.erase(0, taken.size());
    return taken;
  }

  static std::size_t head_size(const std::string& buffer) {
    const std::size_t end = buffer.find("\r\n\r\n");
    return end == std::string::npos ? end : end + 4;
  }

  static std::string value_of(const std::string& head, const std::string& name) {
    const std::size_t at = head.find(name) + name.size();
    return head.substr(at, head.find("\r\n", at) - at);
  }

  static bool send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  static std::string answer(int status, const std::string& headers, const std::string& body) {
    return fmt::format("HTTP/1.1 {} X\r\n{}Content-Length: {}\r\n\r\n{}", status, headers, body.size(), body);
  }

  static std::string refusal(const Mishap& mishap) {
    const std::string wait =
        mishap.retry_after_s > 0 ? fmt::format("Retry-After: {}\r\n", mishap.retry_after_s) : std::string();
    return answer(mishap.number, wait, R"({"title":"unavailable","detail":"the disk is nearly full"})");
  }

  std::string results(const std::string& body, const Mishap& mishap) {
    std::string out;
    int index = 0;
    for (std::size_t at = 0; at < body.size(); ++index) {
      const std::size_t end = body.find('\n', at);
      const bool full = mishap.kind == Mishap::kFullFrom && index >= mishap.number;
      out += (out.empty() ? "" : ",") + (full ? full_disk(index, mishap) : result(body.substr(at, end - at)));
      at = end + 1;
    }
    return answer(200, "", "{\"results\":[" + out + "]}");
  }

  static std::string full_disk(int index, const Mishap& mishap) {
    return fmt::format(R"({{"status":503,"problem":{{"title":"{}","detail":"the disk is full"}}}})",
                       index > mishap.number ? "not_attempted" : "storage_full");
  }

  std::string result(const std::string& line) {
    if (line.front() != '{') return R"({"status":422,"problem":{"title":"invalid","detail":"it is no object"}})";
    const auto [place, is_new] = ids_.emplace(line, ids_.size() + 1);
    return fmt::format(R"({{"status":{},"id":"{}","state":"pending"{}}})", is_new ? 201 : 200, place->second,
                       is_new ? "" : R"(,"duplicate":true)");
  }

  int listener_ = -1;
  std::string address_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::deque<Mishap> mishaps_;
  std::vector<Request> requests_;
  std::map<std::string, std::size_t> ids_;
  std::thread thread_;
};

}  // namespace ackd
