#include "sim/simulation.h"

#include <algorithm>

#include "policy/judge.h"

namespace ackd::sim {
namespace {

constexpr Duration kChaos = std::chrono::hours(40);
constexpr Duration kLivenessMax = std::chrono::hours(24 * 60);
// The latest not_before, and some more.
constexpr Duration kAftermath = std::chrono::hours(4);
constexpr std::uint64_t kTurnsMax = 600'000;
constexpr std::uint64_t kTurnsAtOnceMax = 2'000;

Rate draw_rate(SeededRng& rng) {
  return {1 + rng.below(3), rng.below(4)};
}

// Small limits, drawn anew for every seed, so that every ceiling is hit.
EngineOptions draw_options(std::uint64_t seed) {
  SeededRng rng(seed ^ 0x5eed);
  EngineOptions options;
  options.lane_window = 1 + rng.below(4);
  options.lane_window_first = 1 + rng.below(4);
  options.host_ceiling = 1 + rng.below(6);
  options.transfers_max = rng.chance(40) ? 1 + rng.below(3) : 2 + rng.below(30);
  options.unsettled_max = options.transfers_max + rng.below(20);
  options.page_rows = 1 + rng.below(8);
  options.lanes_per_scan = 1 + rng.below(5);
  options.page_bytes_max = rng.chance(30) ? 2'000 : 1u << 20;
  options.release_rows = 1 + rng.below(4);
  options.job_rows = 1 + rng.below(12);
  options.suspend_hosts_min = rng.chance(60) ? 1 + rng.below(5) : 0;
  if (rng.chance(40)) options.rates.lane = draw_rate(rng);
  if (rng.chance(40)) options.rates.host = draw_rate(rng);
  if (rng.chance(40)) options.rates.hosts["http://host0.example:80"] = draw_rate(rng);
  return options;
}

ProfileCatalogue copy_of(const ProfileCatalogue& profiles) {
  ProfileCatalogue copy;
  for (const Profile* profile : profiles.all_current()) {
    copy.set_current(profiles.current_revision(profile->id), *profile);
  }
  return copy;
}

}  // namespace

Simulation::Simulation(std::uint64_t seed, const ProfileCatalogue& profiles)
    : options_(draw_options(seed)), catalogue_(copy_of(profiles)), world_(seed, catalogue_, options_) {
  for (const Profile* profile : profiles.all_current()) {
    newest_revision_ = std::max(newest_revision_, profiles.current_revision(profile->id));
    const std::vector<Duration>& delays = profile->schedule.delays;
    longest_delay_ = std::max(longest_delay_, *std::max_element(delays.begin(), delays.end()));
  }
}

void Simulation::populate() {
  SeededRng& rng = world_.rng;
  const std::vector<const Profile*> profiles = catalogue_.all_current();
  for (const Profile* profile : profiles) world_.acknowledgements[profile->id] = profile->ack.text;
  has_outages_ = rng.chance(50);
  has_reloads_ = rng.chance(50);
  is_crowded_ = options_.transfers_max <= 2 && rng.chance(70);
  SeededRng rates(rng.next());
  const std::uint64_t count = 1 + rng.below(8) + (has_outages_ ? 3 : 0);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string id = "m" + std::to_string(i);
    world_.tempers[id] = is_crowded_ ? Temper::kSlow : static_cast<Temper>(rng.below(kTemperCount));
    world_.hosts[id] = "host" + std::to_string(has_outages_ ? i : rng.below(count)) + ".example";
    for (const Profile* profile : profiles) {
      MerchantRecord record;
      record.name = {profile->id, id};
      record.version = 1;
      record.url = "http://" + world_.hosts[id] + "/";
      if (rates.chance(40)) record.options["rate"] = std::to_string(rates.below(4));
      if (rates.chance(20)) record.options["give_up_after"] = std::to_string(1 + rates.below(200)) + "m";
      if (record.options.contains("rate") && rates.chance(50)) record.options["rate_burst"] = "2";
      known_.push_back(record);
      world_.record.merchants[record.name] = record;
    }
  }
  world_.recovered_from = soon(0, kChaos.count());
  world_.crash_per_100k = rng.chance(70) ? static_cast<unsigned>(rng.below(400)) : 0;
  disk_trouble_percent_ = rng.chance(50) ? static_cast<unsigned>(rng.below(40)) : 0;
  signer_max_ = rng.chance(50) ? Duration(0) : rng.between(1, 300);
  next_.fill(world_.boot);
  next(Happening::kFreeze, 0, 40'000'000);
  if (has_outages_) {
    next(Happening::kNetwork, 0, 10'000'000);
  } else {
    next_[static_cast<std::size_t>(Happening::kNetwork)] = BootTime::max();
  }
}

void Simulation::start_process() {
  if (world_.faults && has_reloads_ && world_.rng.chance(30)) reload_a_profile();
  process_ = std::make_unique<Process>(
      world_, options_, catalogue_, [this] { return plan(); }, signer_max_);
  asked_.clear();
  inbox_offered_to_ = world_.record.inbox[kInboxSource].mark;
  wake_ = world_.boot;
}

// Somebody has changed a profile's file while the daemon was down. What was admitted before keeps its schedule.
void Simulation::reload_a_profile() {
  SeededRng& rng = world_.rng;
  const std::vector<const Profile*> profiles = catalogue_.all_current();
  Profile changed = *profiles[rng.below(profiles.size())];
  std::vector<Duration>& delays = changed.schedule.delays;
  for (Duration& delay : delays) delay = Duration(delay.count() * static_cast<std::int64_t>(1 + rng.below(4)) / 2);
  longest_delay_ = std::max(longest_delay_, *std::max_element(delays.begin(), delays.end()));
  if (rng.chance(30)) delays.push_back(delays.back());
  if (rng.chance(30) && delays.size() > 2) delays.pop_back();
  catalogue_.set_current(RevisionId{++newest_revision_.value}, std::move(changed));
  ++report_.reloads;
}

BatchPlan Simulation::plan() {
  SeededRng& rng = world_.rng;
  BatchPlan plan;
  plan.takes = rng.between(0, 5);
  if (!world_.faults) return plan;
  if (rng.chance(3)) plan.takes = rng.between(100, 20'000);  // a disk that stalls
  if (rng.below(2'000) == 0) {
    plan.fate = BatchFate::kUnknown;
    plan.applied_if_unknown = rng.chance(50);
  } else if (world_.boot < disk_trouble_until_ || rng.chance(disk_trouble_percent_ / 8)) {
    plan.fate = BatchFate::kFailed;
    ++report_.failed_batches;
  }
  return plan;
}

void Simulation::crash() {
  ++report_.crashes;
  process_->outbox.crash(world_.rng.chance(50));
  process_.reset();
  world_.witness.on_crash();
  world_.boot = soon(10, 30'000);
  world_.crash_point();  // may die again while it is down; the caller starts it once more
}

// Cut off, or there again.
void Simulation::turn_the_network() {
  if (world_.outage) {
    world_.end_outage();
    return next(Happening::kNetwork, 60'000, 30'000'000);
  }
  world_.begin_outage();
  process_->transport.cut_off();
  next_[static_cast<std::size_t>(Happening::kNetwork)] = world_.outage->until;
  ++report_.outages;
}

// The name server is slow for a while, perhaps longer than a connection may take.
void Simulation::turn_the_names() {
  const bool slow = world_.names_take_max.count() == 0 && world_.rng.chance(50);
  world_.names_take_max = slow ? world_.rng.between(100, 12'000) : Duration(0);
  report_.slow_names += slow;
  next(Happening::kNames, 60'000, slow ? 1'000'000 : 30'000'000);
}

void Simulation::turn_the_disk() {
  SeededRng& rng = world_.rng;
  next(Happening::kDisk, 100'000, 20'000'000);
  process_->outbox.band = static_cast<DiskBand>(rng.below(3));
  if (rng.chance(60)) process_->outbox.band = DiskBand::kPlenty;
  if (rng.chance(disk_trouble_percent_)) disk_trouble_until_ = soon(100, 60'000);
}

// The process stands still, or the whole machine sleeps; the merchants do not.
void Simulation::freeze() {
  next(Happening::kFreeze, 1'000'000, 100'000'000);
  world_.boot = soon(1'000, world_.rng.chance(50) ? 60'000 : 7'200'000);
  world_.witness.on_freeze(world_.boot);
  ++report_.freezes;
}

void Simulation::happen(Happening happening) {
  switch (happening) {
    case Happening::kAdmission: return admit_some();
    case Happening::kInbox: return write_inbox();
    case Happening::kChange: return change_something();
    case Happening::kJob: return steer_by_job();
    case Happening::kProbe: return probe_something();
    case Happening::kMerchant: return change_a_merchant();
    case Happening::kClock: return step_clock();
    case Happening::kDisk: return turn_the_disk();
    case Happening::kNetwork: return turn_the_network();
    case Happening::kNames: return turn_the_names();
    case Happening::kFreeze: return freeze();
  }
}

void Simulation::act() {
  if (!world_.faults) return;
  for (std::size_t i = 0; i < kHappenings; ++i) {
    if (world_.boot >= next_[i]) happen(static_cast<Happening>(i));
  }
  // Now and then while something is being signed, which it seldom is at any other moment.
  if (process_->signer.busy_with().has_value() && world_.rng.chance(2)) change_a_merchant();
}

void Simulation::take_answers() {
  for (Answer& answer : process_->engine.take_answers()) {
    const auto asked = asked_.find(answer.ticket);
    if (asked == asked_.end()) {
      world_.witness.fail("an answer that nobody asked for");
      continue;
    }
    for (std::size_t i = 0; i < asked->second.contents.size(); ++i) {
      const ItemAnswer& item = answer.items.at(i);
      if (item && item->applied == Applied::kApplied) {
        world_.witness.on_accepted(item->id, asked->second.contents[i]);
      }
    }
    asked_.erase(asked);
  }
}

// With nothing on its way lanes stand as the record has them, whether they were found there or have learned it.
void Simulation::check_standings(const EngineStats& stats) {
  if (stats.unsettled > 0) return;
  for (std::size_t i = 0; i < world_.record.lanes.size(); ++i) {
    const LaneView lane = process_->engine.lane_view(world_.record.lanes[i]);
    if (!lane.known) continue;
    const LaneStanding recorded = world_.record.standing_of(LaneId{static_cast<std::int64_t>(i) + 1});
    const bool untried = recorded == LaneStanding::kUnknown && lane.untried;
    const bool agree = lane.squeezed == (recorded == LaneStanding::kSqueezed) && lane.untried == untried;
    if (!agree) world_.witness.fail("a lane does not stand as the record says: " + world_.record.lanes[i].merchant);
  }
}

void Simulation::turn() {
  ++report_.turns;
  const TurnResult result = process_->engine.turn(world_.now());
  take_answers();
  const EngineStats stats = process_->engine.stats();
  world_.witness.on_turn(result, stats, world_.boot);
  if (result.fatal) throw Crash{};
  check_standings(stats);
  wake_.reset();
  if (result.wake_at) wake_ = world_.boot + std::max(*result.wake_at - stats.now, Duration(1));
  if (feed_inbox()) wake_ = world_.boot;
}

std::optional<BootTime> Simulation::next_event() const {
  std::optional<BootTime> next = wake_;
  const auto consider = [&](std::optional<BootTime> at) {
    if (at) next = std::min(next.value_or(*at), *at);
  };
  consider(process_->outbox.next_ready());
  consider(process_->queries.next_ready());
  consider(process_->signer.next_ready());
  consider(process_->transport.next_ready());
  if (world_.faults) consider(*std::min_element(next_.begin(), next_.end()));
  return next;
}

void Simulation::step(BootTime until) {
  try {
    if (!process_) start_process();
    const BootTime next = std::min(next_event().value_or(until), until);
    turns_at_once_ = next > world_.boot ? 0 : turns_at_once_ + 1;
    if (turns_at_once_ > kTurnsAtOnceMax) world_.witness.fail("turns without end at one instant");
    world_.boot = std::max(world_.boot, next);
    act();
    turn();
  } catch (const Crash&) {
    if (process_) {
      try {
        crash();
      } catch (const Crash&) {
        process_.reset();
      }
    }
  }
}

void Simulation::heal() {
  world_.faults = false;
  world_.names_take_max = Duration(0);
  world_.end_outage();
  if (!process_) start_process();
  process_->outbox.band = DiskBand::kPlenty;
  process_->engine.confirm_clock();
  world_.witness.forget_all_due(world_.boot);
}

// The last results come in, and the engine is left with nothing. A lane whose row was taken away sleeps until that one
// would have been due.
void Simulation::settle_down() {
  const BootTime until = world_.boot + longest_delay_ + kAftermath;
  while (world_.boot < until && world_.witness.failures().empty()) {
    if (asked_.empty()) {
      restore_merchants();  // a paused one's lane looks for its rows when it goes on
      if (!asked_.empty()) wake_ = world_.boot;
    }
    step(until);
  }
}

bool Simulation::all_ended() const {
  const auto inbox = world_.record.inbox.find(kInboxSource);
  if ((inbox == world_.record.inbox.end() ? 0 : inbox->second.mark) != inbox_rows()) return false;
  return running_jobs(world_.record).empty() && std::all_of(world_.record.rows.begin(), world_.record.rows.end(),
                                                            [](const auto& row) { return is_final(row.second.state); });
}

Report Simulation::run() {
  populate();
  const BootTime start = world_.boot;
  while (world_.boot < start + kChaos && report_.turns < kTurnsMax / 2 && world_.witness.failures().empty()) {
    step(start + kChaos);
  }
  heal();
  const BootTime healed = world_.boot;
  while (!all_ended() && world_.boot < healed + kLivenessMax && report_.turns < kTurnsMax &&
         world_.witness.failures().empty()) {
    release_held();
    if (asked_.empty()) restore_merchants();
    probe_unverified();
    step(world_.boot + std::chrono::hours(1));
  }
  report_.virtual_ms = static_cast<std::uint64_t>((world_.boot - start).count());
  settle_down();
  if (world_.witness.failures().empty()) world_.witness.at_end(inbox_rows(), process_->engine.stats());
  fill_report();
  return report_;
}

void Simulation::fill_report() {
  report_.failures = world_.witness.failures();
  report_.hash = world_.hash;
  report_.sends = world_.witness.sends();
  report_.jobs = world_.witness.jobs().ended();
  report_.job_changes = world_.witness.jobs().changes();
  report_.probes = world_.witness.probes_sent();
  report_.suspensions = world_.witness.outages().suspensions();
  report_.excused = world_.witness.outages().excused();
  report_.trials = world_.witness.squeezes().trials();
  report_.pauses_ended = world_.witness.pauses_ended();
  report_.given_up = world_.witness.given_up();
  report_.at_rate = world_.witness.rates().at_rate();
  report_.waits = world_.witness.fairness().waits();
  report_.inbox_rows = world_.inbox.size();
  report_.inbox_errors = world_.record.inbox_errors.size();
  report_.activations = world_.record.activations.size();
  report_.accepted = world_.witness.accepted().size();
}

}  // namespace ackd::sim
