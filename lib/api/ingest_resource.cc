#include "api/ingest_resource.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"

namespace ackd {
namespace {

// Larger bodies wait for their turn, however many come at once. A single notification is hardly ever larger, and is
// answered with the next commit.
constexpr std::size_t kReadAtOnceBytes = 16 * 1024;

Problem over_rate(const ClientRates::Wait& wait) {
  const int seconds = static_cast<int>((wait.time.count() + 999) / 1'000);
  return {429,
          "overloaded",
          fmt::format("more {} a second than ackd is configured to take from one client; come back in {} s", wait.what,
                      seconds),
          {},
          seconds};
}

}  // namespace

IngestResource::IngestResource(Engine& engine, const Intake& intake, const IngestRates& rates)
    : engine_(engine), intake_(intake), rates_(rates) {}

// Asked before the body is read: parsing 16 MiB only to refuse it would make an overload worse.
std::optional<Problem> IngestResource::refuse_now(const Post& post) {
  if (const Status accepts = engine_.accepts(1, post.body.size()); !accepts) return problem_of(accepts.error());
  const ClientRates::Wait wait = rates_.wait(post.client, engine_.now());
  if (wait.time.count() > 0) return over_rate(wait);
  return std::nullopt;
}

std::optional<ApiResponse> IngestResource::start(Ticket ticket, Post post) {
  if (const std::optional<Problem> refusal = refuse_now(post)) return ackd::respond(*refusal);
  rates_.take_request(post.client, engine_.now());
  const bool at_once = post.body.size() <= kReadAtOnceBytes;
  Reading reading{ticket, std::move(post.client), IngestReader(std::move(post.body), post.content_type)};
  if (at_once && !reading.reader.done()) reading.reader.read_slice(intake_, time());
  if (reading.reader.done()) return admit(reading);
  reading_.push_back(std::move(reading));
  return std::nullopt;
}

std::optional<IngestResource::Finished> IngestResource::read_on() {
  has_read_ = !reading_.empty();
  if (!has_read_) return std::nullopt;
  Reading& reading = reading_.front();
  reading.reader.read_slice(intake_, time());
  if (!reading.reader.done()) return std::nullopt;
  std::optional<ApiResponse> response = admit(reading);
  const Ticket read = reading.ticket;
  reading_.pop_front();
  if (!response) return std::nullopt;
  return Finished{read, *std::move(response)};
}

std::optional<ApiResponse> IngestResource::admit(Reading& reading) {
  Result<Ingest> ingest = reading.reader.take();
  if (!ingest) return ackd::respond(problem_of(ingest.error()));
  if (ingest->admissions.empty()) return respond_to_ingest(*ingest, {});
  if (const Status accepts = engine_.accepts(ingest->admissions.size(), ingest->bytes); !accepts) {
    return ackd::respond(problem_of(accepts.error()));
  }
  rates_.take_notifications(reading.client, ingest->admissions.size(), engine_.now());
  std::vector<Admission> admissions = std::move(ingest->admissions);
  waiting_.emplace(reading.ticket, *std::move(ingest));
  engine_.admit(reading.ticket, std::move(admissions));
  return std::nullopt;
}

ApiResponse IngestResource::respond(Ticket ticket, const std::vector<ItemAnswer>& answers) {
  const auto waiting = waiting_.extract(ticket);
  CHECK_THAT(!waiting.empty(), "the engine answered an ingest that nobody holds");
  return respond_to_ingest(waiting.mapped(), answers);
}

}  // namespace ackd
