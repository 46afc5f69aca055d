// One of many libcurl multi handles, with its timer.
//
// Why many: libcurl's work per transfer grows with the hosts in one multi (145 us at 5,000 hosts, 27 us when they are
// spread over 64), and once a second it looks at every idle connection of a multi in one go.
#pragma once

#include <cstddef>
#include <functional>

#include "loop/uv_loop.h"
#include "transport/curl_handles.h"
#include "transport/curl_sockets.h"

namespace ackd {

class CurlShard {
 public:
  struct Listener {
    std::function<void(CURL* easy, CURLcode code)> done;  // the easy handle is out of the multi again
    std::function<void()> passed;                         // after each pass of libcurl over its sockets
  };

  // `connections_max` idle connections are kept. `sockets` and `listener` must outlive the shard.
  CurlShard(UvLoop& loop, CurlSockets& sockets, const Listener& listener, std::size_t index, long connections_max);
  // REQUIRES: every transfer has ended or was removed.
  ~CurlShard();
  CurlShard(const CurlShard&) = delete;
  CurlShard& operator=(const CurlShard&) = delete;

  // False when libcurl has no memory for it. Never calls the listener from inside.
  bool add(CURL* easy);
  // Takes out a transfer that has not ended; its connection is closed.
  void remove(CURL* easy);
  // Socket activity, as CurlSockets reports it.
  void act(curl_socket_t socket, int curl_events);
  // Closes idle connections that are too old or whose peer has gone. libcurl does so only when a transfer starts, so a
  // shard that falls silent would keep them, and their descriptors, for ever.
  void sweep();

 private:
  void collect();

  CurlSockets& sockets_;
  const Listener& listener_;
  std::size_t index_;
  Timer timer_;
  CurlEasy sweeper_;
  bool sweeping_ = false;
  bool used_ = false;
  CurlMulti multi_;  // after everything that its end calls back into
};

}  // namespace ackd
