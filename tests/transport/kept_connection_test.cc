// A connection is used again only when its answer was sound and nothing was said beyond it: else the next request,
// which may be another merchant's, would be given words that were not meant for it. Over real sockets, plain and TLS.
#include <doctest/doctest.h>

#include <csignal>

#include "test_certificates.h"
#include "transport_fixture.h"

namespace ackd {
namespace {

using namespace test;

const std::string kOk = "HTTP/1.1 200 OK\r\n";
const std::string kChunked = kOk + "Transfer-Encoding: chunked\r\n\r\n";
const std::string kForged = plain_answer("forged");

// What the first request is answered with, piece by piece: each piece in a packet (and a TLS record) of its own.
struct Row {
  std::string what;
  std::vector<std::string> answer;
  TransferEnd end;
  bool kept;
};

// A name, a server for it that answers the first request as the row says and every other with "kept" on the same
// connection and "fresh" on another one, and a transport that trusts it.
class Setting {
 public:
  Setting(std::vector<std::string> answer, SSL_CTX* tls, const std::string& ca_file)
      : answer_(std::move(answer)),
        tls_(tls != nullptr),
        server_([this](Connection& connection) { serve(connection); }, tls),
        dns_(ScriptedDns::Names{{"pay.test", {"127.0.0.1"}}}),
        fixture_(options(ca_file)) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL, here on the server's side
  }

  Transfer run(bool status_decides = false) {
    TransferStart start = fixture_.post(server_.port(), "pay.test");
    start.request.url.tls = tls_;
    start.status_decides = status_decides;
    return fixture_.run(std::move(start));
  }

  // What the server says on the first connection once its answer has been taken.
  void will_say_later(std::string words) { later_ = std::move(words); }
  void say_it() {
    speaks_ = true;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!said_ && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    REQUIRE(said_);
  }
  void let_loop_turn() {
    Timer soon(fixture_.loop, [&] { fixture_.loop.stop(); });
    soon.arm(Duration(30));
    fixture_.loop.run([] {});
  }
  int accepted() const { return server_.accepted(); }

 private:
  CurlTransportOptions options(const std::string& ca_file) const {
    CurlTransportOptions out = loopback_allowed();
    if (!ca_file.empty()) out.ca_file = ca_file;
    out.names.servers = dns_.servers();
    return out;
  }

  void serve(Connection& connection) {
    const bool first = connections_++ == 0;
    pollfd nothing{-1, 0, 0};
    if (first) {
      connection.read_request();
      for (const std::string& piece : answer_) {
        connection.send(piece);
        if (&piece != &answer_.back()) poll(&nothing, 0, 20);  // so that the client reads the pieces one by one
      }
      while (!later_.empty() && !speaks_ && poll(&nothing, 0, 1) == 0) continue;
      if (speaks_) said_ = connection.send(later_);
    }
    while (!connection.read_request().empty() && connection.send(plain_answer(first ? "kept" : "fresh"))) continue;
  }

  std::vector<std::string> answer_;
  bool tls_;
  std::string later_;
  std::atomic<bool> speaks_{false};
  std::atomic<bool> said_{false};
  std::atomic<int> connections_{0};
  ScriptedServer server_;
  ScriptedDns dns_;
  Fixture fixture_;
};

std::vector<Row> rows() {
  return {
      // Honest answers keep their connection.
      {"a length", {plain_answer("OK")}, TransferEnd::kComplete, true},
      {"head and body apart", {kOk + "Content-Length: 2\r\n\r\n", "OK"}, TransferEnd::kComplete, true},
      {"no body", {kOk + "Content-Length: 0\r\n\r\n"}, TransferEnd::kComplete, true},
      {"204", {"HTTP/1.1 204 X\r\n\r\n"}, TransferEnd::kComplete, true},
      {"204 with length 0", {"HTTP/1.1 204 X\r\nContent-Length: 0\r\n\r\n"}, TransferEnd::kComplete, true},
      {"304 with a length", {"HTTP/1.1 304 X\r\nContent-Length: 9\r\n\r\n"}, TransferEnd::kComplete, true},
      {"103 and then 200", {"HTTP/1.1 103 X\r\n\r\n" + plain_answer("OK")}, TransferEnd::kComplete, true},
      {"chunks", {kChunked + "2\r\nOK\r\n0\r\n\r\n"}, TransferEnd::kComplete, true},
      {"chunks apart", {kChunked, "2\r\nO", "K\r\n0", "\r\n\r\n"}, TransferEnd::kComplete, true},
      {"an extension and a trailer", {kChunked + "2;a=b\r\nOK\r\n0\r\nX: y\r\n\r\n"}, TransferEnd::kComplete, true},
      // The answer counts, what stands behind it does not, and nothing else is asked on that connection.
      {"more than the length", {plain_answer("OK") + kForged}, TransferEnd::kComplete, false},
      {"more behind a body apart", {kOk + "Content-Length: 2\r\n\r\n", "OK" + kForged}, TransferEnd::kComplete, false},
      {"one byte behind a body apart", {kOk + "Content-Length: 2\r\n\r\n", "OK\n"}, TransferEnd::kComplete, false},
      {"more behind chunks", {kChunked + "2\r\nOK\r\n0\r\n\r\n" + kForged}, TransferEnd::kComplete, false},
      {"one byte behind chunks", {kChunked + "2\r\nOK\r\n0\r\n\r\n\n"}, TransferEnd::kComplete, false},
      {"204 with a body", {"HTTP/1.1 204 X\r\n\r\n" + kForged}, TransferEnd::kComplete, false},
      {"204 with one byte", {"HTTP/1.1 204 X\r\n\r\nx"}, TransferEnd::kComplete, false},
      {"204 that announces a body", {"HTTP/1.1 204 X\r\nContent-Length: 5\r\n\r\n"}, TransferEnd::kComplete, false},
      {"204 in chunks", {"HTTP/1.1 204 X\r\nTransfer-Encoding: chunked\r\n\r\n"}, TransferEnd::kComplete, false},
      {"304 with a body", {"HTTP/1.1 304 X\r\nContent-Length: 2\r\n\r\nOK"}, TransferEnd::kComplete, false},
      {"more behind no body", {kOk + "Content-Length: 0\r\n\r\n" + kForged}, TransferEnd::kComplete, false},
      {"a line that begins with NUL",
       {kOk + std::string("\0hidden\r\n", 9), "Content-Length: 2\r\n\r\nOK"},
       TransferEnd::kComplete,
       false},
      // The answer does not count either.
      {"a line feed behind a size", {kChunked + "2\nOK\r\n0\r\n\r\n"}, TransferEnd::kBadHttp, false},
      {"junk behind a size", {kChunked + "2 x\r\nOK\r\n0\r\n\r\n"}, TransferEnd::kBadHttp, false},
      {"a blank behind a size", {kChunked + "2 \r\nOK\r\n0\r\n\r\n"}, TransferEnd::kBadHttp, false},
      {"a size of 16 digits", {kChunked + "0000000000000002\r\nOK\r\n0\r\n\r\n"}, TransferEnd::kBadHttp, false},
      {"no CR behind the data", {kChunked + "2\r\nOK\n0\r\n\r\n"}, TransferEnd::kBadHttp, false},
      {"two CR behind the data", {kChunked + "2\r\nOK\r\r\n0\r\n\r\n"}, TransferEnd::kBadHttp, false},
      {"a line feed as the last line", {kChunked + "2\r\nOK\r\n0\r\n\n"}, TransferEnd::kBadHttp, false},
      {"a folded trailer", {kChunked + "2\r\nOK\r\n0\r\nX: y\r\n z\r\n\r\n"}, TransferEnd::kBadHttp, false},
      {"a bare line feed in a trailer", {kChunked + "2\r\nOK\r\n0\r\nX: y\n\r\n"}, TransferEnd::kBadHttp, false},
      {"odd chunks apart", {kChunked, "2\r\nOK\r\n", "+0\r\n\r\n"}, TransferEnd::kBadHttp, false},
  };
}

void check(const Row& row, SSL_CTX* tls, const std::string& ca_file) {
  CAPTURE(row.what);
  Setting setting(row.answer, tls, ca_file);
  const Transfer first = setting.run();
  CHECK_MESSAGE(std::string(name_of(first.end)) == std::string(name_of(row.end)), first.detail);
  CHECK(first.body.find("forged") == std::string::npos);
  const Transfer second = setting.run();
  CHECK(second.body == (row.kept ? "kept" : "fresh"));
  CHECK(second.silent_resends == 0);
  CHECK(setting.accepted() == (row.kept ? 1 : 2));
}

TEST_CASE("a plain connection is kept after a sound answer, and only then") {
  for (const Row& row : rows()) check(row, nullptr, {});
}

TEST_CASE("a TLS connection is kept after a sound answer, and only then") {
  const Authority authority;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    const ServerContext context = authority.server("pay.test");
    SSL_CTX_set_min_proto_version(context.get(), version);
    SSL_CTX_set_max_proto_version(context.get(), version);
    for (const Row& row : rows()) check(row, context.get(), authority.file());
  }
}

TEST_CASE("the ciphers of TLS 1.2 whose records tell their length keep the connection, the old ones do not") {
  struct Cipher {
    std::string name;
    bool kept;
  };
  const Authority authority;
  for (const Cipher& cipher :
       {Cipher{"ECDHE-ECDSA-AES128-GCM-SHA256", true}, Cipher{"ECDHE-ECDSA-AES256-GCM-SHA384", true},
        Cipher{"ECDHE-ECDSA-CHACHA20-POLY1305", true}, Cipher{"ECDHE-ECDSA-AES128-SHA256", false}}) {
    CAPTURE(cipher.name);
    const ServerContext context = authority.server("pay.test");
    SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
    REQUIRE(SSL_CTX_set_cipher_list(context.get(), cipher.name.c_str()) == 1);
    Setting setting({plain_answer("OK")}, context.get(), authority.file());
    CHECK(setting.run().body == "OK");
    CHECK(setting.run().body == (cipher.kept ? "kept" : "fresh"));
  }
}

TEST_CASE("what is said on an idle connection ends it, whether the loop has turned since or not") {
  const Authority authority;
  const ServerContext context = authority.server("pay.test");
  for (const bool tls : {false, true}) {
    for (const bool turned : {false, true}) {
      CAPTURE(tls);
      CAPTURE(turned);
      Setting setting({plain_answer("OK")}, tls ? context.get() : nullptr, tls ? authority.file() : "");
      setting.will_say_later(kForged);
      CHECK(setting.run().body == "OK");
      setting.say_it();
      if (turned) setting.let_loop_turn();
      CHECK(setting.run().body == "fresh");
      CHECK(setting.accepted() == 2);
    }
  }
}

TEST_CASE("a status that decides counts whatever follows, and odd framing still ends the connection") {
  using Ending = std::pair<const char*, bool>;
  for (const auto& each : {Ending{"2\r\nOK\r\n0\r\n\r\n", true}, Ending{"2\nOK\r\n0\r\n\r\n", false},
                           Ending{"ZZ\r\n", false}, Ending{"2\r\nOK\r\n0\r\n\r\nmore", false}}) {
    const char* body = each.first;
    const bool kept = each.second;
    CAPTURE(body);
    Setting setting({kChunked + body}, nullptr, {});
    const Transfer first = setting.run(true);
    CHECK(first.end == TransferEnd::kComplete);
    CHECK(first.detail.empty());
    CHECK(first.body.empty());
    CHECK(setting.run().body == (kept ? "kept" : "fresh"));
  }
}

}  // namespace
}  // namespace ackd
