#include "transport/curl_shard.h"

#include "base/check.h"
#include "transport/curl_request.h"

namespace ackd {

CurlShard::CurlShard(UvLoop& loop, CurlSockets& sockets, const Listener& listener, std::size_t index,
                     long connections_max)
    : sockets_(sockets),
      listener_(listener),
      index_(index),
      timer_(loop, [this] { act(CURL_SOCKET_TIMEOUT, 0); }),
      multi_(curl_multi_init()) {
  CHECK_THAT(multi_ != nullptr, "libcurl has no memory for a multi handle at start");
  const auto on_socket = +[](CURL*, curl_socket_t socket, int what, void* self, void*) {
    const CurlShard& shard = *static_cast<CurlShard*>(self);
    shard.sockets_.want(socket, shard.index_, what);
    return 0;
  };
  const auto on_timer = +[](CURLM*, long delay_ms, void* self) {
    Timer& timer = static_cast<CurlShard*>(self)->timer_;
    delay_ms < 0 ? timer.disarm() : timer.arm(Duration(delay_ms));
    return 0;
  };
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
  // The default, four times the running transfers, would throw warm connections away in every lull.
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, connections_max);
}

CurlShard::~CurlShard() {
  if (sweeping_) remove(sweeper_.get());
}

bool CurlShard::add(CURL* easy) {
  used_ = true;
  return curl_multi_add_handle(multi_.get(), easy) == CURLM_OK;
}

void CurlShard::remove(CURL* easy) {
  curl_multi_remove_handle(multi_.get(), easy);
}

void CurlShard::act(curl_socket_t socket, int curl_events) {
  int running = 0;
  if (socket == CURL_SOCKET_TIMEOUT) sockets_.look();  // transfers that begin choose their connections now
  curl_multi_socket_action(multi_.get(), socket, curl_events, &running);
  collect();
  listener_.passed();
}

void CurlShard::collect() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    // Removing the handle frees the message, so both facts are copied first.
    CURL* const easy = message->easy_handle;
    const CURLcode code = message->data.result;
    curl_multi_remove_handle(multi_.get(), easy);
    if (easy == sweeper_.get()) {
      sweeping_ = false;
    } else {
      listener_.done(easy, code);
    }
  }
}

void CurlShard::sweep() {
  if (!used_ || sweeping_) return;
  if (!sweeper_) {
    sweeper_.reset(curl_easy_init());
    // A transfer that is refused its socket: it goes just far enough to make libcurl look at its idle connections, and
    // sends nothing. The address is one that is reserved for documentation.
    CurlOptions options(sweeper_.get());
    set_fixed_options(options);
    options.set(CURLOPT_URL, "http://192.0.2.1/")
        .set(
            CURLOPT_OPENSOCKETFUNCTION,
            +[](void*, curlsocktype, curl_sockaddr*) -> curl_socket_t { return CURL_SOCKET_BAD; });
    if (!options.complete()) sweeper_.reset();
  }
  sweeping_ = sweeper_ != nullptr && add(sweeper_.get());
}

}  // namespace ackd
