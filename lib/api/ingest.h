// POST /v1/notifications: from a body to admissions, and from the engine's answers to a response. One object, an array
// or NDJSON; every item of a batch gets a status of its own, in order.
//
//   body -> IngestReader -> (items refused here) + (admissions for the engine) -> answers -> respond_to_ingest
#pragma once

#include <optional>
#include <vector>

#include "api/problem.h"
#include "engine/engine.h"
#include "engine/intake.h"

namespace ackd {

inline constexpr std::size_t kIngestItemsMax = 10'000;
inline constexpr std::size_t kIngestBytesMax = 16u << 20;

struct Ingest {
  bool single = false;                           // one object: the response's own status tells
  std::vector<std::optional<Problem>> refusals;  // one for each item; nothing where an admission was made
  std::vector<Admission> admissions;             // of the others, in order
  std::size_t bytes = 0;                         // of the admissions' content
};

// `answers` are the engine's, one for each admission. Once storage has refused an item, those after it that were
// refused too are "not_attempted", so that a client knows where to resume.
ApiResponse respond_to_ingest(const Ingest& ingest, const std::vector<ItemAnswer>& answers);

}  // namespace ackd
