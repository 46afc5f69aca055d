#include "api/provider_resource.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "api/notification_codec.h"
#include "api/parameters.h"
#include "policy/schedule.h"
#include "text/json_reader.h"
#include "text/nearest_name.h"

namespace ackd {
namespace {

using Json = nlohmann::ordered_json;

// As profiles write them.
constexpr std::array<const char*, 6> kEncodings{"query", "form", "raw_pairs", "xml", "json", "raw"};

ApiResponse no_such_provider(const ProfileCatalogue& catalogue, std::string_view provider) {
  std::vector<std::string> known;
  for (const Profile* profile : catalogue.all_current()) known.push_back(profile->id);
  const std::string name = shortened(provider);
  const std::string hint = did_you_mean(name, known);
  return respond(
      Problem{404,
              "not_found",
              fmt::format("there is no provider '{}'{}", name, hint.empty() ? "; GET /v1/providers lists them" : hint),
              {}});
}

// Whole seconds are integers.
Json seconds_of(Duration duration) {
  if (duration.count() % 1'000 == 0) return duration.count() / 1'000;
  return static_cast<double>(duration.count()) / 1'000.0;
}

Json field_json(const FieldRule& rule) {
  Json json{{"name", rule.name}, {"required", rule.required}, {"sensitive", rule.sensitive}};
  if (rule.constant) json["constant"] = *rule.constant;
  if (!rule.types.empty()) json["types"] = rule.types;
  if (!rule.values.empty()) json["values"] = rule.values;
  if (!rule.example.empty() && !rule.sensitive) json["example"] = rule.example;
  return json;
}

Json fields_json(const Profile& profile) {
  Json fields = Json::array();
  for (const FieldRule& rule : profile.fields) {
    if (rule.name != profile.signature.field) fields.push_back(field_json(rule));
  }
  return fields;
}

Json schedule_json(const Schedule& schedule) {
  Json delays = Json::array();
  for (const Duration delay : schedule.delays) delays.push_back(seconds_of(delay));
  Json json{{"sends_max", schedule.sends_max()},
            {"delays_s", std::move(delays)},
            {"give_up_after_s", nullptr},
            {"jitter_max_s", seconds_of(schedule.jitter_max)},
            {"jitter_percent", schedule.jitter_percent},
            {"honours_retry_after", schedule.honours_retry_after}};
  if (schedule.give_up_after) json["give_up_after_s"] = seconds_of(*schedule.give_up_after);
  return json;
}

Json sources_json(const Profile& profile) {
  Json sources = Json::array();
  for (const auto& [fact, source] : profile.sources) {
    Json json{{"fact", fact}};
    if (!source.published.empty()) json["published"] = source.published;
    if (!source.inferred.empty()) json["inferred"] = source.inferred;
    sources.push_back(std::move(json));
  }
  return sources;
}

Json options_json(const Profile& profile) {
  Json options = Json::array();
  for (const OptionRule& option : profile.options)
    options.push_back({{"name", option.name}, {"values", option.values}});
  return options;
}

// What names a notification where no key is given.
std::vector<std::string> identity_of(const Profile& profile) {
  if (!profile.identity_fields.empty()) return profile.identity_fields;
  std::vector<std::string> identity = profile.subject_fields;
  identity.emplace_back("type");
  if (!profile.status_field.empty()) identity.push_back(profile.status_field);
  return identity;
}

}  // namespace

ApiResponse respond_with_provider(const ProfileCatalogue& catalogue, std::string_view provider) {
  const Profile* profile = catalogue.current(provider);
  if (profile == nullptr) return no_such_provider(catalogue, provider);
  return respond(
      200, {{"id", profile->id},
            {"title", profile->title},
            {"revision_hash", to_hex(profile->hash)},
            {"method", profile->method},
            {"encoding", kEncodings.at(static_cast<std::size_t>(profile->encoding))},
            {"type", profile->type},
            {"types", profile->types},
            {"fields", fields_json(*profile)},
            {"extra_fields", profile->extra_fields},
            {"body", profile->body.required  ? "required"
                     : profile->body.allowed ? "allowed"
                                             : "none"},
            {"subject", profile->subject_fields},
            {"identity", identity_of(*profile)},
            {"acknowledgement", describe(profile->ack)},
            {"activation_required", profile->activation.required},
            {"timeouts",
             {{"connect_s", seconds_of(profile->connect_timeout)}, {"total_s", seconds_of(profile->total_timeout)}}},
            {"schedule", schedule_json(profile->schedule)},
            {"options", options_json(*profile)},
            {"sources", sources_json(*profile)}});
}

ApiResponse respond_with_timetable(const ProfileCatalogue& catalogue, std::string_view provider,
                                   const Fields& parameters, WallTime now) {
  const Profile* profile = catalogue.current(provider);
  if (profile == nullptr) return no_such_provider(catalogue, provider);
  const auto read = Parameters::read(parameters, {"from"}, "a timetable");
  if (!read) return respond(problem_of(read.error()));
  WallTime from = now;
  if (const std::string* text = read->find("from")) {
    const Result<std::int64_t> at = parse_rfc3339(*text);
    if (!at) return respond(problem_of(invalid(at.error().message, "from")));
    from = WallTime{*at};
  }
  Json attempts = Json::array();
  for (const Duration offset : offsets(profile->schedule)) {
    attempts.push_back({{"attempt", attempts.size() + 1},
                        {"after_s", seconds_of(offset)},
                        {"at", format_rfc3339((from + offset).ms)}});
  }
  return respond(200,
                 {{"provider", profile->id}, {"from", format_rfc3339(from.ms)}, {"attempts", std::move(attempts)}});
}

}  // namespace ackd
