#include "ackctl/receiver.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace ackd {
namespace {

constexpr unsigned kIdleTimeoutS = 120;

// One request while it is being read.
struct Exchange {
  ReceivedRequest request;
  bool begun = false;
  bool answered = false;
  bool too_large = false;
};

struct ResponseCloser {
  void operator()(MHD_Response* response) const { MHD_destroy_response(response); }
};

MHD_Result send(MHD_Connection* connection, const ReceiverAnswer& answer) {
  // The library wants a pointer to non-const but copies.
  const std::unique_ptr<MHD_Response, ResponseCloser> response(MHD_create_response_from_buffer(
      answer.body.size(), const_cast<char*>(answer.body.data()), MHD_RESPMEM_MUST_COPY));
  if (response == nullptr) return MHD_NO;
  if (!answer.content_type.empty()) {
    MHD_add_response_header(response.get(), MHD_HTTP_HEADER_CONTENT_TYPE, answer.content_type.c_str());
  }
  return MHD_queue_response(connection, static_cast<unsigned>(answer.status), response.get());
}

Result<sockaddr_storage> address_of(const std::string& host, std::uint16_t port, socklen_t& length) {
  sockaddr_storage storage{};
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    length = sizeof v4;
    std::memcpy(&storage, &v4, sizeof v4);
    return storage;
  }
  if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    length = sizeof v6;
    std::memcpy(&storage, &v6, sizeof v6);
    return storage;
  }
  return invalid(fmt::format("'{}' is not an IP address to listen on; write 127.0.0.1 or ::1", host));
}

Error cannot_listen(const std::string& host, std::uint16_t port) {
  return {
      ErrorCode::kUnavailable, fmt::format("cannot listen on {} port {}: {}", host, port, std::strerror(errno)), {}};
}

}  // namespace

// What libmicrohttpd calls; `receiver` is the closure throughout.
struct Receiver::Callbacks {
  // The only place where the request's target is still as on the wire. Its result becomes the exchange.
  static void* begin(void*, const char* target, MHD_Connection*) {
    auto exchange = std::make_unique<Exchange>();
    const std::string_view whole = target;
    const std::size_t mark = whole.find('?');
    exchange->request.path = whole.substr(0, mark);
    if (mark != std::string_view::npos) exchange->request.query = whole.substr(mark + 1);
    return exchange.release();
  }

  static MHD_Result handle(void* receiver, MHD_Connection* connection, const char*, const char* method, const char*,
                           const char* data, std::size_t* size, void** context) {
    auto& exchange = *static_cast<Exchange*>(*context);
    // The first call comes before the body; answering then would leave the body unread.
    if (!std::exchange(exchange.begun, true)) {
      exchange.request.method = method;
      MHD_get_connection_values(connection, MHD_HEADER_KIND, &add_header, &exchange.request.headers);
      return MHD_YES;
    }
    if (*size > 0) {
      exchange.too_large = exchange.too_large || exchange.request.body.size() + *size > kRequestBytesMax;
      if (!exchange.too_large) exchange.request.body.append(data, *size);
      *size = 0;
      return MHD_YES;
    }
    if (exchange.too_large) return send(connection, {413, "", "", Duration(0)});
    return answer(*static_cast<Receiver*>(receiver), connection, exchange);
  }

  static MHD_Result add_header(void* headers, MHD_ValueKind, const char* name, const char* value) {
    static_cast<Fields*>(headers)->push_back({name, value == nullptr ? "" : value});
    return MHD_YES;
  }

  static MHD_Result answer(Receiver& receiver, MHD_Connection* connection, Exchange& exchange) {
    const ReceiverAnswer told = receiver.on_request_(exchange.request);
    exchange.answered = true;
    if (!receiver.wait(told.delay)) return MHD_NO;
    return send(connection, told);
  }

  static void complete(void* receiver, MHD_Connection*, void** context, MHD_RequestTerminationCode) {
    const std::unique_ptr<Exchange> exchange(static_cast<Exchange*>(*context));
    *context = nullptr;
    if (exchange != nullptr && exchange->answered) static_cast<Receiver*>(receiver)->on_answered_();
  }
};

void Receiver::DaemonCloser::operator()(MHD_Daemon* daemon) const {
  MHD_stop_daemon(daemon);
}

Receiver::Receiver(OnRequest on_request, OnAnswered on_answered)
    : on_request_(std::move(on_request)), on_answered_(std::move(on_answered)) {}

Receiver::~Receiver() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  stopping_changed_.notify_all();
  daemon_.reset();
}

bool Receiver::wait(Duration delay) {
  if (delay.count() == 0) return true;
  std::unique_lock<std::mutex> lock(mutex_);
  return !stopping_changed_.wait_for(lock, delay, [this] { return stopping_; });
}

Result<std::uint16_t> Receiver::start(const std::string& host, std::uint16_t port) {
  socklen_t length = 0;
  const auto address = address_of(host, port, length);
  if (!address) return address.error();
  unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL;
  if (address->ss_family == AF_INET6) flags |= MHD_USE_IPv6;
  errno = 0;
  daemon_.reset(MHD_start_daemon(flags, port, nullptr, nullptr, &Callbacks::handle, this,  //
                                 MHD_OPTION_SOCK_ADDR, &*address,                          //
                                 MHD_OPTION_URI_LOG_CALLBACK, &Callbacks::begin, this,     //
                                 MHD_OPTION_NOTIFY_COMPLETED, &Callbacks::complete, this,  //
                                 MHD_OPTION_CONNECTION_TIMEOUT, kIdleTimeoutS, MHD_OPTION_END));
  if (daemon_ == nullptr) return cannot_listen(host, port);
  const MHD_DaemonInfo* info = MHD_get_daemon_info(daemon_.get(), MHD_DAEMON_INFO_BIND_PORT);
  return info == nullptr ? port : info->port;
}

}  // namespace ackd
