// Merchants that cost next to nothing: one thread, one epoll, and the same acknowledgement to every request. For
// measuring ackd, not for judging it.
//
//   ackd_bench_merchant_sink ACKNOWLEDGEMENT [HOSTS [SILENT [ARRIVALS_FILE]]]
//
// Listens on one port of HOSTS addresses from 127.1.0.1 on (with none given: of 127.0.0.1), of which the first SILENT
// never answer. Prints the port and, when its input ends, {"answered", "bytes"}: requests and their bytes. The file
// gets a line "ORDER MICROSECONDS" for each request that was answered: its field `orderid`, and the time since 1970.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

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

struct Connection {
  UniqueFd fd;
  bool is_silent = false;
  std::string received;
};

struct Listener {
  UniqueFd fd;
  bool is_silent = false;
};

class Sink {
 public:
  explicit Sink(const std::string& acknowledgement)
      : answer_("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(acknowledgement.size()) + "\r\n\r\n" +
                acknowledgement) {}

  // The port that the system gives the first address is that of all.
  bool listen_on_loopback(std::uint32_t hosts, std::uint32_t silent) {
    const std::uint32_t first = hosts == 0 ? INADDR_LOOPBACK : INADDR_LOOPBACK + (1u << 16);
    for (std::uint32_t host = 0; host < std::max(hosts, 1u); ++host) {
      if (!listen_on(first + host, host < silent)) return false;
    }
    std::printf("%u\n", static_cast<unsigned>(port_));
    std::fflush(stdout);
    return watch(STDIN_FILENO);
  }

  bool log_to(const char* path) {
    arrivals_.reset(std::fopen(path, "w"));
    return arrivals_ != nullptr;
  }

  void serve() {
    epoll_event events[256];
    while (true) {
      const int count = epoll_wait(epoll_.get(), events, 256, -1);
      for (int i = 0; i < count; ++i) {
        const int fd = events[i].data.fd;
        if (fd == STDIN_FILENO) return;
        const auto listener = listeners_.find(fd);
        listener == listeners_.end() ? read_from(fd) : accept_all(listener->second);
      }
    }
  }

  unsigned long answered() const { return answered_; }
  unsigned long bytes() const { return bytes_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  bool listen_on(std::uint32_t host, bool is_silent) {
    UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(host);
    address.sin_port = htons(port_);
    socklen_t size = sizeof address;
    if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) return false;
    if (listen(fd.get(), 4096) != 0) return false;
    getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    const int number = fd.get();
    listeners_.emplace(number, Listener{std::move(fd), is_silent});
    return watch(number);
  }

  bool watch(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
  }

  void accept_all(const Listener& listener) {
    while (true) {
      UniqueFd fd(accept4(listener.fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!fd.valid()) return;
      const int one = 1;
      setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      const int number = fd.get();
      if (watch(number)) connections_.emplace(number, Connection{std::move(fd), listener.is_silent, {}});
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
    if (connection.is_silent) return;
    connection.received.append(bytes, static_cast<std::size_t>(count));
    while (const std::size_t length = request_length(connection.received)) {
      if (arrivals_) note(std::string_view(connection.received).substr(0, length));
      connection.received.erase(0, length);
      ++answered_;
      bytes_ += length;
      if (send(fd, answer_.data(), answer_.size(), MSG_NOSIGNAL) < 0) return;
    }
  }

  void note(std::string_view request) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::size_t at = request.find("orderid=");
    const std::string_view order =
        at == std::string_view::npos ? "-" : request.substr(at + 8, request.find_first_of("& ", at) - at - 8);
    std::fprintf(arrivals_.get(), "%.*s %lld\n", static_cast<int>(order.size()), order.data(),
                 static_cast<long long>(std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
  }

  // The length of the first complete request, or 0.
  static std::size_t request_length(std::string_view received) {
    const std::size_t end = received.find("\r\n\r\n");
    if (end == std::string_view::npos) return 0;
    const std::string_view header = received.substr(0, end);
    const std::size_t name = header.find("Content-Length: ");
    const std::size_t body = name == std::string_view::npos ? 0 : std::strtoul(header.data() + name + 16, nullptr, 10);
    return received.size() >= end + 4 + body ? end + 4 + body : 0;
  }

  std::string answer_;
  UniqueFd epoll_{epoll_create1(EPOLL_CLOEXEC)};
  std::uint16_t port_ = 0;
  std::unordered_map<int, Listener> listeners_;
  std::unordered_map<int, Connection> connections_;
  std::unique_ptr<std::FILE, Close> arrivals_;
  unsigned long answered_ = 0;
  unsigned long bytes_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int at) { return argc > at ? static_cast<std::uint32_t>(std::atoi(argv[at])) : 0u; };
  Sink sink(argc > 1 ? argv[1] : "OK");
  if ((argc > 4 && !sink.log_to(argv[4])) || !sink.listen_on_loopback(number(2), number(3))) {
    std::perror("merchant_sink");
    return 1;
  }
  sink.serve();
  std::printf("{\"answered\": %lu, \"bytes\": %lu}\n", sink.answered(), sink.bytes());
}
