#include "http/http_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <microhttpd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "http/request_framing.h"

namespace ackd {
namespace {

// A connection's memory for its request line, headers and the answer's headers; above it the library answers 431 or
// 414.
constexpr std::size_t kConnectionBytes = 32 * 1024;

// Enough for an answer that is ready to leave; whoever does not take it at once is cut off.
constexpr int kStopRounds = 4;

// One request, from its headers to the end of its answer. Owned by the library's request context.
struct Exchange {
  MHD_Connection* connection = nullptr;
  ApiRequest request;
  std::size_t reserved = 0;        // its share of bodies_bytes_max
  std::optional<Problem> refusal;  // found while the body was being read
  Ticket ticket = 0;               // while it waits for the Api
  std::optional<ApiResponse> response;
};

MHD_Result add_field(void* fields, MHD_ValueKind, const char* name, size_t name_bytes, const char* value,
                     size_t value_bytes) {
  static_cast<Fields*>(fields)->push_back(
      {std::string(name, name_bytes), value == nullptr ? std::string() : std::string(value, value_bytes)});
  return MHD_YES;
}

Fields fields_of(MHD_Connection* connection, MHD_ValueKind kind) {
  Fields fields;
  MHD_get_connection_values_n(connection, kind, add_field, &fields);
  return fields;
}

std::string content_type_of(const Fields& headers) {
  for (const Field& header : headers) {
    if (same_name(header.name, "Content-Type")) return header.value;
  }
  return {};
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
  Impl(UvLoop& uv, const Options& given, UnixListener socket, Api& door)
      : loop(uv), options(given), listener(std::move(socket)), api(door) {}

  static MHD_Result on_request(void* self, MHD_Connection* connection, const char* path, const char* method,
                               const char* version, const char* upload, size_t* upload_bytes, void** context);
  static void on_completed(void* self, MHD_Connection*, void** context, MHD_RequestTerminationCode);

  Status open();
  void run();
  void stop();
  void deliver();
  void resume(Exchange& exchange, ApiResponse response);

  MHD_Result begin(MHD_Connection* connection, const char* version, Exchange& exchange);
  MHD_Result read(Exchange& exchange, const char* bytes, std::size_t* size);
  MHD_Result finish(Exchange& exchange);
  std::optional<Problem> reserve(Exchange& exchange, std::size_t bytes);
  void end(Exchange* exchange);

  UvLoop& loop;
  Options options;
  UnixListener listener;
  Api& api;
  MHD_Daemon* daemon = nullptr;
  std::optional<Poll> poll;
  std::optional<Timer> timer;
  std::unordered_map<Ticket, Exchange*> waiting;
  std::size_t bodies_bytes = 0;
  bool stopping = false;
};

MHD_Result HttpServer::Impl::on_request(void* self, MHD_Connection* connection, const char* path, const char* method,
                                        const char* version, const char* upload, size_t* upload_bytes, void** context) {
  Impl& impl = *static_cast<Impl*>(self);
  auto* exchange = static_cast<Exchange*>(*context);
  if (exchange == nullptr) {
    exchange = new Exchange;
    *context = exchange;
    exchange->request.method = method;
    exchange->request.path = path;
    return impl.begin(connection, version, *exchange);
  }
  if (*upload_bytes > 0) return impl.read(*exchange, upload, upload_bytes);
  return impl.finish(*exchange);
}

void HttpServer::Impl::on_completed(void* self, MHD_Connection*, void** context, MHD_RequestTerminationCode) {
  static_cast<Impl*>(self)->end(static_cast<Exchange*>(std::exchange(*context, nullptr)));
}

Status HttpServer::Impl::open() {
  // The library closes the descriptor it is given; the listener keeps its own.
  const int fd = ::fcntl(listener.fd(), F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return Error{ErrorCode::kIo, fmt::format("cannot listen: {}", std::strerror(errno)), {}};
  daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, nullptr, nullptr, on_request, this,
                            MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_STRICT_FOR_CLIENT, 1,
                            MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionBytes,
                            MHD_OPTION_CONNECTION_LIMIT, options.connections_max, MHD_OPTION_CONNECTION_TIMEOUT,
                            options.idle_timeout_s, MHD_OPTION_NOTIFY_COMPLETED, on_completed, this, MHD_OPTION_END);
  if (daemon == nullptr) {
    ::close(fd);
    return Error{ErrorCode::kIo, "the HTTP server did not start; are there free descriptors (ulimit -n)?", {}};
  }
  const int epoll_fd = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
  timer.emplace(loop, [this] { run(); });
  poll.emplace(loop, epoll_fd, [this](int) { run(); });
  poll->watch(UV_READABLE);
  run();
  return Done{};
}

void HttpServer::Impl::run() {
  MHD_run(daemon);
  MHD_UNSIGNED_LONG_LONG timeout_ms = 0;
  if (MHD_get_timeout(daemon, &timeout_ms) == MHD_YES) {
    timer->arm(Duration(static_cast<std::int64_t>(timeout_ms)));
  } else {
    timer->disarm();
  }
}

// The headers are there, no byte of the body has been taken. Answering now makes the library close the connection
// instead of reading what is left.
MHD_Result HttpServer::Impl::begin(MHD_Connection* connection, const char* version, Exchange& exchange) {
  exchange.connection = connection;
  const Fields headers = fields_of(connection, MHD_HEADER_KIND);
  std::optional<Problem> refusal = refuse_framing(version, headers);
  if (!refusal) {
    const std::uint64_t length = content_length(headers).value_or(0);
    refusal = reserve(exchange, static_cast<std::size_t>(length));
  }
  if (refusal) return send(connection, respond(*refusal), true);
  exchange.request.content_type = content_type_of(headers);
  exchange.request.query = fields_of(connection, MHD_GET_ARGUMENT_KIND);
  return MHD_YES;
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
  if (exchange.refusal) return send(exchange.connection, respond(*exchange.refusal), true);
  if (exchange.response) return send(exchange.connection, *exchange.response, stopping);
  if (stopping) return send(exchange.connection, goodbye(), true);
  exchange.ticket = api.start(std::move(exchange.request));
  waiting.emplace(exchange.ticket, &exchange);
  MHD_suspend_connection(exchange.connection);
  // A pipelined request may start inside deliver(), after this turn's engine work.
  loop.turn_again();
  return MHD_YES;
}

void HttpServer::Impl::end(Exchange* exchange) {
  if (exchange == nullptr) return;
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
  std::vector<FinishedResponse> finished = api.take_finished();
  if (finished.empty() || daemon == nullptr) return;
  for (FinishedResponse& item : finished) {
    const auto waiter = waiting.extract(item.ticket);
    if (!waiter.empty()) resume(*waiter.mapped(), std::move(item.response));
  }
  run();
}

void HttpServer::Impl::stop() {
  if (daemon == nullptr) return;
  stopping = true;
  // The library aborts the process when it is stopped with a suspended connection.
  for (const auto& [ticket, exchange] : std::exchange(waiting, {})) resume(*exchange, goodbye());
  for (int round = 0; round < kStopRounds; ++round) MHD_run(daemon);
  poll.reset();
  timer.reset();
  MHD_stop_daemon(std::exchange(daemon, nullptr));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() {
  stop();
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(UvLoop& loop, const Options& options, UnixListener listener,
                                                      Api& api) {
  auto impl = std::make_unique<Impl>(loop, options, std::move(listener), api);
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
