// A platform that hands over notifications as fast as ackd takes them, or at a given rate: one thread, one epoll,
// keep-alive connections with one request in flight each. Prints one JSON object; a refusal makes it fail, and the
// first is printed as it came. With patience what is refused for the time being (503, 429) is posted again, the same
// bytes, until it is taken: notifications that were taken already are recognised.
//
//   ackd_bench_ingest_client SOCKET|127.0.0.1:PORT --template FILE [--seconds S | --notifications N] ...
//
// FILE is the JSON of one notification. In it @n stands for its number, which no other run gives, @m for its lane's
// number and @a for its lane's address (127.0.0.1 and those after it), and @d for the microsecond when it was to be
// posted. With a rate a post that finds no free connection waits, and its waiting counts: latency is measured from when
// it was due.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace {

using ackd::UniqueFd;
using Clock = std::chrono::steady_clock;

struct Plan {
  std::string address;
  std::string template_file;
  std::size_t connections = 1;
  std::size_t items = 1;  // 1 posts single objects, more an array of so many
  bool lines = false;     // NDJSON instead of an array
  bool patient = false;   // without a rate only
  double seconds = 1e9;
  std::uint64_t notifications = ~0ULL;
  double posts_per_second = 0;  // 0: as fast as the answers come
  std::uint64_t lanes = 10;     // taken in turn
  std::uint64_t first_lane = 0;
};

struct Connection {
  UniqueFd fd;
  std::string request;
  std::string received;
  Clock::time_point due;
};

// The text of a notification, cut where something is put in.
class Template {
 public:
  explicit Template(std::string text) : text_(std::move(text)) {
    std::size_t begin = 0;
    for (std::size_t at = text_.find('@'); at != std::string::npos; at = text_.find('@', at + 1)) {
      if (at + 1 == text_.size() || std::string_view("nmad").find(text_[at + 1]) == std::string_view::npos) continue;
      pieces_.push_back({std::string_view(text_).substr(begin, at - begin), text_[at + 1]});
      begin = at + 2;
    }
    rest_ = std::string_view(text_).substr(begin);
  }
  Template(const Template&) = delete;
  Template& operator=(const Template&) = delete;

  void append_to(std::string& out, const std::string& number, std::uint64_t lane, std::int64_t due_us) const {
    for (const auto& [text, what] : pieces_) {
      out += text;
      if (what == 'n') out += number;
      if (what == 'm') fmt::format_to(std::back_inserter(out), "{}", lane);
      if (what == 'd') fmt::format_to(std::back_inserter(out), "{}", due_us);
      if (what == 'a') out += address_of(lane);
    }
    out += rest_;
  }

 private:
  static std::string address_of(std::uint64_t lane) {
    in_addr address{htonl(static_cast<std::uint32_t>(INADDR_LOOPBACK + lane))};
    char text[INET_ADDRSTRLEN];
    return inet_ntop(AF_INET, &address, text, sizeof text);
  }

  std::string text_;
  std::vector<std::pair<std::string_view, char>> pieces_;
  std::string_view rest_;
};

std::string read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::int64_t unix_us(Clock::time_point at) {
  const auto wall = std::chrono::system_clock::now().time_since_epoch() + (at - Clock::now());
  return std::chrono::duration_cast<std::chrono::microseconds>(wall).count();
}

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
        template_(read_file(plan.template_file)),
        run_(std::chrono::system_clock::now().time_since_epoch().count() / 1'000) {
    for (std::size_t i = 0; i < plan.connections; ++i) {
      connections_.push_back({connect_to(plan.address), {}, {}, {}});
      watch(connections_.back().fd.get(), i);
    }
    watch(timer_.get(), kTimer);
    ends_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(plan.seconds));
  }

  void run() {
    started_ = Clock::now();
    plan_.posts_per_second > 0 ? arm_timer() : start_all();
    epoll_event events[256];
    while (busy_ > 0 || !ended()) {
      const int count = ::epoll_wait(epoll_.get(), events, 256, 1'000);
      for (int i = 0; i < count; ++i) {
        events[i].data.u64 == kTimer ? on_timer() : on_readable(events[i].data.u64);
      }
    }
  }

  bool refused() const { return refused_ > 0; }

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
  static constexpr long kPutOffNs = 200'000'000;

  void watch(int fd, std::uint64_t what) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = what;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
  }

  bool ended() const { return number_ >= plan_.notifications || Clock::now() >= ends_; }

  void start_all() {
    for (Connection& connection : connections_) {
      if (!ended()) post(connection, Clock::now());
    }
  }

  void arm_timer() {
    for (std::size_t i = 0; i < connections_.size(); ++i) free_.push_back(i);
    const auto ns = static_cast<long>(1e9 / plan_.posts_per_second);
    const itimerspec every{{ns / 1'000'000'000, ns % 1'000'000'000}, {0, 1}};
    if (::timerfd_settime(timer_.get(), 0, &every, nullptr) != 0) fail("timerfd_settime");
  }

  void on_timer() {
    std::uint64_t ticks = 0;
    if (::read(timer_.get(), &ticks, sizeof ticks) < 0) return;
    if (plan_.patient) return post_again();
    if (ended()) return;
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

  void append_notification(std::string& out, std::int64_t due_us) {
    const std::uint64_t number = number_++;
    template_.append_to(out, fmt::format("{}-{}", run_, number), plan_.first_lane + number % plan_.lanes, due_us);
  }

  std::string body(Clock::time_point due) {
    const std::int64_t due_us = unix_us(due);
    const std::uint64_t items = std::min<std::uint64_t>(plan_.items, plan_.notifications - number_);
    std::string out;
    if (plan_.items > 1 && !plan_.lines) out += '[';
    for (std::uint64_t i = 0; i < items; ++i) {
      if (i > 0) out += plan_.lines ? '\n' : ',';
      append_notification(out, due_us);
    }
    if (plan_.items > 1 && !plan_.lines) out += ']';
    return out;
  }

  void post(Connection& connection, Clock::time_point due) {
    const std::string content = body(due);
    connection.request = fmt::format(
        "POST /v1/notifications HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/{}\r\nContent-Length: "
        "{}\r\n\r\n{}",
        plan_.lines ? "x-ndjson" : "json", content.size(), content);
    connection.due = due;
    ++busy_;
    send_request(connection);
  }

  static void send_request(const Connection& connection) {
    const std::string_view request = connection.request;
    for (std::size_t sent = 0; sent < request.size();) {
      const ssize_t some = ::send(connection.fd.get(), request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
      if (some < 0) fail("send");
      sent += static_cast<std::size_t>(some);
    }
  }

  void put_off(std::size_t index) {
    const itimerspec once{{0, 0}, {0, kPutOffNs}};
    if (put_off_.empty() && ::timerfd_settime(timer_.get(), 0, &once, nullptr) != 0) fail("timerfd_settime");
    put_off_.push_back(index);
  }

  void post_again() {
    for (const std::size_t index : put_off_) send_request(connections_[index]);
    put_off_.clear();
  }

  void on_readable(std::size_t index) {
    Connection& connection = connections_[index];
    char bytes[64 * 1024];
    const ssize_t count = ::recv(connection.fd.get(), bytes, sizeof bytes, 0);
    if (count <= 0) fail("the daemon closed a connection");
    connection.received.append(bytes, static_cast<std::size_t>(count));
    if (!answered(connection.received)) return;
    if (plan_.patient && refuses_for_now(connection.received)) {
      connection.received.clear();
      return put_off(index);
    }
    if (refuses(connection.received) && refused_++ == 0) {
      fmt::print(stderr, "{}\n", connection.received.substr(0, 1'000));
    }
    latencies_us_.push_back(
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - connection.due).count());
    connection.received.clear();
    --busy_;
    if (plan_.posts_per_second > 0) {
      free_.push_back(index);
      post_waiting();
    } else if (!ended()) {
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

  // The answer to a batch is 200 whatever became of its items.
  static bool refuses(std::string_view answer) {
    return answer.compare(9, 1, "2") != 0 || answer.find(R"("status":4)") != std::string_view::npos ||
           answer.find(R"("status":5)") != std::string_view::npos;
  }

  static bool refuses_for_now(std::string_view answer) {
    return answer.compare(9, 3, "503") == 0 || answer.compare(9, 3, "429") == 0 ||
           answer.find(R"("status":503)") != std::string_view::npos ||
           answer.find(R"("status":429)") != std::string_view::npos;
  }

  Plan plan_;
  Template template_;
  std::int64_t run_;
  UniqueFd epoll_{::epoll_create1(EPOLL_CLOEXEC)};
  UniqueFd timer_{::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)};
  std::vector<Connection> connections_;
  std::vector<std::size_t> free_;
  std::vector<std::size_t> put_off_;
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
  Plan plan;
  CLI::App app("A platform that hands over notifications");
  app.add_option("address", plan.address, "a unix socket, or 127.0.0.1:PORT")->required();
  app.add_option("--template", plan.template_file, "the JSON of a notification")->required();
  app.add_option("--connections", plan.connections, "one request in flight each");
  app.add_option("--items", plan.items, "notifications a post");
  app.add_flag("--lines", plan.lines, "NDJSON instead of an array");
  app.add_flag("--patient", plan.patient, "posts again what is refused for now");
  app.add_option("--seconds", plan.seconds, "when to end");
  app.add_option("--notifications", plan.notifications, "how many; what ends first counts");
  app.add_option("--rate", plan.posts_per_second, "posts a second; 0 is as fast as they are answered");
  app.add_option("--lanes", plan.lanes, "taken in turn");
  app.add_option("--first-lane", plan.first_lane, "the number of the first");
  CLI11_PARSE(app, argc, argv);
  Load load(plan);
  load.run();
  load.report();
  return load.refused() ? 1 : 0;
}
