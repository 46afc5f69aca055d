// What libcurl can do here without ackd: one libuv loop that sends the same request over and over with keep-alive, so
// many in flight, and looks at nothing but the status. Nothing is stored, signed, scheduled or judged.
//
//   ackd_bench_bare_loop --request FILE --port PORT [--addresses N] [--requests R] [--in-flight F]
//
// FILE has the request as it is on the wire; Host, Content-Length and Accept are libcurl's own. Receivers listen at N
// addresses, 127.0.0.1 and those after it. As fast as libcurl is known to be: sockets stay in one epoll set that the
// loop polls, handles are used again, and many hosts are spread over several multi handles, because libcurl looks at
// all hosts of one at the end of a transfer. Prints one JSON object.
#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace {

using ackd::UniqueFd;

struct Plan {
  std::string file;
  unsigned port = 0;
  std::uint32_t addresses = 1;
  std::size_t requests = 200'000;
  std::size_t in_flight = 64;
  std::size_t multis() const { return addresses > 64 ? 64 : 1; }
};

struct Request {
  std::string path;
  std::string body;
  curl_slist* headers = nullptr;
};

Request read_request(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  const std::size_t end = text.find("\r\n\r\n");
  const std::size_t path = text.find(' ') + 1;
  if (end == std::string::npos) return {};
  Request request{text.substr(path, text.find(' ', path) - path), text.substr(end + 4), nullptr};
  for (std::size_t line = text.find("\r\n") + 2; line < end; line = text.find("\r\n", line) + 2) {
    const std::string header = text.substr(line, text.find("\r\n", line) - line);
    const bool own = header.starts_with("Host:") || header.starts_with("Content-Length:") || header == "Accept: */*";
    if (!own) request.headers = curl_slist_append(request.headers, header.c_str());
  }
  request.headers = curl_slist_append(request.headers, "Expect:");
  return request;
}

std::string host_of(std::size_t index) {
  in_addr address{htonl(static_cast<std::uint32_t>(INADDR_LOOPBACK + index))};
  char text[INET_ADDRSTRLEN];
  return inet_ntop(AF_INET, &address, text, sizeof text);
}

class BareLoop;

// A multi handle with its own timer.
struct Multi {
  BareLoop* loop = nullptr;
  CURLM* handle = curl_multi_init();
  uv_timer_t timer{};
};

class BareLoop {
 public:
  BareLoop(const Plan& plan, const Request& request) : plan_(plan), request_(request), multis_(plan.multis()) {
    uv_poll_init(uv_default_loop(), &poll_, epoll_.get());
    poll_.data = this;
    uv_poll_start(&poll_, UV_READABLE, [](uv_poll_t* poll, int, int) { static_cast<BareLoop*>(poll->data)->look(); });
    for (std::size_t i = 0; i < plan.addresses; ++i) {
      urls_.push_back(fmt::format("http://{}:{}{}", host_of(i), plan.port, request.path));
    }
    for (Multi& multi : multis_) prepare(multi);
  }

  void run() {
    while (started_ < plan_.in_flight && started_ < plan_.requests) start(fresh());
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  }

  std::size_t failed() const { return failed_; }
  long connects() const { return connects_; }

 private:
  // Per socket: the multi that it belongs to, what that wants, and what epoll was told.
  struct Socket {
    Multi* multi = nullptr;
    std::uint32_t wanted = 0;
    std::uint32_t armed = 0;
  };

  void prepare(Multi& multi) {
    multi.loop = this;
    uv_timer_init(uv_default_loop(), &multi.timer);
    multi.timer.data = &multi;
    const auto on_socket = +[](CURL*, curl_socket_t socket, int what, void* self, void*) {
      static_cast<Multi*>(self)->loop->want(*static_cast<Multi*>(self), socket, what);
      return 0;
    };
    const auto on_timer = +[](CURLM*, long delay_ms, void* self) {
      uv_timer_t* timer = &static_cast<Multi*>(self)->timer;
      const auto fire = [](uv_timer_t* due) {
        Multi& its_multi = *static_cast<Multi*>(due->data);
        its_multi.loop->act(its_multi, CURL_SOCKET_TIMEOUT, 0);
      };
      delay_ms < 0 ? uv_timer_stop(timer) : uv_timer_start(timer, fire, static_cast<std::uint64_t>(delay_ms), 0);
      return 0;
    };
    curl_multi_setopt(multi.handle, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi.handle, CURLMOPT_SOCKETDATA, &multi);
    curl_multi_setopt(multi.handle, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi.handle, CURLMOPT_TIMERDATA, &multi);
    curl_multi_setopt(multi.handle, CURLMOPT_MAXCONNECTS, static_cast<long>(plan_.in_flight + 2 * plan_.addresses));
  }

  CURL* fresh() {
    CURL* easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request_.headers);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 5'000L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 10'000L);
    curl_easy_setopt(
        easy, CURLOPT_WRITEFUNCTION, +[](char*, std::size_t, std::size_t count, void*) { return count; });
    curl_easy_setopt(
        easy, CURLOPT_CLOSESOCKETFUNCTION,
        +[](void* self, curl_socket_t socket) { return static_cast<BareLoop*>(self)->close(socket); });
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
    return easy;
  }

  void start(CURL* easy) {
    const std::size_t host = started_++ % urls_.size();
    curl_easy_setopt(easy, CURLOPT_URL, urls_[host].c_str());
    curl_multi_add_handle(multis_[host % multis_.size()].handle, easy);
  }

  Socket& socket_at(curl_socket_t socket) {
    const auto index = static_cast<std::size_t>(socket);
    if (index >= sockets_.size()) sockets_.resize(index + 64);
    return sockets_[index];
  }

  void want(Multi& multi, curl_socket_t number, int what) {
    Socket& socket = socket_at(number);
    socket.multi = &multi;
    socket.wanted = 0;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) socket.wanted |= EPOLLIN;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) socket.wanted |= EPOLLOUT;
    if (socket.wanted != 0 && socket.wanted != socket.armed) arm(number, socket, socket.wanted);
  }

  void arm(curl_socket_t number, Socket& socket, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = number;
    const int verb = events == 0 ? EPOLL_CTL_DEL : (socket.armed == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD);
    epoll_ctl(epoll_.get(), verb, number, &event);
    socket.armed = events;
  }

  int close(curl_socket_t number) {
    Socket& socket = socket_at(number);
    if (socket.armed != 0) arm(number, socket, 0);
    socket = Socket{};
    return ::close(number);
  }

  void look() {
    epoll_event events[256];
    const int count = epoll_wait(epoll_.get(), events, 256, 0);
    for (int i = 0; i < count; ++i) {
      Socket& socket = socket_at(events[i].data.fd);
      if (socket.wanted == 0) {
        if (socket.armed != 0) arm(events[i].data.fd, socket, 0);
        continue;
      }
      const bool readable = (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0;
      const bool writable = (events[i].events & EPOLLOUT) != 0;
      act(*socket.multi, events[i].data.fd, (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0));
    }
  }

  void act(Multi& multi, curl_socket_t socket, int events) {
    int running = 0;
    curl_multi_socket_action(multi.handle, socket, events, &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi.handle, &left)) {
      if (message->msg == CURLMSG_DONE) finish(multi, message->easy_handle, message->data.result);
    }
  }

  void finish(Multi& multi, CURL* easy, CURLcode code) {
    long status = 0;
    long connects = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects);
    curl_multi_remove_handle(multi.handle, easy);
    if (code != CURLE_OK || status != 200) ++failed_;
    connects_ += connects;
    if (started_ < plan_.requests) return start(easy);
    curl_easy_cleanup(easy);
    if (++ended_ == std::min(plan_.in_flight, plan_.requests)) uv_stop(uv_default_loop());
  }

  const Plan& plan_;
  const Request& request_;
  UniqueFd epoll_{epoll_create1(EPOLL_CLOEXEC)};
  uv_poll_t poll_{};
  std::vector<Multi> multis_;
  std::vector<std::string> urls_;
  std::vector<Socket> sockets_;  // by descriptor
  std::size_t started_ = 0;
  std::size_t ended_ = 0;  // handles, not requests
  std::size_t failed_ = 0;
  long connects_ = 0;
};

double cpu_us() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto us = [](const timeval& time) { return static_cast<double>(time.tv_sec) * 1e6 + double(time.tv_usec); };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
  Plan plan;
  CLI::App app("What libcurl can do here without ackd");
  app.set_version_flag("--version", std::string(curl_version()) + " libuv/" + uv_version_string());
  app.add_option("--request", plan.file, "the request as it is on the wire")->required();
  app.add_option("--port", plan.port, "of the receivers")->required();
  app.add_option("--addresses", plan.addresses, "from 127.0.0.1 on");
  app.add_option("--requests", plan.requests, "in all");
  app.add_option("--in-flight", plan.in_flight, "at once");
  CLI11_PARSE(app, argc, argv);
  curl_global_init(CURL_GLOBAL_ALL);
  const Request request = read_request(plan.file);
  if (request.path.empty()) {
    fmt::print(stderr, "{} holds no request\n", plan.file);
    return 1;
  }
  BareLoop loop(plan, request);
  const double cpu_before = cpu_us();
  const std::uint64_t begun = uv_hrtime();
  loop.run();
  const double seconds = static_cast<double>(uv_hrtime() - begun) / 1e9;
  const auto requests = static_cast<double>(plan.requests);
  fmt::print(R"({{"per_second":{:.0f},"cpu_us":{:.2f},"failed":{},"connects":{}}})"
             "\n",
             requests / seconds, (cpu_us() - cpu_before) / requests, loop.failed(), loop.connects());
}
