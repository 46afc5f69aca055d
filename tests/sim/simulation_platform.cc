#include "profile/content_rules.h"
#include "sim/simulation.h"

namespace ackd::sim {
namespace {

constexpr unsigned kOrdersMax = 400;
constexpr unsigned kBurst = 90;

}  // namespace

IntakeRequest Simulation::request_of(unsigned order) {
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

Admission Simulation::admission_of(unsigned order) {
  IntakeRequest request = request_of(order);
  const Engine& engine = process_->engine;
  if (world_.rng.chance(5)) request.not_before = WallTime{engine.now().ms + world_.rng.between(1, 9'000'000).count()};
  Result<Admission> admission = process_->intake.admit(request, {engine.now(), engine.wall()});
  CHECK_THAT(admission.ok(), "the simulator's own notification was refused");
  return std::move(*admission);
}

// Every tenth says what an earlier one said. Sometimes many at once are one merchant's: its backlog is not to keep the
// others from being sent.
std::vector<unsigned> Simulation::draw_orders() {
  SeededRng& rng = world_.rng;
  std::vector<unsigned> orders;
  const auto profiles = static_cast<unsigned>(catalogue_.all_current().size());
  const auto merchants = static_cast<unsigned>(world_.tempers.size());
  if (rng.chance(is_crowded_ ? 20 : 4)) {
    for (unsigned i = 0; i < kBurst; ++i) orders.push_back(newest_order_ + i * profiles * merchants);
    newest_order_ += kBurst;
    return orders;
  }
  const std::uint64_t count = 1 + rng.below(rng.chance(20) ? 40 : 4);
  for (std::uint64_t i = 0; i < count; ++i) {
    const bool repeat = newest_order_ > 0 && rng.chance(10);
    orders.push_back(repeat ? static_cast<unsigned>(rng.below(newest_order_)) : newest_order_++);
  }
  return orders;
}

void Simulation::admit_some() {
  SeededRng& rng = world_.rng;
  next(Happening::kAdmission, 1, rng.chance(20) ? 4'000'000 : 200'000);
  if (newest_order_ > kOrdersMax || !process_->engine.accepts(100, 100'000)) return;
  std::vector<Admission> admissions;
  std::vector<std::string> contents;
  for (const unsigned order : draw_orders()) {
    admissions.push_back(admission_of(order));
    contents.push_back(admissions.back().notification.content);
  }
  process_->engine.admit(ask(std::move(contents)), std::move(admissions));
}

// The platform commits rows whether the daemon lives or not; every sixteenth cannot be admitted.
void Simulation::write_inbox() {
  SeededRng& rng = world_.rng;
  next(Happening::kInbox, 1, rng.chance(20) ? 6'000'000 : 400'000);
  if (newest_order_ > kOrdersMax) return;
  const std::uint64_t count = 1 + rng.below(rng.chance(20) ? 30 : 4);
  for (std::uint64_t i = 0; i < count; ++i) {
    const bool repeat = newest_order_ > 0 && rng.chance(10);
    world_.inbox.push_back(repeat ? static_cast<unsigned>(rng.below(newest_order_)) : newest_order_++);
  }
}

InboxSlice Simulation::slice_of_inbox() {
  InboxSlice slice;
  slice.source = kInboxSource;
  slice.after = inbox_offered_to_;
  const auto rows_max = 1 + world_.rng.below(6);
  for (std::uint64_t i = 0; i < rows_max && slice.after + static_cast<std::int64_t>(i) < inbox_rows(); ++i) {
    InboxRow row;
    row.row = slice.after + static_cast<std::int64_t>(i) + 1;
    const unsigned order = world_.inbox[static_cast<std::size_t>(row.row - 1)];
    if (order % 16 != 0) row.admission = admission_of(order);
    slice.mark = row.row;
    slice.rows.push_back(std::move(row));
  }
  return slice;
}

void Simulation::take_inbox_result(const InboxResult& result) {
  world_.witness.on_published(inbox_offered_to_);
  for (std::size_t i = 0; i < result.rows.size(); ++i) {
    const OperationResult& row = result.rows[i];
    if (row.applied == Applied::kApplied) world_.witness.on_accepted(row.id, inbox_contents_.at(i));
  }
}

// Whether the engine was given something.
bool Simulation::feed_inbox() {
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

}  // namespace ackd::sim
