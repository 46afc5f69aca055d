// parse_profile: from the file's text to a Profile. Reading the keys is here; whether they fit together is
// profile_checks.cc.
#include <fmt/format.h>

#include <array>

#include "profile/profile.h"
#include "profile/profile_checks.h"
#include "profile/yaml_document.h"
#include "profile/yaml_section.h"

namespace ackd {
namespace {

constexpr Duration kTimeoutMax = std::chrono::minutes(2);
constexpr Duration kDelayMax = std::chrono::hours(24 * 365);
constexpr Duration kRetryAfterMax = std::chrono::hours(24);
constexpr std::size_t kAnswerBytesMax = 1024 * 1024;
constexpr std::size_t kFieldBytesMax = 64 * 1024;

constexpr std::array<YamlChoice<const char*>, 2> kMethods{{{"GET", "GET"}, {"POST", "POST"}}};
constexpr std::array<YamlChoice<Encoding>, 3> kEncodings{
    {{"query", Encoding::kQuery}, {"form", Encoding::kForm}, {"raw_pairs", Encoding::kRawPairs}}};
constexpr std::array<YamlChoice<EmptyField>, 2> kEmptyFields{
    {{"omit", EmptyField::kOmit}, {"send", EmptyField::kSend}}};
constexpr std::array<YamlChoice<CanonicalOrder>, 2> kOrders{
    {{"by_name", CanonicalOrder::kByName}, {"listed", CanonicalOrder::kListed}}};
constexpr std::array<YamlChoice<CanonicalParts>, 2> kParts{
    {{"pairs", CanonicalParts::kPairs}, {"values", CanonicalParts::kValues}}};
constexpr std::array<YamlChoice<bool>, 2> kSkipOrKeep{{{"skip", true}, {"keep", false}}};
constexpr std::array<YamlChoice<DigestKind>, 3> kDigests{
    {{"md5", DigestKind::kMd5}, {"sha1", DigestKind::kSha1}, {"sha256", DigestKind::kSha256}}};
constexpr std::array<YamlChoice<DigestForm>, 3> kForms{
    {{"hex_upper", DigestForm::kHexUpper}, {"hex_lower", DigestForm::kHexLower}, {"base64", DigestForm::kBase64}}};
constexpr std::array<YamlChoice<AckMatch>, 4> kMatches{{{"status_only", AckMatch::kStatusOnly},
                                                        {"exact", AckMatch::kExact},
                                                        {"trimmed", AckMatch::kTrimmed},
                                                        {"contains", AckMatch::kContains}}};
constexpr std::array<YamlChoice<bool>, 2> kRetryAfter{{{"honour", true}, {"ignore", false}}};

class ProfileReader {
 public:
  explicit ProfileReader(const std::string& file) : trouble_(file) {}

  Result<Profile> read(const YamlNode& root) {
    const YamlSection top(root, "",
                          {"provider", "title", "type", "subject", "status", "identity", "request", "options", "fields",
                           "signature", "acknowledgement", "schedule"},
                          trouble_);
    for (const char* key : {"provider", "subject", "request", "fields", "signature", "acknowledgement", "schedule"}) {
      top.require(key);
    }
    read_identity(top);
    if (const YamlNode* request = top.find("request")) read_request(*request);
    for (const YamlNode* option : top.items("options")) read_option(*option);
    for (const YamlNode* field : top.items("fields")) read_field(*field);
    if (const YamlNode* signature = top.find("signature")) read_signature(*signature);
    if (const YamlNode* acknowledgement = top.find("acknowledgement")) read_acknowledgement(*acknowledgement);
    if (const YamlNode* schedule = top.find("schedule")) read_schedule(*schedule);
    if (!trouble_.first()) check_profile(profile_, root, trouble_);
    if (trouble_.first()) return *trouble_.first();
    return std::move(profile_);
  }

 private:
  void read_identity(const YamlSection& top) {
    profile_.id = top.text("provider");
    profile_.title = top.text("title", profile_.id);
    profile_.type = top.text("type");
    profile_.subject_fields = top.texts("subject");
    profile_.status_field = top.text("status");
    profile_.identity_fields = top.texts("identity");
  }

  void read_request(const YamlNode& node) {
    const YamlSection section(
        node, "request",
        {"method", "encoding", "content_type", "connect_timeout", "timeout", "answer_bytes_max", "source"}, trouble_);
    section.require("method");
    section.require("encoding");
    profile_.method = section.choice("method", "", kMethods);
    profile_.encoding = section.choice("encoding", Encoding::kForm, kEncodings);
    profile_.content_type_option = option_named_by(section, "content_type");
    if (profile_.content_type_option.empty()) profile_.content_type = section.text("content_type");
    profile_.connect_timeout = section.duration("connect_timeout", profile_.connect_timeout, kTimeoutMax);
    profile_.total_timeout = section.duration("timeout", profile_.total_timeout, kTimeoutMax);
    profile_.body_bytes_max = section.number("answer_bytes_max", profile_.body_bytes_max, 1, kAnswerBytesMax);
    read_source(section, "request");
  }

  void read_option(const YamlNode& node) {
    const std::string path = fmt::format("options[{}]", profile_.options.size());
    const YamlSection section(node, path, {"name", "values", "source"}, trouble_);
    section.require("name");
    section.require("values");
    profile_.options.push_back({section.text("name"), section.texts("values")});
    read_source(section, "options." + profile_.options.back().name);
  }

  void read_field(const YamlNode& node) {
    const std::string path = fmt::format("fields[{}]", profile_.fields.size());
    const YamlSection section(
        node, path,
        {"name", "required", "constant", "default", "signed", "sent", "sensitive", "empty", "bytes_max", "source"},
        trouble_);
    section.require("name");
    FieldRule field;
    field.name = section.text("name");
    field.required = section.flag("required", false);
    if (section.find("constant") != nullptr) field.constant = section.text("constant");
    if (section.find("default") != nullptr) field.fallback = section.text("default");
    field.signed_option = option_named_by(section, "signed");
    if (field.signed_option.empty()) field.is_signed = section.flag("signed", true);
    field.sent_option = option_named_by(section, "sent");
    if (section.find("sent") != nullptr && field.sent_option.empty()) {
      section.report("sent", "write {option: NAME}, a merchant option that is true or false");
    }
    field.sensitive = section.flag("sensitive", false);
    field.empty = section.choice("empty", EmptyField::kOmit, kEmptyFields);
    field.bytes_max = section.number("bytes_max", field.bytes_max, 1, kFieldBytesMax);
    read_source(section, "fields." + field.name);
    profile_.fields.push_back(std::move(field));
  }

  void read_signature(const YamlNode& node) {
    const YamlSection section(node, "signature", {"field", "digest", "form", "canonical", "source"}, trouble_);
    for (const char* key : {"field", "digest", "form", "canonical", "source"}) section.require(key);
    profile_.signature_field = section.text("field");
    profile_.digest = section.choice("digest", DigestKind::kMd5, kDigests);
    profile_.digest_form = section.choice("form", DigestForm::kHexUpper, kForms);
    if (const YamlNode* canonical = section.find("canonical")) read_canonical(*canonical);
    read_source(section, "signature");
  }

  void read_canonical(const YamlNode& node) {
    const YamlSection section(
        node, "signature.canonical",
        {"order", "fields", "parts", "separator", "empty", "blank", "prefix", "suffix", "charset"}, trouble_);
    for (const char* key : {"order", "parts", "empty"}) section.require(key);
    CanonicalRule& canonical = profile_.canonical;
    canonical.order = section.choice("order", CanonicalOrder::kByName, kOrders);
    canonical.parts = section.choice("parts", CanonicalParts::kPairs, kParts);
    canonical.listed = section.texts("fields");
    canonical.separator = section.text("separator");
    canonical.skip_empty = section.choice("empty", true, kSkipOrKeep);
    canonical.skip_blank = section.choice("blank", false, kSkipOrKeep);
    canonical.prefix = read_template(section, "prefix");
    canonical.suffix = read_template(section, "suffix");
    canonical.charset_option = option_named_by(section, "charset");
    if (section.find("charset") != nullptr && canonical.charset_option.empty()) {
      section.report("charset", "write {option: NAME}, a merchant option whose values are charsets");
    }
  }

  Template read_template(const YamlSection& section, std::string_view key) {
    Result<Template> parsed = parse_template(section.text(key));
    if (parsed) return *std::move(parsed);
    section.report(key, parsed.error().message);
    return {};
  }

  void read_acknowledgement(const YamlNode& node) {
    const YamlSection section(node, "acknowledgement", {"match", "text", "any_case", "statuses", "refusals", "source"},
                              trouble_);
    section.require("match");
    section.require("source");
    AckRule& ack = profile_.ack;
    ack.match = section.choice("match", AckMatch::kExact, kMatches);
    ack.text = section.text("text");
    ack.any_case = section.flag("any_case", false);
    ack.refusals = section.texts("refusals");
    for (const YamlNode* item : section.items("statuses")) read_status(section, *item);
    read_source(section, "acknowledgement");
  }

  void read_status(const YamlSection& section, const YamlNode& item) {
    const std::string text = yaml_text(item, section.path_of("statuses"), trouble_);
    const bool digits = text.size() == 3 && text.find_first_not_of("0123456789") == std::string::npos;
    const int status = digits ? (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0') : 0;
    if (status < 200 || status > 599) {
      section.report("statuses", fmt::format("'{}' is not a final HTTP status; write numbers from 200 to 599", text));
    }
    profile_.ack.statuses.push_back(status);
  }

  void read_schedule(const YamlNode& node) {
    const YamlSection section(node, "schedule",
                              {"delays", "give_up_after", "retry_after", "retry_after_max", "jitter_max", "source"},
                              trouble_);
    section.require("delays");
    section.require("source");
    Schedule& schedule = profile_.schedule;
    for (const YamlNode* item : section.items("delays")) {
      const std::string path = fmt::format("schedule.delays[{}]", schedule.delays.size());
      schedule.delays.push_back(yaml_duration(*item, path, kDelayMax, trouble_));
    }
    if (section.find("give_up_after") != nullptr) {
      schedule.give_up_after = section.duration("give_up_after", Duration(0), kDelayMax);
    }
    schedule.honours_retry_after = section.choice("retry_after", false, kRetryAfter);
    schedule.retry_after_max = section.duration("retry_after_max", schedule.retry_after_max, kRetryAfterMax);
    schedule.jitter_max = section.duration("jitter_max", Duration(0), kDelayMax);
    read_source(section, "schedule");
  }

  // The NAME of `key: {option: NAME}`, or empty when the value is something else.
  std::string option_named_by(const YamlSection& section, std::string_view key) {
    const YamlNode* value = section.find(key);
    if (value == nullptr || value->kind != YamlNode::Kind::kMap) return {};
    const YamlSection reference(*value, section.path_of(key), {"option"}, trouble_);
    reference.require("option");
    return reference.text("option");
  }

  void read_source(const YamlSection& section, const std::string& about) {
    const YamlNode* value = section.find("source");
    if (value == nullptr) return;
    const YamlSection source(*value, section.path_of("source"), {"published", "inferred"}, trouble_);
    const FactSource facts{source.text("published"), source.text("inferred")};
    if (facts.published.empty() && facts.inferred.empty()) {
      section.report("source", "says nothing; write {published: \"where\"} or {inferred: \"why\"}");
    }
    profile_.sources[about] = facts;
  }

  Profile profile_;
  YamlTrouble trouble_;
};

}  // namespace

Result<Profile> parse_profile(std::string_view yaml, const std::string& file) {
  const Result<YamlNode> root = read_yaml(yaml, file, kProfileBytesMax);
  if (!root) return root.error();
  Result<Profile> profile = ProfileReader(file).read(*root);
  if (profile) profile->hash = sha256(yaml);
  return profile;
}

}  // namespace ackd
