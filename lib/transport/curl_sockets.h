// The sockets of every shard, watched through one epoll descriptor that the loop polls.
//
// Lazy on purpose: a socket stays in the epoll set while its connection idles between two requests and leaves it only
// when it is closed or when it becomes ready while nobody wants it. That is a tenth of an epoll_ctl a request instead
// of four, and no libuv handle per socket.
//
// An idle connection has nothing to say. What arrives on one is its end, or bytes that answer no request; libcurl 7.88
// would take those for the answer to the next one. So its socket is emptied and shut down, and libcurl, which looks
// before it uses a connection again, finds it dead.
#pragma once

#include <curl/curl.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
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
  // Handles what is ready now. Called before connections are chosen, so that one that broke its silence since the loop
  // last polled is not chosen.
  void look();

  // libcurl does not say on which socket a transfer works that uses a connection again, only the addresses at its ends.
  // So a new socket is named by them, until it is closed.
  void name(curl_socket_t socket, std::string ends);
  curl_socket_t named(const std::string& ends) const;  // CURL_SOCKET_BAD when there is none

  // What heard_on() said when the newest answer on this socket ended: 0 for a new one. REQUIRES: it has a name.
  std::uint64_t heard_before(curl_socket_t socket) const { return entry(socket).heard; }
  void note_heard(curl_socket_t socket, std::uint64_t bytes) { entry(socket).heard = bytes; }

 private:
  struct Entry {
    std::size_t shard = 0;
    std::uint32_t wanted = 0;  // epoll events
    std::uint32_t armed = 0;
    std::uint64_t heard = 0;
    std::string ends;
  };
  Entry& entry(curl_socket_t socket);
  const Entry& entry(curl_socket_t socket) const { return entries_.at(static_cast<std::size_t>(socket)); }
  void arm(curl_socket_t socket, Entry& entry, std::uint32_t events);

  UniqueFd epoll_;
  Ready ready_;
  std::vector<Entry> entries_;  // by descriptor
  std::unordered_map<std::string, curl_socket_t> named_;
  Poll poll_;
};

}  // namespace ackd
