// The production Transport: libcurl over libuv with many multi handles, names by c-ares, one trust store.
//
//   start -> egress policy: URL -> [literal address | pinned | Resolver] -> egress policy: every address
//         -> CurlFlight on a CurlShard, past the policy again at its socket -> finished
//                             '-- connect failed, nothing sent: next address
//
// Everything runs on the loop's thread. libcurl and c-ares only queue facts; the engine takes them in its next turn.
#pragma once

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "loop/uv_loop.h"
#include "policy/egress.h"
#include "transport/curl_flight.h"
#include "transport/curl_shard.h"
#include "transport/curl_sockets.h"
#include "transport/host_spread.h"
#include "transport/resolver.h"
#include "transport/transport.h"
#include "transport/trust_store.h"

namespace ackd {

struct CurlTransportOptions {
  std::size_t shards = 64;
  std::string ca_file = "/etc/ssl/certs/ca-certificates.crt";
  EgressPolicy egress;
  EgressMeans means;
  ResolverOptions names;
  std::string user_agent = "ackd";
  // For the store, logs and the resolver's own sockets; more where others in the process need theirs.
  std::size_t descriptors_reserved = 128;
  Duration sweep_every{10'000};  // how often idle connections that are old or closed by their peer are dropped
};

class CurlTransport : public Transport {
 public:
  // Reads the certificates and the descriptor limit, which must have its final value by now. Half of the limit, less
  // what is reserved, goes to running transfers, half to idle connections.
  static Result<std::unique_ptr<CurlTransport>> create(UvLoop& loop, CurlTransportOptions options);
  // Drops what is running without reporting it.
  ~CurlTransport() override;

  bool room() const override { return flights_.size() < transfers_max_; }
  void start(TransferStart start) override;
  std::vector<Transfer> take_finished() override;
  void abort_all() override;

  std::size_t running() const { return flights_.size(); }
  std::size_t transfers_max() const { return transfers_max_; }

 private:
  using Deadline = std::pair<std::int64_t, Ticket>;
  struct CurlLibrary {
    CurlLibrary();
    ~CurlLibrary();
  };

  CurlTransport(UvLoop& loop, CurlTransportOptions options, TrustStore trust, UniqueFd epoll, std::size_t descriptors);

  void wait_for_name(CurlFlight& flight);
  void on_name(const std::string& host, const NameAnswer& answer);
  void on_name_deadline();
  void arm_name_timer();
  void use_answer(CurlFlight& flight, const NameAnswer& answer);
  void connect(CurlFlight& flight);
  void on_done(CURL* easy, CURLcode code);
  void cut_decided();
  void sweep();
  CurlShard& shard_of(const CurlFlight& flight);
  CurlEasy take_easy();
  void keep_easy(CurlEasy easy);
  void finish(CurlFlight& flight, Transfer transfer);
  void finish(CurlFlight& flight, TransferEnd end, std::string detail);

  CurlLibrary library_;
  UvLoop& loop_;
  CurlTransportOptions options_;
  TrustStore trust_;
  std::size_t transfers_max_;
  std::vector<Transfer> finished_;
  std::vector<Ticket> decided_;
  std::vector<CurlEasy> spare_easies_;

  CurlSockets sockets_;
  CurlSurroundings surroundings_;
  CurlShard::Listener listener_;
  std::vector<std::unique_ptr<CurlShard>> shards_;
  HostSpread spread_;
  std::unordered_map<Ticket, std::unique_ptr<CurlFlight>> flights_;

  std::unordered_map<std::string, std::vector<Ticket>> name_waiters_;
  std::set<Deadline> name_deadlines_;
  Timer name_timer_;
  Timer sweep_timer_;
  std::unique_ptr<Resolver> resolver_;
};

}  // namespace ackd
