// The API over HTTP/1.1, on a unix socket and on TCP of loopback: libmicrohttpd inside our loop. A connection is
// suspended while its request is with the Api, so an answer leaves only after the commit, and a slow commit holds no
// thread.
//
// Order of a turn: engine.turn() -> api.pump() -> http.deliver().
#pragma once

#include <memory>
#include <vector>

#include "api/api.h"
#include "base/result.h"
#include "http/tcp_listener.h"
#include "http/unix_listener.h"
#include "loop/uv_loop.h"

namespace ackd {

class HttpServer {
 public:
  struct Options {
    unsigned connections_max = 1'024;  // beyond it those that ask nothing make room, oldest first
    Duration phase_max{60'000};        // to bring a request's head, then its body, then to take the answer
    std::size_t body_bytes_max = kIngestBytesMax;
    // Of all bodies that are being read or wait for their answer: a thousand clients with 16 MiB each must not be
    // 16 GiB. Beyond it a request is told to come back (503).
    std::size_t bodies_bytes_max = 64u << 20;
  };

  struct Listeners {
    UnixListener socket;
    std::vector<TcpListener> tcp;
  };

  // The loop and the api must outlive the server.
  static Result<std::unique_ptr<HttpServer>> start(UvLoop& loop, const Options& options, Listeners listeners, Api& api);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Hands finished responses to their connections. A response whose client has gone is dropped.
  void deliver();

  // Answers whoever still waits with 503, closes everything and removes the socket. Nothing is served after it.
  void stop();

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ackd
