// A loop and a transport, and runs of it with a deadline.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "loop/uv_loop.h"
#include "scripted_dns.h"
#include "scripted_server.h"
#include "transport/curl_transport.h"

namespace ackd::test {

inline CurlTransportOptions loopback_allowed() {
  CurlTransportOptions options;
  options.shards = 4;
  options.egress.rules.allow = {parse_cidr("127.0.0.0/8").value()};
  options.egress.rules.ports = {{1, 65535}};
  options.user_agent = "ackd/test";
  return options;
}

// The promise is 50 ms, which a machine shared with other test programs cannot keep by itself; what these tests guard
// against, a call that blocks until a timeout, takes seconds.
inline constexpr std::int64_t kStallLimitMs = 250;

class Fixture {
 public:
  explicit Fixture(CurlTransportOptions options = loopback_allowed())
      : transport_(std::move(CurlTransport::create(loop, std::move(options)).value())) {}

  UvLoop loop;
  CurlTransport& transport() { return *transport_; }

  TransferStart post(std::uint16_t port, const std::string& host = "127.0.0.1") {
    TransferStart start;
    start.ticket = ++last_ticket_;
    start.request.method = "POST";
    start.request.url = {false, host, port, "/notify", ""};
    start.request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    start.request.body = "order=42";
    start.connect_timeout = Duration(2'000);
    start.total_timeout = Duration(4'000);
    return start;
  }

  // Runs until `count` transfers have finished; gives up after ten seconds. In the order of their tickets.
  std::vector<Transfer> finish(std::size_t count) {
    std::vector<Transfer> finished;
    Timer deadline(loop, [&] { loop.stop(); });
    deadline.arm(Duration(10'000));
    std::int64_t turn_ended_ms = loop.monotonic_ms();
    Timer heartbeat(loop, [&] {
      worst_stall_ms = std::max(worst_stall_ms, loop.monotonic_ms() - turn_ended_ms - 1);
      turn_ended_ms = loop.monotonic_ms();
      heartbeat.arm(Duration(1));
    });
    heartbeat.arm(Duration(1));
    loop.run([&] {
      for (Transfer& transfer : transport_->take_finished()) finished.push_back(std::move(transfer));
      if (finished.size() >= count) loop.stop();
    });
    std::sort(finished.begin(), finished.end(), [](const auto& a, const auto& b) { return a.ticket < b.ticket; });
    REQUIRE(finished.size() == count);
    return finished;
  }

  Transfer run(TransferStart start) {
    transport_->start(std::move(start));
    return finish(1).front();
  }
  Transfer run(std::uint16_t port) { return run(post(port)); }

  std::int64_t worst_stall_ms = 0;

 private:
  std::unique_ptr<CurlTransport> transport_;
  Ticket last_ticket_ = 0;
};

}  // namespace ackd::test
