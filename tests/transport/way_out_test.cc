// Settings by which a merchant's requests leave otherwise than everybody's, on real sockets.
#include <doctest/doctest.h>

#include <csignal>

#include "test_certificates.h"
#include "transport_fixture.h"

namespace ackd {
namespace {

using namespace test;

std::optional<EgressSettings> settings(const std::function<void(EgressSettings&)>& change) {
  EgressSettings made;
  change(made);
  return made;
}

// A proxy that answers CONNECT with `status` and, after a 200, passes the bytes on to `target`.
class ScriptedProxy {
 public:
  explicit ScriptedProxy(int status = 200, std::string answer = plain_answer("OK"))
      : server_([this, status, answer](Connection& connection) {
          const std::string connect = connection.read_request();
          {
            const std::lock_guard lock(mutex_);
            connects_.push_back(connect);
          }
          connection.send("HTTP/1.1 " + std::to_string(status) + " x\r\n\r\n");
          if (status != 200) return;
          const std::string request = connection.read_request();
          const std::lock_guard lock(mutex_);
          requests_.push_back(request);
          connection.send(answer);
        }) {}

  SocketAddress address() const { return {parse_ip("127.0.0.1").value(), server_.port()}; }
  std::vector<std::string> connects() {
    const std::lock_guard lock(mutex_);
    return connects_;
  }
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> connects_;
  std::vector<std::string> requests_;
  ScriptedServer server_;
};

CurlTransportOptions through(const ScriptedProxy& proxy) {
  CurlTransportOptions options = loopback_allowed();
  options.means.proxies["dmz"] = proxy.address();
  options.means.proxy = "dmz";
  options.names.pinned["shop.test"] = {parse_ip("127.0.0.9").value()};
  return options;
}

TEST_CASE("a port that is not listed is refused without one packet") {
  ScriptedServer server(always(plain_answer("OK")));
  CurlTransportOptions options = loopback_allowed();
  options.egress.rules.ports = {{80, 80}};
  Fixture fixture(std::move(options));
  const Transfer refused = fixture.run(server.port());
  CHECK(refused.end == TransferEnd::kEgressRefused);
  CHECK(refused.detail.find("egress.ports") != std::string::npos);
  CHECK(server.accepted() == 0);

  TransferStart start = fixture.post(server.port());
  start.egress = settings([&](EgressSettings& own) { own.rules.ports = {{server.port(), server.port()}}; });
  CHECK(fixture.run(std::move(start)).end == TransferEnd::kComplete);
}

TEST_CASE("a merchant's own rules are for its own requests") {
  ScriptedServer server(always(plain_answer("OK")));
  CurlTransportOptions options = loopback_allowed();
  options.egress.rules.allow.clear();
  Fixture fixture(std::move(options));
  TransferStart start = fixture.post(server.port());
  start.egress = settings([](EgressSettings& own) { own.rules.allow = {parse_cidr("127.0.0.1").value()}; });
  CHECK(fixture.run(std::move(start)).end == TransferEnd::kComplete);
  // Also over the connection that the other merchant has left open.
  CHECK(fixture.run(server.port()).end == TransferEnd::kEgressRefused);
  CHECK(server.requests() == 1);
}

TEST_CASE("ackd's own listeners are never called") {
  ScriptedServer server(always(plain_answer("OK")));
  CurlTransportOptions options = loopback_allowed();
  options.egress.own = {{parse_ip("127.0.0.1").value(), server.port()}};
  Fixture fixture(std::move(options));
  CHECK(fixture.run(server.port()).end == TransferEnd::kEgressRefused);
  CHECK(server.accepted() == 0);
}

TEST_CASE("pinned hosts are not looked up, and the policy still holds") {
  ScriptedServer server(always(plain_answer("OK")));
  ScriptedDns dns(ScriptedDns::Names{{"shop.test", {"127.0.0.8"}}});
  CurlTransportOptions options = loopback_allowed();
  options.names = {dns.servers(),
                   {{"shop.test", {parse_ip("127.0.0.1").value()}},
                    {"inner.test", {parse_ip("127.0.0.1").value(), parse_ip("10.0.0.1").value()}}}};
  Fixture fixture(std::move(options));
  CHECK(fixture.run(fixture.post(server.port(), "shop.test")).end == TransferEnd::kComplete);
  CHECK(fixture.run(fixture.post(server.port(), "inner.test")).end == TransferEnd::kEgressRefused);
  CHECK(dns.questions() == 0);
}

TEST_CASE("requests leave from the source address that is set") {
  std::atomic<bool> from_there{false};
  ScriptedServer server([&](Connection& connection) {
    connection.read_request();
    from_there = connection.peer() == "127.0.0.7";
    connection.send(plain_answer("OK"));
  });
  Fixture fixture;
  TransferStart start = fixture.post(server.port());
  start.egress = settings([](EgressSettings& own) { own.source_address = parse_ip("127.0.0.7").value(); });
  CHECK(fixture.run(std::move(start)).end == TransferEnd::kComplete);
  CHECK(from_there);

  SUBCASE("one that is not this machine's is our trouble") {
    TransferStart other = fixture.post(server.port());
    other.egress = settings([](EgressSettings& own) { own.source_address = parse_ip("203.0.113.77").value(); });
    CHECK(fixture.run(std::move(other)).end == TransferEnd::kNoRoute);
  }
  SUBCASE("and so is one of the other family") {
    TransferStart other = fixture.post(server.port());
    other.egress = settings([](EgressSettings& own) { own.source_address = parse_ip("::1").value(); });
    CHECK(fixture.run(std::move(other)).end == TransferEnd::kNoRoute);
  }
}

TEST_CASE("through a proxy the request goes in a tunnel to the address that was judged") {
  ScriptedProxy proxy;
  Fixture fixture(through(proxy));
  const Transfer transfer = fixture.run(fixture.post(8080, "shop.test"));
  CHECK_MESSAGE(transfer.end == TransferEnd::kComplete, transfer.detail);
  CHECK(transfer.body == "OK");
  REQUIRE(proxy.connects().size() == 1);
  CHECK(proxy.connects()[0].starts_with("CONNECT 127.0.0.9:8080 HTTP/1.1\r\n"));
  CHECK(proxy.connects()[0].find("shop.test") == std::string::npos);
  CHECK(proxy.connects()[0].find("order=42") == std::string::npos);
  REQUIRE(proxy.requests().size() == 1);
  CHECK(proxy.requests()[0].starts_with("POST /notify HTTP/1.1\r\n"));
  CHECK(proxy.requests()[0].find("Host: shop.test:8080\r\n") != std::string::npos);
  CHECK(transfer.peer.starts_with("127.0.0.9:8080 through 127.0.0.1:"));
}

TEST_CASE("the policy is for the target and not for the proxy") {
  ScriptedProxy proxy;
  CurlTransportOptions options = through(proxy);
  options.egress.rules.allow = {parse_cidr("127.0.0.9").value()};  // not the proxy's own address
  options.names.pinned["inner.test"] = {parse_ip("127.0.0.10").value()};
  Fixture fixture(std::move(options));
  CHECK(fixture.run(fixture.post(8080, "shop.test")).end == TransferEnd::kComplete);
  CHECK(fixture.run(fixture.post(8080, "inner.test")).end == TransferEnd::kEgressRefused);
  CHECK(proxy.connects().size() == 1);
}

TEST_CASE("a merchant may go round the proxy, or through another") {
  ScriptedProxy everybodys;
  ScriptedServer server(always(plain_answer("OK")));
  CurlTransportOptions options = through(everybodys);
  options.names.pinned["shop.test"] = {parse_ip("127.0.0.1").value()};
  Fixture fixture(std::move(options));
  TransferStart start = fixture.post(server.port(), "shop.test");
  start.egress = settings([](EgressSettings& own) { own.proxy = kNoProxy; });
  CHECK(fixture.run(std::move(start)).end == TransferEnd::kComplete);
  CHECK(server.requests() == 1);
  CHECK(everybodys.connects().empty());

  TransferStart unknown = fixture.post(server.port(), "shop.test");
  unknown.egress = settings([](EgressSettings& own) { own.proxy = "gone"; });
  const Transfer held = fixture.run(std::move(unknown));
  CHECK(held.end == TransferEnd::kRequestInvalid);
  CHECK(held.detail.find("egress.proxies") != std::string::npos);
}

TEST_CASE("what a proxy says about itself is ours, what it says about the receiver is the receiver's") {
  const std::pair<int, TransferEnd> rows[] = {
      {403, TransferEnd::kProxyFailed},     {407, TransferEnd::kProxyFailed},     {500, TransferEnd::kProxyFailed},
      {502, TransferEnd::kHostUnreachable}, {503, TransferEnd::kHostUnreachable}, {504, TransferEnd::kHostUnreachable}};
  for (const auto& each : rows) {
    const auto& status = each.first;
    const auto& end = each.second;
    ScriptedProxy proxy(status);
    Fixture fixture(through(proxy));
    const Transfer transfer = fixture.run(fixture.post(8080, "shop.test"));
    CHECK_MESSAGE(transfer.end == end, status << ": " << name_of(transfer.end) << ", " << transfer.detail);
    CHECK(proxy.requests().empty());
  }
  CurlTransportOptions options = loopback_allowed();
  options.means.proxies["dmz"] = {parse_ip("127.0.0.1").value(), 1};
  options.means.proxy = "dmz";
  Fixture closed(std::move(options));
  CHECK(closed.run(closed.post(8080)).end == TransferEnd::kProxyFailed);

  ScriptedServer silent([](Connection& connection) { connection.hold(); });
  options = loopback_allowed();
  options.means.proxies["dmz"] = {parse_ip("127.0.0.1").value(), silent.port()};
  options.means.proxy = "dmz";
  Fixture waiting(std::move(options));
  TransferStart start = waiting.post(8080);
  start.connect_timeout = Duration(300);
  CHECK(waiting.run(std::move(start)).end == TransferEnd::kConnectTimeout);
}

// --- TLS ---

struct TlsFixture {
  TlsFixture(const Authority& everybodys, CurlTransportOptions options) : fixture(prepared(everybodys, options)) {
    std::signal(SIGPIPE, SIG_IGN);
  }
  static CurlTransportOptions prepared(const Authority& everybodys, CurlTransportOptions& options) {
    options.ca_file = everybodys.file();
    options.names.pinned["pay.test"] = {parse_ip("127.0.0.1").value()};
    return std::move(options);
  }
  Transfer run(const ScriptedServer& server, std::optional<EgressSettings> own, bool verify = true) {
    TransferStart start = fixture.post(server.port(), "pay.test");
    start.request.url.tls = true;
    start.egress = std::move(own);
    start.verify_server = verify;
    return fixture.run(std::move(start));
  }
  Fixture fixture;
};

TEST_CASE("a private authority is for the merchant that names it, and no connection is shared across") {
  const Authority everybodys;
  const Authority bank;
  const ServerContext context = bank.server("pay.test");
  ScriptedServer server(always(plain_answer("OK")), context.get());
  CurlTransportOptions options = loopback_allowed();
  options.means.authorities["bank"] = bank.pem();
  TlsFixture fixture(everybodys, std::move(options));
  const auto banks = settings([](EgressSettings& own) { own.authority = "bank"; });

  CHECK(fixture.run(server, std::nullopt).end == TransferEnd::kTlsFailed);
  const Transfer trusted = fixture.run(server, banks);
  CHECK_MESSAGE(trusted.end == TransferEnd::kComplete, trusted.detail);
  CHECK(fixture.run(server, banks).end == TransferEnd::kComplete);
  CHECK(fixture.run(server, std::nullopt).end == TransferEnd::kTlsFailed);
  CHECK(server.requests() == 2);
}

TEST_CASE("everybody's authorities do not verify a merchant that names its own") {
  const Authority everybodys;
  const Authority bank;
  const ServerContext context = everybodys.server("pay.test");
  ScriptedServer server(always(plain_answer("OK")), context.get());
  CurlTransportOptions options = loopback_allowed();
  options.means.authorities["bank"] = bank.pem();
  TlsFixture fixture(everybodys, std::move(options));
  CHECK(fixture.run(server, std::nullopt).end == TransferEnd::kComplete);
  CHECK(fixture.run(server, settings([](EgressSettings& own) { own.authority = "bank"; })).end ==
        TransferEnd::kTlsFailed);
  CHECK(server.requests() == 1);
}

TEST_CASE("a loosening accepts any certificate, and only while it holds") {
  const Authority everybodys;
  const Authority stranger;
  const ServerContext context = stranger.server("other.test");
  ScriptedServer server(always(plain_answer("OK")), context.get());
  TlsFixture fixture(everybodys, loopback_allowed());
  const auto own = settings([](EgressSettings&) {});
  CHECK(fixture.run(server, own, false).end == TransferEnd::kComplete);
  CHECK(fixture.run(server, own, true).end == TransferEnd::kTlsFailed);
  CHECK(fixture.run(server, std::nullopt, true).end == TransferEnd::kTlsFailed);
  CHECK(server.requests() == 1);
}

TEST_CASE("a pinned key must be the server's") {
  const Authority everybodys;
  const ServerContext context = everybodys.server("pay.test");
  ScriptedServer server(always(plain_answer("OK")), context.get());
  TlsFixture fixture(everybodys, loopback_allowed());
  const std::string right = pin_of(context.get());
  const std::string wrong = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  const auto pinned = [](const std::string& keys) {
    return settings([&](EgressSettings& own) { own.pinned_keys = keys; });
  };
  CHECK(fixture.run(server, pinned(right)).end == TransferEnd::kComplete);
  CHECK(fixture.run(server, pinned(wrong + ";" + right)).end == TransferEnd::kComplete);
  CHECK(fixture.run(server, pinned(wrong)).end == TransferEnd::kTlsFailed);
  CHECK(server.requests() == 2);
}

TEST_CASE("a client certificate is shown to the server of the merchant that names it") {
  const Authority everybodys;
  const ServerContext context = everybodys.server("pay.test");
  everybodys.ask_for_client(context.get());
  ScriptedServer server(always(plain_answer("OK")), context.get());
  CurlTransportOptions options = loopback_allowed();
  options.means.client_certificates["platform"] = everybodys.client();
  TlsFixture fixture(everybodys, std::move(options));
  const Transfer shown =
      fixture.run(server, settings([](EgressSettings& own) { own.client_certificate = "platform"; }));
  CHECK_MESSAGE(shown.end == TransferEnd::kComplete, shown.detail);
  CHECK(fixture.run(server, std::nullopt).end != TransferEnd::kComplete);
  CHECK(server.requests() == 1);
}

TEST_CASE("certificates that cannot be used are told at start") {
  UvLoop loop;
  CurlTransportOptions options = loopback_allowed();
  options.means.authorities["bank"] = "no certificate";
  const auto refused = CurlTransport::create(loop, options);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().field == "tls.authorities.bank");

  const Authority one;
  const Authority other;
  options = loopback_allowed();
  options.means.client_certificates["platform"] = {one.client().certificate, other.client().key};
  const auto mismatched = CurlTransport::create(loop, options);
  REQUIRE_FALSE(mismatched.ok());
  CHECK(mismatched.error().field == "tls.client_certificates.platform");
}

}  // namespace
}  // namespace ackd
