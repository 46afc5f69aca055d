#include "profile/profile_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "model/http_request.h"
#include "profile/field_checks.h"
#include "profile/merchant_options.h"
#include "text/nearest_name.h"
#include "text/xml.h"

namespace ackd {
namespace {

constexpr std::size_t kFieldsMax = 500;

bool is_word(std::string_view text) {
  const auto fits_word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), fits_word);
}

bool is_header_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

// What ackd sets itself, and what a receiver would take for credentials of its own.
bool is_reserved_header(const std::string& name) {
  const std::string lower = lower_case(name);
  return is_transport_header(lower) || lower == "content-type" || lower == "cookie" || lower == "authorization";
}

class ProfileChecker {
 public:
  ProfileChecker(const Profile& profile, ProfileReport& report) : profile_(profile), report_(report) {}

  void check() {
    report_.say_if(!is_word(profile_.id), "provider", "must be lower-case letters, digits and '_', up to 64");
    check_options();
    check_fields();
    check_request();
    check_body();
    check_signature(profile_, report_);
    check_identity();
    check_acknowledgement();
    check_schedule();
  }

 private:
  void check_options() {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < profile_.options.size(); ++i) {
      const OptionRule& option = profile_.options[i];
      const std::string path = fmt::format("options[{}].name", i);
      report_.say_if(!is_word(option.name), path, "must be lower-case letters, digits and '_', up to 64");
      report_.say_if(is_common_option(option.name), path, fmt::format("'{}' exists in every profile", option.name));
      report_.say_if(!seen.insert(option.name).second, path, fmt::format("'{}' is listed twice", option.name));
    }
  }

  void check_fields() {
    std::set<std::string> seen;
    report_.say_if(profile_.fields.size() > kFieldsMax, "fields", fmt::format("more than {} fields", kFieldsMax));
    for (std::size_t i = 0; i < profile_.fields.size(); ++i) {
      const FieldRule& rule = profile_.fields[i];
      const std::string path = fmt::format("fields[{}]", i);
      report_.say_if(!is_field_name(rule.name), path + ".name", "must be printable ASCII without = & % +");
      report_.say_if(profile_.encoding == Encoding::kXml && !is_xml_name(rule.name), path + ".name",
                     "is not the name of an XML element");
      report_.say_if(!seen.insert(rule.name).second, path + ".name", fmt::format("'{}' is listed twice", rule.name));
      check_field(path, rule);
    }
    for (std::size_t i = 0; i < profile_.extra_fields.size(); ++i) {
      const std::size_t star = profile_.extra_fields[i].find('*');
      report_.say_if(star != std::string::npos && star + 1 != profile_.extra_fields[i].size(),
                     fmt::format("extra_fields[{}]", i), "may have a '*' at its end only");
    }
  }

  void check_field(const std::string& path, const FieldRule& rule) {
    report_.say_if(rule.constant && (rule.required || rule.fallback), path,
                   "a constant needs neither 'required' nor 'default'");
    report_.say_if(rule.required && rule.fallback, path, "a required field cannot have a default");
    report_.say_if(rule.constant && rule.constant->empty(), path + ".constant", "must not be empty");
    report_.say_if(rule.fallback && rule.fallback->empty(), path + ".default", "must not be empty");
    report_.say_if(rule.bytes_min > rule.bytes_max, path + ".bytes_min", "must not be more than bytes_max");
    report_.check_choice(path + ".signed", rule.is_signed, {"true", "false"});
    report_.check_choice(path + ".sent", rule.is_sent, {"true", "false"});
    if (rule.fallback) report_.check_template(path + ".default", *rule.fallback);
    if (rule.otherwise) report_.check_template(path + ".otherwise", *rule.otherwise);
    report_.say_if(rule.otherwise && !rule.fallback, path + ".otherwise", "needs 'default'");
    for (const std::string& type : rule.types) check_type(path + ".types", type);
    check_value_of(path + ".constant", rule, rule.constant);
    check_value_of(path + ".example", rule, rule.example.empty() ? std::nullopt : std::optional(rule.example));
    report_.say_if(rule.from_body && !profile_.body.allowed, path + ".from_body", "needs request.body");
    report_.say_if(profile_.encoding != Encoding::kJson && rule.form != JsonForm::kString, path + ".json",
                   "needs encoding json");
    if (rule.seal) check_seal(path + ".seal", *rule.seal);
  }

  void check_value_of(const std::string& path, const FieldRule& rule, const std::optional<std::string>& value) {
    if (!value || value->empty()) return;
    Status valid = check_text(rule.name, *value, rule.bytes_max);
    if (valid) valid = check_value(profile_, rule, *value);
    if (!valid) report_.say(path, valid.error().message);
  }

  void check_seal(const std::string& path, const SealRule& seal) {
    report_.known_field(path + ".nonce", seal.nonce_field);
    if (!seal.associated_data_field.empty()) report_.known_field(path + ".associated_data", seal.associated_data_field);
  }

  void check_type(const std::string& path, const std::string& type) {
    const auto& types = profile_.types;
    if (std::find(types.begin(), types.end(), type) != types.end()) return;
    report_.say(path, types.empty() ? "needs 'types', the list of the known ones"
                                    : fmt::format("'{}' is not known; write {}", type, join_or(types)));
  }

  void check_request() {
    const bool is_get = profile_.method == "GET";
    report_.say_if(is_get != (profile_.encoding == Encoding::kQuery), "request.encoding",
                   is_get ? "a GET carries its fields as query" : "a POST carries form, raw_pairs, xml, json or raw");
    check_content_type(is_get);
    check_charset();
    report_.check_choice("request.space", profile_.space, {"plus", "percent20"});
    report_.check_choice("request.order", profile_.wire_order, {"listed", "by_name"});
    const bool in_body = profile_.encoding == Encoding::kForm || profile_.encoding == Encoding::kRawPairs;
    report_.say_if(profile_.query_into_body && !in_body, "request.merchant_query",
                   "into_body needs encoding form or raw_pairs");
    check_headers();
    report_.say_if(!is_xml_name(profile_.xml_root), "request.xml.root", "is not the name of an XML element");
    report_.say_if(profile_.total_timeout.count() <= 0 || profile_.connect_timeout.count() <= 0, "request.timeout",
                   "timeouts must be longer than 0s");
    report_.say_if(profile_.connect_timeout > profile_.total_timeout, "request.timeout",
                   "must not be shorter than connect_timeout");
  }

  void check_content_type(bool is_get) {
    const Choice& type = profile_.content_type;
    const std::string path = "request.content_type";
    const bool given = !type.fixed() || !type.literal.empty();
    report_.say_if(is_get && given, path, "a GET has no body and no content type");
    report_.say_if(!is_get && !given, path, "is missing; a POST must say what it carries");
    report_.check_source(path, type);
    for (const std::string& outcome : outcomes(type, profile_)) {
      report_.say_if(!is_header_value(outcome), path, "must be printable ASCII");
      const Result<Template> pieces = parse_template(outcome, TemplatePlace::kConstant);
      if (!pieces) report_.say(path, pieces.error().message);
      if (pieces) report_.check_template(path, *pieces);
    }
  }

  void check_charset() {
    const bool pairs = profile_.encoding == Encoding::kQuery || profile_.encoding == Encoding::kForm ||
                       profile_.encoding == Encoding::kRawPairs || profile_.encoding == Encoding::kXml;
    report_.check_choice(
        "request.charset", profile_.charset,
        pairs ? std::vector<std::string>{"utf-8", "gbk", "gb18030", "iso-8859-1"} : std::vector<std::string>{"utf-8"});
  }

  void check_headers() {
    const std::string& signature = profile_.signature.header;
    report_.say_if(is_reserved_header(signature), "signature.header", "is set by ackd itself");
    std::set<std::string> seen{lower_case(signature)};
    check_header_text("signature.value", profile_.signature.value, !signature.empty());
    for (std::size_t i = 0; i < profile_.headers.size(); ++i) {
      const HeaderRule& header = profile_.headers[i];
      const std::string path = fmt::format("request.headers[{}]", i);
      report_.say_if(!is_header_name(header.name), path + ".name", "is not the name of a header");
      report_.say_if(is_reserved_header(header.name), path + ".name", "is set by ackd itself");
      report_.say_if(!seen.insert(lower_case(header.name)).second, path + ".name", "is given twice");
      report_.check_template(path + ".value", header.value);
      report_.check_template(path + ".otherwise", header.otherwise);
      check_header_text(path + ".value", header.value, true);
      check_header_text(path + ".otherwise", header.otherwise, true);
    }
  }

  // What stands between the placeholders; their values are checked at admission and again when they are put in.
  void check_header_text(const std::string& path, const Template& value, bool in_header) {
    const bool clean = std::all_of(value.begin(), value.end(), [](const TemplatePiece& piece) {
      return piece.value != TemplateValue::kText || is_header_value(piece.argument);
    });
    report_.say_if(in_header && !clean, path, "goes into a header and must be printable ASCII");
  }

  void check_body() {
    const BodyRule& body = profile_.body;
    const std::string path = "request.body";
    if (!body.allowed) return;
    const bool json = profile_.encoding == Encoding::kJson;
    report_.say_if(!json && profile_.encoding != Encoding::kRaw, path, "needs encoding raw or json");
    report_.say_if(!json && !body.becomes_field.empty(), path + ".becomes", "needs encoding json");
    if (!body.becomes_field.empty()) report_.known_field(path + ".becomes", body.becomes_field);
    report_.say_if(body.unless_it_has && body.becomes_field.empty(), path + ".unless_it_has", "needs 'becomes'");
    report_.check_source(path + ".wrap", body.wrap);
    for (const std::string& outcome : outcomes(body.wrap, profile_)) {
      const Result<Template> pieces = parse_template(outcome, TemplatePlace::kWrap);
      if (!pieces) report_.say(path + ".wrap", pieces.error().message);
    }
  }

  void check_identity() {
    for (std::size_t i = 0; i < profile_.subject_fields.size(); ++i) {
      const std::string path = fmt::format("subject[{}]", i);
      report_.known_field(path, profile_.subject_fields[i]);
    }
    report_.say_if(
        profile_.subject_fields.empty() && profile_.encoding != Encoding::kRaw && profile_.encoding != Encoding::kJson,
        "subject", "must name at least one field");
    if (!profile_.status_field.empty()) report_.known_field("status", profile_.status_field);
    for (std::size_t i = 0; i < profile_.identity_fields.size(); ++i) {
      report_.known_field(fmt::format("identity[{}]", i), profile_.identity_fields[i]);
    }
    report_.say_if(profile_.type.size() > kNameBytesMax, "type", fmt::format("has more than {} bytes", kNameBytesMax));
    if (!profile_.types.empty()) check_type("type", profile_.type);
  }

  void check_acknowledgement() {
    const AckRule& ack = profile_.ack;
    const bool status_only = ack.match == AckMatch::kStatusOnly;
    report_.say_if(status_only != ack.text.empty(), "acknowledgement.text",
                   status_only ? "is never read with match status_only" : "is missing");
    const bool element = ack.match == AckMatch::kXmlElement || ack.match == AckMatch::kFirstElement;
    report_.say_if(element && !is_xml_name(ack.place), "acknowledgement.element", "is not the name of an XML element");
  }

  void check_schedule() {
    const Schedule& schedule = profile_.schedule;
    report_.say_if(schedule.delays.size() > kDelaysMax, "schedule.delays",
                   fmt::format("has more than {} entries", kDelaysMax));
    const auto zero = std::find(schedule.delays.begin(), schedule.delays.end(), Duration(0));
    report_.say_if(zero != schedule.delays.end(), fmt::format("schedule.delays[{}]", zero - schedule.delays.begin()),
                   "must be longer than 0s");
    report_.say_if(schedule.give_up_after && schedule.give_up_after->count() == 0, "schedule.give_up_after",
                   "must be longer than 0s");
  }

  const Profile& profile_;
  ProfileReport& report_;
};

}  // namespace

void check_profile(const Profile& profile, const YamlNode& root, YamlTrouble& trouble) {
  ProfileReport report(profile, root, trouble);
  ProfileChecker(profile, report).check();
}

}  // namespace ackd
