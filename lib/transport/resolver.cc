#include "transport/resolver.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string_view>
#include <utility>

namespace ackd {
namespace {

// A resolver that has the name answers within a millisecond or two, one that must ask round often within this time.
constexpr int kHurriedTimeoutMs = 300;
constexpr int kHurriedTries = 1;
// The first try waits one second, the second two (c-ares doubles it): a lookup ends within three for each server.
constexpr int kPatientTimeoutMs = 1'000;
constexpr int kPatientTries = 2;
// A host that was silent is new again after this time, or those that have recovered would wait behind the dead.
constexpr std::int64_t kSilentMs = 10'000;

NameAnswer::Kind kind_of(int status) {
  switch (status) {
    case ARES_SUCCESS: return NameAnswer::Kind::kFound;
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
    case ARES_ESERVFAIL:  // the name's own servers are broken; ours answered
    case ARES_EFORMERR:
    case ARES_EBADRESP:
    case ARES_EBADNAME: return NameAnswer::Kind::kNotFound;
    default: return NameAnswer::Kind::kFailed;
  }
}

IpAddress address_of(const ares_addrinfo_node& node) {
  IpAddress address;
  if (node.ai_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, node.ai_addr, sizeof v4);
    address.bytes[10] = address.bytes[11] = 0xff;
    std::memcpy(address.bytes.data() + 12, &v4.sin_addr, 4);
  } else {
    sockaddr_in6 v6{};
    std::memcpy(&v6, node.ai_addr, sizeof v6);
    std::memcpy(address.bytes.data(), &v6.sin6_addr, 16);
  }
  return address;
}

// IPv4 first: where IPv6 is announced but does not work, the other order would cost every attempt a share of its
// connect budget.
std::vector<IpAddress> addresses_of(const ares_addrinfo& found) {
  std::vector<IpAddress> addresses;
  for (const int family : {AF_INET, AF_INET6}) {
    for (const ares_addrinfo_node* node = found.nodes; node != nullptr; node = node->ai_next) {
      if (node->ai_family == family) addresses.push_back(address_of(*node));
    }
  }
  return addresses;
}

std::int64_t smallest_ttl(const ares_addrinfo& found) {
  std::int64_t ttl_s = NameCache::kTtlMaxMs;
  for (const ares_addrinfo_node* node = found.nodes; node != nullptr; node = node->ai_next) {
    ttl_s = std::min<std::int64_t>(ttl_s, node->ai_ttl);
  }
  return ttl_s;
}

// RFC 6761, 6.3: these names mean loopback everywhere and must never be asked of a name server, whose answer could lead
// past the egress policy's refusal of loopback.
bool is_localhost(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  return host == "localhost" || host.ends_with(".localhost");
}

Error cannot_start(const std::string& what, int status) {
  return {ErrorCode::kIo, fmt::format("the name resolver cannot start: {}: {}", what, ares_strerror(status)), {}};
}

std::size_t index(Resolver::Standing standing) {
  return static_cast<std::size_t>(standing);
}

}  // namespace

Resolver::Resolver(UvLoop& loop, const PinnedHosts& pinned, Answered answered)
    : loop_(loop),
      answered_(std::move(answered)),
      timeout_(loop,
               [this] {
                 process(hurried_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
                 process(patient_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
               }),
      settle_soon_(loop, [this] { settle(); }) {
  localhost_ = {NameAnswer::Kind::kFound, {*parse_ip("127.0.0.1"), *parse_ip("::1")}, {}};
  overloaded_.detail = fmt::format("more than {} names wait for the resolver", kWaitingMax);
  for (const auto& [host, addresses] : pinned) pinned_[host] = {NameAnswer::Kind::kFound, addresses, {}};
}

Result<std::unique_ptr<Resolver>> Resolver::create(UvLoop& loop, const ResolverOptions& options, Answered answered) {
  std::unique_ptr<Resolver> resolver(new Resolver(loop, options.pinned, std::move(answered)));
  Resolver& made = *resolver;
  Status opened = made.open(made.hurried_, kHurriedTimeoutMs, kHurriedTries, options.servers);
  if (opened) opened = made.open(made.patient_, kPatientTimeoutMs, kPatientTries, options.servers);
  if (!opened) return opened.error();
  return resolver;
}

Resolver::~Resolver() {
  closing_ = true;
}

Status Resolver::open(Line& line, int try_timeout_ms, int tries, const std::string& servers) {
  ares_options options{};
  // A merchant's name is never completed with a search domain: "pay" must not become an internal host.
  // NOCHECKRESP: otherwise c-ares turns a SERVFAIL, which mostly means that the merchant's own name servers are broken,
  // into "connection refused", and it could not be told from a resolver of ours that is down.
  options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP;
  options.ndomains = 0;
  options.timeout = try_timeout_ms;
  options.tries = tries;
  char files_then_dns[] = "fb";
  options.lookups = files_then_dns;
  options.sock_state_cb_data = &line;
  options.sock_state_cb = [](void* its_line, ares_socket_t socket, int readable, int writable) {
    Line& of_socket = *static_cast<Line*>(its_line);
    of_socket.resolver->watch_socket(of_socket, socket, readable != 0, writable != 0);
  };
  ares_channel channel = nullptr;
  const int mask = ARES_OPT_FLAGS | ARES_OPT_DOMAINS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
                   ARES_OPT_SOCK_STATE_CB;
  if (const int status = ares_init_options(&channel, &options, mask); status != ARES_SUCCESS) {
    return cannot_start("/etc/resolv.conf", status);
  }
  line.channel.reset(channel);
  if (servers.empty()) return Done{};
  const int status = ares_set_servers_ports_csv(channel, servers.c_str());
  if (status != ARES_SUCCESS) return cannot_start("name servers '" + servers + "'", status);
  return Done{};
}

const NameAnswer* Resolver::ask(const std::string& host) {
  if (is_localhost(host)) return &localhost_;
  if (const auto pinned = pinned_.find(host); pinned != pinned_.end()) return &pinned->second;
  if (const NameAnswer* known = cache_.find(host, loop_.monotonic_ms())) return known;
  if (wanted_.contains(host)) return nullptr;
  std::deque<std::string>& waiting = waiting_[index(standing_of(host))];
  if (waiting.size() >= kWaitingMax) return &overloaded_;
  wanted_.emplace(host, false);
  waiting.push_back(host);
  start_waiting();
  return nullptr;
}

void Resolver::forget(const std::string& host) {
  // One that is in flight comes back and fills the cache; one that waits is skipped when its turn comes.
  const auto found = wanted_.find(host);
  if (found != wanted_.end() && !found->second) wanted_.erase(found);
}

Resolver::Standing Resolver::standing_of(const std::string& host) const {
  const std::optional<NameAnswer::Kind> last = cache_.last_kind(host, loop_.monotonic_ms() - kSilentMs);
  if (!last) return Standing::kNew;
  return *last == NameAnswer::Kind::kFailed ? Standing::kSilent : Standing::kAnswers;
}

bool Resolver::has_room(Standing standing) const {
  const std::size_t all = std::accumulate(in_flight_.begin(), in_flight_.end(), std::size_t{0});
  return all < kInFlightMax && in_flight_[index(standing)] < kInFlightMaxOf[index(standing)];
}

// The host that waits longest and is still wanted.
std::optional<std::string> Resolver::next_host(Standing standing) {
  std::deque<std::string>& waiting = waiting_[index(standing)];
  while (!waiting.empty()) {
    std::string host = std::move(waiting.front());
    waiting.pop_front();
    const auto found = wanted_.find(host);
    if (found != wanted_.end() && !std::exchange(found->second, true)) return host;
  }
  return std::nullopt;
}

void Resolver::start_waiting() {
  for (const Standing standing : {Standing::kAnswers, Standing::kNew, Standing::kSilent}) {
    while (has_room(standing)) {
      const std::optional<std::string> host = next_host(standing);
      if (!host) break;
      query(*host, standing);
    }
  }
  arm_timeout();
}

void Resolver::query(const std::string& host, Standing standing) {
  ++in_flight_[index(standing)];
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  // Sorting would open a socket for each address, however many a hostile name has.
  hints.ai_flags = ARES_AI_NOSORT;
  const auto answered = [](void* argument, int status, int, ares_addrinfo* found) {
    const std::unique_ptr<Question> question(static_cast<Question*>(argument));
    question->resolver->on_answer(*question, status, found);
  };
  ares_getaddrinfo(line_for(standing).channel.get(), host.c_str(), nullptr, &hints, answered,
                   new Question{this, host, standing});
}

// Runs inside c-ares, perhaps inside query() itself (a name from /etc/hosts): it only notes the answer.
void Resolver::on_answer(const Question& question, int status, ares_addrinfo* found) {
  const std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> owner(found, ares_freeaddrinfo);
  if (closing_) return;
  --in_flight_[index(question.standing)];
  if (status == ARES_ETIMEOUT && question.standing != Standing::kSilent) return ask_with_patience(question.host);
  NameAnswer answer{kind_of(status), {}, ares_strerror(status)};
  std::int64_t ttl_s = 0;
  if (status == ARES_SUCCESS && found != nullptr) {
    answer.addresses = addresses_of(*found);
    ttl_s = smallest_ttl(*found);
  }
  if (status == ARES_SUCCESS && answer.addresses.empty()) answer = {NameAnswer::Kind::kNotFound, {}, "no address"};
  cache_.put(question.host, std::move(answer), ttl_s, loop_.monotonic_ms());
  fresh_.push_back(question.host);
  settle_soon_.arm(Duration(0));
}

// Nobody who still waits for the host is told: its question goes to the back of the other line.
void Resolver::ask_with_patience(const std::string& host) {
  cache_.note_silence(host, loop_.monotonic_ms());
  const auto found = wanted_.find(host);
  if (found == wanted_.end()) return;
  found->second = false;
  waiting_[index(Standing::kSilent)].push_back(host);
  settle_soon_.arm(Duration(0));
}

void Resolver::watch_socket(Line& line, ares_socket_t socket, bool readable, bool writable) {
  if (!readable && !writable) {
    sockets_.erase(socket);
    return;
  }
  std::unique_ptr<Poll>& poll = sockets_[socket];
  if (!poll) {
    poll = std::make_unique<Poll>(loop_, socket, [this, &line, socket](int events) {
      process(line, (events & UV_READABLE) != 0 ? socket : ARES_SOCKET_BAD,
              (events & UV_WRITABLE) != 0 ? socket : ARES_SOCKET_BAD);
    });
  }
  poll->watch((readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0));
}

void Resolver::process(Line& line, ares_socket_t readable, ares_socket_t writable) {
  ares_process_fd(line.channel.get(), readable, writable);
  settle();
}

void Resolver::settle() {
  for (const std::string& host : std::exchange(fresh_, {})) {
    wanted_.erase(host);
    // It was put a moment ago and time 0 is before every expiry. A copy, because who is told may ask for more.
    const NameAnswer* known = cache_.find(host, 0);
    if (known != nullptr) answered_(host, NameAnswer(*known));
  }
  start_waiting();
}

void Resolver::arm_timeout() {
  timeval hurried{};
  timeval patient{};
  const timeval* next = ares_timeout(hurried_.channel.get(), nullptr, &hurried);
  next = ares_timeout(patient_.channel.get(), const_cast<timeval*>(next), &patient);
  if (next == nullptr) {
    timeout_.disarm();
    return;
  }
  timeout_.arm(Duration(static_cast<std::int64_t>(next->tv_sec) * 1'000 + next->tv_usec / 1'000 + 1));
}

}  // namespace ackd
