// The sections about what happens after a send: `acknowledgement` and `schedule`.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

#include "profile/profile_reading.h"

namespace ackd {
namespace {

constexpr Duration kDelayMax = std::chrono::hours(24 * 365);
constexpr Duration kRetryAfterMax = std::chrono::hours(24);

constexpr std::array<YamlChoice<AckMatch>, 7> kMatches{{{"status_only", AckMatch::kStatusOnly},
                                                        {"exact", AckMatch::kExact},
                                                        {"trimmed", AckMatch::kTrimmed},
                                                        {"contains", AckMatch::kContains},
                                                        {"xml_element", AckMatch::kXmlElement},
                                                        {"json_value", AckMatch::kJsonValue},
                                                        {"first_element", AckMatch::kFirstElement}}};
constexpr std::array<YamlChoice<bool>, 2> kRetryAfter{{{"honour", true}, {"ignore", false}}};

int read_status(const YamlSection& section, const YamlNode& item, const ProfileReading& reading) {
  const std::string text = yaml_text(item, section.path_of("statuses"), reading.trouble);
  const bool digits = text.size() == 3 && text.find_first_not_of("0123456789") == std::string::npos;
  const int status = digits ? (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0') : 0;
  if (status < 200 || status > 599) {
    section.report("statuses", fmt::format("'{}' is not a final HTTP status; write numbers from 200 to 599", text));
  }
  return status;
}

std::vector<Duration> read_list(const YamlSection& section, const ProfileReading& reading) {
  std::vector<Duration> delays;
  for (const YamlNode* item : section.items("delays")) {
    const std::string path = fmt::format("schedule.delays[{}]", delays.size());
    delays.push_back(yaml_duration(*item, path, kDelayMax, reading.trouble));
  }
  return delays;
}

double read_factor(const YamlSection& section) {
  const std::string text = section.text("factor", "2");
  double factor = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), factor);
  if (error == std::errc() && end == text.data() + text.size() && factor >= 1 && factor <= 100) return factor;
  section.report("factor", fmt::format("'{}' is not a number from 1 to 100", text));
  return 1;
}

std::vector<Duration> read_exponential(const YamlNode& node, std::size_t repeats, const ProfileReading& reading) {
  const YamlSection section(node, "schedule.exponential", {"first", "factor", "cap"}, reading.trouble);
  section.require("first");
  section.require("cap");
  const ExponentialRule rule{section.duration("first", Duration(0), kDelayMax), read_factor(section),
                             section.duration("cap", Duration(0), kDelayMax), repeats};
  if (rule.first.count() <= 0 || rule.cap < rule.first) {
    section.report("first", "must be longer than 0s and not longer than cap");
    return {};
  }
  return exponential_delays(rule);
}

// How many times more than the first, however the file counts.
std::optional<std::size_t> read_repeats(const YamlSection& section) {
  const bool repeats = section.find("repeats") != nullptr;
  const bool sends = section.find("sends") != nullptr;
  if (repeats && sends) section.report("sends", "stands beside repeats; write one of them");
  if (repeats) return section.number("repeats", 0, 0, kDelaysMax);
  if (sends) return section.number("sends", 1, 1, kDelaysMax + 1) - 1;
  return std::nullopt;
}

std::vector<Duration> read_delays(const YamlSection& section, const ProfileReading& reading) {
  const std::optional<std::size_t> repeats = read_repeats(section);
  std::size_t ways = 0;
  for (const char* key : {"delays", "every", "exponential"}) ways += section.find(key) != nullptr ? 1 : 0;
  if (ways != 1) section.report("delays", "write one of delays, every and exponential");
  if (section.find("delays") != nullptr) {
    std::vector<Duration> delays = read_list(section, reading);
    if (repeats && *repeats != delays.size()) {
      section.report("delays", fmt::format("lists {} delays for {} repeats", delays.size(), *repeats));
    }
    return delays;
  }
  if (!repeats) section.report("repeats", "is missing; say how often: repeats or sends");
  if (const YamlNode* node = section.find("exponential")) return read_exponential(*node, repeats.value_or(0), reading);
  return std::vector<Duration>(repeats.value_or(0), section.duration("every", Duration(0), kDelayMax));
}

}  // namespace

void read_acknowledgement(const YamlNode& node, const ProfileReading& reading) {
  const YamlSection section(node, "acknowledgement",
                            {"match", "element", "pointer", "text", "any_case", "statuses", "refusals", "source"},
                            reading.trouble);
  section.require("match");
  section.require("source");
  AckRule& ack = reading.profile.ack;
  ack.match = section.choice("match", AckMatch::kExact, kMatches);
  const bool by_element = ack.match == AckMatch::kXmlElement || ack.match == AckMatch::kFirstElement;
  const bool by_pointer = ack.match == AckMatch::kJsonValue;
  if (by_element != (section.find("element") != nullptr)) {
    section.report("element", by_element ? "is missing; name the element" : "is never read with this match");
  }
  if (by_pointer != (section.find("pointer") != nullptr)) {
    section.report("pointer", by_pointer ? "is missing; name the place: /code" : "is never read with this match");
  }
  ack.place = by_pointer ? section.text("pointer") : section.text("element");
  if (by_pointer) read_pointer(section, "pointer");
  ack.text = section.text("text");
  ack.any_case = section.flag("any_case", false);
  ack.refusals = section.texts("refusals");
  for (const YamlNode* item : section.items("statuses")) ack.statuses.push_back(read_status(section, *item, reading));
  read_source(section, "acknowledgement", reading);
}

void read_schedule(const YamlNode& node, const ProfileReading& reading) {
  const YamlSection section(node, "schedule",
                            {"delays", "every", "exponential", "repeats", "sends", "give_up_after", "retry_after",
                             "retry_after_max", "jitter_max", "jitter_percent", "source"},
                            reading.trouble);
  section.require("source");
  Schedule& schedule = reading.profile.schedule;
  schedule.delays = read_delays(section, reading);
  if (section.find("give_up_after") != nullptr) {
    schedule.give_up_after = section.duration("give_up_after", Duration(0), kDelayMax);
  }
  schedule.honours_retry_after = section.choice("retry_after", false, kRetryAfter);
  schedule.retry_after_max = section.duration("retry_after_max", schedule.retry_after_max, kRetryAfterMax);
  schedule.jitter_max = section.duration("jitter_max", Duration(0), kDelayMax);
  schedule.jitter_percent = static_cast<unsigned>(section.number("jitter_percent", 0, 0, 100));
  read_source(section, "schedule", reading);
}

}  // namespace ackd
