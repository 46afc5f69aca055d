#include "api/ingest_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/notification_codec.h"
#include "base/check.h"
#include "text/json_extent.h"
#include "text/json_reader.h"

namespace ackd {
namespace {

Error too_many() {
  return {ErrorCode::kTooLarge,
          fmt::format("the batch holds more than {} notifications, the limit; send it in parts", kIngestItemsMax),
          {}};
}

Error too_long(std::size_t bytes, std::size_t limit, const char* what) {
  return {ErrorCode::kTooLarge,
          fmt::format("{} holds {} bytes; the limit is {}: send it in parts", what, bytes, limit),
          {}};
}

bool is_ndjson(std::string_view content_type) {
  return content_type.starts_with("application/x-ndjson") || content_type.starts_with("application/jsonl");
}

}  // namespace

IngestReader::IngestReader(std::string body, std::string_view content_type) : body_(std::move(body)) {
  begin(content_type);
}

void IngestReader::begin(std::string_view content_type) {
  if (body_.size() > kIngestBytesMax) return fail(too_long(body_.size(), kIngestBytesMax, "the body"));
  if (is_ndjson(content_type)) {
    form_ = Form::kLines;
    done_ = body_.empty();
    return;
  }
  at_ = skip_json_blanks(body_, 0);
  if (at_ == body_.size() || body_[at_] != '[') return;
  form_ = Form::kArray;
  at_ = skip_json_blanks(body_, at_ + 1);
  if (at_ == body_.size() || body_[at_] != ']') return;
  done_ = true;
  if (skip_json_blanks(body_, at_ + 1) != body_.size()) fail(invalid("something stands behind the array's end"));
}

void IngestReader::fail(Error error) {
  error_ = std::move(error);
  done_ = true;
}

void IngestReader::read_slice(const Intake& intake, IntakeTime at) {
  CHECK_THAT(!done_, "a body that has been read whole has no next slice");
  const std::size_t bytes_end = at_ + kIngestSliceBytes;
  const std::size_t items_end = ingest_.refusals.size() + kIngestSliceItems;
  while (!done_ && at_ < bytes_end && ingest_.refusals.size() < items_end) {
    switch (form_) {
      case Form::kObject: read_object(intake, at); break;
      case Form::kArray: read_element(intake, at); break;
      case Form::kLines: read_line(intake, at); break;
    }
  }
}

Result<Ingest> IngestReader::take() {
  CHECK_THAT(done_, "a body is taken when it has been read whole");
  if (error_) return std::move(*error_);
  return std::move(ingest_);
}

void IngestReader::refuse(const Error& error) {
  ingest_.refusals.emplace_back(problem_of_notification(error));
}

void IngestReader::add(std::string_view text, const Intake& intake, IntakeTime at) {
  Result<JsonValue> json = read_json(text);
  if (!json) {
    // A bad line spoils itself only; in a document nobody can say where the next item begins.
    if (form_ == Form::kLines) return refuse(json.error());
    Error error = json.error();
    if (form_ == Form::kArray)
      error.message = fmt::format("notification {}: {}", ingest_.refusals.size() + 1, error.message);
    return fail(std::move(error));
  }
  if (form_ == Form::kObject && json->kind != JsonKind::kObject) {
    return fail(invalid(
        fmt::format("the body is {}; send one notification as an object, or many as an array", name_of(json->kind))));
  }
  Result<IntakeRequest> request = read_notification(*std::move(json));
  if (!request) return refuse(request.error());
  Result<Admission> admission = intake.admit(*std::move(request), at);
  if (!admission) return refuse(admission.error());
  ingest_.bytes += admission->notification.content.size();
  ingest_.admissions.push_back(*std::move(admission));
  ingest_.refusals.emplace_back();
}

void IngestReader::read_object(const Intake& intake, IntakeTime at) {
  done_ = true;
  ingest_.single = true;
  if (body_.size() > kIngestItemBytesMax) return fail(too_long(body_.size(), kIngestItemBytesMax, "one notification"));
  add(body_, intake, at);
  at_ = body_.size();
}

void IngestReader::read_element(const Intake& intake, IntakeTime at) {
  if (ingest_.refusals.size() == kIngestItemsMax) return fail(too_many());
  const std::size_t end = json_value_end(body_, at_);
  if (end - at_ > kIngestItemBytesMax) return fail(too_long(end - at_, kIngestItemBytesMax, "one notification"));
  add(std::string_view(body_).substr(at_, end - at_), intake, at);
  if (done_) return;
  const char separator = end < body_.size() ? body_[end] : '\0';
  at_ = skip_json_blanks(body_, std::min(end + 1, body_.size()));
  if (separator == ',') return;
  if (separator != ']') return fail(invalid("the array does not end in ']'; was the body cut off?"));
  done_ = true;
  if (at_ != body_.size()) fail(invalid("something stands behind the array's end"));
}

void IngestReader::read_line(const Intake& intake, IntakeTime at) {
  const std::size_t end = std::min(body_.find('\n', at_), body_.size());
  const std::string_view line = std::string_view(body_).substr(at_, end - at_);
  at_ = std::min(end + 1, body_.size());
  done_ = at_ == body_.size();
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
  if (ingest_.refusals.size() == kIngestItemsMax) return fail(too_many());
  if (line.size() > kIngestItemBytesMax) return refuse(too_long(line.size(), kIngestItemBytesMax, "one notification"));
  add(line, intake, at);
}

}  // namespace ackd
