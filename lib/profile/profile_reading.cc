#include "profile/profile_reading.h"

#include <fmt/format.h>

namespace ackd {
namespace {

Choice choice_of(const YamlNode& node, const std::string& path, const ProfileReading& reading) {
  Choice choice;
  if (node.kind != YamlNode::Kind::kMap) {
    choice.literal = yaml_text(node, path, reading.trouble);
    return choice;
  }
  const YamlSection section(node, path, {"option", "field", "values", "otherwise"}, reading.trouble);
  choice.option = section.text("option");
  choice.field = section.text("field");
  if (choice.option.empty() == choice.field.empty()) {
    reading.trouble.report(node.place, path, "name an option or a field: {option: NAME} or {field: NAME, values: ...}");
  }
  if (const YamlNode* values = section.find("values")) {
    if (values->kind != YamlNode::Kind::kMap) section.report("values", "must be a map: {\"1\": utf-8, \"2\": gbk}");
    for (const YamlNode& value : values->items) {
      choice.values[value.key] = yaml_text(value, section.path_of("values." + value.key), reading.trouble);
    }
  }
  if (!choice.field.empty()) section.require("values");
  if (const YamlNode* otherwise = section.find("otherwise")) {
    if (choice.field.empty()) section.report("otherwise", "is never used: an option always has a value");
    choice.otherwise.push_back(choice_of(*otherwise, section.path_of("otherwise"), reading));
  }
  return choice;
}

}  // namespace

Choice read_choice(const YamlSection& section, std::string_view key, Choice fallback, const ProfileReading& reading) {
  const YamlNode* value = section.find(key);
  return value == nullptr ? std::move(fallback) : choice_of(*value, section.path_of(key), reading);
}

Template read_template(const YamlSection& section, std::string_view key, std::string_view fallback,
                       TemplatePlace place) {
  Result<Template> parsed = parse_template(section.text(key, std::string(fallback)), place);
  if (parsed) return *std::move(parsed);
  section.report(key, parsed.error().message);
  return {};
}

JsonPointer read_pointer(const YamlSection& section, std::string_view key) {
  Result<JsonPointer> pointer = parse_json_pointer(section.text(key));
  if (pointer && !pointer->steps.empty()) return *std::move(pointer);
  section.report(key, pointer ? "must name a place: /id" : pointer.error().message);
  return {};
}

void read_source(const YamlSection& section, const std::string& about, const ProfileReading& reading) {
  const YamlNode* value = section.find("source");
  if (value == nullptr) return;
  const YamlSection source(*value, section.path_of("source"), {"published", "inferred"}, reading.trouble);
  const FactSource facts{source.text("published"), source.text("inferred")};
  if (facts.published.empty() && facts.inferred.empty()) {
    section.report("source", "says nothing; write {published: \"where\"} or {inferred: \"why\"}");
  }
  reading.profile.sources[about] = facts;
}

}  // namespace ackd
