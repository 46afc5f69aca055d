// One simulated run: the daemon's lives one after the other, and what the platform, operators, merchants, the disk, the
// network and the clocks do to them meanwhile. simulation.cc has its course, and a file each what the platform and
// the operators do.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/simulated_process.h"
#include "sim/simulator.h"

namespace ackd::sim {

inline constexpr const char* kInboxSource = "platform";

class Simulation {
 public:
  // `profiles` are those of the start; a later life may read others.
  Simulation(std::uint64_t seed, const ProfileCatalogue& profiles);

  Report run();

  void tell_batches_to(std::function<void(const Batch&)> listener) {
    world_.witness.tell_batches_to(std::move(listener));
  }
  const std::vector<MerchantRecord>& first_merchants() const { return known_; }

 private:
  // What happens by itself while there are faults, each at its own times.
  enum class Happening : std::uint8_t {
    kAdmission,
    kInbox,
    kChange,
    kJob,
    kProbe,
    kMerchant,
    kClock,
    kDisk,
    kNetwork,
    kNames,
    kFreeze,
  };
  static constexpr std::size_t kHappenings = 11;

  // --- simulation.cc: the course of it. ---
  void populate();
  void start_process();
  void reload_a_profile();
  void crash();
  void step(BootTime until);
  void act();
  void happen(Happening happening);
  void turn();
  void take_answers();
  void check_standings(const EngineStats& stats);
  void turn_the_disk();
  void turn_the_network();
  void turn_the_names();
  void freeze();
  void heal();
  void settle_down();
  bool all_ended() const;
  void fill_report();
  BatchPlan plan();
  std::optional<BootTime> next_event() const;
  BootTime soon(std::int64_t low_ms, std::int64_t high_ms) { return world_.boot + world_.rng.between(low_ms, high_ms); }
  void next(Happening happening, std::int64_t low_ms, std::int64_t high_ms) {
    next_[static_cast<std::size_t>(happening)] = soon(low_ms, high_ms);
  }

  // --- simulation_platform.cc: what the platform hands over. ---
  IntakeRequest request_of(unsigned order);
  Admission admission_of(unsigned order);
  void admit_some();
  std::vector<unsigned> draw_orders();
  void write_inbox();
  bool feed_inbox();
  void take_inbox_result(const InboxResult& result);
  InboxSlice slice_of_inbox();
  std::int64_t inbox_rows() const { return static_cast<std::int64_t>(world_.inbox.size()); }

  // --- simulation_operators.cc: what operators want. ---
  Ticket ask(std::vector<std::string> contents = {});
  void change_something();
  void steer_by_job();
  ListFilter draw_filter();
  void step_clock();
  void change_a_merchant();
  MerchantWrite draw_change();
  void write(MerchantWrite write);
  void restore_merchants();
  void probe_something();
  void probe_unverified();
  void probe(const Merchant& merchant);
  void release_held();

  EngineOptions options_;
  ProfileCatalogue catalogue_;
  Duration longest_delay_{0};  // of any revision
  RevisionId newest_revision_;
  std::vector<MerchantRecord> known_;  // every merchant that there ever was, as it was at first
  World world_;
  std::unique_ptr<Process> process_;
  Report report_;
  std::optional<BootTime> wake_;
  std::array<BootTime, kHappenings> next_{};
  bool has_outages_ = false;
  bool has_reloads_ = false;
  // Merchants that take long, and few requests at once: who is passed over waits long.
  bool is_crowded_ = false;
  BootTime disk_trouble_until_{0};
  unsigned disk_trouble_percent_ = 0;
  Duration signer_max_{0};
  unsigned newest_order_ = 0;
  Ticket newest_ticket_ = 0;
  struct Asked {
    std::vector<std::string> contents;  // empty for changes
  };
  std::map<Ticket, Asked> asked_;
  std::int64_t inbox_offered_to_ = 0;  // of this process, like the next
  std::vector<std::string> inbox_contents_;
  std::uint64_t turns_at_once_ = 0;
};

}  // namespace ackd::sim
