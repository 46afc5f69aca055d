// One transfer under way: its request, the addresses it may use, the libcurl handle that works for it and what has been
// seen so far. libcurl calls back into it; it never calls the transport, it only notes facts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/egress.h"
#include "policy/egress_settings.h"
#include "transport/curl_handles.h"
#include "transport/curl_result.h"
#include "transport/curl_sockets.h"
#include "transport/response_guard.h"
#include "transport/transport.h"
#include "transport/trust_store.h"

namespace ackd {

// What every flight shares; all of it outlives every flight.
struct CurlSurroundings {
  const EgressPolicy& egress;
  const EgressMeans& means;
  const TrustStore& trust;
  const std::string& user_agent;
  CurlSockets& sockets;
  std::vector<Ticket>& decided;  // gets the tickets of flights that need no more of their answer
};

class CurlFlight {
 public:
  // Of one name at most this many addresses are tried: a hostile name has a thousand.
  static constexpr std::size_t kAddressesTriedMax = 4;

  // `place` is the transport's note of where it runs.
  CurlFlight(const CurlSurroundings& surroundings, TransferStart start, std::size_t place, std::int64_t now_ms);
  // The handles' callbacks hold its address.
  CurlFlight(const CurlFlight&) = delete;
  CurlFlight& operator=(const CurlFlight&) = delete;

  // A handle with what all flights have in common, ready for prepare(); nothing when memory is out.
  static CurlEasy make_easy(const CurlSurroundings& surroundings);

  Ticket ticket() const { return start_.ticket; }
  std::size_t place() const { return place_; }
  const Url& url() const { return start_.request.url; }
  std::int64_t connect_deadline_ms() const { return connect_deadline_ms_; }
  Duration connect_timeout() const { return start_.connect_timeout; }

  // Whether everything that the merchant's settings name is there.
  Status check_settings() const;
  // What the policy says to the URL before its host is looked up.
  EgressVerdict judge_url() const;
  // Judges every address, whatever the number: a name that mixes public and forbidden addresses is refused as a whole.
  // Keeps those of the source address's family, where one is set.
  EgressVerdict take_addresses(const std::vector<IpAddress>& addresses);
  bool has_address() const { return !addresses_.empty(); }
  // Whether an address was connected to; until then all time went into finding one.
  bool has_tried() const { return next_address_ > 0; }

  enum class Next { kReady, kNoAddressLeft, kNoTimeLeft, kNoMemory };
  // Sets up `easy` for the next address, with its share of what is left of the connect timeout. The flight owns it from
  // here on. REQUIRES: take_addresses() allowed them.
  Next prepare(CurlEasy easy, std::int64_t now_ms);

  // Whether a failure to connect may be followed by the next address. Notes that failure, so that "refused by one
  // address, no route to the other" is reported as refused.
  bool may_go_on_after(const Transfer& failed, std::int64_t now_ms);

  CURL* easy() const { return easy_.get(); }
  // As make_easy() gives it; nothing when memory is out.
  CurlEasy release_easy();

  // What is known now. `code` is libcurl's; without one the flight is ended from outside with `end`.
  Transfer report(CURLcode code, std::int64_t now_ms);
  Transfer report(TransferEnd end, std::string detail, std::int64_t now_ms);

 private:
  static bool configure(CURL* easy, const CurlSurroundings& surroundings);
  bool has_own_way() const;
  void fill_in(Transfer& transfer, std::int64_t now_ms) const;
  TransferEnd end_after(CURLcode code) const;
  std::string words_for(CURLcode code, TransferEnd end) const;

  const EgressRules* merchants_rules() const { return start_.egress ? &start_.egress->rules : nullptr; }
  std::optional<IpAddress> source_address() const;
  bool prepare_tls(SSL_CTX* context) const;
  void add_proxy_facts(CurlFacts& facts) const;
  EgressVerdict judge_socket(const curl_sockaddr& address) const;
  curl_socket_t open_socket(const curl_sockaddr& address);
  void on_request(std::string ends);
  std::size_t on_header(const char* bytes, std::size_t count);
  std::size_t on_body(const char* bytes, std::size_t count);
  void decide();
  void close_unless_silent();

  const CurlSurroundings& surroundings_;
  TransferStart start_;
  std::size_t place_;
  const SocketAddress* proxy_;  // nullptr when the request goes straight to the receiver
  std::int64_t started_ms_;
  std::int64_t connect_deadline_ms_;
  std::int64_t total_deadline_ms_;
  std::vector<IpAddress> addresses_;
  std::size_t next_address_ = 0;
  std::string target_;  // the address in use, with its port

  ResponseGuard guard_;
  bool decided_ = false;  // by its status, or because it is whole
  int requests_started_ = 0;
  int socket_errno_ = 0;
  curl_socket_t opened_ = CURL_SOCKET_BAD;  // for a request that has not begun
  curl_socket_t socket_ = CURL_SOCKET_BAD;  // of the request that was begun last
  std::string egress_reason_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  TransferEnd earlier_end_ = TransferEnd::kComplete;  // of an address tried before; kComplete for none
  std::string earlier_detail_;

  CurlList headers_;
  CurlList pin_;
  CurlEasy easy_;  // last, so destroyed first: it points at the lists
};

}  // namespace ackd
