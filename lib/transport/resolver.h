// Names to addresses with c-ares inside the loop: no threads, no call that blocks, every lookup bounded in time.
//
// libcurl's own resolver is a thread that a timed-out transfer must join: one silent name server froze the whole loop
// for nine seconds (measured). So libcurl is given addresses only.
#pragma once

#include <ares.h>

#include <cstddef>
#include <cstdint>
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

class Resolver {
 public:
  // More questions at once over c-ares's one UDP socket lose answers: 1,000 lost up to half, 100 none. Only young ones
  // count: a name that is never answered holds its question for seconds, and a thousand of them would keep a name that
  // is well waiting for longer than its connect timeout. What is that late does not come in a crowd.
  static constexpr std::size_t kYoungMax = 64;
  static constexpr std::int64_t kYoungMs = 200;
  static constexpr std::size_t kWaitingMax = 4'096;

  // Called from the loop when the answer to a host that was asked for is there. The answer is only lent.
  using Answered = std::function<void(const std::string& host, const NameAnswer& answer)>;

  // `servers` ("127.0.0.1:5353,...") replaces those of resolv.conf; empty keeps them. Fails when c-ares cannot start
  // or when `servers` is malformed.
  static Result<std::unique_ptr<Resolver>> create(UvLoop& loop, const std::string& servers, Answered answered);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // The answer if it is known, lent until the next call. Otherwise null, and `answered` follows once for this host,
  // never from inside this call; asking again meanwhile adds nothing.
  const NameAnswer* ask(const std::string& host);
  // Nobody waits for this host any more: a question that has not gone out yet is dropped, and not answered.
  void forget(const std::string& host);

 private:
  struct ChannelCloser {
    void operator()(ares_channel channel) const { ares_destroy(channel); }
  };
  using Channel = std::unique_ptr<std::remove_pointer_t<ares_channel>, ChannelCloser>;
  struct Question {
    Resolver* resolver;
    std::string host;
    std::uint64_t number;
  };

  Resolver(UvLoop& loop, Answered answered);
  Status open(const std::string& servers);
  void start_waiting();
  void query(const std::string& host);
  void on_answer(const Question& question, int status, ares_addrinfo* found);
  void watch_socket(ares_socket_t socket, bool readable, bool writable);
  void process(ares_socket_t readable, ares_socket_t writable);
  void settle();
  bool has_room();
  void arm_timeout();

  UvLoop& loop_;
  Answered answered_;
  NameCache cache_;
  std::unordered_map<std::string, bool> wanted_;  // asked and not answered yet; true once the question went out
  std::deque<std::string> waiting_;               // may still hold hosts that were forgotten
  std::uint64_t last_number_ = 0;
  std::map<std::uint64_t, std::int64_t> young_;  // questions without an answer, by number: when they went out
  std::vector<std::string> fresh_;               // answers that settle() has still to pass on
  bool closing_ = false;
  NameAnswer overloaded_;
  NameAnswer localhost_;
  Timer timeout_;
  Timer settle_soon_;
  std::unordered_map<ares_socket_t, std::unique_ptr<Poll>> sockets_;
  Channel channel_;  // last: its end calls back into everything above
};

}  // namespace ackd
