// A merchant that costs next to nothing: one thread, one epoll, and the same acknowledgement to every request. Prints
// its port and, when its input ends, how many requests it answered. For measuring ackd, not for judging it.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/unique_fd.h"

namespace {

using ackd::UniqueFd;

struct Connection {
  UniqueFd fd;
  std::string received;
};

class Sink {
 public:
  explicit Sink(const std::string& acknowledgement)
      : answer_("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(acknowledgement.size()) + "\r\n\r\n" +
                acknowledgement) {}

  bool listen_on_loopback() {
    listener_ = UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) return false;
    if (listen(listener_.get(), 4096) != 0) return false;
    getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    std::printf("%u\n", static_cast<unsigned>(ntohs(address.sin_port)));
    std::fflush(stdout);
    return watch(listener_.get()) && watch(STDIN_FILENO);
  }

  void serve() {
    epoll_event events[256];
    while (true) {
      const int count = epoll_wait(epoll_.get(), events, 256, -1);
      for (int i = 0; i < count; ++i) {
        const int fd = events[i].data.fd;
        if (fd == STDIN_FILENO) return;
        fd == listener_.get() ? accept_all() : read_from(fd);
      }
    }
  }

  unsigned long answered() const { return answered_; }

 private:
  bool watch(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
  }

  void accept_all() {
    while (true) {
      UniqueFd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
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
      connection.received.erase(0, length);
      ++answered_;
      if (send(fd, answer_.data(), answer_.size(), MSG_NOSIGNAL) < 0) return;
    }
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
  UniqueFd listener_;
  std::unordered_map<int, Connection> connections_;
  unsigned long answered_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  Sink sink(argc > 1 ? argv[1] : "OK");
  if (!sink.listen_on_loopback()) {
    std::perror("merchant_sink");
    return 1;
  }
  sink.serve();
  std::printf("%lu\n", sink.answered());
}
