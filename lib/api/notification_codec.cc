#include "api/notification_codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "crypto/digest.h"
#include "model/content.h"
#include "text/decoded_text.h"

namespace ackd {
namespace {

using Json = nlohmann::ordered_json;

const std::vector<std::string>& members() {
  static const std::vector<std::string> names{"provider", "merchant", "fields",     "body", "type",
                                              "url",      "key",      "not_before", "tags"};
  return names;
}

// Reads the string member `name` into `out`; an absent one leaves it empty.
Status read_text(JsonValue& json, std::string_view name, std::string& out) {
  JsonValue* value = json.find(name);
  if (value == nullptr) return Done{};
  if (value->kind != JsonKind::kString) {
    return invalid(fmt::format("{} is {}; it must be a string", name, name_of(value->kind)), std::string(name));
  }
  out = std::move(value->text);
  return Done{};
}

// `fields` and `tags`: an object of strings, and of numbers as they were written.
Status read_pairs(JsonValue& json, std::string_view name, Fields& out) {
  JsonValue* object = json.find(name);
  if (object == nullptr) return Done{};
  if (object->kind != JsonKind::kObject) {
    return invalid(fmt::format("{} is {}; it must be an object", name, name_of(object->kind)), std::string(name));
  }
  out.reserve(object->members.size());
  for (JsonMember& member : object->members) {
    if (member.value.kind != JsonKind::kString && member.value.kind != JsonKind::kNumber) {
      return invalid(
          fmt::format("{}.{} is {}; it must be a string or a number, because a merchant is sent its exact text", name,
                      shortened(member.name), name_of(member.value.kind)),
          fmt::format("{}.{}", name, shortened(member.name)));
    }
    out.push_back({std::move(member.name), std::move(member.value.text)});
  }
  return Done{};
}

Status read_not_before(JsonValue& json, std::optional<WallTime>& out) {
  std::string text;
  if (Status read = read_text(json, "not_before", text); !read || text.empty()) return read;
  const Result<std::int64_t> at = parse_rfc3339(text);
  if (!at) return invalid(at.error().message, "not_before");
  out = WallTime{*at};
  return Done{};
}

Status check_size(const IntakeRequest& request) {
  std::size_t bytes = request.body.size();
  for (const Field& field : request.fields) bytes += field.name.size() + field.value.size();
  if (bytes <= kContentBytesMax) return Done{};
  return Error{ErrorCode::kTooLarge,
               fmt::format("the content holds {} bytes; one notification may carry {}", bytes, kContentBytesMax),
               request.body.empty() ? "fields" : "body"};
}

std::string time_text(EngineTime at) {
  return format_rfc3339(at.ms);
}

// A due time of "never" (a held row) is no time to show.
bool is_time(EngineTime at) {
  return at.ms > 0 && at != EngineTime::max();
}

Json tags_json(const std::string& tags) {
  Json json = Json::object();
  const std::optional<Content> content = decode_content(tags);
  if (!content) return json;
  for (const Field& tag : content->fields) json[tag.name] = tag.value;
  return json;
}

bool is_hidden(const Profile* profile, const std::string& name) {
  if (profile == nullptr) return true;
  const auto rule = std::find_if(profile->fields.begin(), profile->fields.end(),
                                 [&](const FieldRule& field) { return field.name == name; });
  return rule != profile->fields.end() && rule->sensitive;
}

Json fields_json(const NotificationRecord& record, const Profile* profile) {
  Json fields = Json::object();
  const std::optional<Content> content = decode_content(record.notification.content);
  if (!content) return fields;
  for (const Field& field : content->fields) {
    fields[field.name] = is_hidden(profile, field.name) ? std::string("***") : field.value;
  }
  return fields;
}

// The kept part of the answer as text, and its own bytes where the text is not simply these.
void add_excerpt(Json& json, const Attempt& attempt, Charset otherwise) {
  const Ending ending = attempt.excerpt.size() < kExcerptBytesMax ? Ending::kWhole : Ending::kCut;
  const Charset charset = guess_charset(attempt.excerpt, ending, attempt.content_type, otherwise);
  const std::string text = decoded_text(attempt.excerpt, charset);
  json["excerpt"] = text;
  if (text != attempt.excerpt) {
    json["excerpt_charset"] = name_of(charset);
    json["excerpt_base64"] = to_text(attempt.excerpt, DigestForm::kBase64);
  }
  json["content_type"] = decoded_text(attempt.content_type, Charset::kUtf8);
}

Json to_json(const Attempt& attempt, Charset otherwise) {
  Json json{{"number", attempt.number},
            {"outcome", name_of(attempt.outcome)},
            {"end", name_of(attempt.end)},
            {"started_at", time_text(attempt.started_at)},
            {"ended_at", time_text(attempt.ended_at)},
            {"took_ms", (attempt.ended_at - attempt.started_at).count()},
            {"status", attempt.status},
            {"reason", attempt.reason}};
  add_excerpt(json, attempt, otherwise);
  json["peer"] = attempt.peer;
  json["key_id"] = attempt.key_id;
  json["request_hash"] = to_hex(attempt.request_hash);
  json["signed_at"] = format_rfc3339(attempt.signed_at.ms);
  if (!attempt.nonce.empty()) json["nonce"] = attempt.nonce;
  json["sends"] = attempt.sends;
  return json;
}

NotificationSummary summary_of(const NotificationRecord& record) {
  const Notification& notification = record.notification;
  return {.id = notification.id,
          .lane = notification.lane,
          .type = notification.type,
          .subject = notification.subject,
          .state = record.state,
          .attempts = record.progress.attempts,
          .admitted_at = notification.admitted_at,
          .next_at = record.next_at,
          .finished_at = record.finished_at,
          .reason = record.reason,
          .probe = notification.probe};
}

}  // namespace

Result<IntakeRequest> read_notification(JsonValue json) {
  if (json.kind != JsonKind::kObject) {
    return invalid(fmt::format("a notification is an object; this is {}", name_of(json.kind)));
  }
  if (std::optional<Error> unknown = find_unknown_member(json, members(), "a notification")) return std::move(*unknown);
  IntakeRequest request;
  request.has_body = json.find("body") != nullptr;
  for (const Status& read :
       {read_text(json, "provider", request.provider), read_text(json, "merchant", request.merchant),
        read_text(json, "body", request.body), read_text(json, "type", request.type),
        read_text(json, "url", request.url), read_text(json, "key", request.key),
        read_pairs(json, "fields", request.fields), read_pairs(json, "tags", request.tags),
        read_not_before(json, request.not_before), check_size(request)}) {
    if (!read) return read.error();
  }
  return request;
}

Json to_json(const NotificationSummary& summary) {
  Json json{{"id", to_string(summary.id)},
            {"state", name_of(summary.state)},
            {"provider", summary.lane.provider},
            {"merchant", summary.lane.merchant}};
  if (!summary.lane.origin.empty()) json["origin"] = summary.lane.origin;
  json["type"] = summary.type;
  json["subject"] = summary.subject;
  json["attempts"] = summary.attempts;
  json["admitted_at"] = time_text(summary.admitted_at);
  if (summary.state == State::kPending && is_time(summary.next_at)) json["next_at"] = time_text(summary.next_at);
  if (is_final(summary.state)) json["finished_at"] = time_text(summary.finished_at);
  if (!summary.reason.empty()) json["reason"] = summary.reason;
  if (summary.probe) json["probe"] = true;
  return json;
}

Json to_json(const NotificationRecord& record, const RecordFacts& facts) {
  const Notification& notification = record.notification;
  Json json = to_json(summary_of(record));
  json["key"] = notification.key;
  if (!notification.url.empty()) json["url"] = notification.url;
  json["not_before"] = time_text(notification.not_before);
  json["tags"] = tags_json(notification.tags);
  json["profile_revision"] = facts.profile == nullptr ? "" : to_hex(facts.profile->hash);
  json["content_hash"] = to_hex(notification.content_hash);
  if (notification.replay_of) json["replay_of"] = to_string(*notification.replay_of);
  json["cancel_asked"] = record.cancel_asked;
  json["in_flight"] = facts.in_flight;
  json["fields"] = fields_json(record, facts.profile);
  json["attempt_list"] = Json::array();
  const Charset charset = facts.acknowledgement ? facts.acknowledgement->charset : Charset::kUtf8;
  for (const Attempt& attempt : record.attempts) json["attempt_list"].push_back(to_json(attempt, charset));
  if (record.state == State::kPending) {
    json["next"] = {{"text", describe_next(record, facts)},
                    {"at", time_text(record.next_at)},
                    {"attempt", record.progress.attempts + 1}};
  }
  if (facts.profile != nullptr) json["schedule"] = {{"sends_max", facts.profile->schedule.sends_max()}};
  if (facts.acknowledgement) json["acknowledgement"] = describe(*facts.acknowledgement);
  return json;
}

std::string describe_next(const NotificationRecord& record, const RecordFacts& facts) {
  const std::uint32_t attempt = record.progress.attempts + 1;
  // Crashes and operators' retries add attempts beyond the schedule's own; "5 of 4" would only confuse.
  std::size_t sends_max = facts.profile == nullptr ? 0 : facts.profile->schedule.sends_max();
  if (record.notification.probe) sends_max = 1;
  const std::string number =
      attempt <= sends_max ? fmt::format("attempt {} of {}", attempt, sends_max) : fmt::format("attempt {}", attempt);
  if (facts.in_flight) return number + " is in flight";
  if (record.next_at <= facts.now) return fmt::format("{} was due at {}", number, time_text(record.next_at));
  // Nobody waits for milliseconds; rounded up, so that it never says 0s.
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(record.next_at - facts.now);
  return fmt::format("{} at {} (in {})", number, time_text(record.next_at), format_duration(seconds));
}

std::string to_hex(const Hash& hash) {
  return fmt::format("{:02x}", fmt::join(hash, ""));
}

}  // namespace ackd
