// A platform that hands over notifications as fast as ackd takes them, or at a given rate: one thread, one epoll,
// keep-alive connections with one request in flight each. Every notification is new and not due for a week, so that
// nothing is sent meanwhile. Prints one JSON object.
//
//   ackd_bench_ingest_client SOCKET|127.0.0.1:PORT CONNECTIONS ITEMS SECONDS [POSTS_PER_SECOND]
//
// ITEMS 1 posts single objects, more an array of so many. With a rate a post that finds no free connection waits, and
// its waiting counts: latency is measured from when it was due.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "base/unique_fd.h"

namespace {

using ackd::UniqueFd;
using Clock = std::chrono::steady_clock;

struct Plan {
  std::string address;
  std::size_t connections = 1;
  std::size_t items = 1;
  double seconds = 5;
  double posts_per_second = 0;  // 0: as fast as the answers come
};

struct Connection {
  UniqueFd fd;
  std::string received;
  Clock::time_point due;
};

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

UniqueFd connect_to(const std::string& address) {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const std::size_t colon = address.rfind(':');
  if (address.front() == '/') {
    auto* local = reinterpret_cast<sockaddr_un*>(&storage);
    local->sun_family = AF_UNIX;
    std::strncpy(local->sun_path, address.c_str(), sizeof local->sun_path - 1);
    size = sizeof *local;
  } else {
    auto* inet = reinterpret_cast<sockaddr_in*>(&storage);
    inet->sin_family = AF_INET;
    inet->sin_port = htons(static_cast<std::uint16_t>(std::atoi(address.c_str() + colon + 1)));
    inet->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    size = sizeof *inet;
  }
  UniqueFd fd(::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&storage), size) != 0) fail("connect");
  const int one = 1;
  if (storage.ss_family == AF_INET) ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

class Load {
 public:
  explicit Load(const Plan& plan)
      : plan_(plan),
        run_(std::time(nullptr)),
        not_before_(ackd::format_rfc3339((std::time(nullptr) + 7 * 86'400) * 1'000)) {
    for (std::size_t i = 0; i < plan.connections; ++i) {
      connections_.push_back({connect_to(plan.address), {}, {}});
      watch(connections_.back().fd.get(), i);
    }
    ends_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(plan.seconds));
  }

  void run() {
    started_ = Clock::now();
    plan_.posts_per_second > 0 ? arm_timer() : start_all();
    epoll_event events[256];
    while (busy_ > 0 || Clock::now() < ends_) {
      const int count = ::epoll_wait(epoll_.get(), events, 256, 1'000);
      for (int i = 0; i < count; ++i) {
        events[i].data.u64 == kTimer ? on_timer() : on_readable(events[i].data.u64);
      }
    }
  }

  void report() {
    std::ranges::sort(latencies_us_);
    const double took = std::chrono::duration<double>(Clock::now() - started_).count();
    const double posts = static_cast<double>(latencies_us_.size());
    const auto at = [&](double part) {
      return latencies_us_.empty() ? 0 : latencies_us_[static_cast<std::size_t>(part * (posts - 1))];
    };
    fmt::print(
        R"({{"posts":{},"refused":{},"seconds":{:.3f},"notifications_per_second":{:.0f},"p50_us":{},"p99_us":{}}})"
        "\n",
        latencies_us_.size(), refused_, took, posts * static_cast<double>(plan_.items) / took, at(0.5), at(0.99));
  }

 private:
  static constexpr std::uint64_t kTimer = ~0ULL;

  void watch(int fd, std::uint64_t what) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = what;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
  }

  void start_all() {
    for (Connection& connection : connections_) post(connection, Clock::now());
  }

  void arm_timer() {
    for (std::size_t i = 0; i < connections_.size(); ++i) free_.push_back(i);
    const auto ns = static_cast<long>(1e9 / plan_.posts_per_second);
    const itimerspec every{{ns / 1'000'000'000, ns % 1'000'000'000}, {0, 1}};
    if (::timerfd_settime(timer_.get(), 0, &every, nullptr) != 0) fail("timerfd_settime");
    watch(timer_.get(), kTimer);
  }

  void on_timer() {
    std::uint64_t ticks = 0;
    if (::read(timer_.get(), &ticks, sizeof ticks) < 0) return;
    if (Clock::now() >= ends_) return;
    for (std::uint64_t i = 0; i < ticks; ++i) waiting_.push_back(Clock::now());
    post_waiting();
  }

  void post_waiting() {
    while (!waiting_.empty() && !free_.empty()) {
      post(connections_[free_.back()], waiting_.front());
      free_.pop_back();
      waiting_.pop_front();
    }
  }

  std::string notification() {
    const std::uint64_t number = ++number_;
    const std::string fields = fmt::format(
        R"("memberid":"10002","orderid":"o-{}-{}","amount":"100.00","true_amount":"99.98","transaction_id":"T{}",)"
        R"("datetime":"20260301120000","returncode":"00")",
        run_, number, number);
    return fmt::format(R"({{"provider":"payindex","merchant":"m{}","not_before":"{}","fields":{{{}}}}})", number % 10,
                       not_before_, fields);
  }

  std::string body() {
    if (plan_.items == 1) return notification();
    std::string out = "[";
    for (std::size_t i = 0; i < plan_.items; ++i) out += (i > 0 ? "," : "") + notification();
    return out + "]";
  }

  void post(Connection& connection, Clock::time_point due) {
    const std::string content = body();
    const std::string request = fmt::format(
        "POST /v1/notifications HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
        "{}\r\n\r\n{}",
        content.size(), content);
    connection.due = due;
    ++busy_;
    for (std::size_t sent = 0; sent < request.size();) {
      const ssize_t some = ::send(connection.fd.get(), request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
      if (some < 0) fail("send");
      sent += static_cast<std::size_t>(some);
    }
  }

  void on_readable(std::size_t index) {
    Connection& connection = connections_[index];
    char bytes[64 * 1024];
    const ssize_t count = ::recv(connection.fd.get(), bytes, sizeof bytes, 0);
    if (count <= 0) fail("the daemon closed a connection");
    connection.received.append(bytes, static_cast<std::size_t>(count));
    if (!answered(connection.received)) return;
    if (connection.received.compare(9, 1, "2") != 0) ++refused_;
    latencies_us_.push_back(
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - connection.due).count());
    connection.received.clear();
    --busy_;
    if (plan_.posts_per_second > 0) {
      free_.push_back(index);
      post_waiting();
    } else if (Clock::now() < ends_) {
      post(connection, Clock::now());
    }
  }

  static bool answered(std::string_view received) {
    const std::size_t end = received.find("\r\n\r\n");
    if (end == std::string_view::npos) return false;
    const std::size_t length = received.find("Content-Length: ");
    if (length == std::string_view::npos || length > end) return false;
    return received.size() >= end + 4 + std::strtoul(received.data() + length + 16, nullptr, 10);
  }

  Plan plan_;
  std::int64_t run_;
  std::string not_before_;
  UniqueFd epoll_{::epoll_create1(EPOLL_CLOEXEC)};
  UniqueFd timer_{::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)};
  std::vector<Connection> connections_;
  std::vector<std::size_t> free_;
  std::deque<Clock::time_point> waiting_;
  std::vector<std::int64_t> latencies_us_;
  std::uint64_t number_ = 0;
  std::size_t busy_ = 0;
  std::size_t refused_ = 0;
  Clock::time_point started_;
  Clock::time_point ends_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    fmt::print(stderr, "ackd_bench_ingest_client SOCKET|127.0.0.1:PORT CONNECTIONS ITEMS SECONDS [POSTS_PER_SECOND]\n");
    return 2;
  }
  Plan plan{argv[1], std::strtoul(argv[2], nullptr, 10), std::strtoul(argv[3], nullptr, 10), std::atof(argv[4]),
            argc > 5 ? std::atof(argv[5]) : 0};
  Load load(plan);
  load.run();
  load.report();
}
