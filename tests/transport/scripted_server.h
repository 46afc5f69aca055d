// A TCP server on loopback that does exactly what a test tells it, byte by byte, also what no honest server does.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace ackd::test {

inline sockaddr_in loopback(const char* address, std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  inet_pton(AF_INET, address, &out.sin_addr);
  return out;
}

// One accepted connection, used from its own thread.
class Connection {
 public:
  Connection(int fd, SSL* ssl, std::atomic<int>& requests, const std::atomic<bool>& stopping)
      : fd_(fd), ssl_(ssl), requests_(requests), stopping_(stopping) {}

  // Head and body of the next request; empty when the client closed.
  std::string read_request() {
    while (true) {
      const std::size_t head = buffer_.find("\r\n\r\n");
      if (head != std::string::npos && buffer_.size() >= head + 4 + length_in(buffer_.substr(0, head))) {
        const std::size_t size = head + 4 + length_in(buffer_.substr(0, head));
        std::string request = buffer_.substr(0, size);
        buffer_.erase(0, size);
        requests_ += 1;
        return request;
      }
      if (!read_some()) return {};
    }
  }

  // False when the client is gone, so that endless answers end.
  bool send(std::string_view bytes) {
    while (!bytes.empty() && !stopping_) {
      const auto sent = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                                        : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return !stopping_;
  }

  // Waits until the client closes or the test is over.
  void hold() {
    while (read_some()) continue;
  }

  // Says that nothing more will come, and still reads.
  void end_of_answers() { shutdown(fd_, SHUT_WR); }

  // The client's address.
  std::string peer() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    getpeername(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    char text[INET_ADDRSTRLEN];
    return inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
  }

  // The next close sends RST instead of FIN.
  void reset() {
    const linger now{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }

 private:
  static std::size_t length_in(const std::string& head) {
    const std::size_t at = head.find("Content-Length: ");
    return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
  }

  bool read_some() {
    char bytes[16'384];
    const auto got = ssl_ != nullptr ? SSL_read(ssl_, bytes, sizeof bytes) : ::recv(fd_, bytes, sizeof bytes, 0);
    if (got <= 0 || stopping_) return false;
    buffer_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }

  int fd_;
  SSL* ssl_;
  std::atomic<int>& requests_;
  const std::atomic<bool>& stopping_;
  std::string buffer_;
};

// Runs `script` for each connection in a thread of its own; the connection closes when the script returns.
class ScriptedServer {
 public:
  using Script = std::function<void(Connection&)>;

  explicit ScriptedServer(Script script, SSL_CTX* tls = nullptr) : script_(std::move(script)), tls_(tls) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback("127.0.0.1", 0);
    bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    listen(listener_, 512);
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }

  ~ScriptedServer() {
    stopping_ = true;
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    {
      const std::lock_guard lock(mutex_);
      for (const int fd : open_) shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
  }

  std::uint16_t port() const { return port_; }
  int accepted() const { return accepted_; }
  int requests() const { return requests_; }

 private:
  void accept_all() {
    while (!stopping_) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      accepted_ += 1;
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      const std::lock_guard lock(mutex_);
      open_.push_back(fd);
      threads_.emplace_back([this, fd] { serve(fd); });
    }
  }

  void serve(int fd) {
    SSL* ssl = tls_ == nullptr ? nullptr : SSL_new(tls_);
    if (ssl != nullptr) SSL_set_fd(ssl, fd);
    if (ssl == nullptr || SSL_accept(ssl) == 1) {
      Connection connection(fd, ssl, requests_, stopping_);
      script_(connection);
    }
    if (ssl != nullptr) SSL_shutdown(ssl);
    SSL_free(ssl);
    const std::lock_guard lock(mutex_);
    std::erase(open_, fd);
    close(fd);
  }

  Script script_;
  SSL_CTX* tls_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> accepted_{0};
  std::atomic<int> requests_{0};
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// A server that gives every request on every connection the same answer.
inline ScriptedServer::Script always(std::string answer) {
  return [answer = std::move(answer)](Connection& connection) {
    while (!connection.read_request().empty() && connection.send(answer)) continue;
  };
}

// One answer, and then the connection closes.
inline ScriptedServer::Script once(std::string answer) {
  return [answer = std::move(answer)](Connection& connection) {
    connection.read_request();
    connection.send(answer);
  };
}

inline std::string plain_answer(std::string_view body, int status = 200) {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

}  // namespace ackd::test
