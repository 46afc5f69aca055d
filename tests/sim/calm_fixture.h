// A world without chaos: merchants that acknowledge at once unless they are cut off or down, one clock, no faults.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "profile/content_rules.h"
#include "sim/simulated_process.h"
#include "sim/simulator.h"

namespace ackd::sim {

inline const ProfileCatalogue& catalogue() {
  static const ProfileCatalogue loaded = load_catalogue(ACKD_SOURCE_DIR "/schedules", {"generic", "payindex", "svix"});
  return loaded;
}

inline EngineOptions options_of(std::size_t suspend_hosts_min) {
  EngineOptions options;
  options.suspend_hosts_min = suspend_hosts_min;
  return options;
}

enum class Place { kOwnHosts, kOneHost };

class Fixture {
 public:
  explicit Fixture(int merchants, std::size_t suspend_hosts_min = 5, std::string provider = "payindex",
                   Place place = Place::kOwnHosts)
      : options_(options_of(suspend_hosts_min)), provider_(std::move(provider)), world(7, catalogue(), options_) {
    world.faults = false;
    world.unlucky_percent = 0;
    for (const Profile* profile : catalogue().all_current()) {
      world.acknowledgements[profile->id] = profile->ack.text;
    }
    for (int i = 0; i < merchants; ++i) {
      MerchantRecord record;
      record.name = {provider_, "m" + std::to_string(i)};
      record.version = 1;
      record.url = "http://" + host(place == Place::kOneHost ? 0 : i) + "/";
      world.record.merchants[record.name] = record;
      world.tempers[record.name.id] = Temper::kPrompt;
    }
    restart();
  }

  // As after a kill -9.
  void restart() {
    if (process) {
      process->outbox.crash(true);
      world.witness.on_crash();
    }
    process = std::make_unique<Process>(
        world, options_, catalogue(),
        [] {
          return BatchPlan{Duration(1), BatchFate::kCommitted, false};
        },
        Duration(0));
    turn();
  }

  static std::string host(int merchant) { return "host" + std::to_string(merchant) + ".example"; }

  void cut(TransferEnd end, const std::string& spared = {}) {
    world.outage.emplace();
    world.outage->end = end;
    world.outage->spared = spared;
    if (spared.empty()) world.witness.outages().on_cut(world.boot);
    process->transport.cut_off();
  }

  // Every receiver answers, and acknowledges nothing.
  void answer_all(int status) {
    cut(TransferEnd::kComplete);
    world.outage->status = status;
    world.witness.outages().on_cut(std::nullopt);
  }

  void admit(int merchant) {
    const Profile& profile = *catalogue().current(provider_);
    const Result<AdmissionInput> example = example_input(profile);
    IntakeRequest request;
    request.provider = provider_;
    request.merchant = "m" + std::to_string(merchant);
    request.fields = example->fields;
    request.body = example->body;
    request.has_body = example->has_body;
    request.key = std::to_string(++newest_order_);
    Result<Admission> admission = process->intake.admit(request, {process->engine.now(), process->engine.wall()});
    REQUIRE(admission.ok());
    process->engine.admit(++newest_ticket_, {std::move(*admission)});
    turn();
  }
  void admit_all(int merchants, int times = 1) {
    for (int i = 0; i < merchants * times; ++i) admit(i % merchants);
  }

  void turn() {
    const TurnResult result = process->engine.turn(world.now());
    for (const Answer& answer : process->engine.take_answers()) REQUIRE(answer.items.front().ok());
    const EngineStats stats = process->engine.stats();
    world.witness.on_turn(result, stats, world.boot);
    wake_.reset();
    if (result.wake_at) wake_ = world.boot + (*result.wake_at - stats.now);
    if (on_turn) on_turn(stats);
  }

  void run(Duration duration) {
    const BootTime until = world.boot + duration;
    while (true) {
      BootTime next = until;
      for (const std::optional<BootTime>& at :
           {wake_, process->outbox.next_ready(), process->signer.next_ready(), process->transport.next_ready()}) {
        if (at) next = std::min(next, *at);
      }
      if (next == until) break;
      world.boot = next;
      turn();
    }
    world.boot = until;
    turn();
  }

  EngineStats stats() const { return process->engine.stats(); }
  std::size_t count(State state) const {
    return static_cast<std::size_t>(std::count_if(world.record.rows.begin(), world.record.rows.end(),
                                                  [&](const auto& row) { return row.second.state == state; }));
  }
  std::size_t attempts() const {
    std::size_t attempts = 0;
    for (const auto& [id, row] : world.record.rows) attempts += row.attempts.size();
    return attempts;
  }
  void check_witness() {
    for (const std::string& failure : world.witness.failures()) FAIL_CHECK(failure);
  }

 private:
  EngineOptions options_;
  std::string provider_;

 public:
  World world;
  std::unique_ptr<Process> process;
  std::function<void(const EngineStats&)> on_turn;

 private:
  std::optional<BootTime> wake_;
  int newest_order_ = 0;
  Ticket newest_ticket_ = 0;
};

}  // namespace ackd::sim
