// Answers that no honest server gives, over real sockets: each ends in bounded time and memory, with the right end, and
// its connection is never used again.
#include <doctest/doctest.h>

#include <fstream>

#include "transport_fixture.h"

namespace ackd {
namespace {

using namespace test;

std::size_t resident_kib() {
  std::ifstream status("/proc/self/statm");
  std::size_t pages = 0;
  status >> pages >> pages;
  return pages * 4;
}

// Gives `start` of an answer and then `piece` for as long as the client takes it.
ScriptedServer::Script endless(std::string start, std::string piece) {
  return [=](Connection& connection) {
    connection.read_request();
    if (!connection.send(start)) return;
    while (connection.send(piece)) continue;
  };
}

struct Row {
  std::string what;
  std::string answer;
  TransferEnd end;
  int status;
  bool headers_complete;
};

TEST_CASE("an answer that is cut short or not to be trusted has its own end, and its connection is closed") {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::vector<Row> rows = {
      {"no byte at all", "", TransferEnd::kBroken, 0, false},
      {"half a status line", "HTTP/1.1 2", TransferEnd::kBroken, 0, false},
      {"half the headers", ok + "A: b\r\n", TransferEnd::kBroken, 200, false},
      {"a short body", ok + "Content-Length: 10\r\n\r\nOK", TransferEnd::kBroken, 200, true},
      {"a bad chunk", ok + "Transfer-Encoding: chunked\r\n\r\nZZ\r\n", TransferEnd::kBadHttp, 200, true},
      {"chunks without an end", ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n", TransferEnd::kBroken, 200, true},
      {"only an interim answer", "HTTP/1.1 100 Continue\r\n\r\n", TransferEnd::kBroken, 0, false},
      {"HTTP/0.9", "OK\n", TransferEnd::kBadHttp, 0, false},
      {"status 20", "HTTP/1.1 20 X\r\n\r\n", TransferEnd::kBadHttp, 0, false},
      {"status 2000", "HTTP/1.1 2000 X\r\n\r\n", TransferEnd::kBadHttp, 0, false},
      {"status 999", "HTTP/1.1 999 X\r\nContent-Length: 2\r\n\r\nOK", TransferEnd::kBadHttp, 999, false},
      {"status 101", "HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", TransferEnd::kBadHttp, 0, false},
      {"bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 2\n\nOK", TransferEnd::kBadHttp, 0, false},
      {"two lengths", ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nOK", TransferEnd::kBadHttp, 200, false},
      {"a huge length", ok + "Content-Length: 99999999999999999999\r\n\r\nOK", TransferEnd::kBadHttp, 200, false},
      {"a negative length", ok + "Content-Length: -2\r\n\r\nOK", TransferEnd::kBadHttp, 200, false},
      {"length and chunked", ok + "Content-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n0\r\n\r\n",
       TransferEnd::kBadHttp, 200, false},
      {"a blank before the colon", ok + "Content-Length : 2\r\n\r\nOK", TransferEnd::kBadHttp, 200, false},
      {"a folded header", ok + "A: b\r\n c\r\nContent-Length: 2\r\n\r\nOK", TransferEnd::kBadHttp, 200, false},
      {"a NUL", ok + std::string("A: b\0c\r\n\r\n", 10), TransferEnd::kBadHttp, 200, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    ScriptedServer server(once(row.answer));
    Fixture fixture;
    const Transfer transfer = fixture.run(server.port());
    CHECK(std::string(name_of(transfer.end)) == name_of(row.end));
    CHECK(transfer.status == row.status);
    CHECK(transfer.headers_complete == row.headers_complete);
    CHECK(!transfer.detail.empty());
    CHECK(transfer.peer == "127.0.0.1:" + std::to_string(server.port()));
    CHECK(transfer.silent_resends == 0);
  }
}

TEST_CASE("after framing that is not to be trusted the connection is not used again") {
  ScriptedServer server(always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nOK"));
  Fixture fixture;
  CHECK(fixture.run(server.port()).end == TransferEnd::kBadHttp);
  CHECK(fixture.run(server.port()).end == TransferEnd::kBadHttp);
  CHECK(server.accepted() == 2);
}

TEST_CASE("a reset at any point after the request is a broken transfer") {
  for (const std::string& before :
       {std::string(), std::string("HTTP/1.1 200 OK\r\n"), std::string("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nxxx")}) {
    ScriptedServer server([&](Connection& connection) {
      connection.read_request();
      connection.send(before);
      connection.reset();
    });
    Fixture fixture;
    const Transfer transfer = fixture.run(server.port());
    CHECK(transfer.end == TransferEnd::kBroken);
    CHECK(transfer.silent_resends == 0);
  }
}

TEST_CASE("answers without end are cut at the caps and cost no memory") {
  struct Endless {
    std::string what;
    std::string start;
    std::string piece;
    TransferEnd end;
  };
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string kilobyte(1'000, 'x');
  const std::vector<Endless> rows = {
      {"headers", ok, "A: b\r\n", TransferEnd::kHeaderCap},
      {"large headers", ok, "A: " + kilobyte + "\r\n", TransferEnd::kHeaderCap},
      {"one header line", ok + "A: ", kilobyte, TransferEnd::kHeaderCap},
      {"interim answers", "", "HTTP/1.1 103 Early\r\n\r\n", TransferEnd::kHeaderCap},
      {"trailers", ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n0\r\n", "T: x\r\n", TransferEnd::kHeaderCap},
      {"body", ok + "\r\n", kilobyte, TransferEnd::kBodyCap},
      {"chunks", ok + "Transfer-Encoding: chunked\r\n\r\n", "4\r\nxxxx\r\n", TransferEnd::kBodyCap},
      {"a chunk extension", ok + "Transfer-Encoding: chunked\r\n\r\n2;", kilobyte, TransferEnd::kHeaderCap},
      {"one trailer", ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nT: ", kilobyte, TransferEnd::kHeaderCap},
      {"small chunks", ok + "Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", TransferEnd::kBodyCap},
  };
  for (const Endless& row : rows) {
    CAPTURE(row.what);
    ScriptedServer server(endless(row.start, row.piece));
    Fixture fixture;
    TransferStart start = fixture.post(server.port());
    start.total_timeout = Duration(1'000);
    const std::size_t before = resident_kib();
    const Transfer transfer = fixture.run(std::move(start));
    CHECK(std::string(name_of(transfer.end)) == name_of(row.end));
    CHECK(transfer.detail.find("memory") == std::string::npos);
    CHECK(transfer.body.size() <= 64 * 1024);
    // Sanitizers keep freed memory in quarantine, hence the generous room; unbounded growth is 100 MiB a second.
    CHECK(resident_kib() < before + 30 * 1024);
    CHECK(fixture.worst_stall_ms < kStallLimitMs);
  }
}

TEST_CASE("a body over its cap keeps the first bytes") {
  ScriptedServer server(once("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nOK" + std::string(98, 'x')));
  Fixture fixture;
  TransferStart start = fixture.post(server.port());
  start.body_bytes_max = 5;
  const Transfer transfer = fixture.run(std::move(start));
  CHECK(transfer.end == TransferEnd::kBodyCap);
  CHECK(transfer.body == "OKxxx");
  CHECK(transfer.headers_complete);
}

TEST_CASE("a dripping answer ends at the total timeout, with what had arrived") {
  for (const bool in_body : {false, true}) {
    ScriptedServer server([&](Connection& connection) {
      connection.read_request();
      connection.send(in_body ? "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" : "HTTP/1.1 200 OK\r\nA: ");
      // Paced by the client's silence: a byte each 10 ms, without sleeping through the end of the test.
      pollfd nothing{-1, 0, 0};
      while (connection.send("x")) poll(&nothing, 0, 10);
    });
    Fixture fixture;
    TransferStart start = fixture.post(server.port());
    start.total_timeout = Duration(300);
    const Transfer transfer = fixture.run(std::move(start));
    CHECK(transfer.end == TransferEnd::kTimeout);
    CHECK(transfer.headers_complete == in_body);
    CHECK(transfer.took >= Duration(299));
    CHECK(transfer.took < Duration(2'000));
  }
}

TEST_CASE("a receiver that never reads a large request ends at the total timeout") {
  ScriptedServer server([](Connection& connection) {
    (void)connection;
    pollfd nothing{-1, 0, 0};
    poll(&nothing, 0, 600);
  });
  Fixture fixture;
  TransferStart start = fixture.post(server.port());
  start.request.body.assign(32 * 1024 * 1024, 'x');
  start.total_timeout = Duration(300);
  CHECK(fixture.run(std::move(start)).end == TransferEnd::kTimeout);
}

TEST_CASE("an answer before the whole request was read is an answer") {
  ScriptedServer server([](Connection& connection) {
    connection.send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
    connection.hold();
  });
  Fixture fixture;
  TransferStart start = fixture.post(server.port());
  start.request.body.assign(200'000, 'x');
  const Transfer transfer = fixture.run(std::move(start));
  CHECK(transfer.end == TransferEnd::kComplete);
  CHECK(transfer.status == 413);
}

TEST_CASE("a whole answer ends the transfer although the receiver never reads the request") {
  for (const std::string& answer :
       {plain_answer("OK"), std::string("HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n0\r\n\r\n")}) {
    ScriptedServer server([&](Connection& connection) {
      connection.send(answer);
      pollfd nothing{-1, 0, 0};
      poll(&nothing, 0, 600);
    });
    Fixture fixture;
    TransferStart start = fixture.post(server.port());
    start.request.body.assign(32 * 1024 * 1024, 'x');
    start.total_timeout = Duration(8'000);
    const Transfer transfer = fixture.run(std::move(start));
    CHECK(transfer.end == TransferEnd::kComplete);
    CHECK(transfer.body == "OK");
    CHECK(transfer.detail.empty());
    CHECK(transfer.took < Duration(4'000));
  }
}

TEST_CASE("a reset after any byte of an answer is no acknowledgement before the answer is whole") {
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a\r\nOK\r\n0\r\nX: y\r\n\r\n";
  Fixture fixture;
  for (const std::string& answer : {plain_answer("OK"), chunked}) {
    for (std::size_t length = 0; length < answer.size(); ++length) {
      CAPTURE(length);
      ScriptedServer server([&](Connection& connection) {
        connection.read_request();
        connection.send(answer.substr(0, length));
        connection.reset();
      });
      const Transfer transfer = fixture.run(server.port());
      CHECK(std::string(name_of(transfer.end)) == name_of(TransferEnd::kBroken));
      CHECK(transfer.body.size() <= 2);
    }
  }
}

}  // namespace
}  // namespace ackd
