#include "transport/curl_flight.h"

#include <fmt/compile.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "policy/judge.h"
#include "transport/curl_request.h"
#include "transport/curl_result.h"
#include "transport/heard_bytes.h"
#include "transport/local_route.h"

namespace ackd {
namespace {

// The address inside a socket address; unspecified, which every policy refuses, for a family that is neither.
IpAddress address_of(const curl_sockaddr& address) {
  IpAddress out;
  if (address.family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address.addr, sizeof v4);
    out.bytes[10] = out.bytes[11] = 0xff;
    std::memcpy(out.bytes.data() + 12, &v4.sin_addr, 4);
  } else if (address.family == AF_INET6) {
    // curl_sockaddr declares 16 bytes and libcurl allocates room for any family behind them.
    std::memcpy(out.bytes.data(), reinterpret_cast<const char*>(&address.addr) + offsetof(sockaddr_in6, sin6_addr), 16);
  }
  return out;
}

const SSL* tls_of(CURL* easy) {
  curl_tlssessioninfo* session = nullptr;
  curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &session);
  return session == nullptr ? nullptr : static_cast<const SSL*>(session->internals);
}

}  // namespace

CurlFlight::CurlFlight(const CurlSurroundings& surroundings, TransferStart start, std::size_t place,
                       std::int64_t now_ms)
    : surroundings_(surroundings),
      start_(std::move(start)),
      place_(place),
      proxy_(proxy_for(start_.egress, surroundings.means)),
      started_ms_(now_ms),
      connect_deadline_ms_(now_ms + std::min(start_.connect_timeout, start_.total_timeout).count()),
      total_deadline_ms_(now_ms + start_.total_timeout.count()),
      guard_(start_.body_bytes_max, start_.status_decides) {}

Status CurlFlight::check_settings() const {
  return start_.egress ? check_named(*start_.egress, surroundings_.means) : Done{};
}

EgressVerdict CurlFlight::judge_url() const {
  return judge_target(surroundings_.egress, merchants_rules(), url().host, url().port);
}

std::optional<IpAddress> CurlFlight::source_address() const {
  const bool own = start_.egress && start_.egress->source_address;
  return own ? start_.egress->source_address : surroundings_.means.source_address;
}

EgressVerdict CurlFlight::take_addresses(const std::vector<IpAddress>& addresses) {
  const std::optional<IpAddress> source = source_address();
  for (const IpAddress& address : addresses) {
    EgressVerdict verdict = judge_address(surroundings_.egress, merchants_rules(), address, url().port);
    if (!verdict.allowed) return verdict;
    const bool usable = !source || is_v4(*source) == is_v4(address) || proxy_ != nullptr;
    if (usable && addresses_.size() < kAddressesTriedMax) addresses_.push_back(address);
  }
  return {true, {}};
}

CurlFlight::Next CurlFlight::prepare(CurlEasy easy, std::int64_t now_ms) {
  if (next_address_ == addresses_.size()) return Next::kNoAddressLeft;
  const std::int64_t connect_ms = connect_deadline_ms_ - now_ms;
  if (connect_ms <= 0) return Next::kNoTimeLeft;
  if (!easy) return Next::kNoMemory;
  easy_ = std::move(easy);
  headers_ = CurlList();
  pin_ = CurlList();
  error_text_[0] = '\0';
  socket_errno_ = 0;
  opened_ = CURL_SOCKET_BAD;
  socket_ = CURL_SOCKET_BAD;
  const auto left = static_cast<std::int64_t>(addresses_.size() - next_address_);
  ++next_address_;
  // "Any host and port of this transfer goes to this address": Host header, SNI and verification keep the name.
  target_ = to_string(SocketAddress{addresses_[next_address_ - 1], url().port});
  pin_.append(("::" + target_).c_str());

  CurlOptions options(easy_.get());
  set_request(options, start_.request, headers_);
  set_way_out(options, {start_.egress, surroundings_.means, proxy_, source_address(), start_.verify_server});
  options.set(CURLOPT_CONNECT_TO, pin_.get())
      .set(CURLOPT_FRESH_CONNECT, 0L)  // the flight before may have set either
      .set(CURLOPT_FORBID_REUSE, 0L)
      .set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(connect_ms / left, 1)))
      .set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(total_deadline_ms_ - now_ms, 1)))
      .set(CURLOPT_ERRORBUFFER, error_text_.data());
  for (const CURLoption option : {CURLOPT_PRIVATE, CURLOPT_HEADERDATA, CURLOPT_WRITEDATA, CURLOPT_PREREQDATA,
                                  CURLOPT_OPENSOCKETDATA, CURLOPT_SSL_CTX_DATA}) {
    options.set(option, static_cast<void*>(this));
  }
  return options.complete() && headers_.complete() && pin_.complete() ? Next::kReady : Next::kNoMemory;
}

// What stays as it is from one transfer to the next: two thirds of all options. The callbacks are told of their flight
// by prepare(). The connection outlives the flight, so that the function that closes it must not point at one.
bool CurlFlight::configure(CURL* easy, const CurlSurroundings& surroundings) {
  CurlOptions options(easy);
  set_fixed_options(options);
  options.set(CURLOPT_USERAGENT, surroundings.user_agent.c_str())
      .set(CURLOPT_CLOSESOCKETDATA, &surroundings.sockets)
      .set(
          CURLOPT_CLOSESOCKETFUNCTION,
          +[](void* sockets, curl_socket_t socket) { return static_cast<CurlSockets*>(sockets)->close(socket); })
      .set(
          CURLOPT_HEADERFUNCTION,
          +[](char* bytes, std::size_t size, std::size_t count, void* self) {
            return static_cast<CurlFlight*>(self)->on_header(bytes, size * count);
          })
      .set(
          CURLOPT_WRITEFUNCTION,
          +[](char* bytes, std::size_t size, std::size_t count, void* self) {
            return static_cast<CurlFlight*>(self)->on_body(bytes, size * count);
          })
      // Called each time the request is begun on a connection that stands: twice when libcurl resends by itself.
      .set(
          CURLOPT_PREREQFUNCTION,
          +[](void* self, char* peer, char* own, int peer_port, int own_port) {
            static_cast<CurlFlight*>(self)->on_request(
                fmt::format(FMT_COMPILE("{} {} {} {}"), own_port, peer_port, peer, own));
            return static_cast<int>(CURL_PREREQFUNC_OK);
          })
      .set(
          CURLOPT_OPENSOCKETFUNCTION,
          +[](void* self, curlsocktype, curl_sockaddr* address) {
            return static_cast<CurlFlight*>(self)->open_socket(*address);
          })
      .set(
          CURLOPT_SSL_CTX_FUNCTION, +[](CURL*, void* context, void* self) {
            const bool ready = static_cast<CurlFlight*>(self)->prepare_tls(static_cast<SSL_CTX*>(context));
            return ready ? CURLE_OK : CURLE_ABORTED_BY_CALLBACK;
          });
  return options.complete();
}

CurlEasy CurlFlight::make_easy(const CurlSurroundings& surroundings) {
  CurlEasy easy(curl_easy_init());
  if (easy && !configure(easy.get(), surroundings)) easy.reset();
  return easy;
}

bool CurlFlight::prepare_tls(SSL_CTX* context) const {
  require_strong_keys(context);
  const bool own_authority = start_.egress && !start_.egress->authority.empty();
  return count_records(context) && (own_authority || surroundings_.trust.install(context));
}

// The last check before a packet leaves: it sees the binary address, whatever path a name or a spelling took to it.
EgressVerdict CurlFlight::judge_socket(const curl_sockaddr& address) const {
  if (proxy_ == nullptr) {
    return judge_address(surroundings_.egress, merchants_rules(), address_of(address), url().port);
  }
  const bool is_proxy = address_of(address) == proxy_->address;
  return {is_proxy, is_proxy ? "" : "a connection past the configured proxy"};
}

curl_socket_t CurlFlight::open_socket(const curl_sockaddr& address) {
  EgressVerdict verdict = judge_socket(address);
  if (!verdict.allowed) {
    egress_reason_ = std::move(verdict.reason);
    return CURL_SOCKET_BAD;
  }
  const int socket = ::socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
  if (socket < 0) socket_errno_ = errno;
  opened_ = socket < 0 ? CURL_SOCKET_BAD : socket;
  return opened_;
}

// libcurl sends once more when a connection that it used again turns out to be closed. What closed one has often closed
// all, and it would try up to five of them: the second send goes on a new connection, after which there is no third.
void CurlFlight::on_request(std::string ends) {
  requests_started_ += 1;
  curl_easy_setopt(easy_.get(), CURLOPT_FRESH_CONNECT, 1L);
  socket_ = std::exchange(opened_, CURL_SOCKET_BAD);
  if (socket_ == CURL_SOCKET_BAD) {
    socket_ = surroundings_.sockets.named(ends);
    return;
  }
  surroundings_.sockets.name(socket_, std::move(ends));
  // What a proxy has said about its tunnel is not the receiver's.
  if (proxy_ != nullptr && !url().tls) surroundings_.sockets.note_heard(socket_, heard_on(socket_, nullptr));
}

std::size_t CurlFlight::on_header(const char* bytes, std::size_t count) {
  if (!guard_.on_header_line({bytes, count})) return 0;
  if (start_.status_decides && guard_.headers_complete()) decide();
  if (guard_.message_ended()) close_unless_silent();
  return count;
}

std::size_t CurlFlight::on_body(const char* bytes, std::size_t count) {
  if (!guard_.on_body({bytes, count})) return CURL_WRITEFUNC_ERROR;
  if (guard_.message_ended()) close_unless_silent();
  return count;
}

// Noted rather than stopped here: a short body that came in the same packet still ends the message, and the connection
// stays usable. The transport cuts off what is not over when libcurl has read all there is: a body that nobody reads,
// or the rest of a request whose answer is there already.
void CurlFlight::decide() {
  if (!std::exchange(decided_, true)) surroundings_.decided.push_back(ticket());
}

// The answer is over. A receiver that has said more than that would have its words taken for the answer to the next
// request, so this request is the connection's last.
void CurlFlight::close_unless_silent() {
  decide();
  if (socket_ != CURL_SOCKET_BAD && guard_.leaves_connection_clean()) {
    const std::uint64_t heard = heard_on(socket_, url().tls ? tls_of(easy_.get()) : nullptr);
    const std::uint64_t answered = surroundings_.sockets.heard_before(socket_) + guard_.bytes_seen();
    if (heard <= answered) return surroundings_.sockets.note_heard(socket_, heard);
  }
  curl_easy_setopt(easy_.get(), CURLOPT_FORBID_REUSE, 1L);
}

bool CurlFlight::may_go_on_after(const Transfer& failed, std::int64_t now_ms) {
  if (!may_try_next_address(failed.end) || next_address_ == addresses_.size() || now_ms >= connect_deadline_ms_) {
    return false;
  }
  if (!is_ours(failed.end)) {
    earlier_end_ = failed.end;
    earlier_detail_ = failed.detail;
  }
  return true;
}

// Whether prepare() has set options that other flights do not.
bool CurlFlight::has_own_way() const {
  return start_.egress || proxy_ != nullptr || source_address() || !start_.verify_server;
}

CurlEasy CurlFlight::release_easy() {
  if (!easy_) return nullptr;
  if (has_own_way()) {
    curl_easy_reset(easy_.get());
    if (!configure(easy_.get(), surroundings_)) easy_.reset();
  } else {
    curl_easy_setopt(easy_.get(), CURLOPT_ERRORBUFFER, nullptr);
  }
  return std::move(easy_);
}

TransferEnd CurlFlight::end_after(CURLcode code) const {
  // Whatever became of the body then, which nobody reads.
  if (decided_ && start_.status_decides) return TransferEnd::kComplete;
  if (guard_.stopped_by() != TransferEnd::kComplete) return guard_.stopped_by();
  if (decided_) return TransferEnd::kComplete;
  if (code == CURLE_OK && guard_.headers_complete() && !guard_.ends_with_connection()) return TransferEnd::kBadHttp;
  if (!egress_reason_.empty() && requests_started_ == 0) return TransferEnd::kEgressRefused;
  long os_errno = socket_errno_;
  if (os_errno == 0) curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &os_errno);
  CurlFacts facts{code, static_cast<int>(os_errno), requests_started_ > 0, guard_.headers_complete(), url().tls};
  facts.has_route = code != CURLE_COULDNT_CONNECT || proxy_ != nullptr || has_route(addresses_[next_address_ - 1]);
  if (proxy_ != nullptr) add_proxy_facts(facts);
  return end_of(facts);
}

void CurlFlight::add_proxy_facts(CurlFacts& facts) const {
  long own_port = 0;  // 0 as long as the connection to the proxy does not stand; the connect time is the tunnel's
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_LOCAL_PORT, &own_port);
  curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_CONNECTCODE, &status);
  facts.via_proxy = true;
  facts.reached_proxy = own_port > 0;
  facts.proxy_status = static_cast<int>(status);
}

std::string CurlFlight::words_for(CURLcode code, TransferEnd end) const {
  if (end == TransferEnd::kComplete) return {};
  if (!guard_.stop_reason().empty()) return guard_.stop_reason();
  if (!egress_reason_.empty()) return egress_reason_;
  if (code == CURLE_OK) {
    return guard_.headers_complete() ? "libcurl and ackd disagree where it ends"
                                     : "the connection ended inside the headers";
  }
  // libcurl says "out of memory", which would send people looking on the wrong machine.
  if (end == TransferEnd::kHeaderCap) return "a line of more than 100 KiB";
  if (socket_errno_ != 0) return fmt::format("socket: {}", std::strerror(socket_errno_));
  if (code == CURLE_PEER_FAILED_VERIFICATION) {
    long verified = X509_V_OK;
    curl_easy_getinfo(easy_.get(), CURLINFO_SSL_VERIFYRESULT, &verified);
    // libcurl compares the host by itself, and leaves the result unspecified where that fails.
    if (verified != X509_V_OK && verified != X509_V_ERR_UNSPECIFIED) return words_for_certificate(verified);
  }
  return error_text_[0] != '\0' ? error_text_.data() : curl_easy_strerror(code);
}

Transfer CurlFlight::report(CURLcode code, std::int64_t now_ms) {
  const TransferEnd end = end_after(code);
  const bool earlier_counts = is_ours(end) && earlier_end_ != TransferEnd::kComplete;
  return report(earlier_counts ? earlier_end_ : end, earlier_counts ? earlier_detail_ : words_for(code, end), now_ms);
}

Transfer CurlFlight::report(TransferEnd end, std::string detail, std::int64_t now_ms) {
  Transfer transfer;
  transfer.ticket = ticket();
  transfer.end = end;
  transfer.status = guard_.status() >= 200 ? guard_.status() : 0;
  transfer.headers_complete = guard_.headers_complete();
  transfer.body = std::move(guard_.body());
  transfer.content_type = guard_.content_type();
  transfer.detail = std::move(detail);
  transfer.silent_resends = std::max(requests_started_ - 1, 0);
  fill_in(transfer, now_ms);
  return transfer;
}

void CurlFlight::fill_in(Transfer& transfer, std::int64_t now_ms) const {
  transfer.took = Duration(now_ms - started_ms_);
  if (!easy_) return;
  curl_off_t connected_us = 0;
  const char* ip = nullptr;
  long port = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_CONNECT_TIME_T, &connected_us);
  curl_easy_getinfo(easy_.get(), CURLINFO_PRIMARY_IP, &ip);
  curl_easy_getinfo(easy_.get(), CURLINFO_PRIMARY_PORT, &port);
  const bool connected = requests_started_ > 0 || connected_us > 0;
  const Result<IpAddress> next = parse_ip(connected && ip != nullptr ? ip : "");
  if (next) {
    const SocketAddress peer{*next, static_cast<std::uint16_t>(port)};
    const bool is_target = peer.address == addresses_[next_address_ - 1] && peer.port == url().port;
    transfer.peer = is_target ? target_ : to_string(peer);
    if (proxy_ != nullptr) transfer.peer = fmt::format("{} through {}", target_, transfer.peer);
  }
  if (!guard_.headers_complete() || !guard_.has_retry_after()) return;
  if (guard_.retry_after_s()) {
    transfer.retry_after_s = *guard_.retry_after_s();
    return;
  }
  curl_off_t retry_after_s = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RETRY_AFTER, &retry_after_s);
  transfer.retry_after_s = std::max<curl_off_t>(retry_after_s, 0);
}

}  // namespace ackd
