// Everything around the engine: merchants that answer as the seed says, a signer that takes its time, an in-flight file
// and a clock that can be stepped. Any call may be the last one before the process dies.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "outbox/in_flight.h"
#include "signer/signer.h"
#include "sim/witness.h"
#include "transport/transport.h"

namespace ackd::sim {

class SeededRng final : public Rng {
 public:
  explicit SeededRng(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override;
  std::uint64_t below(std::uint64_t limit) { return next() % limit; }
  bool chance(unsigned percent) { return below(100) < percent; }
  Duration between(std::int64_t low_ms, std::int64_t high_ms) {
    return Duration(low_ms + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high_ms - low_ms + 1))));
  }

 private:
  std::uint64_t state_;
};

// Thrown out of a call to end the simulated process there.
struct Crash {};

// How a merchant treats its notifications.
enum class Temper { kPrompt, kSlow, kSilent, kLying, kFlapping, kRefusing, kRecovering };
inline constexpr unsigned kTemperCount = 7;

// Nobody can be reached, or only one host can, or only some cannot; or all answer with the same status.
struct WorldOutage {
  BootTime until;
  std::string spared;          // its origin; empty for none
  std::set<std::string> only;  // origins; empty for all
  TransferEnd end = TransferEnd::kConnectTimeout;
  int status = 0;  // with kComplete
};

struct World {
  World(std::uint64_t seed, const ProfileCatalogue& catalogue, const EngineOptions& options)
      : rng(seed), witness(catalogue, options, record) {}

  Moment now() const { return {WallTime{boot.ms + wall_offset.count()}, boot}; }
  void trace(std::uint64_t fact) { hash = (hash ^ fact) * 1'099'511'628'211ULL; }
  // Called inside every call of a fake; sometimes the process ends there.
  void crash_point();
  // Ours or not is nothing that the engine could know of: every kind of failure to connect, each outage one.
  void begin_outage();
  void end_outage();
  bool is_cut_off(const std::string& origin) const {
    return outage && outage->spared != origin && (outage->only.empty() || outage->only.contains(origin));
  }

  SeededRng rng;
  BootTime boot{1'000'000};
  Duration wall_offset{1'772'366'400'000};  // 2026-03-01T12:00:00Z
  std::uint64_t hash = 14'695'981'039'346'656'037ULL;
  bool faults = true;
  std::optional<WorldOutage> outage;
  BootTime recovered_from{0};  // from then on those that recover are prompt
  std::size_t transfers_max = 256;
  Duration names_take_max{0};    // what the name server takes now
  unsigned unlucky_percent = 6;  // of all requests, while there are faults
  unsigned crash_per_100k = 0;
  unsigned crashes = 0;

  // What survives the process.
  ModelRecord record;
  std::map<NotificationId, InFlightEntry> in_flight_file;
  std::vector<unsigned> inbox;                          // the platform's: row i + 1 is about this order
  std::map<std::string, Temper> tempers;                // by merchant id
  std::map<std::string, std::string> hosts;             // by merchant id; several share one
  std::map<std::string, std::string> acknowledgements;  // by provider
  Witness witness;
};

class WorldInFlight final : public InFlight {
 public:
  explicit WorldInFlight(World& world);
  void enter(const InFlightEntry& entry) override;
  void leave(NotificationId id) override;
  bool room() const override { return world_.in_flight_file.size() < 1'000; }
  std::vector<InFlightEntry> survivors() const override { return survivors_; }

 private:
  World& world_;
  std::vector<InFlightEntry> survivors_;
};

// Signs with a header that names the notification, so that the transport knows whom it sends.
class WorldSigner final : public Signer {
 public:
  WorldSigner(World& world, Duration takes_max) : world_(world), takes_max_(takes_max) {}
  bool room() const override { return jobs_.size() < 64; }
  void start(SignStart start) override;
  std::vector<Signing> take_finished() override;
  std::optional<BootTime> next_ready() const;
  // Whose notification is being signed, if any.
  std::optional<MerchantName> busy_with() const;

 private:
  // The URL as it was at the start, as the real signer takes it; nothing of an unknown merchant.
  struct Job {
    SignStart start;
    std::optional<Url> url;
  };
  Signing sign(const Job& job);

  World& world_;
  Duration takes_max_;
  std::multimap<BootTime, Job> jobs_;
};

class WorldTransport final : public Transport {
 public:
  explicit WorldTransport(World& world) : world_(world) {}
  bool room() const override { return running_.size() < world_.transfers_max; }
  void start(TransferStart start) override;
  std::vector<Transfer> take_finished() override;
  void abort_all() override;
  // What is on its way to hosts that are cut off is never answered.
  void cut_off();
  std::optional<BootTime> next_ready() const;

 private:
  struct Running {
    NotificationId id;
    std::string origin;
    Transfer transfer;
  };
  Temper temper_of(const std::string& merchant) const;
  Transfer answer(const std::string& provider, Temper temper, const TransferStart& start);
  void wait_for_the_name(Transfer& transfer, const TransferStart& start);
  Transfer misfortune(const TransferStart& start);
  Transfer cut_short(const TransferStart& start);

  World& world_;
  std::multimap<BootTime, Running> running_;
};

}  // namespace ackd::sim
