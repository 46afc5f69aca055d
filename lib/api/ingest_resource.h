// POST /v1/notifications as it happens: who is let in, how far each body has been read, and who waits for its commit.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/client_rates.h"
#include "api/ingest.h"
#include "api/ingest_reader.h"
#include "api/problem.h"
#include "engine/engine.h"
#include "engine/intake.h"

namespace ackd {

class IngestResource {
 public:
  // Both must outlive the resource.
  IngestResource(Engine& engine, const Intake& intake, const IngestRates& rates);

  struct Post {
    std::string client;  // whose rates it counts against
    std::string body;
    std::string content_type;
  };
  // The answer where there is one at once. Otherwise the request waits: for its body's turn to be read, or for the
  // engine, whose answer goes to respond().
  std::optional<ApiResponse> start(Ticket ticket, Post post);

  // Reads the next slice of the oldest body that is still being read. Returns its answer if it has one now.
  struct Finished {
    Ticket ticket = 0;
    ApiResponse response;
  };
  std::optional<Finished> read_on();
  // Whether read_on() has more to do, or has just given the engine something: ask for another turn.
  bool wants_turn() const { return has_read_ || !reading_.empty(); }

  // The engine has answered.
  ApiResponse respond(Ticket ticket, const std::vector<ItemAnswer>& answers);

 private:
  struct Reading {
    Ticket ticket = 0;
    std::string client;
    IngestReader reader;
  };

  IntakeTime time() const { return {engine_.now(), engine_.wall()}; }
  std::optional<Problem> refuse_now(const Post& post);
  std::optional<ApiResponse> admit(Reading& reading);

  Engine& engine_;
  const Intake& intake_;
  ClientRates rates_;
  // One after the other, so that only one body's notifications at a time stand beside its text.
  std::deque<Reading> reading_;
  bool has_read_ = false;
  std::unordered_map<Ticket, Ingest> waiting_;
};

}  // namespace ackd
