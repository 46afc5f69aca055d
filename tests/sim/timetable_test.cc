// Every shipped schedule on virtual time, exact to the millisecond: the real engine, a merchant that never acknowledges
// and takes its time to say so.
#include <doctest/doctest.h>

#include "engine/intake.h"
#include "profile/content_rules.h"
#include "sim/model_queries.h"
#include "sim/scripted_world.h"
#include "sim/simulator.h"

namespace ackd::sim {
namespace {

constexpr Duration kAnswerTakes{137};

// Records when each request starts; refuses all of them after kAnswerTakes.
class RefusingTransport final : public Transport {
 public:
  explicit RefusingTransport(const BootTime& now) : now_(now) {}
  bool room() const override { return true; }
  void start(TransferStart start) override {
    sent_at.push_back(now_);
    ready_at = now_ + kAnswerTakes;
    ticket_ = start.ticket;
  }
  std::vector<Transfer> take_finished() override {
    if (!ready_at || now_ < *ready_at) return {};
    ready_at.reset();
    Transfer transfer;
    transfer.ticket = ticket_;
    transfer.end = TransferEnd::kComplete;
    transfer.status = 500;
    transfer.headers_complete = true;
    transfer.body = "fail";
    transfer.took = kAnswerTakes;
    return {transfer};
  }
  void abort_all() override {}

  std::vector<BootTime> sent_at;
  std::optional<BootTime> ready_at;

 private:
  const BootTime& now_;
  Ticket ticket_ = 0;
};

class IgnoredEvents final : public Events {
 public:
  void on(const Event&) override {}
};

// Runs one notification of the profile to its end; returns when each send left.
std::vector<BootTime> run_to_the_end(const ProfileCatalogue& catalogue, const Profile& profile) {
  const EngineOptions options;
  MerchantDirectory merchants;
  merchants.put({profile.id, "m", "http://merchant.example/", {{"k", Secret("key"), Secret()}}, {}});
  World world(1, catalogue, options);
  world.record.merchants[{profile.id, "m"}] = record_of(*merchants.find(profile.id, "m"), {});
  world.record.activations[{profile.id, "m"}] = {{profile.id, "m"}, "http://merchant.example/", {}};
  world.faults = false;
  ModelOutbox outbox(
      world.record, world.witness,
      [] {
        return BatchPlan{Duration(0), BatchFate::kCommitted, false};
      },
      [&world] { return world.boot; });
  WorldInFlight in_flight(world);
  WorldSigner signer(world, Duration(0));
  RefusingTransport transport(world.boot);
  IgnoredEvents events;
  Activations activations(activation_of(world.record).activations);
  ModelQueries queries(
      world.record, [] { return Duration(0); }, [&world] { return world.boot; });
  Engine engine(options,
                {outbox, in_flight, signer, transport, catalogue, merchants, events, world.rng, activations, queries},
                {world.now(), {}, {}, {}, {}});
  IntakeRequest request;
  request.provider = profile.id;
  request.merchant = "m";
  const Result<AdmissionInput> example = example_input(profile);
  REQUIRE(example.ok());
  request.fields = example->fields;
  request.body = example->body;
  request.has_body = example->has_body;
  Result<Admission> admission =
      Intake(catalogue, merchants, activations, world.rng).admit(request, {engine.now(), engine.wall()});
  REQUIRE(admission.ok());
  engine.admit(1, {std::move(*admission)});
  for (int turns = 0; turns < 10'000; ++turns) {
    const TurnResult turn = engine.turn(world.now());
    std::optional<BootTime> next = outbox.next_ready();
    if (transport.ready_at) next = std::min(next.value_or(*transport.ready_at), *transport.ready_at);
    if (!next && turn.wake_at) next = world.boot + (*turn.wake_at - engine.now());
    if (!next) break;
    world.boot = *next;
  }
  CHECK(world.record.rows.begin()->second.state == State::kExhausted);
  return transport.sent_at;
}

}  // namespace

TEST_CASE("every shipped schedule is kept to the millisecond, counted from the end of the failed attempt") {
  const ProfileCatalogue catalogue = load_catalogue(ACKD_SOURCE_DIR "/schedules");
  for (const Profile* profile : catalogue.all_current()) {
    CAPTURE(profile->id);
    const std::vector<BootTime> sent_at = run_to_the_end(catalogue, *profile);
    const Schedule& schedule = profile->schedule;
    REQUIRE(sent_at.size() == offsets(schedule).size());
    Duration later(0);
    for (std::size_t i = 1; i < sent_at.size(); ++i) {
      const Duration waited = sent_at[i] - sent_at[i - 1] - kAnswerTakes;
      const Duration planned = schedule.delays[i - 1];
      CHECK(waited >= planned);
      CHECK(waited <= planned + planned * schedule.jitter_percent / 100);
      later += waited - planned;
    }
    CHECK((later.count() > 0) == (schedule.jitter_percent > 0));
  }
}

}  // namespace ackd::sim
