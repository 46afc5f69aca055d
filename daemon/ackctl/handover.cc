#include "ackctl/handover.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ackd {
namespace {

constexpr const char* kPath = "/v1/notifications";
constexpr Duration kAnswerLongest{60'000};
constexpr Duration kAnswerShortest{1'000};

// A server error says nothing about what was recorded; only sending again finds out.
bool is_not_now(std::int64_t status) {
  return status == 429 || status >= 500;
}

Error not_now(std::string reason) {
  return {ErrorCode::kOverloaded, std::move(reason), {}};
}

Error refused_whole(const DaemonAnswer& answer, InputForm form) {
  std::string reason = refusal_of(answer);
  if (answer.status == 413 && form == InputForm::kArray) {
    reason += "; or write one notification a line (NDJSON), in any number";
  }
  return invalid(std::move(reason));
}

Error not_understood(std::string_view what) {
  return invalid(fmt::format("the daemon's answer cannot be understood: {}; is {}", what,
                             "that ackd's address, and of this version?"));
}

}  // namespace

Handover::Handover(Client& client, Clock& clock, const StopSignals& stop, EnqueueReport& report, Duration limit)
    : client_(client), clock_(clock), stop_(stop), report_(report), patience_(limit) {}

// A daemon that hangs must not take longer than the operator is patient.
void Handover::limit_answer() {
  const Duration left = patience_.limit().count() == 0 ? kAnswerLongest : patience_.left(clock_.now().boot);
  client_.set_terms({[this] { return stop_.raised(); }, std::clamp(left, kAnswerShortest, kAnswerLongest), true});
}

Result<Handover::End> Handover::send(EnqueueBatch& batch) {
  patience_.progress(clock_.now().boot);
  while (true) {
    const std::size_t open = batch.open();
    auto trouble = post(batch);
    if (stop_.raised() && (!trouble || *trouble)) return End::kStopped;
    if (!trouble) return trouble.error();
    if (!*trouble) return End::kAnswered;
    const BootTime now = clock_.now().boot;
    if (batch.open() < open) patience_.progress(now);
    const auto wait = patience_.wait(now, (*trouble)->asked_for);
    if (!wait) return std::move((*trouble)->error);
    report_.waiting((*trouble)->error.message, patience_.left(now));
    if (stop_.wait(*wait)) return End::kStopped;
  }
}

Result<std::optional<Handover::Trouble>> Handover::post(EnqueueBatch& batch) {
  limit_answer();
  const bool is_lines = batch.form() == InputForm::kLines;
  const auto answer = is_lines ? client_.post_lines(kPath, batch.body()) : client_.post(kPath, batch.body());
  if (!answer) {
    const bool is_there = answer.error().code != ErrorCode::kUnavailable;  // and breaks off, or is silent
    if (!reached_ && !is_there) return answer.error();
    reached_ = true;
    return std::optional(Trouble{answer.error(), Duration(0)});
  }
  reached_ = true;
  if (is_not_now(answer->status)) return std::optional(Trouble{not_now(refusal_of(*answer)), answer->retry_after});
  if (batch.form() == InputForm::kObject) return take_single(*answer, batch);
  if (answer->status / 100 != 2) return refused_whole(*answer, batch.form());
  const auto document = parse_document(answer->body, "the daemon's answer");
  if (!document) return not_understood("it is not JSON");
  const auto results = document->find("results");
  if (results == document->end() || !results->is_array() || results->size() != batch.open()) {
    return not_understood(fmt::format("it does not have {} results", batch.open()));
  }
  return take_results(*results, batch);
}

Result<std::optional<Handover::Trouble>> Handover::take_single(const DaemonAnswer& answer, EnqueueBatch& batch) {
  const auto document = parse_document(answer.body, "the daemon's answer");
  if (answer.status / 100 != 2) {
    const Error refusal = refused_whole(answer, batch.form());
    report_.refused(1, {{"status", answer.status}, {"problem", {{"detail", refusal.message}}}});
  } else if (!document || text_of(*document, "id").empty()) {
    return not_understood("it names no id");
  } else {
    report_.recorded(1, *document);
  }
  batch.keep({});
  return std::optional<Trouble>();
}

Result<std::optional<Handover::Trouble>> Handover::take_results(const Document& results, EnqueueBatch& batch) {
  std::optional<Trouble> trouble;
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const Document& item = results[i];
    const std::int64_t status = number_of(item, "status");
    if (is_not_now(status)) {
      kept.push_back(i);
      if (!trouble) trouble = Trouble{not_now(refusal_of_item(item)), Duration(0)};
    } else if (status / 100 == 2) {
      report_.recorded(batch.number(i), item);
    } else {
      report_.refused(batch.number(i), item);
    }
  }
  batch.keep(kept);
  return trouble;
}

}  // namespace ackd
