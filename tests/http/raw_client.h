// A server on its loop, turned by hand, and raw clients: what is written is exactly what the server gets.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../api/api_world.h"
#include "base/unique_fd.h"
#include "http/http_server.h"
#include "temporary_folder.h"

namespace ackd::test {

inline UniqueFd connect_to(const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  return fd;
}

// All of 127.0.0.0/8 is loopback: `from_last` picks the client's own address, 127.0.0.from_last.
inline UniqueFd connect_to(std::uint16_t port, unsigned from_last = 1) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl((INADDR_LOOPBACK & ~0xffU) | from_last);
  REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  REQUIRE(::fcntl(fd.get(), F_SETFL, O_NONBLOCK) == 0);
  return fd;
}

// The server on its loop, turned by hand until a condition holds.
struct Server {
  explicit Server(HttpServer::Options options = {}, const IngestRates& rates = {}) : world(rates) {
    std::signal(SIGPIPE, SIG_IGN);
    auto listener = UnixListener::open(folder.file("s.sock"));
    auto tcp = TcpListener::open({"127.0.0.1", 0});
    REQUIRE(listener.ok());
    REQUIRE(tcp.ok());
    port = tcp->address().port;
    HttpServer::Listeners listeners{std::move(*listener), {}};
    listeners.tcp.push_back(std::move(*tcp));
    auto started = HttpServer::start(loop, options, std::move(listeners), world.api);
    REQUIRE(started.ok());
    http = std::move(*started);
  }

  void spin() {
    uv_run(loop.get(), UV_RUN_NOWAIT);
    world.turn();
    http->deliver();
  }
  bool until(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      spin();
    }
    return true;
  }

  TemporaryFolder folder;
  UvLoop loop;
  ApiWorld world;
  std::unique_ptr<HttpServer> http;
  std::uint16_t port = 0;
};

// A raw connection: what is written is exactly what the server gets.
struct Client {
  explicit Client(Server& peer) : Client(peer, connect_to(peer.folder.file("s.sock"))) {}
  Client(Server& peer, UniqueFd connected) : server(peer), fd(std::move(connected)) {}

  // Writes as the server reads; false when it hung up before the end.
  bool send(std::string_view bytes) {
    bool broken = false;
    CHECK(server.until([&] {
      const ssize_t sent = ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
      broken = sent < 0 && errno != EAGAIN;
      return bytes.empty() || broken;
    }));
    return !broken;
  }
  void take() {
    char buffer[65536];
    ssize_t got = 0;
    while ((got = ::recv(fd.get(), buffer, sizeof(buffer), 0)) > 0)
      received.append(buffer, static_cast<std::size_t>(got));
    closed = closed || got == 0 || (got < 0 && errno != EAGAIN);
  }
  bool until_answers(std::size_t count) {
    return server.until([&] {
      take();
      return answers() >= count || closed;
    }) && answers() >= count;
  }
  bool until_closed() {
    return server.until([&] {
      take();
      return closed;
    });
  }
  std::size_t answers() const {
    std::size_t count = 0;
    for (std::size_t at = received.find("HTTP/1.1 "); at != std::string::npos; at = received.find("HTTP/1.1 ", at + 1))
      ++count;
    return count;
  }
  std::string status() const { return received.size() < 12 ? "" : received.substr(9, 3); }

  Server& server;
  UniqueFd fd;
  std::string received;
  bool closed = false;
};

inline std::string post(const std::string& body, const std::string& headers = "") {
  return "POST /v1/notifications HTTP/1.1\r\nHost: ackd\r\nContent-Type: application/json\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

inline const std::string kHealth = "GET /healthz HTTP/1.1\r\nHost: ackd\r\n\r\n";

}  // namespace ackd::test
