#include "ackd/composition.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "ackd/known_merchants.h"
#include "ackd/process_limits.h"
#include "ackd/protocols.h"
#include "base/unique_fd.h"
#include "inbox/sqlite_source.h"

namespace ackd {
namespace {

// sysexits.h: an internal error, of which nothing more may be said to anyone.
constexpr int kExitUntrusted = 70;
// The drain could not be finished: what was in flight is recorded as possibly sent by the next start.
constexpr int kExitUnsettled = 75;
constexpr int kExitSignal = 128;

// After the transfers were aborted, their outcomes only need a commit; a store that cannot do it by then will not.
constexpr Duration kSettleTime{10'000};

// As the configuration allows to set it.
constexpr std::size_t kApiConnectionsMin = 16;

// Its entry in the folder above is synced at every start: without it a power cut would take the whole outbox along.
Status make_folder(const std::string& folder) {
  const auto failed = [&](const char* what) {
    return Error{ErrorCode::kIo, fmt::format("cannot {} data_dir {}: {}", what, folder, std::strerror(errno)),
                 "data_dir"};
  };
  const bool made = ::mkdir(folder.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) return failed("make");
  const UniqueFd above(::open((folder + "/..").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // One that was there may lie in a folder that ackd's user cannot read; what check_database_place() finds is clearer.
  if (!above.valid()) return made ? Status(failed("sync the folder of")) : Done{};
  return ::fsync(above.get()) == 0 ? Status(Done{}) : failed("sync the folder of");
}

EngineOptions engine_options(const Config& config) {
  EngineOptions options;
  options.node = config.node;
  options.lane_window = config.delivery.lane_window;
  options.lane_window_first = config.delivery.lane_window_first;
  options.host_ceiling = config.delivery.host_ceiling;
  options.rates = config.delivery.rates;
  options.transfers_max = config.delivery.transfers_max;
  options.unsettled_max = config.delivery.unsettled_max;
  options.page_bytes_max = config.delivery.page_bytes_max;
  options.admissions_queued_max = config.delivery.admissions_queued_max;
  options.admission_bytes_queued_max = config.delivery.admission_bytes_queued_max;
  options.suspend_hosts_min = config.delivery.suspend_hosts_min;
  return options;
}

ResolverOptions names_of(const Config& config) {
  return {fmt::format("{}", fmt::join(config.dns_servers, ",")), config.pinned_hosts};
}

// Whoever connects to the API must not take away what recording and sending need.
std::size_t api_connections_max(const Config& config) {
  return std::min(config.ingest.connections_max, std::max(descriptors_max() / 4, kApiConnectionsMin));
}

CurlTransportOptions transport_options(const Config& config) {
  CurlTransportOptions options;
  if (!config.ca_file.empty()) options.ca_file = config.ca_file;
  options.egress = config.egress;
  options.means = config.means;
  options.names = names_of(config);
  options.user_agent = "ackd/" ACKD_VERSION;
  options.descriptors_reserved += api_connections_max(config);
  return options;
}

HttpServer::Options http_options(const Config& config) {
  HttpServer::Options options;
  options.connections_max = static_cast<unsigned>(api_connections_max(config));
  options.bodies_bytes_max = config.ingest.body_bytes_in_flight_max;
  return options;
}

Result<HttpServer::Listeners> open_listeners(const Config& config) {
  Result<UnixListener> socket = UnixListener::open(config.listen);
  if (!socket) return socket.error();
  HttpServer::Listeners listeners{std::move(*socket), {}};
  for (const TcpAddress& address : config.listen_tcp) {
    Result<TcpListener> listener = TcpListener::open(address);
    if (!listener) return listener.error();
    listeners.tcp.push_back(std::move(*listener));
  }
  return listeners;
}

std::string listen_text(const Config& config) {
  std::string text = config.listen;
  for (const TcpAddress& address : config.listen_tcp) text += " " + to_string(address);
  return text;
}

// What is left above it is for the kernel's cache of the outbox, and for what arrives between two samples.
std::uint64_t memory_bytes_max(const Config& config) {
  return config.ingest.memory_bytes_max.value_or(memory_allowed() / 5 * 4);
}

template <class T>
Status keep(Result<T> made, T& out) {
  if (!made) return made.error();
  out = std::move(*made);
  return Done{};
}

}  // namespace

Composition::Composition(const Config& config, const SpdlogLog& log)
    : config_(config), log_(log), memory_(memory_bytes_max(config)) {}

Result<std::unique_ptr<Composition>> Composition::open(const Config& config, const SpdlogLog& log) {
  std::unique_ptr<Composition> made(new Composition(config, log));
  if (const Status storage = made->open_storage(); !storage) return storage.error();
  if (const Status network = made->open_network(); !network) return network.error();
  return made;
}

Status Composition::open_storage() {
  if (const Status folder = make_folder(config_.data_dir); !folder) return folder;
  const std::string path = config_.data_dir + "/outbox.db";
  const DiskLimits disk{config_.disk.low_bytes, config_.disk.critical_bytes, config_.disk.ballast_bytes};
  const auto wake = [this] { wakeup_.signal(); };
  if (const Status opened = keep(SqliteOutbox::open({path, disk, {}}, wake), outbox_); !opened) return opened;
  if (const Status loaded = keep(open_protocols(config_, *outbox_, log_), catalogue_); !loaded) return loaded;
  if (const Status opened = open_merchants(); !opened) return opened;
  // An entry stays until its outcome is committed, so there are as many as may be unsettled.
  InFlightFile::Options in_flight{config_.data_dir + "/in_flight", {}};
  in_flight.capacity =
      std::min(std::max<std::size_t>(config_.delivery.unsettled_max, 8'192), InFlightFile::kCapacityMax);
  if (const Status opened = keep(InFlightFile::open(in_flight), in_flight_); !opened) return opened;
  outbox_->start();
  if (const Status opened = keep(SqliteQueries::open(path, wake), queries_); !opened) return opened;
  return keep(SqliteQueries::open(path, wake), job_queries_);
}

Status Composition::open_merchants() {
  if (const Status checked = check_merchants(config_, catalogue_); !checked) return checked;
  if (const Status checked = check_loosenings(config_, clock_.now().wall); !checked) return checked;
  Result<MerchantsOpening> recorded = outbox_->load_merchants();
  if (!recorded) return recorded.error();
  Result<MasterKeys> keys =
      MasterKeys::open(config_.master_key_file, master_key_credential(), sealed_keys_of(*recorded) == 0, rng_);
  if (!keys) return keys.error();
  keys_.emplace(*std::move(keys));
  under_older_keys_ = keys_under_others(*recorded, keys_->ring().current().id);
  Result<MerchantDirectory> merchants =
      directory_of(config_.merchants, *std::move(recorded), keys_->ring(), catalogue_, log_);
  if (!merchants) return merchants.error();
  merchants_ = *std::move(merchants);
  return outbox_->store_configured_urls(urls_of(config_.merchants));
}

Status Composition::open_network() {
  if (const Status made = keep(CurlTransport::create(loop_, transport_options(config_)), transport_); !made)
    return made;
  Result<std::unique_ptr<EgressChecker>> checker =
      EgressChecker::create(loop_, names_of(config_), config_.egress, config_.means);
  if (const Status made = keep(std::move(checker), egress_checker_); !made) return made;
  const OutboxOpening& opening = outbox_->opening();
  activations_ = Activations(opening.activation.activations);
  const EngineParts parts{*outbox_,   *in_flight_, signer_, *transport_,  catalogue_,
                          merchants_, events_,     rng_,    activations_, *job_queries_};
  engine_ = std::make_unique<Engine>(
      engine_options(config_), parts,
      EngineStart{clock_.now(), opening.newest_id, opening.newest_record, opening.activation.awaiting, opening.jobs});
  open_inbox();
  api_ =
      std::make_unique<Api>(ApiParts{*engine_, intake_, *queries_, catalogue_, merchants_, activations_, inbox_.get(),
                                     *keys_, rng_, config_.egress, config_.means, *egress_checker_},
                            ProcessFacts{ACKD_VERSION, ::getpid(), engine_->now(), config_.file},
                            IngestRates{config_.ingest.requests_per_second, config_.ingest.requests_burst,
                                        config_.ingest.notifications_per_second, config_.ingest.notifications_burst});
  // Also when nothing is left under an older key: then that is found out, and the key goes.
  if (keys_->has_older() || under_older_keys_ > 0) engine_->reseal(keys_->ring(), under_older_keys_);
  Result<HttpServer::Listeners> listeners = open_listeners(config_);
  if (!listeners) return listeners.error();
  signals_.emplace(loop_, std::initializer_list<int>{SIGTERM, SIGINT});
  return keep(HttpServer::start(loop_, http_options(config_), std::move(*listeners), *api_), http_);
}

void Composition::open_inbox() {
  if (config_.inbox.sqlite.empty()) return;
  const std::vector<InboxStanding>& standings = outbox_->opening().inbox;
  InboxReaderOptions options;
  options.mark_file = config_.inbox.mark_file;
  inbox_reader_ = std::make_unique<InboxReader>(options, std::make_unique<SqliteSource>(config_.inbox.sqlite),
                                                standings, clock_, [this] { wakeup_.signal(); });
  inbox_ = std::make_unique<Inbox>(config_.inbox.sqlite, *engine_, intake_, events_, *inbox_reader_, standings);
}

int Composition::run() {
  const auto pending = outbox_->opening().counts.by_state.at(static_cast<std::size_t>(State::kPending));
  log_.write(LogLevel::kInfo, "started", "accepting notifications",
             {{"version", ACKD_VERSION},
              {"pid", std::int64_t{::getpid()}},
              {"listen", listen_text(config_)},
              {"data_dir", config_.data_dir},
              {"merchants", static_cast<std::int64_t>(merchants_.size())},
              {"pending", static_cast<std::int64_t>(pending)}});
  loop_.run([this] { turn(); });
  http_->stop();
  log_.write(LogLevel::kInfo, "stopped", exit_code_ == 0 ? "everything is settled" : "not everything could be settled");
  return exit_code_;
}

void Composition::turn() {
  take_signals();
  const Moment now = clock_.now();
  note_memory(now.boot);
  const TurnResult result = engine_->turn(now);
  if (result.fatal) end_untrusted(*result.fatal);
  if (engine_->take_resealed()) end_rotation();
  if (inbox_ && inbox_->pump()) loop_.turn_again();
  api_->pump();
  http_->deliver();
  wake_at(result.wake_at);
  if (draining_ && engine_->drained()) loop_.stop();
}

void Composition::note_memory(BootTime now) {
  const std::optional<std::uint64_t> bytes = memory_.sample(now);
  if (!bytes) return;
  engine_->note_memory({*bytes, memory_.bytes_max()});
  // Memory grows only by what turns the loop; that it shrank must be noticed although nobody is let in.
  if (engine_->stats().memory_short) memory_timer_.arm(ProcessMemory::kEvery);
}

void Composition::wake_at(std::optional<EngineTime> at) {
  if (at) {
    engine_timer_.arm(*at - engine_->now());
  } else {
    engine_timer_.disarm();
  }
}

// A file that cannot be written now is tried again by the next start: the older keys do no harm until then.
void Composition::end_rotation() {
  const Status dropped = keys_->drop_older();
  if (dropped) return;
  log_.write(LogLevel::kWarning, "older_master_keys_stay",
             dropped.error().message + "; nothing is sealed under the older keys any more. The next start drops them");
}

void Composition::take_signals() {
  for (const int number : signals_->take()) {
    if (!draining_) {
      begin_drain(number);
      continue;
    }
    log_.write(LogLevel::kWarning, "ended_at_once",
               "a second signal came while draining; what was in flight is recorded "
               "as possibly sent by the next start");
    std::_Exit(kExitSignal + number);
  }
}

void Composition::begin_drain(int signal_number) {
  log_.write(LogLevel::kInfo, "stopping", "draining; a second signal ends ackd at once",
             {{"signal", std::int64_t{signal_number}}, {"drain_timeout", format_duration(config_.drain_timeout)}});
  draining_ = true;
  engine_->begin_drain();
  drain_timer_.arm(config_.drain_timeout);
}

void Composition::end_drain_time() {
  if (!aborted_) {
    aborted_ = true;
    log_.write(LogLevel::kWarning, "drain_timeout",
               "ending what is still in flight; it settles as unknown and is sent "
               "again on its schedule",
               {{"in_flight", static_cast<std::int64_t>(engine_->stats().in_flight)}});
    engine_->abort_transfers();
    drain_timer_.arm(kSettleTime);
    return;
  }
  log_.write(
      LogLevel::kError, "unsettled",
      "the outbox could not be written in time; what was in flight is recorded as possibly sent by the next start");
  exit_code_ = kExitUnsettled;
  loop_.stop();
}

void Composition::end_untrusted(const Error& error) {
  log_.write(LogLevel::kError, "fatal",
             error.message +
                 "; ackd ends without answering anyone, because what was recorded "
                 "is not known");
  // No destructor runs: each would touch files or clients on the ground of a record that cannot be trusted.
  std::_Exit(kExitUntrusted);
}

}  // namespace ackd
