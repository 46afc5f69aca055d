// What it costs to send requests at all: libcurl's multi interface on libuv, sending the same POST again and again.
//
//   ackd_bench_bare_loop PORT HOSTS COUNT IN_FLIGHT BODY_BYTES
//
// To one port of HOSTS addresses from 127.1.0.1 on in turn (0: 127.0.0.1), as ackd_bench_merchant_sink listens. Prints
// {"seconds", "cpu_seconds"} of all. Connections are kept alive, handles reused, and the sockets watched by one epoll
// below the loop, which is the cheapest way that was measured.
#include <arpa/inet.h>
#include <curl/curl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <uv.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

std::size_t ignore(char*, std::size_t size, std::size_t count, void*) {
  return size * count;
}

class BareLoop {
 public:
  BareLoop(unsigned port, unsigned hosts, unsigned long count, std::size_t body_bytes)
      : port_(port), hosts_(hosts), left_(count), body_(body_bytes, 'x') {
    uv_poll_init(uv_default_loop(), &poll_, epoll_);
    uv_timer_init(uv_default_loop(), &timer_);
    poll_.data = timer_.data = this;
    uv_poll_start(&poll_, UV_READABLE, [](uv_poll_t* poll, int, int) { static_cast<BareLoop*>(poll->data)->look(); });
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, 4'096L);
    headers_ = curl_slist_append(nullptr, "Expect:");
  }

  void run(unsigned in_flight) {
    for (unsigned i = 0; i < in_flight && left_ > 0; ++i) start(made());
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  }
  unsigned long failed() const { return failed_; }

 private:
  CURL* made() {
    CURL* easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body_.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.size()));
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 10'000L);
    return easy;
  }

  void start(CURL* easy) {
    --left_;
    ++flying_;
    in_addr address{};
    address.s_addr = htonl(hosts_ == 0 ? INADDR_LOOPBACK : INADDR_LOOPBACK + (1u << 16) + next_host_++ % hosts_);
    char host[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &address, host, sizeof host);
    const std::string url = "http://" + std::string(host) + ":" + std::to_string(port_) + "/notify";
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_multi_add_handle(multi_, easy);
  }

  void look() {
    epoll_event events[256];
    const int count = epoll_wait(epoll_, events, 256, 0);
    for (int i = 0; i < count; ++i) {
      const int ready = ((events[i].events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                        ((events[i].events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                        ((events[i].events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);
      act(events[i].data.fd, ready);
    }
    take_finished();
  }

  void act(curl_socket_t socket, int ready) {
    int running = 0;
    curl_multi_socket_action(multi_, socket, ready, &running);
  }

  void take_finished() {
    int queued = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &queued)) {
      CURL* easy = message->easy_handle;
      if (message->data.result != CURLE_OK) ++failed_;
      curl_multi_remove_handle(multi_, easy);
      --flying_;
      if (left_ > 0) {
        start(easy);
      } else if (flying_ == 0) {
        uv_stop(uv_default_loop());
      }
    }
  }

  // An idle connection stays watched: taking it out and putting it in again would cost two calls a request.
  static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void* watched) {
    auto* loop = static_cast<BareLoop*>(self);
    if (what == CURL_POLL_REMOVE) {
      epoll_ctl(loop->epoll_, EPOLL_CTL_DEL, socket, nullptr);
      curl_multi_assign(loop->multi_, socket, nullptr);
      return 0;
    }
    epoll_event event{};
    event.events = ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0u) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0u);
    event.data.fd = socket;
    epoll_ctl(loop->epoll_, watched == nullptr ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &event);
    curl_multi_assign(loop->multi_, socket, loop);
    return 0;
  }

  static int on_timer(CURLM*, long milliseconds, void* self) {
    auto* loop = static_cast<BareLoop*>(self);
    if (milliseconds < 0) return uv_timer_stop(&loop->timer_);
    return uv_timer_start(
        &loop->timer_,
        [](uv_timer_t* timer) {
          auto* late = static_cast<BareLoop*>(timer->data);
          late->act(CURL_SOCKET_TIMEOUT, 0);
          late->take_finished();
        },
        static_cast<std::uint64_t>(milliseconds), 0);
  }

  unsigned port_;
  unsigned hosts_;
  unsigned long left_;
  std::string body_;
  unsigned next_host_ = 0;
  unsigned long flying_ = 0;
  unsigned long failed_ = 0;
  int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  CURLM* multi_ = curl_multi_init();
  curl_slist* headers_ = nullptr;
  uv_poll_t poll_{};
  uv_timer_t timer_{};
};

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: %s PORT HOSTS COUNT IN_FLIGHT BODY_BYTES\n", argv[0]);
    return 2;
  }
  const auto number = [&](int at) { return std::strtoul(argv[at], nullptr, 10); };
  curl_global_init(CURL_GLOBAL_DEFAULT);
  BareLoop loop(static_cast<unsigned>(number(1)), static_cast<unsigned>(number(2)), number(3), number(5));
  const std::uint64_t began = uv_hrtime();
  loop.run(static_cast<unsigned>(number(4)));
  const double took = static_cast<double>(uv_hrtime() - began) / 1e9;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("{\"seconds\": %.4f, \"cpu_seconds\": %.4f, \"failed\": %lu}\n", took,
              seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime), loop.failed());
  return loop.failed() == 0 ? 0 : 1;
}
