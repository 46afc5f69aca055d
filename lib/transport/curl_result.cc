#include "transport/curl_result.h"

#include <cerrno>
#include <optional>

namespace ackd {
namespace {

// A socket or connect call that failed. The errors that this machine makes by itself are ours; those that a packet from
// outside, or its absence, causes are the receiver's. Some are both: a router on the way sends the same error as this
// machine's own table gives, and a merchant whose network is gone must not be tried for ever.
TransferEnd connect_end(int os_errno, bool has_route) {
  switch (os_errno) {
    case ETIMEDOUT: return TransferEnd::kConnectTimeout;
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case EACCES: return has_route ? TransferEnd::kHostUnreachable : TransferEnd::kNoRoute;
    case ENETDOWN:
    case ENODEV:
    case EAFNOSUPPORT:                         // IPv6 is switched off here
    case EINVAL:                               // a blackhole in our own table
    case EPERM: return TransferEnd::kNoRoute;  // a local firewall
    case EADDRNOTAVAIL:                        // every local port is in use
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM: return TransferEnd::kOutOfResources;
    default: return TransferEnd::kConnectRefused;  // ECONNREFUSED, ECONNRESET, and what libcurl does not tell
  }
}

// What a proxy says about the receiver is the receiver's; everything else about a proxy is ours.
std::optional<TransferEnd> proxy_end(const CurlFacts& facts) {
  if (!facts.via_proxy) return std::nullopt;
  if (!facts.reached_proxy) return TransferEnd::kProxyFailed;
  switch (facts.proxy_status) {
    case 0:  // it is still trying, or it hung up
      return facts.code == CURLE_OPERATION_TIMEDOUT ? TransferEnd::kConnectTimeout : TransferEnd::kProxyFailed;
    case 502:
    case 503:
    case 504: return TransferEnd::kHostUnreachable;
    default: break;
  }
  if (facts.proxy_status / 100 == 2) return std::nullopt;
  return TransferEnd::kProxyFailed;
}

TransferEnd before_request(const CurlFacts& facts) {
  if (const std::optional<TransferEnd> end = proxy_end(facts)) return *end;
  switch (facts.code) {
    case CURLE_COULDNT_CONNECT: return connect_end(facts.os_errno, facts.has_route);
    case CURLE_OPERATION_TIMEDOUT: return TransferEnd::kConnectTimeout;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_USE_SSL_FAILED: return TransferEnd::kTlsFailed;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING: return facts.uses_tls ? TransferEnd::kTlsFailed : TransferEnd::kConnectRefused;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY: return TransferEnd::kProxyFailed;
    case CURLE_COULDNT_RESOLVE_HOST: return TransferEnd::kResolverFailed;
    case CURLE_INTERFACE_FAILED: return TransferEnd::kNoRoute;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_NOT_BUILT_IN:
    case CURLE_UNKNOWN_OPTION:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_LOGIN_DENIED:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE: return TransferEnd::kRequestInvalid;
    // Unknown trouble before the first byte is ours, and passes: a hold for ever would be worse than another try.
    default: return TransferEnd::kOutOfResources;
  }
}

TransferEnd after_request(const CurlFacts& facts) {
  switch (facts.code) {
    case CURLE_OPERATION_TIMEDOUT: return TransferEnd::kTimeout;
    case CURLE_UNSUPPORTED_PROTOCOL:  // HTTP/0.9, or a first line that is no status line
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: return TransferEnd::kBadHttp;
    case CURLE_OUT_OF_MEMORY: return TransferEnd::kHeaderCap;  // one header line longer than libcurl's own limit
    default: return TransferEnd::kBroken;
  }
}

}  // namespace

TransferEnd end_of(const CurlFacts& facts) {
  // libcurl can call a transfer done whose headers were cut off by the end of the connection.
  if (facts.code == CURLE_OK) return facts.headers_complete ? TransferEnd::kComplete : TransferEnd::kBroken;
  return facts.request_started ? after_request(facts) : before_request(facts);
}

bool may_try_next_address(TransferEnd end) {
  return end == TransferEnd::kConnectRefused || end == TransferEnd::kConnectTimeout ||
         end == TransferEnd::kHostUnreachable || end == TransferEnd::kNoRoute;
}

}  // namespace ackd
