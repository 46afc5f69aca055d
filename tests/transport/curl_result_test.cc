#include "transport/curl_result.h"

#include <doctest/doctest.h>

#include <cerrno>

#include "policy/judge.h"

namespace ackd {
namespace {

struct Row {
  CURLcode code;
  int os_errno;
  bool request_started;
  bool headers_complete;
  bool uses_tls;
  TransferEnd end;
  bool has_route = true;
};

constexpr Row kRows[] = {
    {CURLE_OK, 0, true, true, false, TransferEnd::kComplete},
    {CURLE_OK, 0, true, false, false, TransferEnd::kBroken},
    // Connecting: what a packet from outside says is the receiver's, what this machine says is ours.
    {CURLE_COULDNT_CONNECT, ECONNREFUSED, false, false, false, TransferEnd::kConnectRefused},
    {CURLE_COULDNT_CONNECT, ECONNRESET, false, false, false, TransferEnd::kConnectRefused},
    {CURLE_COULDNT_CONNECT, ECONNREFUSED, false, false, false, TransferEnd::kConnectRefused, false},
    {CURLE_COULDNT_CONNECT, 0, false, false, false, TransferEnd::kConnectRefused},
    {CURLE_COULDNT_CONNECT, ETIMEDOUT, false, false, false, TransferEnd::kConnectTimeout},
    {CURLE_COULDNT_CONNECT, EHOSTUNREACH, false, false, false, TransferEnd::kHostUnreachable},
    {CURLE_COULDNT_CONNECT, EHOSTUNREACH, false, false, false, TransferEnd::kNoRoute, false},
    {CURLE_COULDNT_CONNECT, EHOSTDOWN, false, false, false, TransferEnd::kHostUnreachable},
    {CURLE_COULDNT_CONNECT, EHOSTDOWN, false, false, false, TransferEnd::kNoRoute, false},
    {CURLE_COULDNT_CONNECT, ENETUNREACH, false, false, false, TransferEnd::kHostUnreachable},
    {CURLE_COULDNT_CONNECT, ENETUNREACH, false, false, false, TransferEnd::kNoRoute, false},
    {CURLE_COULDNT_CONNECT, ENETDOWN, false, false, false, TransferEnd::kNoRoute},
    {CURLE_COULDNT_CONNECT, EAFNOSUPPORT, false, false, false, TransferEnd::kNoRoute},
    {CURLE_COULDNT_CONNECT, EACCES, false, false, false, TransferEnd::kHostUnreachable},
    {CURLE_COULDNT_CONNECT, EACCES, false, false, false, TransferEnd::kNoRoute, false},
    {CURLE_COULDNT_CONNECT, EINVAL, false, false, false, TransferEnd::kNoRoute},
    {CURLE_COULDNT_CONNECT, EPERM, false, false, false, TransferEnd::kNoRoute},
    {CURLE_COULDNT_CONNECT, EADDRNOTAVAIL, false, false, false, TransferEnd::kOutOfResources},
    {CURLE_COULDNT_CONNECT, EMFILE, false, false, false, TransferEnd::kOutOfResources},
    {CURLE_COULDNT_CONNECT, ENFILE, false, false, false, TransferEnd::kOutOfResources},
    {CURLE_COULDNT_CONNECT, ENOBUFS, false, false, false, TransferEnd::kOutOfResources},
    {CURLE_COULDNT_CONNECT, ENOMEM, false, false, false, TransferEnd::kOutOfResources},
    {CURLE_OPERATION_TIMEDOUT, 0, false, false, false, TransferEnd::kConnectTimeout},
    {CURLE_SSL_CONNECT_ERROR, 0, false, false, true, TransferEnd::kTlsFailed},
    {CURLE_PEER_FAILED_VERIFICATION, 0, false, false, true, TransferEnd::kTlsFailed},
    {CURLE_RECV_ERROR, ECONNRESET, false, false, true, TransferEnd::kTlsFailed},
    {CURLE_RECV_ERROR, ECONNRESET, false, false, false, TransferEnd::kConnectRefused},
    {CURLE_COULDNT_RESOLVE_PROXY, 0, false, false, false, TransferEnd::kProxyFailed},
    {CURLE_PROXY, 0, false, false, false, TransferEnd::kProxyFailed},
    {CURLE_COULDNT_RESOLVE_HOST, 0, false, false, false, TransferEnd::kResolverFailed},
    {CURLE_INTERFACE_FAILED, 0, false, false, false, TransferEnd::kNoRoute},
    {CURLE_URL_MALFORMAT, 0, false, false, false, TransferEnd::kRequestInvalid},
    {CURLE_UNSUPPORTED_PROTOCOL, 0, false, false, false, TransferEnd::kRequestInvalid},
    {CURLE_NOT_BUILT_IN, 0, false, false, false, TransferEnd::kRequestInvalid},
    {CURLE_SSL_CACERT_BADFILE, 0, false, false, true, TransferEnd::kRequestInvalid},
    {CURLE_OUT_OF_MEMORY, 0, false, false, false, TransferEnd::kOutOfResources},
    {CURLE_FAILED_INIT, 0, false, false, false, TransferEnd::kOutOfResources},
    {CURLE_NO_CONNECTION_AVAILABLE, 0, false, false, false, TransferEnd::kOutOfResources},
    // With the request begun nothing is ours any more: it may have arrived.
    {CURLE_OPERATION_TIMEDOUT, 0, true, false, false, TransferEnd::kTimeout},
    {CURLE_OPERATION_TIMEDOUT, 0, true, true, false, TransferEnd::kTimeout},
    {CURLE_SEND_ERROR, EPIPE, true, false, false, TransferEnd::kBroken},
    {CURLE_RECV_ERROR, ECONNRESET, true, true, false, TransferEnd::kBroken},
    {CURLE_RECV_ERROR, ECONNRESET, true, false, true, TransferEnd::kBroken},
    {CURLE_GOT_NOTHING, 0, true, false, false, TransferEnd::kBroken},
    {CURLE_PARTIAL_FILE, 0, true, true, false, TransferEnd::kBroken},
    {CURLE_WRITE_ERROR, 0, true, true, false, TransferEnd::kBroken},
    {CURLE_COULDNT_CONNECT, ECONNREFUSED, true, false, false, TransferEnd::kBroken},
    {CURLE_COULDNT_CONNECT, EMFILE, true, false, false, TransferEnd::kBroken},
    {CURLE_UNSUPPORTED_PROTOCOL, 0, true, false, false, TransferEnd::kBadHttp},
    {CURLE_WEIRD_SERVER_REPLY, 0, true, true, false, TransferEnd::kBadHttp},
    {CURLE_BAD_CONTENT_ENCODING, 0, true, true, false, TransferEnd::kBadHttp},
    {CURLE_OUT_OF_MEMORY, 0, true, true, false, TransferEnd::kHeaderCap},
};

TEST_CASE("each row of the table of libcurl results") {
  for (const Row& row : kRows) {
    CAPTURE(row.code);
    CAPTURE(row.os_errno);
    CAPTURE(row.request_started);
    CAPTURE(row.has_route);
    const TransferEnd end =
        end_of({row.code, row.os_errno, row.request_started, row.headers_complete, row.uses_tls, row.has_route});
    CHECK(std::string(name_of(end)) == name_of(row.end));
  }
}

TEST_CASE("every code has an end in every phase, and none is ours once the request was begun") {
  for (int code = 0; code < CURL_LAST + 50; ++code) {
    for (const bool headers_complete : {false, true}) {
      for (const bool uses_tls : {false, true}) {
        const auto curl_code = static_cast<CURLcode>(std::min<int>(code, CURL_LAST));
        const TransferEnd after = end_of({curl_code, EMFILE, true, headers_complete, uses_tls});
        CHECK(!is_ours(after));
        CHECK((after == TransferEnd::kComplete) == (curl_code == CURLE_OK && headers_complete));
        const TransferEnd before = end_of({curl_code, EMFILE, false, false, uses_tls});
        CHECK(before != TransferEnd::kComplete);
        CHECK(before != TransferEnd::kTimeout);
      }
    }
  }
}

TEST_CASE("another address is tried only when nothing was sent anywhere") {
  CHECK(may_try_next_address(TransferEnd::kConnectRefused));
  CHECK(may_try_next_address(TransferEnd::kConnectTimeout));
  CHECK(may_try_next_address(TransferEnd::kHostUnreachable));
  CHECK(may_try_next_address(TransferEnd::kNoRoute));
  for (const TransferEnd end : {TransferEnd::kComplete, TransferEnd::kTimeout, TransferEnd::kBroken,
                                TransferEnd::kTlsFailed, TransferEnd::kEgressRefused, TransferEnd::kBadHttp}) {
    CHECK(!may_try_next_address(end));
  }
}

}  // namespace
}  // namespace ackd
