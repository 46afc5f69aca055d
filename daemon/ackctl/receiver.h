// A small HTTP server that plays the merchant. libmicrohttpd stays behind this header.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "ackctl/received.h"
#include "base/result.h"
#include "base/time.h"

struct MHD_Daemon;

namespace ackd {

struct ReceiverAnswer {
  int status = 200;
  std::string content_type;
  std::string body;
  Duration delay{0};  // before the answer begins
};

// One thread a connection, because a slow answer is told by sleeping; made for trying things out, not for the internet.
class Receiver {
 public:
  // Called from several threads at once.
  using OnRequest = std::function<ReceiverAnswer(const ReceivedRequest&)>;
  using OnAnswered = std::function<void()>;  // an answer was sent, or its connection broke

  // More of a request is answered with 413.
  static constexpr std::size_t kRequestBytesMax = 1024 * 1024;

  Receiver(OnRequest on_request, OnAnswered on_answered);
  // Closes every connection; answers that are still delayed are not sent.
  ~Receiver();
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  // Listens on a numeric address; port 0 lets the system choose. Returns the port.
  Result<std::uint16_t> start(const std::string& host, std::uint16_t port);

 private:
  struct Callbacks;
  struct DaemonCloser {
    void operator()(MHD_Daemon* daemon) const;
  };

  // Sleeps, but not longer than the receiver lives. False when it ended meanwhile.
  bool wait(Duration delay);

  OnRequest on_request_;
  OnAnswered on_answered_;
  std::mutex mutex_;
  std::condition_variable stopping_changed_;
  bool stopping_ = false;
  std::unique_ptr<MHD_Daemon, DaemonCloser> daemon_;
};

}  // namespace ackd
