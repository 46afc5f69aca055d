#include "transport/curl_transport.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>

#include "base/check.h"
#include "transport/curl_request.h"
#include "transport/curl_result.h"

namespace ackd {
namespace {

constexpr std::size_t kDescriptorsMax = 1 << 20;
// With fewer idle connections in a shard, hosts would keep pushing each other's out.
constexpr std::size_t kIdlePerShardMin = 16;
// An easy handle holds a 16 KiB buffer once it has been used.
constexpr std::size_t kSpareEasiesMax = 256;

std::size_t usable_descriptors(std::size_t reserved) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const std::size_t descriptors = std::min<std::size_t>(limit.rlim_cur, kDescriptorsMax);
  return descriptors > reserved + 2 ? descriptors - reserved : 2;
}

}  // namespace

CurlTransport::CurlLibrary::CurlLibrary() {
  CHECK_THAT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, "libcurl cannot start");
}

CurlTransport::CurlLibrary::~CurlLibrary() {
  curl_global_cleanup();
}

Result<std::unique_ptr<CurlTransport>> CurlTransport::create(UvLoop& loop, CurlTransportOptions options) {
  Result<TrustStore> trust = TrustStore::load(options.ca_file);
  if (!trust) return trust.error();
  if (const Status sound = check_means(options.means); !sound) return sound.error();
  UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return Error{ErrorCode::kIo, fmt::format("epoll_create1: {}", std::strerror(errno)), {}};
  const std::size_t usable = usable_descriptors(options.descriptors_reserved);
  std::unique_ptr<CurlTransport> transport(
      new CurlTransport(loop, std::move(options), std::move(*trust), std::move(epoll), usable));
  Result<std::unique_ptr<Resolver>> resolver = Resolver::create(
      loop, transport->options_.names,
      [self = transport.get()](const std::string& host, const NameAnswer& answer) { self->on_name(host, answer); });
  if (!resolver) return resolver.error();
  transport->resolver_ = std::move(*resolver);
  return transport;
}

CurlTransport::CurlTransport(UvLoop& loop, CurlTransportOptions options, TrustStore trust, UniqueFd epoll,
                             std::size_t descriptors)
    : loop_(loop),
      options_(std::move(options)),
      trust_(std::move(trust)),
      transfers_max_(std::max<std::size_t>(descriptors / 2, 1)),
      sockets_(loop, std::move(epoll),
               [this](std::size_t shard, curl_socket_t socket, int events) { shards_[shard]->act(socket, events); }),
      surroundings_{options_.egress, options_.means, trust_, options_.user_agent, sockets_, decided_},
      listener_{[this](CURL* easy, CURLcode code) { on_done(easy, code); }, [this] { cut_decided(); }},
      name_timer_(loop, [this] { on_name_deadline(); }),
      sweep_timer_(loop, [this] { sweep(); }) {
  const std::size_t idle_max = descriptors - transfers_max_;
  const std::size_t count =
      std::clamp<std::size_t>(options_.shards, 1, std::max(idle_max / kIdlePerShardMin, std::size_t{1}));
  const long idle_per_shard = std::max(static_cast<long>(idle_max / count), 1L);
  for (std::size_t i = 0; i < count; ++i) {
    shards_.push_back(std::make_unique<CurlShard>(loop, sockets_, listener_, i, idle_per_shard));
  }
  sweep_timer_.arm(options_.sweep_every);
}

CurlTransport::~CurlTransport() {
  for (auto& [ticket, flight] : flights_) {
    if (flight->easy() != nullptr) shard_of(*flight).remove(flight->easy());
  }
}

void CurlTransport::start(TransferStart start) {
  CHECK_THAT(room(), "start() without room()");
  // Whatever ends inside this call must still be taken by the engine before the loop sleeps.
  loop_.turn_again();
  const Ticket ticket = start.ticket;
  const auto [entry, is_new] = flights_.try_emplace(ticket);
  CHECK_THAT(is_new, "a ticket that is already in use");
  const Status sound = check_request(start.request);
  const std::size_t place = spread_.enter(std::hash<std::string>{}(start.request.url.origin()));
  entry->second = std::make_unique<CurlFlight>(surroundings_, std::move(start), place, loop_.monotonic_ms());
  CurlFlight& flight = *entry->second;
  if (!sound) return finish(flight, TransferEnd::kRequestInvalid, sound.error().message);
  if (const Status found = flight.check_settings(); !found) {
    return finish(flight, TransferEnd::kRequestInvalid, found.error().message);
  }
  EgressVerdict verdict = flight.judge_url();
  if (!verdict.allowed) return finish(flight, TransferEnd::kEgressRefused, std::move(verdict.reason));
  const Result<IpAddress> literal = parse_ip(flight.url().host);
  if (literal) return use_answer(flight, {NameAnswer::Kind::kFound, {*literal}, {}});
  if (const NameAnswer* known = resolver_->ask(flight.url().host)) return use_answer(flight, *known);
  wait_for_name(flight);
}

std::vector<Transfer> CurlTransport::take_finished() {
  return std::exchange(finished_, {});
}

void CurlTransport::abort_all() {
  name_waiters_.clear();
  name_deadlines_.clear();
  while (!flights_.empty()) finish(*flights_.begin()->second, TransferEnd::kAborted, "aborted");
  loop_.turn_again();
}

void CurlTransport::wait_for_name(CurlFlight& flight) {
  name_waiters_[flight.url().host].push_back(flight.ticket());
  name_deadlines_.emplace(flight.connect_deadline_ms(), flight.ticket());
  arm_name_timer();
}

void CurlTransport::arm_name_timer() {
  if (name_deadlines_.empty()) return name_timer_.disarm();
  name_timer_.arm(Duration(name_deadlines_.begin()->first - loop_.monotonic_ms()));
}

void CurlTransport::on_name(const std::string& host, const NameAnswer& answer) {
  const auto node = name_waiters_.extract(host);
  if (node.empty()) return;
  for (const Ticket ticket : node.mapped()) {
    CurlFlight& flight = *flights_.at(ticket);
    name_deadlines_.erase({flight.connect_deadline_ms(), ticket});
    use_answer(flight, answer);
  }
  arm_name_timer();
}

void CurlTransport::on_name_deadline() {
  const std::int64_t now_ms = loop_.monotonic_ms();
  while (!name_deadlines_.empty() && name_deadlines_.begin()->first <= now_ms) {
    CurlFlight& flight = *flights_.at(name_deadlines_.begin()->second);
    name_deadlines_.erase(name_deadlines_.begin());
    const std::string host = flight.url().host;
    const auto waiters = name_waiters_.find(host);
    std::erase(waiters->second, flight.ticket());
    if (waiters->second.empty()) {
      name_waiters_.erase(waiters);
      resolver_->forget(host);
    }
    finish(flight, TransferEnd::kResolverFailed,
           fmt::format("no answer for {} within the connect timeout of {}", host,
                       format_duration(flight.connect_timeout())));
  }
  arm_name_timer();
}

void CurlTransport::use_answer(CurlFlight& flight, const NameAnswer& answer) {
  switch (answer.kind) {
    case NameAnswer::Kind::kFailed: return finish(flight, TransferEnd::kResolverFailed, answer.detail);
    case NameAnswer::Kind::kNotFound: return finish(flight, TransferEnd::kNameNotFound, answer.detail);
    case NameAnswer::Kind::kFound: break;
  }
  EgressVerdict verdict = flight.take_addresses(answer.addresses);
  if (!verdict.allowed) return finish(flight, TransferEnd::kEgressRefused, std::move(verdict.reason));
  if (!flight.has_address()) {
    return finish(flight, TransferEnd::kNoRoute, "the host has no address of the source address's family");
  }
  connect(flight);
}

void CurlTransport::connect(CurlFlight& flight) {
  switch (flight.prepare(take_easy(), loop_.monotonic_ms())) {
    case CurlFlight::Next::kReady:
      if (shard_of(flight).add(flight.easy())) return;
      [[fallthrough]];
    case CurlFlight::Next::kNoMemory: return finish(flight, TransferEnd::kOutOfResources, "libcurl is out of memory");
    case CurlFlight::Next::kNoTimeLeft:
      if (flight.has_tried()) break;
      return finish(flight, TransferEnd::kResolverFailed, "the host's addresses came too late to connect to one");
    case CurlFlight::Next::kNoAddressLeft: break;
  }
  finish(flight, TransferEnd::kConnectTimeout, "no time was left to connect");
}

void CurlTransport::on_done(CURL* easy, CURLcode code) {
  char* owner = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &owner);
  CurlFlight& flight = *reinterpret_cast<CurlFlight*>(owner);
  const std::int64_t now_ms = loop_.monotonic_ms();
  Transfer transfer = flight.report(code, now_ms);
  if (!flight.may_go_on_after(transfer, now_ms)) return finish(flight, std::move(transfer));
  keep_easy(flight.release_easy());
  connect(flight);
}

// Flights that libcurl did not end in the pass in which their answer was decided: what follows is of no interest.
void CurlTransport::cut_decided() {
  for (const Ticket ticket : std::exchange(decided_, {})) {
    const auto found = flights_.find(ticket);
    if (found != flights_.end()) finish(*found->second, TransferEnd::kComplete, {});
  }
}

void CurlTransport::sweep() {
  for (const std::unique_ptr<CurlShard>& shard : shards_) shard->sweep();
  sweep_timer_.arm(options_.sweep_every);
}

CurlShard& CurlTransport::shard_of(const CurlFlight& flight) {
  return *shards_[flight.place() % shards_.size()];
}

CurlEasy CurlTransport::take_easy() {
  if (spare_easies_.empty()) return CurlFlight::make_easy(surroundings_);
  CurlEasy easy = std::move(spare_easies_.back());
  spare_easies_.pop_back();
  return easy;
}

void CurlTransport::keep_easy(CurlEasy easy) {
  if (easy && spare_easies_.size() < kSpareEasiesMax) spare_easies_.push_back(std::move(easy));
}

void CurlTransport::finish(CurlFlight& flight, TransferEnd end, std::string detail) {
  Transfer transfer = flight.report(end, std::move(detail), loop_.monotonic_ms());
  finish(flight, std::move(transfer));
}

void CurlTransport::finish(CurlFlight& flight, Transfer transfer) {
  if (flight.easy() != nullptr) {
    shard_of(flight).remove(flight.easy());
    keep_easy(flight.release_easy());
  }
  finished_.push_back(std::move(transfer));
  spread_.leave(flight.place());
  flights_.erase(flight.ticket());
}

}  // namespace ackd
