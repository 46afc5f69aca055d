#include <algorithm>

#include "sim/simulation.h"

namespace ackd::sim {

Ticket Simulation::ask(std::vector<std::string> contents) {
  asked_.emplace(++newest_ticket_, Asked{std::move(contents)});
  return newest_ticket_;
}

// A few URLs for each merchant, also on the hosts of others: it is often put back to the one that is activated, and
// what was held meanwhile must go out.
MerchantWrite Simulation::draw_change() {
  SeededRng& rng = world_.rng;
  const MerchantRecord& drawn = known_[rng.below(known_.size())];
  const std::uint64_t kind = rng.below(10);
  if (kind == 0) return MerchantRemoval{drawn.name, std::nullopt};
  if (kind <= 3) {
    MerchantPausing pausing{process_->signer.busy_with().value_or(drawn.name), true, "a reason"};
    if (rng.chance(60)) pausing.until = process_->engine.now() + rng.between(1, 8'000'000);
    return pausing;
  }
  if (kind <= 5) return MerchantPausing{drawn.name, false, kAskedFor};
  MerchantRecord changed = drawn;
  const std::string& other = known_[rng.below(known_.size())].name.id;
  changed.url = "http://" + world_.hosts[rng.chance(30) ? other : drawn.name.id] + (rng.chance(50) ? "/moved" : "/");
  if (rng.chance(10)) changed.options["rate"] = std::to_string(rng.below(4));
  return MerchantPut{merchant_of(changed), {}, std::nullopt};
}

void Simulation::write(MerchantWrite write) {
  process_->engine.change_merchant(ask(), std::move(write));
}

void Simulation::change_a_merchant() {
  next(Happening::kMerchant, 1'000, 4'000'000);
  const std::uint64_t count = 1 + world_.rng.below(3);
  for (std::uint64_t i = 0; i < count; ++i) write(draw_change());
  report_.merchant_changes += count;
}

// In the healthy world every merchant is there, and none is paused.
void Simulation::restore_merchants() {
  for (const MerchantRecord& merchant : known_) {
    const bool paused = world_.record.paused.contains(merchant.name);
    if (!world_.record.merchants.contains(merchant.name)) write(MerchantPut{merchant_of(merchant), {}, std::nullopt});
    if (paused) write(MerchantPausing{merchant.name, false, kAskedFor});
  }
}

void Simulation::change_something() {
  SeededRng& rng = world_.rng;
  next(Happening::kChange, 1'000, 3'000'000);
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
  process_->engine.change(ask(), std::move(changes));
}

ListFilter Simulation::draw_filter() {
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
void Simulation::steer_by_job() {
  SeededRng& rng = world_.rng;
  next(Happening::kJob, 1'000, 12'000'000);
  if (rng.chance(15)) {
    process_->engine.stop_job(ask(), {static_cast<std::int64_t>(1 + rng.below(world_.record.jobs.size() + 1))});
    return;
  }
  // Copies beget copies: what is sent again in bulk is kept few.
  Job job;
  job.verb = static_cast<OperatorVerb>(rng.below(kOperatorVerbCount));
  job.dry_run = rng.chance(20) || (job.verb == OperatorVerb::kResend && world_.record.rows.size() > 1'500);
  job.filter = draw_filter();
  job.reason = "by job";
  if (!process_->engine.accepts_job()) return;
  process_->engine.start_job(ask(), std::move(job));
}

void Simulation::probe(const Merchant& merchant) {
  const std::string key = std::to_string(world_.boot.ms) + "-" + std::to_string(newest_ticket_);
  Result<Admission> admission =
      process_->intake.probe({merchant.provider, merchant.id}, key, {process_->engine.now(), process_->engine.wall()});
  CHECK_THAT(admission.ok(), "the simulator's own probe was refused");
  std::vector<std::string> contents{admission->notification.content};
  process_->engine.admit(ask(std::move(contents)), {std::move(*admission)});
}

void Simulation::probe_something() {
  next(Happening::kProbe, 1'000, 6'000'000);
  const std::vector<const Merchant*> merchants = process_->merchants.all();
  if (!merchants.empty() && process_->engine.accepts(1, 1'000)) probe(*merchants[world_.rng.below(merchants.size())]);
}

// In the healthy world an operator probes whatever is still unverified, one at a time.
void Simulation::probe_unverified() {
  if (!asked_.empty()) return;
  for (const Merchant* merchant : process_->merchants.all()) {
    const MerchantName name{merchant->provider, merchant->id};
    const auto activation = world_.record.activations.find(name);
    const bool active = activation != world_.record.activations.end() && activation->second.url == merchant->url;
    const bool asked_for = catalogue_.current(merchant->provider)->activation.required;
    if (asked_for && !active && !world_.record.open_probes.contains(name)) return probe(*merchant);
  }
}

void Simulation::step_clock() {
  SeededRng& rng = world_.rng;
  next(Happening::kClock, 1'000'000, 60'000'000);
  if (process_->engine.stats().clock_held || rng.chance(30)) {
    process_->engine.confirm_clock();
    world_.witness.forget_all_due(world_.boot);
    return;
  }
  static constexpr std::int64_t kStepsMs[] = {900, -900, 45'000, -45'000, 3'600'000, -3'600'000, 315'360'000'000};
  world_.wall_offset += Duration(kStepsMs[rng.below(std::size(kStepsMs))]);
  ++report_.clock_steps;
}

// What awaits its merchant is not released by hand: the merchant's change or activation must do it.
void Simulation::release_held() {
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
  process_->engine.change(ask(), std::move(changes));
}

}  // namespace ackd::sim
