#include "api/ingest_resource.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"

namespace ackd {
namespace {

// Larger bodies wait for their turn, however many come at once. A single notification is hardly ever larger, and is
// answered with the next commit.
constexpr std::size_t kReadAtOnceBytes = 16 * 1024;

Problem over_rate(const char* what, Duration wait) {
  const int seconds = static_cast<int>((wait.count() + 999) / 1'000);
  return {429,
          "overloaded",
          fmt::format("more {} a second than ackd is configured to take; come back in {} s", what, seconds),
          {},
          seconds};
}

}  // namespace

IngestResource::IngestResource(Engine& engine, const Intake& intake, const IngestRates& rates)
    : engine_(engine),
      intake_(intake),
      requests_(rates.requests_per_second, rates.requests_burst),
      notifications_(rates.notifications_per_second, rates.notifications_burst) {}

// Asked before the body is read: parsing 16 MiB only to refuse it would make an overload worse.
std::optional<Problem> IngestResource::refuse_now(std::size_t bytes) {
  if (const Status accepts = engine_.accepts(1, bytes); !accepts) return problem_of(accepts.error());
  const EngineTime now = engine_.now();
  if (const Duration wait = requests_.wait(now); wait.count() > 0) return over_rate("requests", wait);
  if (const Duration wait = notifications_.wait(now); wait.count() > 0) return over_rate("notifications", wait);
  return std::nullopt;
}

std::optional<ApiResponse> IngestResource::start(Ticket ticket, std::string body, std::string_view content_type) {
  if (const std::optional<Problem> refusal = refuse_now(body.size())) return ackd::respond(*refusal);
  requests_.take(1, engine_.now());
  const bool at_once = body.size() <= kReadAtOnceBytes;
  IngestReader reader(std::move(body), content_type);
  if (at_once && !reader.done()) reader.read_slice(intake_, time());
  if (reader.done()) return admit(ticket, reader);
  reading_.push_back({ticket, std::move(reader)});
  return std::nullopt;
}

std::optional<IngestResource::Finished> IngestResource::read_on() {
  has_read_ = !reading_.empty();
  if (!has_read_) return std::nullopt;
  auto& [ticket, reader] = reading_.front();
  reader.read_slice(intake_, time());
  if (!reader.done()) return std::nullopt;
  std::optional<ApiResponse> response = admit(ticket, reader);
  const Ticket read = ticket;
  reading_.pop_front();
  if (!response) return std::nullopt;
  return Finished{read, *std::move(response)};
}

std::optional<ApiResponse> IngestResource::admit(Ticket ticket, IngestReader& reader) {
  Result<Ingest> ingest = reader.take();
  if (!ingest) return ackd::respond(problem_of(ingest.error()));
  if (ingest->admissions.empty()) return respond_to_ingest(*ingest, {});
  if (const Status accepts = engine_.accepts(ingest->admissions.size(), ingest->bytes); !accepts) {
    return ackd::respond(problem_of(accepts.error()));
  }
  notifications_.take(ingest->admissions.size(), engine_.now());
  std::vector<Admission> admissions = std::move(ingest->admissions);
  waiting_.emplace(ticket, *std::move(ingest));
  engine_.admit(ticket, std::move(admissions));
  return std::nullopt;
}

ApiResponse IngestResource::respond(Ticket ticket, const std::vector<ItemAnswer>& answers) {
  const auto waiting = waiting_.extract(ticket);
  CHECK_THAT(!waiting.empty(), "the engine answered an ingest that nobody holds");
  return respond_to_ingest(waiting.mapped(), answers);
}

}  // namespace ackd
