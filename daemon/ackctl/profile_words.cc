#include "ackctl/profile_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace ackd {
namespace {

constexpr std::array<const char*, 6> kEncodings{"query", "form", "raw_pairs", "xml", "json", "raw"};
constexpr std::array<const char*, 6> kEncodingWords{"the fields appended to the URL's query",
                                                    "the fields as a form",
                                                    "the fields as raw pairs, name=value&...",
                                                    "the fields as flat XML",
                                                    "the fields as JSON",
                                                    "the platform's body as it is"};
constexpr std::array<const char*, 14> kAlgorithms{"no signature", "MD5",      "SHA-1",          "SHA-256",
                                                  "SM3",          "HMAC-MD5", "HMAC-SHA1",      "HMAC-SHA256",
                                                  "HMAC-SHA512",  "HMAC-SM3", "RSA with SHA-1", "RSA with SHA-256",
                                                  "SM2 with SM3", "Ed25519"};
constexpr std::array<const char*, 3> kForms{"upper-case hex", "lower-case hex", "base64"};

template <class Name, std::size_t kCount, class Value>
std::string word_of(const std::array<Name, kCount>& words, Value value) {
  return words.at(static_cast<std::size_t>(value));
}

std::string join(const std::vector<std::string>& parts, const char* separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

// "gbk"; "by option charset"; "by field inputCharset (1: utf-8, 2: gbk), else by option charset".
std::string choice_text(const Choice& choice) {
  if (choice.fixed()) return choice.literal;
  std::string out = choice.option.empty() ? "by field " + choice.field : "by option " + choice.option;
  std::vector<std::string> values;
  for (const auto& [value, meaning] : choice.values) values.push_back(value + ": " + meaning);
  if (!values.empty()) out += " (" + join(values, ", ") + ")";
  if (!choice.otherwise.empty()) out += ", else " + choice_text(choice.otherwise.front());
  return out;
}

std::string request_text(const Profile& profile) {
  std::string out = fmt::format("{}, {}", profile.method, word_of(kEncodingWords, profile.encoding));
  const std::string type = choice_text(profile.content_type);
  if (!type.empty()) out += ", content type " + type;
  if (profile.encoding == Encoding::kXml)
    out += fmt::format(", root <{}>{}", profile.xml_root, profile.xml_cdata ? ", CDATA" : "");
  if (const std::string order = choice_text(profile.wire_order); order != "listed") out += ", order " + order;
  if (const std::string space = choice_text(profile.space); space != "plus") out += ", spaces " + space;
  if (profile.query_into_body) out += ", the pairs of the merchant's URL move to the front of the body";
  return out;
}

std::string pointer_text(const JsonPointer& pointer) {
  std::string out;
  for (const std::string& step : pointer.steps) out += "/" + step;
  return out;
}

std::string body_text(const Profile& profile) {
  const BodyRule& body = profile.body;
  if (!body.allowed) return {};
  std::string out = body.required ? "required from the platform" : "may be given by the platform";
  if (body.json) out += ", one JSON document";
  if (!body.becomes_field.empty()) out += ", becomes the field " + body.becomes_field;
  if (body.unless_it_has) out += " unless it has " + pointer_text(*body.unless_it_has);
  if (const std::string wrap = choice_text(body.wrap); wrap != "{body}") out += ", sent as " + wrap;
  return out;
}

std::string headers_text(const Profile& profile) {
  std::vector<std::string> out;
  for (const HeaderRule& rule : profile.headers) {
    out.push_back(fmt::format("{}: {}{}", rule.name, text_of(rule.value),
                              rule.otherwise.empty() ? "" : " or " + text_of(rule.otherwise)));
  }
  return join(out, "; ");
}

std::string order_text(const CanonicalRule& rule) {
  switch (rule.order) {
    case CanonicalOrder::kListed: return "in the order " + join(rule.listed, ", ");
    case CanonicalOrder::kByPair: return "sorted as whole pairs";
    case CanonicalOrder::kByName: break;
  }
  return "sorted by name";
}

std::string canonical_words(const CanonicalRule& rule) {
  const std::string charset = rule.charset ? ", in charset " + choice_text(*rule.charset) : "";
  if (rule.text) return "'" + text_of(*rule.text) + "'" + charset;
  std::string out = rule.parts == CanonicalParts::kPairs ? "name=value " : "values ";
  out += order_text(rule) + (rule.ignore_case ? " without regard to case" : "");
  out += rule.separator.empty() ? ", nothing between them" : fmt::format(", '{}' between them", rule.separator);
  if (rule.skip_empty) out += rule.skip_blank ? ", empty and blank values skipped" : ", empty values skipped";
  if (!rule.prefix.empty()) out += fmt::format(", '{}' before", text_of(rule.prefix));
  if (!rule.suffix.empty()) out += fmt::format(", '{}' behind", text_of(rule.suffix));
  return out + charset;
}

std::string condition_text(const SignatureVariant& variant) {
  std::vector<std::string> parts;
  for (const Condition& condition : variant.when) {
    parts.push_back(fmt::format("{} is {}", condition.option.empty() ? condition.field : "option " + condition.option,
                                join(condition.values, " or ")));
  }
  return join(parts, " and ");
}

std::string variant_text(const SignatureVariant& variant) {
  std::string out = word_of(kAlgorithms, variant.algorithm);
  if (variant.algorithm == Algorithm::kNone) return out;
  if (const std::string input = text_of(variant.input); input != "{text}") out += " over " + input;
  out += " in " + word_of(kForms, variant.form);
  if (variant.user_id != kSm2DefaultUserId) out += " with user id " + variant.user_id;
  if (const std::string each = text_of(variant.each); each != "{signature}") out += ", written " + each;
  if (variant.key_form != KeyForm::kText || !variant.key_prefix.empty()) {
    out += fmt::format(", the key is {}{}", variant.key_form == KeyForm::kHex ? "hex" : "base64",
                       variant.key_prefix.empty() ? "" : " behind " + variant.key_prefix);
  }
  return out;
}

// One fact for each way to sign, and one for each text that is signed.
void add_signature_facts(const Profile& profile, std::vector<ProfileFact>& facts) {
  const SignatureRule& rule = profile.signature;
  std::string place = rule.header.empty() ? "in the field " + rule.field : "in the header " + rule.header;
  if (const std::string value = text_of(rule.value); value != "{signatures}") place += ", written " + value;
  if (rule.all_keys) place += fmt::format(", one for each key, joined by '{}'", rule.joined_by);
  const bool alone = rule.variants.size() == 1;
  for (const SignatureVariant& variant : rule.variants) {
    const std::string when = alone                  ? ""
                             : variant.when.empty() ? "otherwise: "
                                                    : "when " + condition_text(variant) + ": ";
    facts.push_back({"signature", when + variant_text(variant) + (alone ? ", " + place : "")});
    if (variant.algorithm != Algorithm::kNone)
      facts.push_back({"signed text", when + canonical_words(variant.canonical)});
  }
  if (!alone) facts.push_back({"signature's place", place});
}

std::string unsigned_text(const Profile& profile) {
  std::vector<std::string> out;
  for (const FieldRule& rule : profile.fields) {
    if (rule.name == profile.signature.field || choice_text(rule.is_signed) == "true") continue;
    out.push_back(rule.is_signed.fixed() ? rule.name
                                         : fmt::format("{} (signed {})", rule.name, choice_text(rule.is_signed)));
  }
  return join(out, ", ");
}

std::string schedule_text(const Schedule& schedule) {
  if (schedule.delays.empty()) return "one send, never repeated";
  std::string out =
      fmt::format("{} sends at most; a delay counts from the end of the failed attempt", schedule.sends_max());
  if (schedule.give_up_after) out += fmt::format("; given up after {}", format_duration(*schedule.give_up_after));
  if (schedule.jitter_max.count() > 0) out += fmt::format("; up to {} of jitter", format_duration(schedule.jitter_max));
  if (schedule.jitter_percent > 0) out += fmt::format("; up to {} % of jitter", schedule.jitter_percent);
  if (schedule.honours_retry_after) {
    out += fmt::format("; Retry-After is honoured up to {}", format_duration(schedule.retry_after_max));
  }
  return out;
}

// "9s, 18s, 27s, 8h (85 times)".
std::string gaps_text(const std::vector<Duration>& delays) {
  std::vector<std::string> out;
  for (auto at = delays.begin(); at != delays.end();) {
    const auto end = std::find_if(at, delays.end(), [&](Duration delay) { return delay != *at; });
    const auto count = end - at;
    out.push_back(format_duration(*at) + (count > 2    ? fmt::format(" ({} times)", count)
                                          : count == 2 ? ", " + format_duration(*at)
                                                       : ""));
    at = end;
  }
  return join(out, ", ");
}

std::string limits_text(const Profile& profile) {
  return fmt::format("{} to connect, {} in all, {} bytes of the answer are read",
                     format_duration(profile.connect_timeout), format_duration(profile.total_timeout),
                     profile.body_bytes_max);
}

std::string options_text(const Profile& profile) {
  std::vector<std::string> out;
  for (const OptionRule& rule : profile.options) {
    out.push_back(rule.name + ": " + (rule.values.empty() ? "any text" : join(rule.values, " | ")));
  }
  return join(out, "; ");
}

std::string zone_text(const Profile& profile) {
  return profile.zone.minutes == 0 ? "UTC" : "UTC" + format_time(WallTime{}, "%z", profile.zone);
}

std::string given_text(const FieldRule& rule) {
  if (rule.constant) return "always " + *rule.constant;
  const std::string otherwise = rule.otherwise ? ", else " + text_of(*rule.otherwise) : "";
  if (rule.fallback) return "default " + text_of(*rule.fallback) + otherwise;
  return rule.required ? "yes" : "";
}

// What a JSON body or a raw one adds to a field.
void add_place(const Profile& profile, const FieldRule& rule, std::vector<std::string>& out) {
  constexpr std::array<const char*, 4> kJsonForms{"string", "number", "boolean", "raw"};
  const bool is_member = profile.encoding == Encoding::kJson && choice_text(rule.is_sent) != "false";
  if (is_member && rule.pointer != JsonPointer{{rule.name}}) out.push_back("at " + pointer_text(rule.pointer));
  if (rule.form != JsonForm::kString) out.push_back("JSON " + word_of(kJsonForms, rule.form));
  if (rule.from_body) out.push_back("from the body's " + pointer_text(*rule.from_body));
  if (rule.seal) out.push_back("sealed with nonce " + rule.seal->nonce_field);
}

std::string limits_of(const Profile& profile, const FieldRule& rule) {
  static const FieldRule kPlain;
  std::vector<std::string> out;
  if (rule.unit) out.emplace_back(name_of(*rule.unit));
  if (!rule.values.empty()) out.push_back(join(rule.values, " | "));
  if (rule.pattern) out.push_back("/" + rule.pattern->text() + "/");
  if (rule.bytes_min > 0) out.push_back(fmt::format("{} bytes at least", rule.bytes_min));
  if (rule.bytes_max != kPlain.bytes_max) out.push_back(fmt::format("{} bytes at most", rule.bytes_max));
  if (rule.sensitive) out.emplace_back("sensitive");
  add_place(profile, rule, out);
  return join(out, ", ");
}

std::string sent_text(const FieldRule& rule) {
  std::string out = choice_text(rule.is_sent);
  out = out == "true" ? "yes" : out == "false" ? "no" : out;
  if (rule.empty == EmptyField::kSend) out += ", also empty";
  if (rule.blank == EmptyField::kOmit) out += ", not blank";
  return out;
}

}  // namespace

std::string encoding_text(const Profile& profile) {
  return profile.method + " " + word_of(kEncodings, profile.encoding);
}

std::vector<ProfileFact> facts_of(const Profile& profile) {
  std::vector<ProfileFact> facts;
  facts.push_back({"schedule", schedule_text(profile.schedule)});
  facts.push_back({"gaps", gaps_text(profile.schedule.delays)});
  facts.push_back({"request", request_text(profile)});
  facts.push_back({"charset", choice_text(profile.charset)});
  facts.push_back({"body", body_text(profile)});
  facts.push_back({"headers", headers_text(profile)});
  add_signature_facts(profile, facts);
  facts.push_back({"not signed", unsigned_text(profile)});
  facts.push_back({"extra fields", join(profile.extra_fields, ", ")});
  facts.push_back({"acknowledgement", describe(profile.ack)});
  facts.push_back({"refusals", join(profile.ack.refusals, ", ")});
  facts.push_back({"activation", profile.activation.required ? "held until one example was acknowledged" : ""});
  facts.push_back({"limits", limits_text(profile)});
  facts.push_back({"types", join(profile.types.empty() ? std::vector{profile.type} : profile.types, ", ")});
  facts.push_back({"order number", join(profile.subject_fields, "/")});
  facts.push_back({"status", profile.status_field});
  facts.push_back({"identity", join(profile.identity_fields, "/")});
  facts.push_back({"options", options_text(profile)});
  facts.push_back({"zone", zone_text(profile)});
  std::erase_if(facts, [](const ProfileFact& fact) { return fact.text.empty(); });
  return facts;
}

std::vector<std::string> field_columns() {
  return {"FIELD", "REQUIRED", "TYPES", "LIMITS", "SIGNED", "SENT", "EXAMPLE"};
}

std::vector<std::string> field_cells(const Profile& profile, const FieldRule& rule) {
  if (rule.name == profile.signature.field) return {rule.name, "", "", "", "the signature", "yes", ""};
  const std::string is_signed = choice_text(rule.is_signed);
  return {rule.name,
          given_text(rule),
          join(rule.types, ", "),
          limits_of(profile, rule),
          is_signed == "true"    ? "yes"
          : is_signed == "false" ? "no"
                                 : is_signed,
          sent_text(rule),
          rule.sensitive && !rule.example.empty() ? "***" : rule.example};
}

}  // namespace ackd
