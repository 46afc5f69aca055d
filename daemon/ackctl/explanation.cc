#include "ackctl/explanation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>
#include <vector>

#include "ackctl/printable.h"
#include "ackctl/story.h"
#include "ackctl/table.h"

namespace ackd {
namespace {

const char* name_of(Encoding encoding) {
  switch (encoding) {
    case Encoding::kQuery: return "the fields appended to the URL's query";
    case Encoding::kForm: return "the fields as a form";
    case Encoding::kRawPairs: return "the fields as raw pairs, name=value&...";
  }
  return "unknown";
}

const char* name_of(DigestKind digest) {
  switch (digest) {
    case DigestKind::kMd5: return "MD5";
    case DigestKind::kSha1: return "SHA-1";
    case DigestKind::kSha256: return "SHA-256";
  }
  return "unknown";
}

const char* name_of(DigestForm form) {
  switch (form) {
    case DigestForm::kHexUpper: return "upper-case hex";
    case DigestForm::kHexLower: return "lower-case hex";
    case DigestForm::kBase64: return "base64";
  }
  return "unknown";
}

std::string text_of(const Template& pieces) {
  std::string out;
  for (const TemplatePiece& piece : pieces) {
    switch (piece.part) {
      case TemplatePart::kText: out += piece.text; break;
      case TemplatePart::kKey: out += "{key}"; break;
      case TemplatePart::kMd5OfKey: out += "{md5(key)}"; break;
    }
  }
  return out;
}

std::string request_text(const Profile& profile) {
  std::string out = fmt::format("{}, {}", profile.method, name_of(profile.encoding));
  if (!profile.content_type.empty()) out += ", " + profile.content_type;
  if (!profile.content_type_option.empty()) out += ", content type by option " + profile.content_type_option;
  return out;
}

std::string limits_text(const Profile& profile) {
  return fmt::format("{} to connect, {} in all, {} bytes of the answer are read",
                     format_duration(profile.connect_timeout), format_duration(profile.total_timeout),
                     profile.body_bytes_max);
}

std::string field_text(const FieldRule& rule, const Profile& profile) {
  if (rule.name == profile.signature_field) return rule.name + " (the signature)";
  std::string out = rule.name;
  if (rule.constant) out += "=" + *rule.constant;
  if (rule.fallback) out += fmt::format(" (default {})", *rule.fallback);
  if (!rule.required && !rule.constant && !rule.fallback) out += "?";
  return out;
}

std::string fields_text(const Profile& profile) {
  std::string out;
  for (const FieldRule& rule : profile.fields) out += (out.empty() ? "" : ", ") + field_text(rule, profile);
  return out;
}

// The fields that the signature leaves out, whatever the merchant's options.
std::string unsigned_text(const Profile& profile) {
  std::string out;
  for (const FieldRule& rule : profile.fields) {
    if (rule.name == profile.signature_field) continue;
    const bool by_option = !rule.signed_option.empty();
    if (rule.is_signed && !by_option) continue;
    out += (out.empty() ? "" : ", ") + rule.name;
    if (by_option) out += fmt::format(" (unless option {} is true)", rule.signed_option);
  }
  return out;
}

std::string canonical_text(const Profile& profile) {
  const CanonicalRule& rule = profile.canonical;
  const char* unit = rule.parts == CanonicalParts::kPairs ? "name=value" : "values";
  const std::string order = rule.order == CanonicalOrder::kByName
                                ? "sorted by name"
                                : fmt::format("in the order {}", fmt::join(rule.listed, ", "));
  std::string out = fmt::format("{} {}", unit, order);
  out += rule.separator.empty() ? ", nothing between them" : fmt::format(", '{}' between them", rule.separator);
  if (rule.skip_empty) out += rule.skip_blank ? ", empty and blank values skipped" : ", empty values skipped";
  if (const std::string before = text_of(rule.prefix); !before.empty()) out += fmt::format(", '{}' before", before);
  if (const std::string behind = text_of(rule.suffix); !behind.empty()) out += fmt::format(", '{}' behind", behind);
  if (!rule.charset_option.empty()) out += ", charset by option " + rule.charset_option;
  return out;
}

std::string schedule_text(const Schedule& schedule) {
  std::string out =
      fmt::format("{} sends at most; a delay counts from the end of the failed attempt", schedule.sends_max());
  if (schedule.give_up_after) out += fmt::format("; given up after {}", format_duration(*schedule.give_up_after));
  if (schedule.jitter_max.count() > 0) out += fmt::format("; up to {} of jitter", format_duration(schedule.jitter_max));
  if (schedule.honours_retry_after) {
    out += fmt::format("; Retry-After is honoured up to {}", format_duration(schedule.retry_after_max));
  }
  return out;
}

std::string options_text(const Profile& profile) {
  std::string out;
  for (const OptionRule& rule : profile.options) {
    out += fmt::format("{}{}: {}", out.empty() ? "" : "; ", rule.name, fmt::join(rule.values, " | "));
  }
  return out;
}

std::string fact(std::string_view label, std::string_view value) {
  return value.empty() ? "" : fmt::format("{:<16}{}\n", label, printable(value));
}

std::string sources_text(const Profile& profile, const Terminal& terminal) {
  Table table({"FACT", "SOURCE", "WHERE OR WHY"}, terminal);
  for (const auto& [name, source] : profile.sources) {
    if (!source.published.empty()) table.add({name, "published", source.published});
    if (!source.inferred.empty()) table.add({name, "inferred", source.inferred});
  }
  return table.take();
}

std::string timetable_text(const Schedule& schedule, WallTime from, const Terminal& terminal) {
  Table table({"ATTEMPT", "AFTER", "AT (UTC)"}, terminal);
  std::size_t number = 0;
  for (const Duration offset : offsets(schedule)) {
    ++number;
    table.add({std::to_string(number), format_duration(offset), shown_time(format_rfc3339((from + offset).ms))});
  }
  return table.take();
}

}  // namespace

Document timetable_of(const Schedule& schedule) {
  Document out = Document::array();
  std::size_t number = 0;
  for (const Duration offset : offsets(schedule)) {
    ++number;
    const bool whole = offset.count() % 1'000 == 0;
    const Document after =
        whole ? Document(offset.count() / 1'000) : Document(static_cast<double>(offset.count()) / 1'000.0);
    out.push_back({{"attempt", number}, {"after_s", after}});
  }
  return out;
}

std::string explanation_of(const Profile& profile, WallTime from, const Terminal& terminal) {
  std::string out = printable(fmt::format("{}: {}", profile.id, profile.title)) + "\n\n";
  out += timetable_text(profile.schedule, from, terminal) + "\n";
  out += fact("schedule", schedule_text(profile.schedule));
  out += fact("request", request_text(profile));
  out += fact("fields", fields_text(profile));
  out += fact("signature", fmt::format("{} of the canonical string, {}, in {}", name_of(profile.digest),
                                       name_of(profile.digest_form), profile.signature_field));
  out += fact("canonical", canonical_text(profile));
  out += fact("not signed", unsigned_text(profile));
  out += fact("acknowledgement", describe(profile.ack));
  out += fact("limits", limits_text(profile));
  out += fact("order number", fmt::format("{}", fmt::join(profile.subject_fields, "/")));
  out += fact("options", options_text(profile));
  return out + "\n" + sources_text(profile, terminal);
}

}  // namespace ackd
