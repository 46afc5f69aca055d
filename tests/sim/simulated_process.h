// One life of the simulated daemon: the real engine on the world's scripted parts. It is made from the record that the
// one before it has left, and what it holds dies with it.
#pragma once

#include <array>
#include <functional>
#include <utility>
#include <variant>

#include "engine/engine.h"
#include "engine/intake.h"
#include "sim/model_queries.h"
#include "sim/scripted_world.h"

namespace ackd::sim {

class CountedEvents final : public Events {
 public:
  void on(const Event& event) override { ++counts_[event.index()]; }
  template <class Kind>
  std::size_t count() const {
    return counts_[Event(Kind{}).index()];
  }

 private:
  std::array<std::size_t, std::variant_size_v<Event>> counts_{};
};

inline Merchant merchant_of(const MerchantRecord& record) {
  Merchant merchant{record.name.provider, record.name.id, record.url, {{"k1", Secret("0123456789"), Secret()}}, {}};
  merchant.source = MerchantSource::kRecord;
  merchant.version = record.version;
  merchant.options = record.options;
  return merchant;
}

inline MerchantDirectory directory_of(const ModelRecord& record) {
  MerchantDirectory merchants;
  for (const auto& [name, stored] : record.merchants) merchants.put(merchant_of(stored));
  for (const auto& [name, pause] : record.paused) merchants.pause(name, pause);
  return merchants;
}

// The parts that die with the process.
struct Process {
  Process(World& world, const EngineOptions& options, const ProfileCatalogue& catalogue,
          std::function<BatchPlan()> plan, Duration signer_max)
      : merchants(directory_of(world.record)),
        outbox(world.record, world.witness, std::move(plan), [&world] { return world.boot; }),
        in_flight(world),
        signer(world, signer_max),
        transport(world),
        queries(
            world.record, [&world] { return world.rng.between(0, world.faults ? 3'000 : 5); },
            [&world] { return world.boot; }),
        activations(activation_of(world.record).activations),
        intake(catalogue, merchants, activations, world.rng, UnknownMerchant::kHold),
        engine(options,
               {outbox, in_flight, signer, transport, catalogue, merchants, events, world.rng, activations, queries},
               {world.now(), world.record.newest, world.record.newest_record, activation_of(world.record).awaiting,
                running_jobs(world.record)}) {}

  MerchantDirectory merchants;
  ModelOutbox outbox;
  WorldInFlight in_flight;
  WorldSigner signer;
  WorldTransport transport;
  ModelQueries queries;
  CountedEvents events;
  Activations activations;
  Intake intake;
  Engine engine;
};

}  // namespace ackd::sim
