// Every part of the running daemon, made and wired here and nowhere else. The order of the members is the order of
// making, and its reverse the order of ending: whatever is referred to outlives who refers to it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/api.h"
#include "base/result.h"
#include "config/config.h"
#include "config/master_keys.h"
#include "engine/engine.h"
#include "engine/intake.h"
#include "events/spdlog_events.h"
#include "http/http_server.h"
#include "inbox/inbox.h"
#include "inbox/inbox_reader.h"
#include "loop/process_memory.h"
#include "loop/system_rng.h"
#include "loop/uv_clock.h"
#include "loop/uv_loop.h"
#include "outbox/in_flight_file.h"
#include "outbox/sqlite_outbox.h"
#include "outbox/sqlite_queries.h"
#include "signer/pool_signer.h"
#include "transport/curl_transport.h"
#include "transport/egress_checker.h"

namespace ackd {

class Composition {
 public:
  // Opens everything that can fail, in the order in which a failure costs least. The log and the config must outlive
  // the composition.
  static Result<std::unique_ptr<Composition>> open(const Config& config, const SpdlogLog& log);
  Composition(const Composition&) = delete;
  Composition& operator=(const Composition&) = delete;

  // Serves until drained after SIGTERM or SIGINT; returns the exit code. A second signal, and a record that can no
  // longer be trusted, end the process at once without returning.
  int run();

 private:
  Composition(const Config& config, const SpdlogLog& log);
  Status open_storage();
  Status open_merchants();
  Status open_network();
  void open_inbox();

  void turn();
  void note_memory(BootTime now);
  void take_signals();
  void end_rotation();
  void begin_drain(int signal_number);
  void end_drain_time();
  void wake_at(std::optional<EngineTime> at);
  [[noreturn]] void end_untrusted(const Error& error);

  const Config& config_;
  const SpdlogLog& log_;

  UvLoop loop_;
  Wakeup wakeup_{loop_};
  Timer engine_timer_{loop_};
  Timer memory_timer_{loop_};
  Timer drain_timer_{loop_, [this] { end_drain_time(); }};
  std::optional<Signals> signals_;
  UvClock clock_;
  SystemRng rng_;
  ProcessMemory memory_;
  SpdlogEvents events_{log_};

  std::unique_ptr<SqliteOutbox> outbox_;
  std::unique_ptr<SqliteQueries> queries_;
  std::unique_ptr<SqliteQueries> job_queries_;  // a reader of the engine's own: people's lists do not wait for jobs
  std::unique_ptr<InFlightFile> in_flight_;
  ProfileCatalogue catalogue_;
  std::optional<MasterKeys> keys_;
  MerchantDirectory merchants_;
  std::size_t under_older_keys_ = 0;  // found so at the start
  Activations activations_;
  PoolSigner signer_{catalogue_, merchants_, [this] { wakeup_.signal(); }};
  std::unique_ptr<CurlTransport> transport_;
  std::unique_ptr<EgressChecker> egress_checker_;
  std::unique_ptr<Engine> engine_;
  Intake intake_{catalogue_, merchants_, activations_, rng_, config_.ingest.unknown_merchants};
  std::unique_ptr<InboxReader> inbox_reader_;
  std::unique_ptr<Inbox> inbox_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<HttpServer> http_;

  bool draining_ = false;
  bool aborted_ = false;
  int exit_code_ = 0;
};

}  // namespace ackd
