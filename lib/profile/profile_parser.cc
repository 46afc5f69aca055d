// parse_profile: from the file's text to a Profile. Reading the keys is here and in *_reading.cc; whether they fit
// together is profile_checks.cc.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "profile/profile.h"
#include "profile/profile_checks.h"
#include "profile/profile_reading.h"
#include "profile/yaml_document.h"

namespace ackd {
namespace {

constexpr Duration kTimeoutMax = std::chrono::minutes(2);
constexpr std::size_t kAnswerBytesMax = 1024 * 1024;
constexpr std::size_t kFieldBytesMax = 64 * 1024;

constexpr std::array<YamlChoice<const char*>, 2> kMethods{{{"GET", "GET"}, {"POST", "POST"}}};
constexpr std::array<YamlChoice<Encoding>, 6> kEncodings{{{"query", Encoding::kQuery},
                                                          {"form", Encoding::kForm},
                                                          {"raw_pairs", Encoding::kRawPairs},
                                                          {"xml", Encoding::kXml},
                                                          {"json", Encoding::kJson},
                                                          {"raw", Encoding::kRaw}}};
constexpr std::array<YamlChoice<bool>, 2> kMerchantQuery{{{"keep", false}, {"into_body", true}}};
constexpr std::array<YamlChoice<EmptyField>, 2> kOmitOrSend{{{"omit", EmptyField::kOmit}, {"send", EmptyField::kSend}}};
constexpr std::array<YamlChoice<JsonForm>, 4> kJsonForms{{{"string", JsonForm::kString},
                                                          {"number", JsonForm::kNumber},
                                                          {"boolean", JsonForm::kBoolean},
                                                          {"raw", JsonForm::kRaw}}};

class ProfileReader {
 public:
  explicit ProfileReader(const std::string& file) : trouble_(file) {}

  Result<Profile> read(const YamlNode& root) {
    const YamlSection top(
        root, "",
        {"provider", "title", "type", "types", "subject", "status", "identity", "zone", "request", "options", "fields",
         "extra_fields", "signature", "acknowledgement", "schedule", "activation"},
        trouble_);
    for (const char* key : {"provider", "request", "signature", "acknowledgement", "schedule"}) top.require(key);
    read_identity(top);
    if (const YamlNode* request = top.find("request")) read_request(*request);
    for (const YamlNode* option : top.items("options")) read_option(*option);
    for (const YamlNode* field : top.items("fields")) read_field(*field);
    profile_.extra_fields = top.texts("extra_fields");
    if (const YamlNode* signature = top.find("signature")) read_signature(*signature, reading_);
    if (const YamlNode* acknowledgement = top.find("acknowledgement")) read_acknowledgement(*acknowledgement, reading_);
    if (const YamlNode* schedule = top.find("schedule")) read_schedule(*schedule, reading_);
    if (const YamlNode* activation = top.find("activation")) read_activation(*activation);
    if (!trouble_.first()) check_profile(profile_, root, trouble_);
    if (trouble_.first()) return *trouble_.first();
    return std::move(profile_);
  }

 private:
  void read_identity(const YamlSection& top) {
    profile_.id = top.text("provider");
    profile_.title = top.text("title", profile_.id);
    profile_.type = top.text("type");
    profile_.types = top.texts("types");
    profile_.subject_fields = top.texts("subject");
    profile_.status_field = top.text("status");
    profile_.identity_fields = top.texts("identity");
    const Result<UtcOffset> zone = parse_utc_offset(top.text("zone", "Z"));
    if (!zone) top.report("zone", zone.error().message);
    if (zone) profile_.zone = *zone;
  }

  void read_request(const YamlNode& node) {
    const YamlSection section(node, "request",
                              {"method", "encoding", "charset", "content_type", "space", "order", "merchant_query",
                               "headers", "xml", "body", "connect_timeout", "timeout", "answer_bytes_max", "source"},
                              trouble_);
    section.require("method");
    section.require("encoding");
    profile_.method = section.choice("method", "", kMethods);
    profile_.encoding = section.choice("encoding", Encoding::kForm, kEncodings);
    profile_.charset = read_choice(section, "charset", std::move(profile_.charset), reading_);
    profile_.content_type = read_choice(section, "content_type", {}, reading_);
    profile_.space = read_choice(section, "space", std::move(profile_.space), reading_);
    profile_.wire_order = read_choice(section, "order", std::move(profile_.wire_order), reading_);
    profile_.query_into_body = section.choice("merchant_query", false, kMerchantQuery);
    for (const YamlNode* header : section.items("headers")) read_header(*header);
    if (const YamlNode* xml = section.find("xml")) read_xml(*xml);
    profile_.body.allowed = profile_.encoding == Encoding::kRaw;
    if (const YamlNode* body = section.find("body")) read_body(*body);
    profile_.connect_timeout = section.duration("connect_timeout", profile_.connect_timeout, kTimeoutMax);
    profile_.total_timeout = section.duration("timeout", profile_.total_timeout, kTimeoutMax);
    profile_.body_bytes_max = section.number("answer_bytes_max", profile_.body_bytes_max, 1, kAnswerBytesMax);
    read_source(section, "request", reading_);
  }

  void read_header(const YamlNode& node) {
    const std::string path = fmt::format("request.headers[{}]", profile_.headers.size());
    const YamlSection section(node, path, {"name", "value", "otherwise"}, trouble_);
    section.require("name");
    section.require("value");
    profile_.headers.push_back({section.text("name"), read_template(section, "value", "", TemplatePlace::kHeader),
                                read_template(section, "otherwise", "", TemplatePlace::kHeader)});
  }

  void read_xml(const YamlNode& node) {
    const YamlSection section(node, "request.xml", {"root", "cdata"}, trouble_);
    profile_.xml_root = section.text("root", profile_.xml_root);
    profile_.xml_cdata = section.flag("cdata", profile_.xml_cdata);
  }

  void read_body(const YamlNode& node) {
    const YamlSection section(node, "request.body", {"required", "json", "becomes", "unless_it_has", "wrap", "example"},
                              trouble_);
    BodyRule& body = profile_.body;
    body.allowed = true;
    body.required = section.flag("required", false);
    body.json = section.flag("json", false);
    body.becomes_field = section.text("becomes");
    if (section.find("unless_it_has") != nullptr) body.unless_it_has = read_pointer(section, "unless_it_has");
    body.wrap = read_choice(section, "wrap", std::move(body.wrap), reading_);
    body.example = section.text("example");
  }

  void read_option(const YamlNode& node) {
    const std::string path = fmt::format("options[{}]", profile_.options.size());
    const YamlSection section(node, path, {"name", "values", "source"}, trouble_);
    section.require("name");
    profile_.options.push_back({section.text("name"), section.texts("values")});
    if (section.find("values") != nullptr && profile_.options.back().values.empty()) {
      section.report("values", "must name at least one value, the default first; leave the key out for any text");
    }
    read_source(section, "options." + profile_.options.back().name, reading_);
  }

  void read_field(const YamlNode& node) {
    const std::string path = fmt::format("fields[{}]", profile_.fields.size());
    const YamlSection section(
        node, path, {"name",      "required", "types", "constant",  "default",   "otherwise", "signed", "sent",
                     "sensitive", "empty",    "blank", "bytes_min", "bytes_max", "pattern",   "unit",   "values",
                     "at",        "json",     "seal",  "from_body", "example",   "source"},
        trouble_);
    section.require("name");
    FieldRule field;
    field.name = section.text("name");
    field.required = section.flag("required", false);
    field.types = section.texts("types");
    if (section.find("constant") != nullptr) field.constant = section.text("constant");
    if (section.find("default") != nullptr) {
      field.fallback = read_template(section, "default", "", TemplatePlace::kAdmission);
    }
    if (section.find("otherwise") != nullptr) {
      field.otherwise = read_template(section, "otherwise", "", TemplatePlace::kAdmission);
    }
    field.is_signed = read_choice(section, "signed", std::move(field.is_signed), reading_);
    field.is_sent = read_choice(section, "sent", std::move(field.is_sent), reading_);
    field.sensitive = section.flag("sensitive", false);
    field.empty = section.choice("empty", EmptyField::kOmit, kOmitOrSend);
    field.blank = section.choice("blank", EmptyField::kSend, kOmitOrSend);
    read_field_limits(section, field);
    read_field_place(section, field);
    field.example = section.text("example");
    read_source(section, "fields." + field.name, reading_);
    profile_.fields.push_back(std::move(field));
  }

  void read_field_limits(const YamlSection& section, FieldRule& field) {
    field.bytes_min = section.number("bytes_min", 0, 0, kFieldBytesMax);
    field.bytes_max = section.number("bytes_max", field.bytes_max, 1, kFieldBytesMax);
    field.values = section.texts("values");
    if (section.find("pattern") != nullptr) {
      Result<Pattern> pattern = Pattern::parse(section.text("pattern"));
      if (!pattern) section.report("pattern", pattern.error().message);
      if (pattern) field.pattern = *std::move(pattern);
    }
    if (section.find("unit") != nullptr) {
      field.unit = parse_unit(section.text("unit"));
      if (!field.unit) {
        section.report("unit", fmt::format("'{}' is not known; write fen, yuan2, digits, yyyyMMdd or yyyyMMddHHmmss",
                                           section.text("unit")));
      }
    }
  }

  void read_field_place(const YamlSection& section, FieldRule& field) {
    field.pointer = section.find("at") == nullptr ? JsonPointer{{field.name}} : read_pointer(section, "at");
    field.form = section.choice("json", JsonForm::kString, kJsonForms);
    if (section.find("from_body") != nullptr) field.from_body = read_pointer(section, "from_body");
    const YamlNode* node = section.find("seal");
    if (node == nullptr) return;
    const YamlSection seal(*node, section.path_of("seal"), {"nonce", "associated_data"}, trouble_);
    seal.require("nonce");
    field.seal = SealRule{seal.text("nonce"), seal.text("associated_data")};
  }

  void read_activation(const YamlNode& node) {
    const YamlSection section(node, "activation", {"required", "source"}, trouble_);
    profile_.activation.required = section.flag("required", true);
    read_source(section, "activation", reading_);
  }

  Profile profile_;
  YamlTrouble trouble_;
  ProfileReading reading_{profile_, trouble_};
};

}  // namespace

const FieldRule* find_field_rule(const Profile& profile, std::string_view name) {
  const auto found = std::find_if(profile.fields.begin(), profile.fields.end(),
                                  [&](const FieldRule& rule) { return rule.name == name; });
  return found == profile.fields.end() ? nullptr : &*found;
}

bool knows_field(const Profile& profile, std::string_view name) {
  if (find_field_rule(profile, name) != nullptr) return true;
  return std::any_of(profile.extra_fields.begin(), profile.extra_fields.end(), [&](std::string_view pattern) {
    return pattern.ends_with('*') ? name.starts_with(pattern.substr(0, pattern.size() - 1)) : name == pattern;
  });
}

namespace {

// Where a notification or a merchant chooses, the one that is not UTF-8: that one needs no guess.
Charset charset_of_answers(const Profile& profile) {
  for (const std::string& name : outcomes(profile.charset, profile)) {
    const std::optional<Charset> charset = parse_charset(name);
    if (charset && *charset != Charset::kUtf8) return *charset;
  }
  return Charset::kUtf8;
}

std::map<std::string, Template> parsed_content_types(const Profile& profile) {
  std::map<std::string, Template> parsed;
  for (const std::string& text : outcomes(profile.content_type, profile)) {
    Result<Template> pieces = parse_template(text, TemplatePlace::kConstant);
    if (pieces) parsed.emplace(text, *std::move(pieces));  // check_profile() has refused those that are none
  }
  return parsed;
}

}  // namespace

Result<Profile> parse_profile(std::string_view yaml, const std::string& file) {
  const Result<YamlNode> root = read_yaml(yaml, file, kProfileBytesMax);
  if (!root) return root.error();
  Result<Profile> profile = ProfileReader(file).read(*root);
  if (!profile) return profile;
  profile->hash = sha256(yaml);
  profile->ack.charset = charset_of_answers(*profile);
  profile->content_types = parsed_content_types(*profile);
  return profile;
}

}  // namespace ackd
