#include "transport/curl_transport.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <cstdlib>

#include "base/unique_fd.h"
#include "transport_fixture.h"

namespace ackd {
namespace {

using namespace test;

TEST_CASE("a plain answer comes back whole, with what is known about it") {
  ScriptedServer server(always(plain_answer("OK")));
  Fixture fixture;
  const Transfer transfer = fixture.run(server.port());
  CHECK(transfer.end == TransferEnd::kComplete);
  CHECK(transfer.status == 200);
  CHECK(transfer.headers_complete);
  CHECK(transfer.body == "OK");
  CHECK(transfer.content_type == "text/plain");
  CHECK(transfer.retry_after_s == -1);
  CHECK(transfer.peer == "127.0.0.1:" + std::to_string(server.port()));
  CHECK(transfer.silent_resends == 0);
  CHECK(transfer.took < Duration(2'000));
}

TEST_CASE("the request is what was asked for, and Host, Content-Length, User-Agent and Accept") {
  std::string seen;
  ScriptedServer server([&](Connection& connection) {
    seen = connection.read_request();
    connection.send(plain_answer("OK"));
  });
  Fixture fixture;
  TransferStart start = fixture.post(server.port());
  start.request.url.path = "/a/../b%20c";
  start.request.url.query = "x=1&y=%E4";
  start.request.headers.push_back({"X-Empty", ""});
  start.request.headers.push_back({"X-Blank", " \t "});
  CHECK(fixture.run(std::move(start)).status == 200);
  CHECK(seen == "POST /a/../b%20c?x=1&y=%E4 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                    "\r\nUser-Agent: ackd/test\r\nAccept: */*\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                    "X-Empty:\r\nX-Blank:\r\nContent-Length: 8\r\n\r\norder=42");
}

TEST_CASE("a GET has no body and no Content-Type, a POST may be empty") {
  std::string seen;
  ScriptedServer server([&](Connection& connection) {
    while (!(seen = connection.read_request()).empty()) connection.send(plain_answer(seen));
  });
  Fixture fixture;
  TransferStart get = fixture.post(server.port());
  get.request = {"GET", get.request.url, {}, ""};
  const std::string get_seen = fixture.run(std::move(get)).body;
  CHECK(get_seen.substr(0, 20) == "GET /notify HTTP/1.1");
  CHECK(get_seen.find("Content-") == std::string::npos);
  TransferStart post = fixture.post(server.port());
  post.request = {"POST", post.request.url, {}, ""};
  const std::string post_seen = fixture.run(std::move(post)).body;
  CHECK(post_seen.find("Content-Length: 0\r\n") != std::string::npos);
  CHECK(post_seen.find("Content-Type") == std::string::npos);
  // The handle that has carried a body and headers carries none of them on.
  TransferStart whole = fixture.post(server.port());
  whole.request = {"POST", whole.request.url, {{"X-Of-Another", "1"}}, "order=42"};
  CHECK(fixture.run(std::move(whole)).body.ends_with("order=42"));
  TransferStart again = fixture.post(server.port());
  again.request = {"GET", again.request.url, {}, ""};
  CHECK(fixture.run(std::move(again)).body == get_seen);
}

TEST_CASE("a body that is large is sent without waiting for 100-continue") {
  ScriptedServer server([](Connection& connection) {
    const std::string request = connection.read_request();
    connection.send(plain_answer(request.find("Expect") == std::string::npos ? "no expect" : "expect"));
  });
  Fixture fixture;
  TransferStart start = fixture.post(server.port());
  start.request.body.assign(256 * 1024, 'x');
  CHECK(fixture.run(std::move(start)).body == "no expect");
}

TEST_CASE("connections are kept alive and used again") {
  ScriptedServer server(always(plain_answer("OK")));
  Fixture fixture;
  for (int i = 0; i < 20; ++i) CHECK(fixture.run(server.port()).end == TransferEnd::kComplete);
  CHECK(server.accepted() == 1);
  CHECK(server.requests() == 20);
}

TEST_CASE("a chunked answer is put together") {
  ScriptedServer server(always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nO\r\n1\r\nK\r\n0\r\n\r\n"));
  Fixture fixture;
  CHECK(fixture.run(server.port()).body == "OK");
  CHECK(fixture.run(server.port()).end == TransferEnd::kComplete);
  CHECK(server.accepted() == 1);
}

TEST_CASE("interim answers are passed over and the final status counts") {
  ScriptedServer server(always("HTTP/1.1 103 Early\r\nRetry-After: 9\r\nLink: <x>\r\n\r\n" + plain_answer("OK", 201)));
  Fixture fixture;
  const Transfer transfer = fixture.run(server.port());
  CHECK(transfer.end == TransferEnd::kComplete);
  CHECK(transfer.status == 201);
  CHECK(transfer.body == "OK");
  CHECK(transfer.retry_after_s == -1);
}

TEST_CASE("Retry-After is read as seconds and as a date, and never as less than zero") {
  struct Row {
    const char* value;
    std::int64_t low;
    std::int64_t high;
  };
  for (const Row& row : {Row{"120", 120, 120}, Row{"0", 0, 0}, Row{"Thu, 01 Jan 1998 00:00:00 GMT", 0, 0},
                         Row{"Fri, 01 Jan 2038 00:00:00 GMT", 1, INT64_MAX}, Row{"nonsense", 0, 0}}) {
    ScriptedServer server(
        always(std::string("HTTP/1.1 503 X\r\nRetry-After: ") + row.value + "\r\nContent-Length: 0\r\n\r\n"));
    Fixture fixture;
    const Transfer transfer = fixture.run(server.port());
    CHECK(transfer.status == 503);
    CHECK(transfer.retry_after_s >= row.low);
    CHECK(transfer.retry_after_s <= row.high);
  }
}

TEST_CASE("a redirect is an answer and is not followed") {
  ScriptedServer other(always(plain_answer("OK")));
  ScriptedServer server(always("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:" + std::to_string(other.port()) +
                               "/\r\nContent-Length: 0\r\n\r\n"));
  Fixture fixture;
  const Transfer transfer = fixture.run(server.port());
  CHECK(transfer.end == TransferEnd::kComplete);
  CHECK(transfer.status == 302);
  CHECK(other.accepted() == 0);
}

TEST_CASE("a status that decides ends the transfer although the body never comes") {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 204 X\r\nContent-Length: 5\r\n\r\n");
    connection.read_request();
    connection.send("HTTP/1.1 200 X\r\nContent-Length: 500000\r\n\r\nxxx");
    connection.hold();
  });
  Fixture fixture;
  for (int i = 0; i < 2; ++i) {
    TransferStart start = fixture.post(server.port());
    start.status_decides = true;
    start.body_bytes_max = 1;
    const Transfer transfer = fixture.run(std::move(start));
    CHECK(transfer.end == TransferEnd::kComplete);
    CHECK(transfer.headers_complete);
    CHECK(transfer.body.empty());
    CHECK(transfer.took < Duration(2'000));
  }
}

TEST_CASE("a status that decides keeps the connection when the short body came along") {
  ScriptedServer server(always(plain_answer("some words that nobody reads")));
  Fixture fixture;
  for (int i = 0; i < 5; ++i) {
    TransferStart start = fixture.post(server.port());
    start.status_decides = true;
    CHECK(fixture.run(std::move(start)).status == 200);
  }
  CHECK(server.accepted() == 1);
}

TEST_CASE("a closed port is a refused connection") {
  std::uint16_t port = 0;
  { port = ScriptedServer(always("")).port(); }
  Fixture fixture;
  const Transfer transfer = fixture.run(port);
  CHECK(transfer.end == TransferEnd::kConnectRefused);
  CHECK(transfer.peer.empty());
  CHECK(!transfer.detail.empty());
}

TEST_CASE("a receiver that takes the request and says nothing ends at the total timeout") {
  ScriptedServer server([](Connection& connection) { connection.hold(); });
  Fixture fixture;
  TransferStart start = fixture.post(server.port());
  start.total_timeout = Duration(150);
  const Transfer transfer = fixture.run(std::move(start));
  CHECK(transfer.end == TransferEnd::kTimeout);
  CHECK(transfer.status == 0);
  CHECK(transfer.took >= Duration(149));
  CHECK(transfer.took < Duration(1'500));
}

TEST_CASE("libcurl's own second send on a connection that broke is counted") {
  std::atomic<int> answered{0};
  ScriptedServer server([&](Connection& connection) {
    connection.read_request();
    connection.send(plain_answer("OK"));
    ++answered;
    // The second request on the first connection gets no answer but the end of the connection.
    if (connection.read_request().empty()) return;
  });
  Fixture fixture;
  CHECK(fixture.run(server.port()).silent_resends == 0);
  const Transfer second = fixture.run(server.port());
  CHECK(second.end == TransferEnd::kComplete);
  CHECK(second.silent_resends == 1);
  CHECK(server.requests() == 3);
}

TEST_CASE("libcurl sends a second time on a new connection, however many idle ones have gone together") {
  std::atomic<int> together{0};
  ScriptedServer server([&](Connection& connection) {
    connection.read_request();
    const bool kept = ++together <= 4;
    // Nobody is answered before all four are here, so there are four connections.
    while (together < 4) std::this_thread::yield();
    connection.send(plain_answer("OK"));
    if (kept) connection.read_request();
  });
  Fixture fixture;
  for (int i = 0; i < 4; ++i) fixture.transport().start(fixture.post(server.port()));
  fixture.finish(4);
  REQUIRE(server.accepted() == 4);
  const Transfer again = fixture.run(server.port());
  CHECK(again.end == TransferEnd::kComplete);
  CHECK(again.silent_resends == 1);
  CHECK(server.requests() == 6);
}

TEST_CASE("the proxy settings of the environment are ignored") {
  ScriptedServer proxy(always(plain_answer("proxy")));
  ScriptedServer server(always(plain_answer("OK")));
  const std::string address = "http://127.0.0.1:" + std::to_string(proxy.port());
  for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"}) setenv(name, address.c_str(), 1);
  Fixture fixture;
  CHECK(fixture.run(server.port()).body == "OK");
  for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"}) unsetenv(name);
  CHECK(proxy.accepted() == 0);
}

TEST_CASE("a forbidden address is refused without one packet") {
  ScriptedServer server(always(plain_answer("OK")));
  ScriptedDns dns(ScriptedDns::Names{{"inside.test", {"127.0.0.1"}}, {"mixed.test", {"1.1.1.1", "127.0.0.1"}}});
  CurlTransportOptions options = loopback_allowed();
  options.egress.rules.allow.clear();
  options.names.servers = dns.servers();
  Fixture fixture(std::move(options));
  for (const char* host : {"127.0.0.1", "inside.test", "mixed.test", "::ffff:127.0.0.1", "::1", "localhost"}) {
    const Transfer transfer = fixture.run(fixture.post(server.port(), host));
    CHECK_MESSAGE(transfer.end == TransferEnd::kEgressRefused, host);
    CHECK(transfer.detail.find("egress.allow") != std::string::npos);
  }
  CHECK(server.accepted() == 0);
}

TEST_CASE("a request that could change its own framing is not sent") {
  ScriptedServer server(always(plain_answer("OK")));
  Fixture fixture;
  for (const Field& header : {Field{"Host", "evil"},
                              Field{"content-length", "1"},
                              Field{"Transfer-Encoding", "chunked"},
                              Field{"Connection", "close"},
                              Field{"Expect", "x"},
                              Field{"X", "a\r\nB: c"},
                              Field{"X", std::string("a\0b", 3)},
                              Field{"X", "a\r\n folded"},
                              Field{"X", "a\nb"},
                              Field{"X", "a\rb"},
                              Field{"X", "a\x1b[2J"},
                              Field{"X", "a\x7f"},
                              Field{"X Y", "a"},
                              Field{"", "a"},
                              Field{"X:", "a"},
                              Field{"X\r\nY", "a"},
                              Field{"Keep-Alive", "1"},
                              Field{"TE", "gzip"},
                              Field{"trailer", "X"},
                              Field{"UPGRADE", "h2c"},
                              Field{"Proxy-Connection", "close"},
                              Field{"Proxy-Authorization", "Basic eA=="},
                              Field{"proxy-anything", "x"},
                              Field{"HTTP2-Settings", "x"},
                              Field{"content-TYPE", "text/plain"}}) {
    TransferStart start = fixture.post(server.port());
    start.request.headers.push_back(header);
    const Transfer transfer = fixture.run(std::move(start));
    CHECK_MESSAGE(transfer.end == TransferEnd::kRequestInvalid, header.name);
    CHECK(!transfer.detail.empty());
    CHECK(transfer.detail.find('\n') == std::string::npos);
  }
  for (const std::string& query : {std::string("a b"), std::string("a\r\nHost: evil"), std::string("a\0b", 3)}) {
    TransferStart start = fixture.post(server.port());
    start.request.url.query = query;
    CHECK(fixture.run(std::move(start)).end == TransferEnd::kRequestInvalid);
  }
  TransferStart start = fixture.post(server.port());
  start.request.method = "DELETE";
  CHECK(fixture.run(std::move(start)).end == TransferEnd::kRequestInvalid);
  CHECK(server.accepted() == 0);
}

TEST_CASE("a name is pinned, and the next address is tried when the first refuses") {
  ScriptedServer server(always(plain_answer("OK")));
  ScriptedDns dns(ScriptedDns::Names{{"pay.test", {"127.0.0.2", "127.0.0.1"}}});
  CurlTransportOptions options = loopback_allowed();
  options.names.servers = dns.servers();
  Fixture fixture(std::move(options));
  const Transfer transfer = fixture.run(fixture.post(server.port(), "pay.test"));
  CHECK(transfer.end == TransferEnd::kComplete);
  CHECK(transfer.peer == "127.0.0.1:" + std::to_string(server.port()));
  CHECK(transfer.silent_resends == 0);
  CHECK(server.requests() == 1);
}

TEST_CASE("an address that swallows packets leaves the next one its share of the connect timeout") {
  ScriptedServer server(always(plain_answer("OK")));
  // A listener that accepts nobody: once its queue is full, the kernel drops further packets without a word.
  const UniqueFd full(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback("127.0.0.2", server.port());
  REQUIRE(bind(full.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(listen(full.get(), 0) == 0);
  std::vector<UniqueFd> queued;
  for (int i = 0; i < 4; ++i) {
    queued.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    connect(queued.back().get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  ScriptedDns dns(ScriptedDns::Names{{"pay.test", {"127.0.0.2", "127.0.0.1"}}});
  CurlTransportOptions options = loopback_allowed();
  options.names.servers = dns.servers();
  Fixture fixture(std::move(options));
  TransferStart start = fixture.post(server.port(), "pay.test");
  start.connect_timeout = Duration(600);
  const Transfer transfer = fixture.run(std::move(start));
  CHECK(transfer.end == TransferEnd::kComplete);
  CHECK(transfer.took >= Duration(299));
  CHECK(transfer.took < Duration(2'000));
  const Transfer alone = fixture.run(fixture.post(server.port(), "127.0.0.2"));
  CHECK(alone.end == TransferEnd::kConnectTimeout);
  CHECK(alone.took >= Duration(1'999));
}

TEST_CASE("a single-label name is not completed with a search domain") {
  ScriptedServer server(always(plain_answer("OK")));
  ScriptedDns dns(ScriptedDns::Names{{"pay.inside.test", {"127.0.0.1"}}});
  CurlTransportOptions options = loopback_allowed();
  options.names.servers = dns.servers();
  setenv("LOCALDOMAIN", "inside.test", 1);
  Fixture fixture(std::move(options));
  CHECK(fixture.run(fixture.post(server.port(), "pay")).end == TransferEnd::kNameNotFound);
  unsetenv("LOCALDOMAIN");
  CHECK(server.accepted() == 0);
}

TEST_CASE("being out of descriptors is our trouble") {
  ScriptedServer server(always(plain_answer("OK")));
  Fixture fixture;
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{3, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  const Transfer transfer = fixture.run(server.port());
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(transfer.end == TransferEnd::kOutOfResources);
  CHECK(transfer.detail == "socket: Too many open files");
}

TEST_CASE("an idle connection that its peer has closed is dropped although nothing else is sent") {
  std::atomic<bool> dropped{false};
  ScriptedServer server([&](Connection& connection) {
    connection.read_request();
    connection.send(plain_answer("OK"));
    connection.end_of_answers();
    connection.hold();
    dropped = true;
  });
  CurlTransportOptions options = loopback_allowed();
  options.sweep_every = Duration(100);
  Fixture fixture(std::move(options));
  CHECK(fixture.run(server.port()).end == TransferEnd::kComplete);
  Timer deadline(fixture.loop, [&] { fixture.loop.stop(); });
  deadline.arm(Duration(5'000));
  fixture.loop.run([&] {
    if (dropped) fixture.loop.stop();
  });
  CHECK(dropped);
}

TEST_CASE("when every address refuses, the transfer is refused") {
  ScriptedDns dns(ScriptedDns::Names{{"pay.test", {"127.0.0.2", "127.0.0.3", "127.0.0.4"}}});
  CurlTransportOptions options = loopback_allowed();
  options.names.servers = dns.servers();
  Fixture fixture(std::move(options));
  std::uint16_t port = 0;
  { port = ScriptedServer(always("")).port(); }
  CHECK(fixture.run(fixture.post(port, "pay.test")).end == TransferEnd::kConnectRefused);
}

TEST_CASE("a name without a server is an attempt that did not reach anybody, a dead name server is our trouble") {
  ScriptedDns dns(ScriptedDns::Names{{"empty.test", {}}});
  ScriptedDns broken(ScriptedDns::Names{}, ScriptedDns::Mode::kServfail);
  CurlTransportOptions options = loopback_allowed();
  options.names.servers = dns.servers();
  Fixture fixture(std::move(options));
  CHECK(fixture.run(fixture.post(80, "missing.test")).end == TransferEnd::kNameNotFound);
  CHECK(fixture.run(fixture.post(80, "empty.test")).end == TransferEnd::kNameNotFound);
  CurlTransportOptions servfail = loopback_allowed();
  servfail.names.servers = broken.servers();
  Fixture second(std::move(servfail));
  CHECK(second.run(second.post(80, "any.test")).end == TransferEnd::kNameNotFound);
  CurlTransportOptions refused = loopback_allowed();
  refused.names.servers = "127.0.0.1:1";
  Fixture third(std::move(refused));
  CHECK(third.run(third.post(80, "any.test")).end == TransferEnd::kResolverFailed);
}

TEST_CASE("a silent name server neither stalls the loop nor delays other hosts") {
  ScriptedServer server(always(plain_answer("OK")));
  ScriptedDns dns(ScriptedDns::Names{}, ScriptedDns::Mode::kSilent);
  CurlTransportOptions options = loopback_allowed();
  options.names.servers = dns.servers();
  Fixture fixture(std::move(options));
  for (int i = 0; i < 200; ++i) {
    TransferStart start = fixture.post(80, "h" + std::to_string(i) + ".test");
    start.connect_timeout = Duration(300);
    fixture.transport().start(std::move(start));
  }
  fixture.transport().start(fixture.post(server.port()));
  const std::vector<Transfer> finished = fixture.finish(201);
  for (std::size_t i = 0; i < 200; ++i) CHECK(finished[i].end == TransferEnd::kResolverFailed);
  CHECK(finished[0].took >= Duration(299));
  CHECK(finished[0].took < Duration(2'000));
  CHECK(finished[200].end == TransferEnd::kComplete);
  CHECK(finished[200].took < finished[0].took);
  CHECK(fixture.worst_stall_ms < kStallLimitMs);
}

TEST_CASE("names that are never answered do not keep one that is well waiting") {
  ScriptedServer server(always(plain_answer("OK")));
  ScriptedDns::Names names{{"well.test", {"127.0.0.1"}}};
  for (int i = 0; i < 400; ++i) names["silent" + std::to_string(i) + ".test"] = {ScriptedDns::kNoAnswer};
  ScriptedDns dns(names);
  CurlTransportOptions options = loopback_allowed();
  options.names.servers = dns.servers();
  Fixture fixture(std::move(options));
  for (int i = 0; i < 400; ++i) {
    TransferStart silent = fixture.post(server.port(), "silent" + std::to_string(i) + ".test");
    silent.connect_timeout = silent.total_timeout = Duration(6'000);
    fixture.transport().start(std::move(silent));
  }
  TransferStart well = fixture.post(server.port(), "well.test");
  well.connect_timeout = well.total_timeout = Duration(6'000);
  fixture.transport().start(std::move(well));
  const std::vector<Transfer> finished = fixture.finish(401);
  CHECK(finished.back().end == TransferEnd::kComplete);
  // 401 questions, 48 in each third of a second; asked with patience at once it would be half a minute.
  CHECK(finished.back().took < Duration(5'000));
  CHECK(finished.front().end == TransferEnd::kResolverFailed);
}

TEST_CASE("lookups of one name are asked once and remembered") {
  ScriptedServer server(always(plain_answer("OK")));
  ScriptedDns dns(ScriptedDns::Names{{"pay.test", {"127.0.0.1"}}});
  CurlTransportOptions options = loopback_allowed();
  options.names.servers = dns.servers();
  Fixture fixture(std::move(options));
  for (int i = 0; i < 30; ++i) fixture.transport().start(fixture.post(server.port(), "pay.test"));
  fixture.finish(30);
  CHECK(fixture.run(fixture.post(server.port(), "pay.test")).end == TransferEnd::kComplete);
  CHECK(dns.questions() == 1);
}

TEST_CASE("300 transfers over 50 origins all end, each with its own answer") {
  ScriptedServer server([](Connection& connection) {
    for (std::string request = connection.read_request(); !request.empty(); request = connection.read_request()) {
      connection.send(plain_answer(request.substr(request.find("\r\n\r\n") + 4)));
    }
  });
  ScriptedDns::Names names;
  for (int i = 0; i < 50; ++i) names["h" + std::to_string(i) + ".test"] = {"127.0.0.1"};
  ScriptedDns dns(std::move(names));
  CurlTransportOptions options = loopback_allowed();
  options.names.servers = dns.servers();
  options.shards = 64;
  Fixture fixture(std::move(options));
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 100; ++i) {
      TransferStart start = fixture.post(server.port(), "h" + std::to_string(i % 50) + ".test");
      start.request.body = "ticket " + std::to_string(start.ticket);
      fixture.transport().start(std::move(start));
    }
    for (const Transfer& transfer : fixture.finish(100)) {
      CHECK(transfer.end == TransferEnd::kComplete);
      CHECK(transfer.body == "ticket " + std::to_string(transfer.ticket));
    }
  }
  CHECK(server.requests() == 300);
  CHECK(server.accepted() <= 100);
}

// A host may have more transfers at once than one shard keeps idle connections.
TEST_CASE("each of 100 transfers at once to one host finds its connection again") {
  ScriptedServer server([](Connection& connection) {
    while (!connection.read_request().empty()) connection.send(plain_answer("OK"));
  });
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  CurlTransportOptions options = loopback_allowed();
  REQUIRE(limit.rlim_cur > 400);
  options.descriptors_reserved = std::min<std::size_t>(limit.rlim_cur, 1 << 20) - 400;  // 50 idle ones a shard
  Fixture fixture(std::move(options));
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 100; ++i) fixture.transport().start(fixture.post(server.port()));
    for (const Transfer& transfer : fixture.finish(100)) CHECK(transfer.end == TransferEnd::kComplete);
  }
  CHECK(server.requests() == 1'000);
  CHECK(server.accepted() == 100);
}

// One that is connected or connecting, and one whose name is still being looked up.
void start_two_that_hang(Fixture& fixture, ScriptedServer& server) {
  fixture.transport().start(fixture.post(server.port()));
  fixture.transport().start(fixture.post(80, "slow.test"));
  Timer soon(fixture.loop, [&] { fixture.loop.stop(); });
  soon.arm(Duration(20));
  fixture.loop.run([] {});
}

TEST_CASE("abort_all ends every transfer as aborted, wherever it is") {
  ScriptedServer server([](Connection& connection) { connection.hold(); });
  ScriptedDns dns(ScriptedDns::Names{}, ScriptedDns::Mode::kSilent);
  CurlTransportOptions options = loopback_allowed();
  options.names.servers = dns.servers();
  Fixture fixture(std::move(options));
  start_two_that_hang(fixture, server);
  fixture.transport().abort_all();
  for (const Transfer& transfer : fixture.finish(2)) CHECK(transfer.end == TransferEnd::kAborted);
  CHECK(fixture.transport().running() == 0);
}

TEST_CASE("a transport may be destroyed with transfers and lookups under way") {
  ScriptedServer server([](Connection& connection) { connection.hold(); });
  ScriptedDns dns(ScriptedDns::Names{}, ScriptedDns::Mode::kSilent);
  CurlTransportOptions options = loopback_allowed();
  options.names.servers = dns.servers();
  Fixture fixture(std::move(options));
  start_two_that_hang(fixture, server);
  CHECK(fixture.transport().running() == 2);
}

TEST_CASE("room ends with the descriptors and comes back") {
  ScriptedServer server([](Connection& connection) { connection.hold(); });
  Fixture fixture;
  CHECK(fixture.transport().transfers_max() >= 1);
  std::size_t started = 0;
  while (fixture.transport().room() && started < 50) {
    fixture.transport().start(fixture.post(server.port()));
    ++started;
  }
  CHECK(fixture.transport().running() == started);
  fixture.transport().abort_all();
  CHECK(fixture.transport().room());
}

TEST_CASE("certificates that cannot be read and bad name servers are told at start") {
  UvLoop loop;
  CurlTransportOptions no_file;
  no_file.ca_file = "/nonexistent/ca.pem";
  const auto without = CurlTransport::create(loop, std::move(no_file));
  REQUIRE(!without.ok());
  CHECK(without.error().field == "ca_file");
  CurlTransportOptions bad_servers;
  bad_servers.names.servers = "not an address";
  CHECK(!CurlTransport::create(loop, std::move(bad_servers)).ok());
}

}  // namespace
}  // namespace ackd
