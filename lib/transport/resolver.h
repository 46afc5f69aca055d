// Names to addresses with c-ares inside the loop: no threads, no call that blocks, every lookup bounded in time.
//
// libcurl's own resolver is a thread that a timed-out transfer must join: one silent name server froze the whole loop
// for nine seconds (measured). So libcurl is given addresses only.
#pragma once

#include <ares.h>

#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "loop/uv_loop.h"
#include "transport/name_cache.h"

namespace ackd {

using PinnedHosts = std::map<std::string, std::vector<IpAddress>>;

struct ResolverOptions {
  std::string servers;  // "127.0.0.1:5353,..." instead of those of resolv.conf; empty keeps them
  PinnedHosts pinned;   // hosts that no name server is asked about
};

class Resolver {
 public:
  // More questions at once over c-ares's one UDP socket lose answers: 1,000 lost up to half, 100 none.
  static constexpr std::size_t kInFlightMax = 64;
  static constexpr std::size_t kWaitingMax = 4'096;

  // How a host's name servers do. A question is asked in a hurry first, so that a thousand hosts with silent ones hold
  // up nobody for long; whoever has not answered by then is asked with patience, and such questions are a quarter of
  // all at most. A quarter is always left to others, whether a thousand new hosts come at once or a thousand old ones
  // run out together.
  enum class Standing : std::uint8_t { kAnswers, kNew, kSilent };
  static constexpr std::array<std::size_t, 3> kInFlightMaxOf{kInFlightMax * 3 / 4, kInFlightMax * 3 / 4,
                                                             kInFlightMax / 4};

  // Called from the loop when the answer to a host that was asked for is there. The answer is only lent.
  using Answered = std::function<void(const std::string& host, const NameAnswer& answer)>;

  // Fails when c-ares cannot start or when the servers are malformed.
  static Result<std::unique_ptr<Resolver>> create(UvLoop& loop, const ResolverOptions& options, Answered answered);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // The answer if it is known, lent until the next call. Otherwise null, and `answered` follows once for this host,
  // never from inside this call; asking again meanwhile adds nothing.
  const NameAnswer* ask(const std::string& host);
  // Nobody waits for this host any more: a question that has not gone out yet is dropped, and not answered.
  void forget(const std::string& host);

  // Questions under way.
  std::size_t in_flight(Standing standing) const { return in_flight_[static_cast<std::size_t>(standing)]; }

 private:
  struct ChannelCloser {
    void operator()(ares_channel channel) const { ares_destroy(channel); }
  };
  using Channel = std::unique_ptr<std::remove_pointer_t<ares_channel>, ChannelCloser>;
  // One c-ares channel has one patience for all its questions.
  struct Line {
    Resolver* resolver;
    Channel channel;
  };
  struct Question {
    Resolver* resolver;
    std::string host;
    Standing standing;
  };

  Resolver(UvLoop& loop, const PinnedHosts& pinned, Answered answered);
  Status open(Line& line, int try_timeout_ms, int tries, const std::string& servers);
  Line& line_for(Standing standing) { return standing == Standing::kSilent ? patient_ : hurried_; }
  void start_waiting();
  Standing standing_of(const std::string& host) const;
  bool has_room(Standing standing) const;
  std::optional<std::string> next_host(Standing standing);
  void query(const std::string& host, Standing standing);
  void on_answer(const Question& question, int status, ares_addrinfo* found);
  void ask_with_patience(const std::string& host);
  void watch_socket(Line& line, ares_socket_t socket, bool readable, bool writable);
  void process(Line& line, ares_socket_t readable, ares_socket_t writable);
  void settle();
  void arm_timeout();

  UvLoop& loop_;
  Answered answered_;
  NameCache cache_;
  std::unordered_map<std::string, bool> wanted_;    // asked and not answered yet; true once the question went out
  std::array<std::deque<std::string>, 3> waiting_;  // by standing; may still hold hosts that were forgotten
  std::array<std::size_t, 3> in_flight_{};          // by standing
  std::vector<std::string> fresh_;                  // answers that settle() has still to pass on
  bool closing_ = false;
  NameAnswer overloaded_;
  NameAnswer localhost_;
  std::unordered_map<std::string, NameAnswer> pinned_;
  Timer timeout_;
  Timer settle_soon_;
  std::unordered_map<ares_socket_t, std::unique_ptr<Poll>> sockets_;
  // Last: their ends call back into everything above.
  Line hurried_{this, nullptr};
  Line patient_{this, nullptr};
};

}  // namespace ackd
