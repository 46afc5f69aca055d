// What a hostile or broken client may send, on raw sockets: it is refused, in bounded memory and time, and the others
// are served.
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>

#include "http/accepting.h"
#include "raw_client.h"

namespace ackd::test {
namespace {

TEST_CASE("framing that two readers could take differently is refused and the connection closed") {
  const std::string body = dhpay_notification("o1");
  const std::string length = "Content-Length: " + std::to_string(body.size()) + "\r\n";
  const std::string smuggled = kHealth;
  const std::vector<std::string> hostile{
      "Host: a\r\n" + length + "Transfer-Encoding: chunked\r\n",
      "Host: a\r\nTransfer-Encoding: chunked\r\n" + length,
      "Host: a\r\n" + length + "Content-Length: 0\r\n",
      "Host: a\r\n" + length + length,
      "Host: a\r\nContent-Length : " + std::to_string(body.size()) + "\r\n",
      "Host: a\r\nContent-Length: +" + std::to_string(body.size()) + "\r\n",
      "Host: a\r\nContent-Length: 0x10\r\n",
      "Host: a\r\nContent-Length: -1\r\n",
      "Host: a\r\nContent-Length: 99999999999999999999999\r\n",
      "Host: a\r\nTransfer-Encoding: gzip, chunked\r\n",
      "Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
      "Host: a\r\nTransfer-Encoding : chunked\r\n",
      "Host: a\r\nHost: b\r\n" + length,
      "Host: a\r\nExpect: 200-maybe\r\n" + length,
      "Host: a\r\nExpect: 100-continue\r\nExpect: 100-continue\r\n" + length,
      "Host: a\r\nX Y: 1\r\n" + length,
      "Host: a\r\nX-Ctl: a\x01"
      "b\r\n" +
          length,
      length,  // no Host
  };
  for (const std::string& headers : hostile) {
    CAPTURE(headers);
    Server server;
    Client client(server);
    client.send("POST /v1/notifications HTTP/1.1\r\n" + headers + "\r\n" + body + smuggled);
    CHECK(client.until_closed());
    // Not counted by answers(): the library's own refusals send their header twice when more bytes had arrived.
    CHECK(client.received.find("\"ok\"") == std::string::npos);
    CHECK((client.received.empty() || client.status()[0] == '4'));
    CHECK(server.world.outbox.records.empty());
  }
}

TEST_CASE("heads whose lines do not end in CR LF, or are folded, are refused and the connection closed") {
  const std::string body = dhpay_notification("o1");
  const std::string length = "Content-Length: " + std::to_string(body.size());
  const std::string line = "POST /v1/notifications HTTP/1.1";
  const std::vector<std::string> hostile{
      line + "\nHost: a\r\n" + length + "\r\n\r\n",
      line + "\rHost: a\r\n" + length + "\r\n\r\n",
      line + "\r\nHost: a\n" + length + "\r\n\r\n",
      line + "\r\nHost: a\r" + length + "\r\n\r\n",
      line + "\r\nHost: a\r\n" + length + "\n\r\n",
      line + "\r\nHost: a\r\n" + length + "\r\n\n",
      line + "\r\nHost: a\r\n" + length + "\r\n\r",
      line + "\r\nHost: a\r\n" + length + "\n\n",
      line + "\nHost: a\n" + length + "\n\n",
      line + "\r\nHost: a\r\nX-A: 1\rX-B: 2\r\n" + length + "\r\n\r\n",
      line + "\r\nHost: a\r\nX-A: 1\r\n folded\r\n" + length + "\r\n\r\n",
      line + "\r\nHost: a\r\nX-A: 1\r\n\tfolded\r\n" + length + "\r\n\r\n",
      line + "\r\n Host: a\r\n" + length + "\r\n\r\n",
      line + "\r\nHost: a\r\n" + length + "\r\nno colon\r\n\r\n",
      "POST /v1/noti fications HTTP/1.1\r\nHost: a\r\n" + length + "\r\n\r\n",
      "POST /v1/notifications?a b HTTP/1.1\r\nHost: a\r\n" + length + "\r\n\r\n",
      "POST http://a/v1/notifications HTTP/1.1\r\nHost: a\r\n" + length + "\r\n\r\n",
      "POST * HTTP/1.1\r\nHost: a\r\n" + length + "\r\n\r\n",
      "POST /v1/notifications\r\nHost: a\r\n" + length + "\r\n\r\n",
      "POST /v1/notifications HTTP/1.7\r\nHost: a\r\n" + length + "\r\n\r\n",
  };
  for (const std::string& head : hostile) {
    CAPTURE(head);
    Server server;
    Client client(server);
    client.send(head + body + kHealth);
    CHECK(client.until_closed());
    CHECK(client.received.find("\"ok\"") == std::string::npos);
    CHECK((client.received.empty() || client.status()[0] == '4' || client.status()[0] == '5'));
    CHECK(server.world.outbox.records.empty());
  }
}

TEST_CASE("blanks around a value and an empty value are no reason to refuse a head") {
  Server server;
  Client client(server);
  client.send("GET /healthz HTTP/1.1\r\nHost:a\r\nX-A: \t b c \t \r\nX-B:\r\nX-C: \r\n\r\n");
  REQUIRE(client.until_answers(1));
  CHECK(client.status() == "200");
  client.send("GET /v1/notifications?subject=a%0Ab&type HTTP/1.1\r\nHost: a\r\n\r\n");
  REQUIRE(client.until_answers(2));
}

TEST_CASE("what follows a chunked body on its connection is not taken for a request") {
  const std::string body = dhpay_notification("o1");
  char size[16];
  std::snprintf(size, sizeof(size), "%zx", body.size());
  Server server;
  Client client(server);
  client.send("POST /v1/notifications HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(size) +
              "\r\n" + body + "\r\n0\r\n\r\n" + kHealth);
  CHECK(client.until_closed());
  CHECK(client.status() == "201");
  CHECK(client.answers() == 1);
}

TEST_CASE("a megabyte of headers is refused, in one value or in many names") {
  std::string many;
  while (many.size() < (1u << 20)) many += "X-" + std::to_string(many.size()) + ": 1\r\n";
  for (const std::string& headers :
       {"X-Big: " + std::string(1u << 20, 'x') + "\r\n", many, std::string(1u << 20, 'x')}) {
    Server server;
    Client client(server);
    client.send("GET /healthz HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n");
    REQUIRE(client.until_closed());
    CHECK((client.received.empty() || client.status()[0] == '4'));
  }
}

TEST_CASE("heads and bodies that come a byte at a time are cut off, however busily, and the others are served") {
  Server server({.phase_max = Duration(300)});
  const std::string head = "POST /v1/notifications HTTP/1.1\r\nHost: a\r\n";
  Client silent(server);
  Client slow_head(server);
  Client slow_body(server);
  slow_head.send(head);
  slow_body.send(head + "Content-Length: 100000\r\n\r\n");
  Client other(server);
  std::size_t served = 0;
  CHECK(server.until([&] {
    for (Client* client : {&slow_head, &slow_body}) {
      ::send(client->fd.get(), "x", 1, MSG_NOSIGNAL);
      client->take();
    }
    silent.take();
    other.take();
    if (other.answers() == served) {
      CHECK_FALSE(other.closed);
      other.send(kHealth);
      ++served;
    }
    return silent.closed && slow_head.closed && slow_body.closed;
  }));
  CHECK(served > 10);
}

TEST_CASE("a client that hangs up half-way is cut off, and one that has said all it will say is answered") {
  Server server({.phase_max = Duration(300)});
  const std::string request = post(dhpay_notification("o1"));
  Client whole(server);
  whole.send(request);
  ::shutdown(whole.fd.get(), SHUT_WR);
  CHECK(whole.until_closed());
  CHECK(whole.status() == "201");
  for (const std::size_t length : {std::size_t{0}, std::size_t{9}, request.size() - 300, request.size() - 1}) {
    CAPTURE(length);
    for (const bool is_tcp : {false, true}) {
      Client half(server, is_tcp ? connect_to(server.port) : connect_to(server.folder.file("s.sock")));
      ::send(half.fd.get(), request.data(), length, MSG_NOSIGNAL);
      ::shutdown(half.fd.get(), SHUT_WR);
      CHECK(half.until_closed());
      CHECK((half.received.empty() || half.status()[0] == '4'));
    }
  }
}

TEST_CASE("bodies that stand still make room for whoever asks") {
  Server server({.connections_max = 32});
  std::vector<UniqueFd> slow;
  const std::string half = post(dhpay_notification("o1")).substr(0, 200);
  for (int i = 0; i < 28; ++i) {
    slow.push_back(connect_to(server.folder.file("s.sock")));
    ::send(slow.back().get(), half.data(), half.size(), MSG_NOSIGNAL);
    for (int turns = 0; turns < 5; ++turns) server.spin();
  }
  CHECK(server.until([&] {
    Client client(server);
    client.send(kHealth);
    client.until_answers(1);
    return client.status() == "200";
  }));
}

TEST_CASE("a client that does not take its answer is cut off") {
  Server server({.phase_max = Duration(300)});
  Client client(server);
  const int small = 4'096;
  ::setsockopt(client.fd.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
  std::string all;
  for (int i = 0; i < 500; ++i) all += "GET /v1/providers HTTP/1.1\r\nHost: a\r\n\r\n";
  ::send(client.fd.get(), all.data(), all.size(), MSG_NOSIGNAL);
  // Nothing is read before, or a slow machine would find a client that takes its answers after all.
  CHECK(server.until([&] {
    pollfd cut_off{client.fd.get(), POLLRDHUP, 0};
    return ::poll(&cut_off, 1, 0) == 1;
  }));
  CHECK(client.until_closed());
  CHECK(client.answers() < 500);
}

TEST_CASE("a request that waits for its commit is not cut off") {
  Server server({.phase_max = Duration(50)});
  Client client(server);
  client.send(post(dhpay_notification("o0")));
  REQUIRE(client.until_answers(1));
  client.received.clear();
  // It has the batch in flight to itself: what waits behind one that is stuck is sent away after a while.
  server.world.outbox.stuck = true;
  client.send(post(dhpay_notification("o1")));
  const auto start = std::chrono::steady_clock::now();
  server.until([&] { return std::chrono::steady_clock::now() - start > std::chrono::milliseconds(300); });
  server.world.outbox.stuck = false;
  REQUIRE(client.until_answers(1));
  CHECK(client.status() == "201");
}

std::size_t resident_bytes() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * 4'096;
}

TEST_CASE("ten thousand idle connections keep nobody from being served, and cost bounded memory") {
  constexpr rlim_t kDescriptors = 12'000;
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  if (limit.rlim_max < kDescriptors) return;
  limit.rlim_cur = std::max(limit.rlim_cur, kDescriptors);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  Server server;
  const std::size_t before = resident_bytes();
  std::vector<UniqueFd> idle;
  for (int i = 0; i < 10'000; ++i) {
    idle.push_back(i % 2 == 0 ? connect_to(server.folder.file("s.sock")) : connect_to(server.port));
    ::send(idle.back().get(), "GET /", static_cast<std::size_t>(i % 5), MSG_NOSIGNAL);
    server.spin();
    if (i % 1'000 != 999) continue;
    Client client(server);
    client.send(kHealth);
    REQUIRE(client.until_answers(1));
  }
  CHECK(resident_bytes() < before + (100u << 20));
  Client client(server);
  client.send(post(dhpay_notification("o1")));
  REQUIRE(client.until_answers(1));
  CHECK(client.status() == "201");
}

// Lets this process open nothing more for as long as it lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    const rlimit none{3, before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST_CASE("a client that waits, and a process without descriptors, are seen") {
  TemporaryFolder folder;
  auto listener = UnixListener::open(folder.file("s.sock"));
  REQUIRE(listener.ok());
  CHECK(!somebody_waits(listener->fd()));
  const UniqueFd client = connect_to(folder.file("s.sock"));
  CHECK(somebody_waits(listener->fd()));
  CHECK(!out_of_descriptors(client.get()));
  const NoDescriptors none;
  CHECK(out_of_descriptors(client.get()));
}

TEST_CASE("who cannot be accepted for want of a descriptor waits, and the loop sleeps meanwhile") {
  Server server;
  Client waiting(server);
  std::size_t rounds = 0;
  {
    const NoDescriptors none;
    bool over = false;
    Timer end(server.loop, [&] { over = true; });
    end.arm(Duration(500));
    while (!over) {
      uv_run(server.loop.get(), UV_RUN_ONCE);
      ++rounds;
    }
  }
  CHECK(rounds < 100);
  waiting.send(kHealth);
  REQUIRE(waiting.until_answers(1));
}

TEST_CASE("who could not be accepted is served once there are descriptors, though nobody was idle") {
  Server server;
  Client busy(server);
  busy.send("POST /v1/notifications HTTP/1.1\r\nHost: ackd\r\nContent-Length: 5000\r\n\r\n{");
  for (int i = 0; i < 20; ++i) server.spin();
  Client waiting(server);
  {
    const NoDescriptors none;
    for (int i = 0; i < 20; ++i) server.spin();
  }
  waiting.send(kHealth);
  REQUIRE(waiting.until_answers(1));
}

TEST_CASE("an idle connection makes room for who cannot be accepted for want of a descriptor") {
  Server server;
  Client idle(server);
  idle.send(kHealth);
  REQUIRE(idle.until_answers(1));
  Client waiting(server);
  {
    const NoDescriptors none;
    CHECK(idle.until_closed());
  }
  waiting.send(kHealth);
  REQUIRE(waiting.until_answers(1));
}

TEST_CASE("one client at ten times its rate is refused alone, by address on TCP and by user on the unix socket") {
  Server server({}, {.requests_per_second = 1, .requests_burst = 20});
  Client flood(server, connect_to(server.port, 1));
  Client other(server, connect_to(server.port, 2));
  Client local(server);
  const auto refused = [](const Client& client) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = client.received.find("HTTP/1.1 429", at)) != std::string::npos; ++at) ++count;
    return count;
  };
  const auto one = [](const std::string& name, int number) {
    const std::string body = dhpay_notification(name + std::to_string(number));
    return "POST /v1/notifications HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  };
  std::string all;
  for (int i = 0; i < 200; ++i) all += one("flood", i);
  flood.send(all);
  for (int i = 0; i < 20; ++i) {
    other.send(one("other", i));
    local.send(one("local", i));
    REQUIRE(other.until_answers(static_cast<std::size_t>(i) + 1));
    REQUIRE(local.until_answers(static_cast<std::size_t>(i) + 1));
  }
  REQUIRE(flood.until_answers(200));
  CHECK(refused(flood) >= 150);
  CHECK(flood.received.find("Retry-After: 1") != std::string::npos);
  CHECK(refused(other) == 0);
  CHECK(refused(local) == 0);
  // A second connection of the same address is the same client.
  Client again(server, connect_to(server.port, 2));
  for (int i = 0; i < 15; ++i) again.send(one("again", i));
  REQUIRE(again.until_answers(15));
  CHECK(refused(again) > 0);
}

TEST_CASE("TCP serves programs of this machine, and refuses what a web page could send") {
  Server server;
  const auto status_of = [&](const std::string& headers) {
    Client client(server, connect_to(server.port));
    client.send("GET /healthz HTTP/1.1\r\n" + headers + "\r\n");
    REQUIRE(client.until_answers(1));
    return client.status();
  };
  for (const char* host : {"localhost", "localhost:8081", "127.0.0.1:8081", "[::1]:8081", "[::1]"}) {
    CAPTURE(host);
    CHECK(status_of("Host: " + std::string(host) + "\r\n") == "200");
  }
  CHECK(status_of("Host: rebound.example\r\n") == "403");
  CHECK(status_of("Host: 127.evil.example\r\n") == "403");
  CHECK(status_of("Host: localhost\r\nOrigin: https://evil.example\r\n") == "403");
  CHECK(status_of("Host: localhost\r\nOrigin: null\r\n") == "403");
  CHECK(status_of("Host: localhost\r\nSec-Fetch-Site: cross-site\r\n") == "403");
}

}  // namespace
}  // namespace ackd::test
