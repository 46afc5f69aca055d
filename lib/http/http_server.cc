#include "http/http_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <microhttpd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "http/accepting.h"
#include "http/connection_watch.h"
#include "http/peer.h"
#include "http/request_framing.h"
#include "http/request_values.h"

namespace ackd {
namespace {

// A connection's memory for its request line, headers and the answer's headers; above it the library answers 431 or
// 414.
constexpr std::size_t kConnectionBytes = 32 * 1024;

// Enough for an answer that is ready to leave; whoever does not take it at once is cut off.
constexpr int kStopRounds = 4;

// How soon a client that could not be accepted for want of a descriptor is looked after again.
constexpr Duration kAcceptAgain{100};

using Phase = ConnectionWatch::Phase;

// One request, from its first line to the end of its answer. Owned by the library's request context.
struct Exchange {
  MHD_Connection* connection = nullptr;
  bool begun = false;         // the headers are complete
  bool plain_target = false;  // the request line names it without blanks or control characters
  bool close_after = false;
  ApiRequest request;
  std::size_t reserved = 0;        // its share of bodies_bytes_max
  std::optional<Problem> refusal;  // found while the body was being read
  Ticket ticket = 0;               // while it waits for the Api
  std::optional<ApiResponse> response;
};

ConnectionWatch::Connection& watched(MHD_Connection* connection) {
  const MHD_ConnectionInfo* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return *static_cast<ConnectionWatch::Connection*>(info->socket_context);
}

ApiResponse goodbye() {
  return respond(Problem{503,
                         "unavailable",
                         "ackd is shutting down, and whether this request took effect is not known; ask again when it "
                         "runs, with the same idempotency key",
                         {},
                         10});
}

MHD_Result send(MHD_Connection* connection, const ApiResponse& response, bool close_after) {
  // The library copies the body: the exchange may be gone before a slow client has read it.
  MHD_Response* out = MHD_create_response_from_buffer(response.body.size(), const_cast<char*>(response.body.data()),
                                                      MHD_RESPMEM_MUST_COPY);
  if (out == nullptr) return MHD_NO;
  for (const Field& header : response.headers) MHD_add_response_header(out, header.name.c_str(), header.value.c_str());
  if (close_after) MHD_add_response_header(out, "Connection", "close");
  const MHD_Result queued = MHD_queue_response(connection, static_cast<unsigned>(response.status), out);
  MHD_destroy_response(out);
  return queued;
}

}  // namespace

struct HttpServer::Impl {
  // One listening socket, with the library's state for it.
  struct Port {
    Impl& server;
    int listening_fd = -1;
    bool is_tcp = false;
    MHD_Daemon* daemon = nullptr;
    std::optional<Poll> poll;
    std::optional<Timer> timer;
    bool has_closed = false;      // a connection has ended in this round
    bool has_complained = false;  // the library has, in this round
    bool is_deaf = false;         // a client waits that cannot be accepted
  };

  Impl(UvLoop& uv, const Options& given, Listeners sockets, Api& door)
      : loop(uv),
        options(given),
        listeners(std::move(sockets)),
        api(door),
        watch({given.connections_max, given.phase_max}),
        watch_timer(uv, [this] { expire(); }) {}

  static void* on_target(void* port, const char* target, MHD_Connection* connection);
  static MHD_Result on_request(void* port, MHD_Connection* connection, const char* path, const char* method,
                               const char* version, const char* upload, size_t* upload_bytes, void** context);
  static void on_completed(void* port, MHD_Connection* connection, void** context, MHD_RequestTerminationCode);
  static void on_connection(void* port, MHD_Connection* connection, void** context,
                            MHD_ConnectionNotificationCode code);

  static void on_complaint(void* port, const char*, va_list) { static_cast<Port*>(port)->has_complained = true; }

  Status open();
  Status open(int listening_fd, bool is_tcp);
  void run(Port& port);
  void run_all();
  void relieve(Port& port);
  void expire();
  void stop();
  void deliver();
  void resume(Exchange& exchange, ApiResponse response);
  void enter(const Exchange& exchange, Phase phase) {
    watch.enter(watched(exchange.connection), phase, loop.monotonic_ms());
  }

  MHD_Result begin(const Port& port, const char* version, Exchange& exchange);
  MHD_Result answer(const Exchange& exchange, const ApiResponse& response, bool close_after);
  MHD_Result read(Exchange& exchange, const char* bytes, std::size_t* size);
  MHD_Result finish(Exchange& exchange);
  std::optional<Problem> reserve(Exchange& exchange, std::size_t bytes);
  void end(Exchange* exchange);

  UvLoop& loop;
  Options options;
  Listeners listeners;
  Api& api;
  ConnectionWatch watch;
  Timer watch_timer;
  bool watch_timer_armed = false;
  std::vector<std::unique_ptr<Port>> ports;
  std::unordered_map<Ticket, Exchange*> waiting;
  std::size_t bodies_bytes = 0;
  bool stopping = false;
};

void* HttpServer::Impl::on_target(void*, const char* target, MHD_Connection* connection) {
  auto* exchange = new Exchange;
  exchange->connection = connection;
  exchange->plain_target = is_plain_target(target);
  return exchange;
}

MHD_Result HttpServer::Impl::on_request(void* port, MHD_Connection*, const char* path, const char* method,
                                        const char* version, const char* upload, size_t* upload_bytes, void** context) {
  Impl& impl = static_cast<Port*>(port)->server;
  auto* exchange = static_cast<Exchange*>(*context);
  if (!std::exchange(exchange->begun, true)) {
    exchange->request.method = method;
    exchange->request.path = path;
    return impl.begin(*static_cast<Port*>(port), version, *exchange);
  }
  if (*upload_bytes > 0) return impl.read(*exchange, upload, upload_bytes);
  return impl.finish(*exchange);
}

void HttpServer::Impl::on_completed(void* port, MHD_Connection*, void** context, MHD_RequestTerminationCode) {
  static_cast<Port*>(port)->server.end(static_cast<Exchange*>(std::exchange(*context, nullptr)));
}

void HttpServer::Impl::on_connection(void* port, MHD_Connection* connection, void** context,
                                     MHD_ConnectionNotificationCode code) {
  Impl& impl = static_cast<Port*>(port)->server;
  if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
    static_cast<Port*>(port)->has_closed = true;
    return impl.watch.close(static_cast<ConnectionWatch::Connection*>(std::exchange(*context, nullptr)));
  }
  const int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
  *context = impl.watch.open(fd, peer_of(fd), impl.loop.monotonic_ms());
  // Later connections have later deadlines; expire() arms it for those.
  if (!std::exchange(impl.watch_timer_armed, true)) impl.watch_timer.arm(impl.options.phase_max);
}

Status HttpServer::Impl::open() {
  if (const Status opened = open(listeners.socket.fd(), false); !opened) return opened;
  for (const TcpListener& listener : listeners.tcp) {
    if (const Status opened = open(listener.fd(), true); !opened) return opened;
  }
  return Done{};
}

Status HttpServer::Impl::open(int listening_fd, bool is_tcp) {
  // The library closes the descriptor it is given; the listener keeps its own.
  const int fd = ::fcntl(listening_fd, F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return Error{ErrorCode::kIo, fmt::format("cannot listen: {}", std::strerror(errno)), {}};
  Port& port = *ports.emplace_back(new Port{*this, listening_fd, is_tcp, nullptr, {}, {}});
  port.daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, nullptr, nullptr,
                                 on_request, &port, MHD_OPTION_EXTERNAL_LOGGER, on_complaint, &port,
                                 MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_STRICT_FOR_CLIENT, 1,
                                 MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                                 kConnectionBytes, MHD_OPTION_CONNECTION_LIMIT, options.connections_max,
                                 MHD_OPTION_NOTIFY_COMPLETED, on_completed, &port, MHD_OPTION_NOTIFY_CONNECTION,
                                 on_connection, &port, MHD_OPTION_URI_LOG_CALLBACK, on_target, &port, MHD_OPTION_END);
  if (port.daemon == nullptr) {
    ::close(fd);
    return Error{ErrorCode::kIo, "the HTTP server did not start; are there free descriptors (ulimit -n)?", {}};
  }
  const int epoll_fd = MHD_get_daemon_info(port.daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
  port.timer.emplace(loop, [this, &port] {
    port.has_complained = port.is_deaf;  // it says so once, and the client may be waiting for somebody to become idle
    run(port);
  });
  port.poll.emplace(loop, epoll_fd, [this, &port](int) { run(port); });
  port.poll->watch(UV_READABLE);
  run(port);
  return Done{};
}

void HttpServer::Impl::run(Port& port) {
  // At its limit of connections the library stops listening, and takes that up again only at the start of a round.
  do {
    port.has_closed = false;
    MHD_run(port.daemon);
  } while (port.has_closed);
  if (port.has_complained || port.is_deaf) relieve(port);
  MHD_UNSIGNED_LONG_LONG timeout_ms = 0;
  const bool timed = MHD_get_timeout(port.daemon, &timeout_ms) == MHD_YES;
  const auto timeout = timed ? Duration(static_cast<std::int64_t>(timeout_ms)) : kAcceptAgain;
  if (timed || port.is_deaf) {
    port.timer->arm(port.is_deaf ? std::min(timeout, kAcceptAgain) : timeout);
  } else {
    port.timer->disarm();
  }
}

// The library complains of much; here it matters that no descriptor was left to accept somebody with. While it has
// connections it waits until one ends, which those that idle would not do for a minute. While it has none it would try
// again without pause, so it is not told for a moment.
void HttpServer::Impl::relieve(Port& port) {
  const bool was_deaf = port.is_deaf;
  const bool is_short = was_deaf || out_of_descriptors(port.listening_fd);
  port.is_deaf = is_short && somebody_waits(port.listening_fd);
  if (std::exchange(port.has_complained, false) && port.is_deaf) watch.make_room(loop.monotonic_ms());
  const bool alone = MHD_get_daemon_info(port.daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections == 0;
  if (port.is_deaf || was_deaf) port.poll->watch(port.is_deaf && alone ? 0 : UV_READABLE);
}

void HttpServer::Impl::run_all() {
  for (const auto& port : ports) run(*port);
}

void HttpServer::Impl::expire() {
  const std::optional<Duration> next = watch.expire(loop.monotonic_ms());
  watch_timer_armed = next.has_value();
  if (next) watch_timer.arm(*next);
}

// The headers are there, no byte of the body has been taken. Answering now makes the library close the connection
// instead of reading what is left.
MHD_Result HttpServer::Impl::begin(const Port& port, const char* version, Exchange& exchange) {
  const std::vector<HeaderLine> lines = lines_of(exchange.connection);
  const Fields headers = fields_of(exchange.connection, MHD_HEADER_KIND);
  std::optional<Problem> refusal = refuse_lines(version, exchange.plain_target, lines);
  if (!refusal) refusal = refuse_framing(version, headers);
  if (!refusal && port.is_tcp) refusal = refuse_browser(headers);
  if (!refusal) {
    const std::uint64_t length = content_length(headers).value_or(0);
    refusal = reserve(exchange, static_cast<std::size_t>(length));
  }
  if (refusal) return answer(exchange, respond(*refusal), true);
  exchange.close_after = is_chunked(headers);
  exchange.request.content_type = content_type_of(headers);
  exchange.request.client = watched(exchange.connection).peer;
  exchange.request.query = fields_of(exchange.connection, MHD_GET_ARGUMENT_KIND);
  enter(exchange, Phase::kBody);
  return MHD_YES;
}

MHD_Result HttpServer::Impl::answer(const Exchange& exchange, const ApiResponse& response, bool close_after) {
  enter(exchange, Phase::kAnswer);
  return send(exchange.connection, response, close_after || exchange.close_after || stopping);
}

std::optional<Problem> HttpServer::Impl::reserve(Exchange& exchange, std::size_t bytes) {
  if (bytes > options.body_bytes_max) {
    return Problem{
        413,
        "too_large",
        fmt::format("the body holds more than {} bytes, the limit; send it in parts", options.body_bytes_max),
        {}};
  }
  if (bytes <= exchange.reserved) return std::nullopt;
  const std::size_t more = bytes - exchange.reserved;
  if (bodies_bytes + more > options.bodies_bytes_max) {
    return Problem{503,
                   "unavailable",
                   fmt::format("requests under way already hold {} of {} bytes; come back in a second", bodies_bytes,
                               options.bodies_bytes_max),
                   {},
                   1};
  }
  bodies_bytes += more;
  exchange.reserved = bytes;
  return std::nullopt;
}

// Only a chunked body can turn out too long here. The library takes no answer in the middle of a body: what follows is
// thrown away, and after as much again the client is cut off.
MHD_Result HttpServer::Impl::read(Exchange& exchange, const char* bytes, std::size_t* size) {
  const std::size_t arrived = std::exchange(*size, 0);
  if (!exchange.refusal) exchange.refusal = reserve(exchange, exchange.request.body.size() + arrived);
  if (!exchange.refusal) {
    exchange.request.body.append(bytes, arrived);
    return MHD_YES;
  }
  exchange.request.body.clear();
  exchange.reserved += arrived;
  bodies_bytes += arrived;
  return exchange.reserved > 2 * options.body_bytes_max ? MHD_NO : MHD_YES;
}

MHD_Result HttpServer::Impl::finish(Exchange& exchange) {
  if (exchange.refusal) return answer(exchange, respond(*exchange.refusal), true);
  if (exchange.response) return answer(exchange, *exchange.response, false);
  if (stopping) return answer(exchange, goodbye(), true);
  enter(exchange, Phase::kServed);
  exchange.ticket = api.start(std::move(exchange.request));
  waiting.emplace(exchange.ticket, &exchange);
  MHD_suspend_connection(exchange.connection);
  // A pipelined request may start inside deliver(), after this turn's engine work.
  loop.turn_again();
  return MHD_YES;
}

void HttpServer::Impl::end(Exchange* exchange) {
  if (exchange == nullptr) return;
  enter(*exchange, Phase::kRequest);
  bodies_bytes -= exchange->reserved;
  waiting.erase(exchange->ticket);
  delete exchange;
}

void HttpServer::Impl::resume(Exchange& exchange, ApiResponse response) {
  exchange.response = std::move(response);
  exchange.ticket = 0;
  MHD_resume_connection(exchange.connection);
}

void HttpServer::Impl::deliver() {
  // A long body is read on in the next turn, not when somebody happens to wake the loop; and what was admitted in this
  // one wants its batch.
  if (api.wants_turn()) loop.turn_again();
  std::vector<FinishedResponse> finished = api.take_finished();
  if (finished.empty() || stopping) return;
  for (FinishedResponse& item : finished) {
    const auto waiter = waiting.extract(item.ticket);
    if (!waiter.empty()) resume(*waiter.mapped(), std::move(item.response));
  }
  run_all();
}

void HttpServer::Impl::stop() {
  if (std::exchange(stopping, true)) return;
  // The library aborts the process when it is stopped with a suspended connection.
  for (const auto& [ticket, exchange] : std::exchange(waiting, {})) resume(*exchange, goodbye());
  for (int round = 0; round < kStopRounds; ++round) run_all();
  watch_timer.disarm();
  for (const auto& port : ports) {
    port->poll.reset();
    port->timer.reset();
    if (port->daemon != nullptr) MHD_stop_daemon(std::exchange(port->daemon, nullptr));
  }
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() {
  stop();
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(UvLoop& loop, const Options& options, Listeners listeners,
                                                      Api& api) {
  auto impl = std::make_unique<Impl>(loop, options, std::move(listeners), api);
  if (const Status opened = impl->open(); !opened) return opened.error();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

void HttpServer::deliver() {
  impl_->deliver();
}

void HttpServer::stop() {
  impl_->stop();
}

}  // namespace ackd
