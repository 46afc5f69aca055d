#include <doctest/doctest.h>

#include <csignal>
#include <cstdlib>

#include "test_certificates.h"
#include "transport_fixture.h"

namespace ackd {
namespace {

using namespace test;

// OpenSSL reads its policy once, at its first use in the process, so this must come before main().
const int kLaxPolicy = setenv("OPENSSL_CONF", ACKD_SOURCE_DIR "/tests/transport/lax_openssl.cnf", 1);

// A TLS server, a name for it, and a transport that trusts `trusted`.
struct TlsSetting {
  TlsSetting(const Authority& trusted, SSL_CTX* context)
      : server(always(plain_answer("OK")), context),
        dns(ScriptedDns::Names{{"pay.test", {"127.0.0.1"}}}),
        fixture(options(trusted, dns)) {
    // OpenSSL writes without MSG_NOSIGNAL, here on the server's side.
    std::signal(SIGPIPE, SIG_IGN);
  }

  static CurlTransportOptions options(const Authority& trusted, const ScriptedDns& dns) {
    CurlTransportOptions out = loopback_allowed();
    out.ca_file = trusted.file();
    out.names.servers = dns.servers();
    return out;
  }

  Transfer run(const std::string& host = "pay.test") {
    TransferStart start = fixture.post(server.port(), host);
    start.request.url.tls = true;
    return fixture.run(std::move(start));
  }

  ScriptedServer server;
  ScriptedDns dns;
  Fixture fixture;
};

TEST_CASE("a certificate of the configured authority for this host is accepted, and the connection kept") {
  const Authority authority;
  const ServerContext context = authority.server("pay.test");
  TlsSetting setting(authority, context.get());
  for (int i = 0; i < 3; ++i) {
    const Transfer transfer = setting.run();
    CHECK_MESSAGE(transfer.end == TransferEnd::kComplete, transfer.detail);
    CHECK(transfer.body == "OK");
  }
  CHECK(setting.server.accepted() == 1);
}

TEST_CASE("a certificate of another authority is refused before the request is sent") {
  const Authority authority;
  const Authority stranger;
  const ServerContext context = stranger.server("pay.test");
  TlsSetting setting(authority, context.get());
  const Transfer transfer = setting.run();
  CHECK(transfer.end == TransferEnd::kTlsFailed);
  CHECK(!transfer.detail.empty());
  CHECK(setting.server.requests() == 0);
}

TEST_CASE("a certificate for another host, or for the name when the address was asked for, is refused") {
  const Authority authority;
  const ServerContext context = authority.server("other.test");
  TlsSetting setting(authority, context.get());
  for (const char* host : {"pay.test", "127.0.0.1"}) {
    const Transfer transfer = setting.run(host);
    CHECK(transfer.end == TransferEnd::kTlsFailed);
    CHECK_MESSAGE(transfer.detail.find("name") != std::string::npos, transfer.detail);
    CHECK_MESSAGE(transfer.detail.find(host) != std::string::npos, transfer.detail);
  }
  CHECK(setting.server.requests() == 0);
}

TEST_CASE("an expired certificate and one of the future are refused") {
  const Authority authority;
  for (const auto& [from_s, until_s] : {std::pair{-7'200L, -3'600L}, std::pair{3'600L, 7'200L}}) {
    const ServerContext context = authority.server("pay.test", from_s, until_s);
    TlsSetting setting(authority, context.get());
    CHECK(setting.run().end == TransferEnd::kTlsFailed);
    CHECK(setting.server.requests() == 0);
  }
}

TEST_CASE("TLS 1.1 is refused and 1.2 is accepted") {
  REQUIRE(kLaxPolicy == 0);
  const Authority authority;
  const ServerContext old = authority.server("pay.test");
  SSL_CTX_set_security_level(old.get(), 0);
  SSL_CTX_set_min_proto_version(old.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(old.get(), TLS1_1_VERSION);
  TlsSetting refused(authority, old.get());
  CHECK(refused.run().end == TransferEnd::kTlsFailed);
  CHECK(refused.server.requests() == 0);

  const ServerContext current = authority.server("pay.test");
  SSL_CTX_set_max_proto_version(current.get(), TLS1_2_VERSION);
  TlsSetting accepted(authority, current.get());
  CHECK(accepted.run().end == TransferEnd::kComplete);
}

TEST_CASE("a short key and a SHA-1 signature are refused where the system's policy permits them") {
  REQUIRE(kLaxPolicy == 0);
  const Authority authority;
  for (const bool weak_key : {true, false}) {
    CAPTURE(weak_key);
    const ServerContext context = authority.weak_server("pay.test", weak_key);
    TlsSetting setting(authority, context.get());
    const Transfer transfer = setting.run();
    CHECK(transfer.end == TransferEnd::kTlsFailed);
    CHECK_MESSAGE(transfer.detail.find("too weak") != std::string::npos, transfer.detail);
    CHECK(setting.server.requests() == 0);
  }
}

TEST_CASE("a peer that is silent in the handshake ends at the connect timeout") {
  const Authority authority;
  ScriptedServer server([](Connection& connection) { connection.hold(); });
  Fixture fixture;
  TransferStart start = fixture.post(server.port());
  start.request.url.tls = true;
  start.connect_timeout = Duration(200);
  const Transfer transfer = fixture.run(std::move(start));
  CHECK(transfer.end == TransferEnd::kConnectTimeout);
  CHECK(transfer.took < Duration(1'500));
}

TEST_CASE("a peer that speaks plain HTTP where TLS was asked for is a failed handshake") {
  ScriptedServer server([](Connection& connection) {
    connection.send(plain_answer("OK"));
    connection.hold();
  });
  Fixture fixture;
  TransferStart start = fixture.post(server.port());
  start.request.url.tls = true;
  CHECK(fixture.run(std::move(start)).end == TransferEnd::kTlsFailed);
}

}  // namespace
}  // namespace ackd
