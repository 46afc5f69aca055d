#include "transport/resolver.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace ackd {
namespace {

// The first try waits one second, the second two (c-ares doubles it): a lookup ends within three for each server.
constexpr int kTryTimeoutMs = 1'000;
constexpr int kTries = 2;

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

}  // namespace

Resolver::Resolver(UvLoop& loop, Answered answered)
    : loop_(loop),
      answered_(std::move(answered)),
      timeout_(loop, [this] { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }),
      settle_soon_(loop, [this] { settle(); }) {
  localhost_ = {NameAnswer::Kind::kFound, {*parse_ip("127.0.0.1"), *parse_ip("::1")}, {}};
  overloaded_.detail = fmt::format("more than {} names wait for the resolver", kWaitingMax);
}

Result<std::unique_ptr<Resolver>> Resolver::create(UvLoop& loop, const std::string& servers, Answered answered) {
  std::unique_ptr<Resolver> resolver(new Resolver(loop, std::move(answered)));
  if (const Status opened = resolver->open(servers); !opened) return opened.error();
  return resolver;
}

Resolver::~Resolver() {
  closing_ = true;
}

Status Resolver::open(const std::string& servers) {
  ares_options options{};
  // A merchant's name is never completed with a search domain: "pay" must not become an internal host.
  // NOCHECKRESP: otherwise c-ares turns a SERVFAIL, which mostly means that the merchant's own name servers are broken,
  // into "connection refused", and it could not be told from a resolver of ours that is down.
  options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP;
  options.ndomains = 0;
  options.timeout = kTryTimeoutMs;
  options.tries = kTries;
  char files_then_dns[] = "fb";
  options.lookups = files_then_dns;
  options.sock_state_cb_data = this;
  options.sock_state_cb = [](void* self, ares_socket_t socket, int readable, int writable) {
    static_cast<Resolver*>(self)->watch_socket(socket, readable != 0, writable != 0);
  };
  ares_channel channel = nullptr;
  const int mask = ARES_OPT_FLAGS | ARES_OPT_DOMAINS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
                   ARES_OPT_SOCK_STATE_CB;
  if (const int status = ares_init_options(&channel, &options, mask); status != ARES_SUCCESS) {
    return cannot_start("/etc/resolv.conf", status);
  }
  channel_.reset(channel);
  if (servers.empty()) return Done{};
  const int status = ares_set_servers_ports_csv(channel, servers.c_str());
  if (status != ARES_SUCCESS) return cannot_start("name servers '" + servers + "'", status);
  return Done{};
}

const NameAnswer* Resolver::ask(const std::string& host) {
  if (is_localhost(host)) return &localhost_;
  if (const NameAnswer* known = cache_.find(host, loop_.monotonic_ms())) return known;
  if (wanted_.contains(host)) return nullptr;
  if (waiting_.size() >= kWaitingMax) return &overloaded_;
  wanted_.emplace(host, false);
  waiting_.push_back(host);
  start_waiting();
  return nullptr;
}

void Resolver::forget(const std::string& host) {
  // One that is in flight comes back and fills the cache; one that waits is skipped when its turn comes.
  const auto found = wanted_.find(host);
  if (found != wanted_.end() && !found->second) wanted_.erase(found);
}

bool Resolver::has_room() {
  const std::int64_t old_ms = loop_.monotonic_ms() - kYoungMs;
  while (!young_.empty() && young_.begin()->second <= old_ms) young_.erase(young_.begin());
  return young_.size() < kYoungMax;
}

void Resolver::start_waiting() {
  while (!waiting_.empty() && has_room()) {
    const std::string host = std::move(waiting_.front());
    waiting_.pop_front();
    const auto found = wanted_.find(host);
    if (found == wanted_.end() || std::exchange(found->second, true)) continue;
    query(host);
  }
  arm_timeout();
}

void Resolver::query(const std::string& host) {
  young_.emplace(++last_number_, loop_.monotonic_ms());
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  // Sorting would open a socket for each address, however many a hostile name has.
  hints.ai_flags = ARES_AI_NOSORT;
  const auto answered = [](void* argument, int status, int, ares_addrinfo* found) {
    const std::unique_ptr<Question> question(static_cast<Question*>(argument));
    question->resolver->on_answer(*question, status, found);
  };
  ares_getaddrinfo(channel_.get(), host.c_str(), nullptr, &hints, answered, new Question{this, host, last_number_});
}

// Runs inside c-ares, perhaps inside query() itself (a name from /etc/hosts): it only notes the answer.
void Resolver::on_answer(const Question& question, int status, ares_addrinfo* found) {
  const std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> owner(found, ares_freeaddrinfo);
  if (closing_) return;
  young_.erase(question.number);
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

void Resolver::watch_socket(ares_socket_t socket, bool readable, bool writable) {
  if (!readable && !writable) {
    sockets_.erase(socket);
    return;
  }
  std::unique_ptr<Poll>& poll = sockets_[socket];
  if (!poll) {
    poll = std::make_unique<Poll>(loop_, socket, [this, socket](int events) {
      process((events & UV_READABLE) != 0 ? socket : ARES_SOCKET_BAD,
              (events & UV_WRITABLE) != 0 ? socket : ARES_SOCKET_BAD);
    });
  }
  poll->watch((readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0));
}

void Resolver::process(ares_socket_t readable, ares_socket_t writable) {
  ares_process_fd(channel_.get(), readable, writable);
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
  timeval storage{};
  const timeval* next = ares_timeout(channel_.get(), nullptr, &storage);
  if (next == nullptr) {
    timeout_.disarm();
    return;
  }
  std::int64_t delay_ms = static_cast<std::int64_t>(next->tv_sec) * 1'000 + next->tv_usec / 1'000 + 1;
  if (!waiting_.empty() && !young_.empty()) {
    delay_ms = std::min(delay_ms, young_.begin()->second + kYoungMs - loop_.monotonic_ms());
  }
  timeout_.arm(Duration(delay_ms));
}

}  // namespace ackd
