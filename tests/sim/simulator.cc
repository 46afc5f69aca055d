#include "sim/simulator.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "engine/intake.h"
#include "policy/judge.h"
#include "profile/content_rules.h"
#include "sim/simulated_process.h"

namespace ackd::sim {
namespace {

constexpr Duration kChaos = std::chrono::hours(40);
constexpr Duration kLivenessMax = std::chrono::hours(24 * 60);
constexpr const char* kInboxSource = "platform";
constexpr std::uint64_t kTurnsMax = 600'000;
constexpr std::uint64_t kTurnsAtOnceMax = 2'000;

// Small limits, drawn anew for every seed, so that every ceiling is hit.
EngineOptions draw_options(SeededRng& rng) {
  EngineOptions options;
  options.lane_window = 1 + rng.below(4);
  options.host_ceiling = 1 + rng.below(6);
  options.transfers_max = 2 + rng.below(30);
  options.unsettled_max = options.transfers_max + rng.below(20);
  options.page_rows = 1 + rng.below(8);
  options.lanes_per_scan = 1 + rng.below(5);
  options.page_bytes_max = rng.chance(30) ? 2'000 : 1u << 20;
  options.release_rows = 1 + rng.below(4);
  options.job_rows = 1 + rng.below(12);
  options.suspend_hosts_min = rng.chance(60) ? 1 + rng.below(5) : 0;
  return options;
}

class Simulator {
 public:
  Simulator(std::uint64_t seed, const ProfileCatalogue& catalogue)
      : options_([&] {
          SeededRng rng(seed ^ 0x5eed);
          return draw_options(rng);
        }()),
        catalogue_(catalogue),
        world_(seed, catalogue, options_) {}

  Report run();

  void tell_batches_to(std::function<void(const Batch&)> listener) {
    world_.witness.tell_batches_to(std::move(listener));
  }
  const std::vector<MerchantRecord>& first_merchants() const { return known_; }

 private:
  void populate();
  void start_process();
  void crash();
  void step(BootTime until);
  void act();
  void turn();
  void take_answers();
  void admit_some();
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
  void turn_the_network();
  void heal();
  void release_held();
  void write_inbox();
  bool feed_inbox();
  void take_inbox_result(const InboxResult& result);
  InboxSlice slice_of_inbox();
  bool all_ended() const;
  BatchPlan plan();
  std::optional<BootTime> next_event() const;
  std::int64_t inbox_rows() const { return static_cast<std::int64_t>(world_.inbox.size()); }
  BootTime soon(std::int64_t low_ms, std::int64_t high_ms) { return world_.boot + world_.rng.between(low_ms, high_ms); }
  IntakeRequest request_of(unsigned order);

  EngineOptions options_;
  const ProfileCatalogue& catalogue_;
  std::vector<MerchantRecord> known_;  // every merchant that there ever was, as it was at first
  World world_;
  std::unique_ptr<Process> process_;
  Report report_;
  std::optional<BootTime> wake_;
  BootTime next_admission_, next_change_, next_job_, next_clock_, next_band_, next_probe_, next_inbox_;
  BootTime next_merchant_, next_outage_;
  bool has_outages_ = false;
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

void Simulator::populate() {
  SeededRng& rng = world_.rng;
  const std::vector<const Profile*> profiles = catalogue_.all_current();
  for (const Profile* profile : profiles) world_.acknowledgements[profile->id] = profile->ack.text;
  has_outages_ = rng.chance(50);
  const std::uint64_t count = 1 + rng.below(8) + (has_outages_ ? 3 : 0);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string id = "m" + std::to_string(i);
    world_.tempers[id] = static_cast<Temper>(rng.below(kTemperCount));
    world_.hosts[id] = "host" + std::to_string(has_outages_ ? i : rng.below(count)) + ".example";
    for (const Profile* profile : profiles) {
      MerchantRecord record;
      record.name = {profile->id, id};
      record.version = 1;
      record.url = "http://" + world_.hosts[id] + "/";
      known_.push_back(record);
      world_.record.merchants[record.name] = record;
    }
  }
  world_.crash_per_100k = rng.chance(70) ? static_cast<unsigned>(rng.below(400)) : 0;
  disk_trouble_percent_ = rng.chance(50) ? static_cast<unsigned>(rng.below(40)) : 0;
  signer_max_ = rng.chance(50) ? Duration(0) : rng.between(1, 300);
  next_admission_ = next_change_ = next_job_ = next_clock_ = next_band_ = world_.boot;
  next_probe_ = next_inbox_ = next_merchant_ = world_.boot;
  next_outage_ = has_outages_ ? soon(0, 10'000'000) : BootTime::max();
}

IntakeRequest Simulator::request_of(unsigned order) {
  const std::vector<const Profile*> profiles = catalogue_.all_current();
  const Profile& profile = *profiles[order % profiles.size()];
  IntakeRequest request;
  request.provider = profile.id;
  request.merchant = "m" + std::to_string(order / profiles.size() % world_.tempers.size());
  request.fields = example_input(profile)->fields;
  for (Field& field : request.fields) {
    if (field.name == profile.subject_fields.front()) field.value = std::to_string(order);
  }
  return request;
}

// A few URLs for each merchant, also on the hosts of others: it is often put back to the one that is activated, and
// what was held meanwhile must go out.
MerchantWrite Simulator::draw_change() {
  SeededRng& rng = world_.rng;
  const MerchantRecord& drawn = known_[rng.below(known_.size())];
  const std::uint64_t kind = rng.below(10);
  if (kind == 0) return MerchantRemoval{drawn.name, std::nullopt};
  if (kind <= 3) return MerchantPausing{process_->signer.busy_with().value_or(drawn.name), true, "a reason"};
  if (kind <= 5) return MerchantPausing{drawn.name, false, {}};
  MerchantRecord changed = drawn;
  const std::string& other = known_[rng.below(known_.size())].name.id;
  changed.url = "http://" + world_.hosts[rng.chance(30) ? other : drawn.name.id] + (rng.chance(50) ? "/moved" : "/");
  return MerchantPut{merchant_of(changed), {}, std::nullopt};
}

void Simulator::write(MerchantWrite write) {
  asked_.emplace(++newest_ticket_, Asked{});
  process_->engine.change_merchant(newest_ticket_, std::move(write));
}

void Simulator::change_a_merchant() {
  next_merchant_ = soon(1'000, 4'000'000);
  const std::uint64_t count = 1 + world_.rng.below(3);
  for (std::uint64_t i = 0; i < count; ++i) write(draw_change());
  report_.merchant_changes += count;
}

// In the healthy world every merchant is there, and none is paused.
void Simulator::restore_merchants() {
  for (const MerchantRecord& merchant : known_) {
    const bool paused = world_.record.paused.contains(merchant.name);
    if (!world_.record.merchants.contains(merchant.name)) write(MerchantPut{merchant_of(merchant), {}, std::nullopt});
    if (paused) write(MerchantPausing{merchant.name, false, {}});
  }
}

void Simulator::start_process() {
  process_ = std::make_unique<Process>(
      world_, options_, catalogue_, [this] { return plan(); }, signer_max_);
  asked_.clear();
  inbox_offered_to_ = world_.record.inbox[kInboxSource].mark;
  wake_ = world_.boot;
}

BatchPlan Simulator::plan() {
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

void Simulator::crash() {
  ++report_.crashes;
  process_->outbox.crash(world_.rng.chance(50));
  process_.reset();
  world_.witness.on_crash();
  world_.boot = soon(10, 30'000);
  world_.crash_point();  // may die again while it is down; the caller starts it once more
}

void Simulator::admit_some() {
  SeededRng& rng = world_.rng;
  next_admission_ = soon(1, rng.chance(20) ? 4'000'000 : 200'000);
  const std::uint64_t count = 1 + rng.below(rng.chance(20) ? 40 : 4);
  if (newest_order_ > 400 || !process_->engine.accepts(count, 1'000)) return;
  std::vector<Admission> admissions;
  Asked asked;
  for (std::uint64_t i = 0; i < count; ++i) {
    const bool repeat = newest_order_ > 0 && rng.chance(10);
    IntakeRequest request = request_of(repeat ? static_cast<unsigned>(rng.below(newest_order_)) : newest_order_++);
    if (rng.chance(5)) request.not_before = WallTime{process_->engine.now().ms + rng.between(1, 9'000'000).count()};
    Result<Admission> admission = process_->intake.admit(request, {process_->engine.now(), process_->engine.wall()});
    CHECK_THAT(admission.ok(), "the simulator's own notification was refused");
    asked.contents.push_back(admission->notification.content);
    admissions.push_back(std::move(*admission));
  }
  const Ticket ticket = ++newest_ticket_;
  asked_.emplace(ticket, std::move(asked));
  process_->engine.admit(ticket, std::move(admissions));
}

// The platform commits rows whether the daemon lives or not. Every tenth says what an earlier one said, and every
// sixteenth cannot be admitted.
void Simulator::write_inbox() {
  SeededRng& rng = world_.rng;
  next_inbox_ = soon(1, rng.chance(20) ? 6'000'000 : 400'000);
  if (newest_order_ > 400) return;
  const std::uint64_t count = 1 + rng.below(rng.chance(20) ? 30 : 4);
  for (std::uint64_t i = 0; i < count; ++i) {
    const bool repeat = newest_order_ > 0 && rng.chance(10);
    world_.inbox.push_back(repeat ? static_cast<unsigned>(rng.below(newest_order_)) : newest_order_++);
  }
}

InboxSlice Simulator::slice_of_inbox() {
  InboxSlice slice;
  slice.source = kInboxSource;
  slice.after = inbox_offered_to_;
  const auto rows_max = 1 + world_.rng.below(6);
  for (std::uint64_t i = 0; i < rows_max && slice.after + static_cast<std::int64_t>(i) < inbox_rows(); ++i) {
    InboxRow row;
    row.row = slice.after + static_cast<std::int64_t>(i) + 1;
    const unsigned order = world_.inbox[static_cast<std::size_t>(row.row - 1)];
    const Engine& engine = process_->engine;
    Result<Admission> admission = process_->intake.admit(request_of(order), {engine.now(), engine.wall()});
    CHECK_THAT(admission.ok(), "the simulator's own notification was refused");
    if (order % 16 != 0) row.admission = std::move(*admission);
    slice.mark = row.row;
    slice.rows.push_back(std::move(row));
  }
  return slice;
}

void Simulator::take_inbox_result(const InboxResult& result) {
  world_.witness.on_published(inbox_offered_to_);
  for (std::size_t i = 0; i < result.rows.size(); ++i) {
    const OperationResult& row = result.rows[i];
    if (row.applied == Applied::kApplied) world_.witness.on_accepted(row.id, inbox_contents_.at(i));
  }
}

// Whether the engine was given something.
bool Simulator::feed_inbox() {
  Engine& engine = process_->engine;
  if (const auto result = engine.take_inbox_result()) take_inbox_result(*result);
  if (inbox_offered_to_ == inbox_rows() || !engine.inbox_room() || !engine.accepts(1, 1'000)) return false;
  InboxSlice slice = slice_of_inbox();
  inbox_offered_to_ = slice.mark;
  inbox_contents_.clear();
  for (const InboxRow& row : slice.rows) {
    inbox_contents_.push_back(row.admission ? row.admission->notification.content : std::string());
  }
  engine.offer_inbox(std::move(slice));
  return true;
}

void Simulator::change_something() {
  SeededRng& rng = world_.rng;
  next_change_ = soon(1'000, 3'000'000);
  if (world_.witness.accepted().empty()) return;
  // Sometimes a burst that several batches must carry, with many wishes for the same few notifications.
  const std::uint64_t count = rng.chance(15) ? 200 + rng.below(200) : 1;
  std::vector<OperatorChange> changes;
  for (std::uint64_t i = 0; i < count; ++i) {
    auto id = world_.witness.accepted().begin();
    const std::size_t newest_few = std::min<std::size_t>(world_.witness.accepted().size(), 40);
    const std::size_t oldest = count > 1 ? world_.witness.accepted().size() - newest_few : 0;
    std::advance(id, static_cast<std::ptrdiff_t>(oldest + rng.below(world_.witness.accepted().size() - oldest)));
    OperatorChange change;
    change.verb = static_cast<OperatorVerb>(rng.below(kOperatorVerbCount));
    change.id = *id;
    changes.push_back(change);
  }
  report_.operator_changes += count;
  const Ticket ticket = ++newest_ticket_;
  asked_.emplace(ticket, Asked{});
  process_->engine.change(ticket, std::move(changes));
}

ListFilter Simulator::draw_filter() {
  SeededRng& rng = world_.rng;
  ListFilter filter;
  if (rng.chance(50)) filter.state = static_cast<State>(rng.below(kStateCount));
  if (rng.chance(30)) filter.provider = catalogue_.all_current().at(rng.below(catalogue_.all_current().size()))->id;
  if (rng.chance(50)) filter.merchant = "m" + std::to_string(rng.below(world_.tempers.size()));
  if (rng.chance(20)) filter.since = process_->engine.now() - rng.between(0, 40'000'000);
  if (rng.chance(20)) filter.until = process_->engine.now() - rng.between(0, 10'000'000);
  return filter;
}

// Now and then another job, or the end of one.
void Simulator::steer_by_job() {
  SeededRng& rng = world_.rng;
  next_job_ = soon(1'000, 12'000'000);
  const Ticket ticket = ++newest_ticket_;
  if (rng.chance(15)) {
    asked_.emplace(ticket, Asked{});
    process_->engine.stop_job(ticket, {static_cast<std::int64_t>(1 + rng.below(world_.record.jobs.size() + 1))});
    return;
  }
  // Copies beget copies: what is sent again in bulk is kept few.
  Job job;
  job.verb = static_cast<OperatorVerb>(rng.below(kOperatorVerbCount));
  job.dry_run = rng.chance(20) || (job.verb == OperatorVerb::kResend && world_.record.rows.size() > 1'500);
  job.filter = draw_filter();
  job.reason = "by job";
  if (!process_->engine.accepts_job()) return;
  asked_.emplace(ticket, Asked{});
  process_->engine.start_job(ticket, std::move(job));
}

void Simulator::probe(const Merchant& merchant) {
  const std::string key = std::to_string(world_.boot.ms) + "-" + std::to_string(++newest_ticket_);
  Result<Admission> admission =
      process_->intake.probe({merchant.provider, merchant.id}, key, {process_->engine.now(), process_->engine.wall()});
  CHECK_THAT(admission.ok(), "the simulator's own probe was refused");
  asked_.emplace(newest_ticket_, Asked{{admission->notification.content}});
  process_->engine.admit(newest_ticket_, {std::move(*admission)});
}

void Simulator::probe_something() {
  next_probe_ = soon(1'000, 6'000'000);
  const std::vector<const Merchant*> merchants = process_->merchants.all();
  if (!merchants.empty() && process_->engine.accepts(1, 1'000)) probe(*merchants[world_.rng.below(merchants.size())]);
}

// In the healthy world an operator probes whatever is still unverified, one at a time.
void Simulator::probe_unverified() {
  if (!asked_.empty()) return;
  for (const Merchant* merchant : process_->merchants.all()) {
    const MerchantName name{merchant->provider, merchant->id};
    const auto activation = world_.record.activations.find(name);
    const bool active = activation != world_.record.activations.end() && activation->second.url == merchant->url;
    const bool asked_for = catalogue_.current(merchant->provider)->activation.required;
    if (asked_for && !active && !world_.record.open_probes.contains(name)) return probe(*merchant);
  }
}

void Simulator::step_clock() {
  SeededRng& rng = world_.rng;
  next_clock_ = soon(1'000'000, 60'000'000);
  if (process_->engine.stats().clock_held || rng.chance(30)) {
    process_->engine.confirm_clock();
    world_.witness.forget_all_due(world_.boot);
    return;
  }
  static constexpr std::int64_t kStepsMs[] = {900, -900, 45'000, -45'000, 3'600'000, -3'600'000, 315'360'000'000};
  world_.wall_offset += Duration(kStepsMs[rng.below(std::size(kStepsMs))]);
  ++report_.clock_steps;
}

// Cut off, or there again.
void Simulator::turn_the_network() {
  if (world_.outage) {
    world_.end_outage();
    next_outage_ = soon(60'000, 30'000'000);
    return;
  }
  world_.begin_outage();
  process_->transport.cut_off();
  next_outage_ = world_.outage->until;
  ++report_.outages;
}

void Simulator::act() {
  if (!world_.faults) return;
  if (world_.boot >= next_outage_) turn_the_network();
  if (world_.boot >= next_admission_) admit_some();
  if (world_.boot >= next_change_) change_something();
  if (world_.boot >= next_job_) steer_by_job();
  if (world_.boot >= next_clock_) step_clock();
  if (world_.boot >= next_probe_) probe_something();
  if (world_.boot >= next_inbox_) write_inbox();
  // Now and then while something is being signed, which it seldom is at any other moment.
  const bool signing = process_->signer.busy_with().has_value() && world_.rng.chance(2);
  if (world_.boot >= next_merchant_ || signing) change_a_merchant();
  if (world_.boot < next_band_) return;
  next_band_ = soon(100'000, 20'000'000);
  process_->outbox.band = static_cast<DiskBand>(world_.rng.below(3));
  if (world_.rng.chance(60)) process_->outbox.band = DiskBand::kPlenty;
  if (world_.rng.chance(disk_trouble_percent_)) disk_trouble_until_ = soon(100, 60'000);
}

void Simulator::take_answers() {
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

void Simulator::turn() {
  ++report_.turns;
  const TurnResult result = process_->engine.turn(world_.now());
  take_answers();
  const EngineStats stats = process_->engine.stats();
  world_.witness.on_turn(result, stats, world_.boot);
  world_.witness.check_released(world_.boot);
  if (result.fatal) throw Crash{};
  wake_.reset();
  if (result.wake_at) wake_ = world_.boot + std::max(*result.wake_at - stats.now, Duration(1));
  if (feed_inbox()) wake_ = world_.boot;
}

std::optional<BootTime> Simulator::next_event() const {
  std::optional<BootTime> next = wake_;
  const auto consider = [&](std::optional<BootTime> at) {
    if (at) next = std::min(next.value_or(*at), *at);
  };
  consider(process_->outbox.next_ready());
  consider(process_->queries.next_ready());
  consider(process_->signer.next_ready());
  consider(process_->transport.next_ready());
  if (world_.faults) {
    for (const BootTime at : {next_admission_, next_change_, next_job_, next_clock_, next_band_, next_probe_,
                              next_inbox_, next_merchant_, next_outage_}) {
      consider(at);
    }
  }
  return next;
}

void Simulator::step(BootTime until) {
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

void Simulator::heal() {
  world_.faults = false;
  world_.end_outage();
  if (!process_) start_process();
  process_->outbox.band = DiskBand::kPlenty;
  process_->engine.confirm_clock();
  world_.witness.forget_all_due(world_.boot);
}

// What awaits its merchant is not released by hand: the merchant's change or activation must do it.
void Simulator::release_held() {
  std::vector<OperatorChange> changes;
  for (const auto& [id, row] : world_.record.rows) {
    if (row.state != State::kHeld || row.awaits_merchant) continue;
    // A probe of a merchant that is gone would be held again at once.
    if (!world_.record.merchants.contains(merchant_of(row))) continue;
    OperatorChange change;
    change.verb = OperatorVerb::kRelease;
    change.id = id;
    changes.push_back(change);
  }
  if (changes.empty()) return;
  asked_.emplace(++newest_ticket_, Asked{});
  process_->engine.change(newest_ticket_, std::move(changes));
}

bool Simulator::all_ended() const {
  const auto inbox = world_.record.inbox.find(kInboxSource);
  if ((inbox == world_.record.inbox.end() ? 0 : inbox->second.mark) != inbox_rows()) return false;
  return running_jobs(world_.record).empty() && std::all_of(world_.record.rows.begin(), world_.record.rows.end(),
                                                            [](const auto& row) { return is_final(row.second.state); });
}

Report Simulator::run() {
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
  if (world_.witness.failures().empty()) world_.witness.at_end(inbox_rows());
  report_.failures = world_.witness.failures();
  report_.hash = world_.hash;
  report_.sends = world_.witness.sends();
  report_.jobs = world_.witness.jobs().ended();
  report_.job_changes = world_.witness.jobs().changes();
  report_.probes = world_.witness.probes_sent();
  report_.suspensions = world_.witness.outages().suspensions();
  report_.excused = world_.witness.outages().excused();
  report_.inbox_rows = world_.inbox.size();
  report_.inbox_errors = world_.record.inbox_errors.size();
  report_.activations = world_.record.activations.size();
  report_.accepted = world_.witness.accepted().size();
  report_.virtual_ms = static_cast<std::uint64_t>((world_.boot - start).count());
  return report_;
}

// A copy of a shipped profile that asks for activation, so that it does not depend on the shipped ones whether that is
// tried.
Profile with_activation(Profile profile) {
  profile.id = "activated";
  profile.activation.required = true;
  return profile;
}

}  // namespace

ProfileCatalogue load_catalogue(const std::string& folder, const std::vector<std::string>& providers) {
  Result<std::vector<ProfileSource>> sources = load_profiles(folder, {});
  CHECK_THAT(sources.ok(), "the shipped profiles do not load");
  ProfileCatalogue catalogue;
  RevisionId revision;
  for (ProfileSource& source : *sources) {
    const bool wanted = std::find(providers.begin(), providers.end(), source.profile.id) != providers.end();
    if (!providers.empty() && !wanted) continue;
    if (!providers.empty() && source.profile.id == providers.front()) {
      catalogue.set_current(RevisionId{++revision.value}, with_activation(source.profile));
    }
    catalogue.set_current(RevisionId{++revision.value}, std::move(source.profile));
  }
  return catalogue;
}

Report run_seed(std::uint64_t seed, const ProfileCatalogue& catalogue) {
  return Simulator(seed, catalogue).run();
}

std::vector<Batch> batches_of_seed(std::uint64_t seed, const ProfileCatalogue& catalogue) {
  std::vector<Batch> batches(1);
  Simulator simulator(seed, catalogue);
  simulator.tell_batches_to([&](const Batch& batch) {
    if (batch.writes()) batches.push_back(batch);
  });
  simulator.run();
  batches.front().merchants = MerchantImport{simulator.first_merchants(), EngineTime{1}};
  return batches;
}

}  // namespace ackd::sim
