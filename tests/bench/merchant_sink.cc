// Merchants that cost next to nothing: one thread, one epoll, and the same acknowledgement to every request. For
// measuring ackd, not for judging it.
//
//   ackd_bench_merchant_sink [--addresses N|--everywhere] [--answer TEXT] [--delays-ms A,B,C]
//
// Listens at N addresses, 127.0.0.1 and those after it, or at every address of loopback, on one port, which it prints.
// The path decides: /silent is never answered, /failK is refused K times for each order, everything else is
// acknowledged. Every line of input is answered with one JSON object about the time since the last one; the end of the
// input ends it.
//
// A body that holds "due-MICROSECONDS-" (of 1970) says when it was due, and how late it came is counted. What was
// refused is due again when it was answered plus the next of the delays.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/unique_fd.h"

namespace {

using ackd::UniqueFd;

constexpr int kPortAttempts = 100;
constexpr std::string_view kDue = "due-";

struct Connection {
  UniqueFd fd;
  std::string received;
};

// What an order that is refused has met so far.
struct Refused {
  std::size_t times = 0;
  std::int64_t answered_us = 0;
};

std::int64_t now_us() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

// What was heard between two lines of input.
struct Heard {
  std::uint64_t answered = 0;
  std::uint64_t refused = 0;
  std::uint64_t silenced = 0;
  std::uint64_t bytes = 0;
  std::int64_t newest_us = 0;
  std::vector<std::int64_t> fresh_us, retries_us;  // how late
  std::string first;                               // request, to send the same bytes from elsewhere
};

std::string lateness(std::vector<std::int64_t>& late_us) {
  if (late_us.empty()) return "null";
  std::ranges::sort(late_us);
  const std::size_t last = late_us.size() - 1;
  return fmt::format(R"({{"count":{},"p50_us":{},"p99_us":{},"max_us":{}}})", late_us.size(), late_us[last / 2],
                     late_us[last * 99 / 100], late_us[last]);
}

std::string hexadecimal(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

class Sink {
 public:
  Sink(const std::string& acknowledgement, std::vector<std::int64_t> delays_ms)
      : acknowledgement_(answer_with(acknowledgement)), refusal_(answer_with("refused")), delays_ms_(delays_ms) {}

  // One socket for all of 127.0.0.0/8: bound to the device, nobody reaches it from outside.
  bool listen_everywhere() { return listen_at_first(INADDR_ANY) && watch(STDIN_FILENO); }

  // A port that is free at every address, or false.
  bool listen_at(std::uint32_t addresses) {
    for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
      if (!listen_at_first(INADDR_LOOPBACK)) return false;
      if (listen_at_others(addresses)) return watch(STDIN_FILENO);
      listeners_.clear();
    }
    return false;
  }

  unsigned port() const { return ntohs(port_); }

  void serve() {
    epoll_event events[256];
    while (true) {
      const int count = epoll_wait(epoll_.get(), events, 256, -1);
      for (int i = 0; i < count; ++i) {
        const int fd = events[i].data.fd;
        if (fd == STDIN_FILENO) {
          if (!report()) return;
        } else {
          listeners_.contains(fd) ? accept_all(fd) : read_from(fd);
        }
      }
    }
  }

 private:
  static std::string answer_with(const std::string& text) {
    return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", text.size(), text);
  }

  bool listen_at_first(std::uint32_t host) {
    port_ = 0;
    if (!listen_at_address(host)) return false;
    sockaddr_in address{};
    socklen_t size = sizeof address;
    getsockname(listeners_.begin()->first, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = address.sin_port;
    return true;
  }

  bool listen_at_others(std::uint32_t addresses) {
    for (std::uint32_t i = 1; i < addresses; ++i) {
      if (!listen_at_address(INADDR_LOOPBACK + i)) return false;
    }
    return true;
  }

  bool listen_at_address(std::uint32_t host) {
    UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, "lo", sizeof "lo") != 0) return false;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(host);
    address.sin_port = port_;
    if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return false;
    if (listen(fd.get(), 4096) != 0 || !watch(fd.get())) return false;
    const int number = fd.get();
    listeners_.emplace(number, std::move(fd));
    return true;
  }

  bool watch(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
  }

  void accept_all(int listener) {
    while (true) {
      UniqueFd fd(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!fd.valid()) return;
      const int one = 1;
      setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      const int number = fd.get();
      if (watch(number)) connections_.emplace(number, Connection{std::move(fd), {}});
    }
  }

  void read_from(int fd) {
    Connection& connection = connections_.at(fd);
    char bytes[16 * 1024];
    const ssize_t count = recv(fd, bytes, sizeof bytes, 0);
    if (count <= 0) {
      connections_.erase(fd);
      return;
    }
    connection.received.append(bytes, static_cast<std::size_t>(count));
    while (const std::size_t length = request_length(connection.received)) {
      const std::string* answer = meet(std::string_view(connection.received).substr(0, length));
      connection.received.erase(0, length);
      if (answer != nullptr && send(fd, answer->data(), answer->size(), MSG_NOSIGNAL) < 0) return;
    }
  }

  // The length of the first complete request, or 0.
  static std::size_t request_length(std::string_view received) {
    const std::size_t end = received.find("\r\n\r\n");
    if (end == std::string_view::npos) return 0;
    const std::string_view header = received.substr(0, end);
    std::size_t name = header.find("Content-Length: ");
    if (name == std::string_view::npos) name = header.find("content-length: ");
    const std::size_t body = name == std::string_view::npos ? 0 : std::strtoul(header.data() + name + 16, nullptr, 10);
    return received.size() >= end + 4 + body ? end + 4 + body : 0;
  }

  // The answer, or nullptr for none ever.
  const std::string* meet(std::string_view request) {
    if (heard_.first.empty()) heard_.first = request;
    heard_.bytes += request.size();
    const std::string_view path = request.substr(request.find(' ') + 1);
    if (path.starts_with("/silent")) {
      ++heard_.silenced;
      return nullptr;
    }
    heard_.newest_us = now_us();
    const std::size_t refusals = path.starts_with("/fail") ? std::strtoul(path.data() + 5, nullptr, 10) : 0;
    const std::size_t due = request.rfind(kDue);
    if (due == std::string_view::npos) return acknowledge();
    const std::int64_t due_us = std::strtoll(request.data() + due + kDue.size(), nullptr, 10);
    if (refusals == 0) return acknowledge_after(heard_.newest_us - due_us);
    return meet_refused(order_at(request.substr(due)), due_us, refusals);
  }

  static std::string order_at(std::string_view rest) { return std::string(rest.substr(0, rest.find_first_of("&\"<"))); }

  const std::string* acknowledge() {
    ++heard_.answered;
    return &acknowledgement_;
  }

  const std::string* acknowledge_after(std::int64_t late_us) {
    heard_.fresh_us.push_back(late_us);
    return acknowledge();
  }

  const std::string* meet_refused(const std::string& order, std::int64_t due_us, std::size_t refusals) {
    Refused& so_far = refused_[order];
    if (so_far.times == 0) {
      heard_.fresh_us.push_back(heard_.newest_us - due_us);
    } else if (so_far.times <= delays_ms_.size()) {
      const std::int64_t again_us = so_far.answered_us + delays_ms_[so_far.times - 1] * 1'000;
      heard_.retries_us.push_back(heard_.newest_us - again_us);
    }
    if (so_far.times == refusals) {
      refused_.erase(order);
      return acknowledge();
    }
    ++so_far.times;
    so_far.answered_us = now_us();
    ++heard_.refused;
    return &refusal_;
  }

  // Answers a line of input; false at its end.
  bool report() {
    char line[64];
    if (read(STDIN_FILENO, line, sizeof line) <= 0) return false;
    fmt::print(R"({{"answered":{},"refused":{},"silenced":{},"bytes":{},"newest_us":{},"fresh":{},"retries":{},)"
               R"("connections":{},"first":"{}"}})"
               "\n",
               heard_.answered, heard_.refused, heard_.silenced, heard_.bytes, heard_.newest_us,
               lateness(heard_.fresh_us), lateness(heard_.retries_us), connections_.size(), hexadecimal(heard_.first));
    std::fflush(stdout);
    heard_ = Heard{};
    return true;
  }

  std::string acknowledgement_, refusal_;
  std::vector<std::int64_t> delays_ms_;
  in_port_t port_ = 0;
  UniqueFd epoll_{epoll_create1(EPOLL_CLOEXEC)};
  std::unordered_map<int, UniqueFd> listeners_;
  std::unordered_map<int, Connection> connections_;
  std::unordered_map<std::string, Refused> refused_;
  Heard heard_;
};

}  // namespace

int main(int argc, char** argv) {
  std::uint32_t addresses = 1;
  std::string answer = "OK";
  std::vector<std::int64_t> delays_ms;
  CLI::App app("Merchants that cost next to nothing");
  bool everywhere = false;
  app.add_option("--addresses", addresses, "from 127.0.0.1 on");
  app.add_flag("--everywhere", everywhere, "at every address of loopback");
  app.add_option("--answer", answer, "the acknowledgement");
  app.add_option("--delays-ms", delays_ms, "when what was refused is due again")->delimiter(',');
  CLI11_PARSE(app, argc, argv);
  Sink sink(answer, delays_ms);
  if (everywhere ? !sink.listen_everywhere() : !sink.listen_at(addresses)) {
    std::perror("merchant_sink");
    return 1;
  }
  fmt::print("{}\n", sink.port());
  std::fflush(stdout);
  sink.serve();
}
