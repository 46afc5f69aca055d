#include "http/http_server.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "raw_client.h"

namespace ackd::test {
namespace {

namespace fs = std::filesystem;

TEST_CASE("a notification is accepted over the socket, and shown with its query decoded") {
  Server server;
  Client client(server);
  client.send(post(dhpay_notification("o1")));
  REQUIRE(client.until_answers(1));
  CHECK(client.status() == "201");
  client.send("GET /v1/notifications?subject=a%20%26b&limit=3 HTTP/1.1\r\nHost: ackd\r\n\r\n");
  REQUIRE(client.until_answers(2));
  REQUIRE(server.world.queries.last_filter);
  CHECK(server.world.queries.last_filter->subject == "a &b");
  CHECK(server.world.queries.last_filter->limit == 3);
}

TEST_CASE("the answer waits for the commit, and the connection serves again after it") {
  Server server;
  server.world.outbox.stuck = true;
  Client client(server);
  client.send(post(dhpay_notification("o1")));
  for (int i = 0; i < 50; ++i) server.spin();
  client.take();
  CHECK(client.received.empty());
  server.world.outbox.stuck = false;
  REQUIRE(client.until_answers(1));
  client.send(kHealth);
  CHECK(client.until_answers(2));
}

TEST_CASE("pipelined requests are answered in order, one at a time") {
  Server server;
  Client client(server);
  std::string all;
  for (int i = 0; i < 20; ++i) all += post(dhpay_notification("o" + std::to_string(i)));
  client.send(all + "GET /nowhere HTTP/1.1\r\nHost: ackd\r\n\r\n" + kHealth);
  REQUIRE(client.until_answers(22));
  CHECK(client.received.find("404") > client.received.rfind("201"));
  CHECK(client.received.find("\"ok\"") > client.received.find("404"));
  CHECK(server.world.outbox.records.size() == 20);
}

TEST_CASE("a request in single bytes is the same request") {
  Server server;
  Client client(server);
  for (const char byte : post(dhpay_notification("o1"))) REQUIRE(client.send(std::string_view(&byte, 1)));
  REQUIRE(client.until_answers(1));
  CHECK(client.status() == "201");
}

TEST_CASE("a body over the limit is refused before it is read") {
  Server server({.body_bytes_max = 1'000});
  Client client(server);
  client.send("POST /v1/notifications HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n");
  REQUIRE(client.until_closed());
  CHECK(client.status() == "413");
}

TEST_CASE("a chunked body over the limit is thrown away and refused, and endless ones are cut off") {
  const std::string chunk = "1f4\r\n" + std::string(500, 'x') + "\r\n";
  const std::string head = "POST /v1/notifications HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  Server server({.body_bytes_max = 1'000});
  Client client(server);
  client.send(head + chunk + chunk + chunk + "0\r\n\r\n");
  REQUIRE(client.until_closed());
  CHECK(client.status() == "413");
  Client endless(server);
  endless.send(head);
  bool open = true;
  for (int i = 0; i < 1'000 && open; ++i) open = endless.send(chunk);
  CHECK(endless.until_closed());
}

TEST_CASE("all bodies together are bounded, and their room comes back") {
  Server server({.body_bytes_max = 1'000, .bodies_bytes_max = 1'500});
  Client first(server);
  first.send("POST /v1/notifications HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
  for (int i = 0; i < 20; ++i) server.spin();
  Client second(server);
  second.send("POST /v1/notifications HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
  REQUIRE(second.until_answers(1));
  CHECK(second.status() == "503");
  first.send(std::string(1'000, 'x'));
  REQUIRE(first.until_answers(1));
  CHECK(first.status() == "400");
  Client third(server);
  third.send(post(dhpay_notification("o1")));
  REQUIRE(third.until_answers(1));
  CHECK(third.status() == "201");
}

TEST_CASE("a client that leaves while its request waits costs nothing and its notification is kept") {
  Server server;
  server.world.outbox.stuck = true;
  {
    Client client(server);
    client.send(post(dhpay_notification("o1")));
    for (int i = 0; i < 20; ++i) server.spin();
  }
  for (int i = 0; i < 20; ++i) server.spin();
  server.world.outbox.stuck = false;
  CHECK(server.until([&] { return server.world.outbox.records.size() == 1; }));
  Client next(server);
  next.send(kHealth);
  CHECK(next.until_answers(1));
}

TEST_CASE("stopping answers whoever still waits and removes the socket") {
  Server server;
  server.world.outbox.stuck = true;
  Client client(server);
  client.send(post(dhpay_notification("o1")) + kHealth);
  for (int i = 0; i < 20; ++i) server.spin();
  server.http->stop();
  client.take();
  CHECK(client.status() == "503");
  CHECK(client.closed);
  server.http.reset();
  CHECK_FALSE(fs::exists(server.folder.file("s.sock")));
}

TEST_CASE("the socket belongs to its owner only, and is replaced when nobody answers") {
  const TemporaryFolder folder;
  {
    auto listener = UnixListener::open(folder.file("s.sock"));
    REQUIRE(listener.ok());
    struct stat facts {};
    REQUIRE(::stat(folder.file("s.sock").c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777) == 0600);
    const auto second = UnixListener::open(folder.file("s.sock"));
    REQUIRE_FALSE(second.ok());
    CHECK(second.error().code == ErrorCode::kConflict);
    // A crash leaves the path without a listener: what a link does that outlives the socket.
    fs::create_hard_link(folder.file("s.sock"), folder.file("stale.sock"));
  }
  CHECK_FALSE(fs::exists(folder.file("s.sock")));
  CHECK(UnixListener::open(folder.file("stale.sock")).ok());
}

TEST_CASE("what is not a socket, or too long a path, is refused and left alone") {
  const TemporaryFolder folder;
  std::ofstream(folder.file("s.sock")) << "precious";
  CHECK(UnixListener::open(folder.file("s.sock")).error().code == ErrorCode::kConflict);
  CHECK(fs::file_size(folder.file("s.sock")) == 8);
  CHECK_FALSE(UnixListener::open("/tmp/" + std::string(108, 'x')).ok());
  CHECK_FALSE(UnixListener::open("").ok());
}

}  // namespace
}  // namespace ackd::test
