// The sockets of every shard, watched through one epoll descriptor that the loop polls.
//
// Lazy on purpose: a socket stays in the epoll set while its connection idles between two requests and leaves it only
// when it is closed or when it becomes ready while nobody wants it. That is a tenth of an epoll_ctl a request instead
// of four, and no libuv handle per socket.
#pragma once

#include <curl/curl.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/unique_fd.h"
#include "loop/uv_loop.h"

namespace ackd {

class CurlSockets {
 public:
  // `curl_events` is a set of CURL_CSELECT_IN and CURL_CSELECT_OUT. Errors arrive as readable: reading shows them.
  using Ready = std::function<void(std::size_t shard, curl_socket_t socket, int curl_events)>;

  CurlSockets(UvLoop& loop, UniqueFd epoll, Ready ready);

  // What libcurl's socket callback asks for: CURL_POLL_IN, _OUT, _INOUT or _REMOVE.
  void want(curl_socket_t socket, std::size_t shard, int what);
  // Forgets the socket and closes it. Every socket of libcurl must be closed here: a stale entry would report another
  // shard's socket of the same number.
  int close(curl_socket_t socket);

 private:
  struct Entry {
    std::size_t shard = 0;
    std::uint32_t wanted = 0;  // epoll events
    std::uint32_t armed = 0;
  };
  void on_readable();
  void arm(curl_socket_t socket, Entry& entry, std::uint32_t events);

  UniqueFd epoll_;
  Ready ready_;
  std::vector<Entry> entries_;  // by descriptor
  Poll poll_;
};

}  // namespace ackd
