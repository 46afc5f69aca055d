#include <fmt/format.h>

#include <algorithm>

#include "profile/merchant_options.h"
#include "profile/profile_checks.h"
#include "text/nearest_name.h"

namespace ackd {
namespace {

const YamlNode* child(const YamlNode& node, std::string_view step) {
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    if (node.kind == YamlNode::Kind::kList ? std::to_string(i) == step : node.items[i].key == step) {
      return &node.items[i];
    }
  }
  return nullptr;
}

YamlPlace place_of(const YamlNode& root, std::string_view path) {
  const YamlNode* node = &root;
  while (!path.empty()) {
    const std::size_t end = path.find_first_of(".[]");
    const std::string_view step = path.substr(0, end);
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
    if (step.empty()) continue;
    const YamlNode* next = child(*node, step);
    if (next == nullptr) break;
    node = next;
  }
  return node->place;
}

}  // namespace

void ProfileReport::say(const std::string& path, const std::string& message) {
  trouble_.report(place_of(root_, path), path, message);
}

const FieldRule* ProfileReport::known_field(const std::string& path, const std::string& name) {
  const FieldRule* found = find_field_rule(profile_, name);
  if (found != nullptr) return found;
  std::vector<std::string> names;
  for (const FieldRule& rule : profile_.fields) names.push_back(rule.name);
  say(path, fmt::format("'{}' is not among the fields{}", name, did_you_mean(name, names)));
  return nullptr;
}

const OptionRule* ProfileReport::known_option(const std::string& path, const std::string& name) {
  const OptionRule* found = find_option(profile_, name);
  if (found != nullptr) return found;
  std::vector<std::string> names;
  for (const OptionRule& option : profile_.options) names.push_back(option.name);
  say(path, fmt::format("'{}' is not among the options{}", name, did_you_mean(name, names)));
  return nullptr;
}

void ProfileReport::check_field_name(const std::string& path, const std::string& name) {
  if (!knows_field(profile_, name)) known_field(path, name);
}

void ProfileReport::check_source(const std::string& path, const Choice& choice) {
  if (!choice.option.empty()) {
    const OptionRule* option = known_option(path + ".option", choice.option);
    if (option == nullptr) return;
    if (option->values.empty()) {
      say(path + ".option", fmt::format("the option '{}' takes any text; give it values", option->name));
    }
    for (const std::string& value : choice.values.empty() ? std::vector<std::string>() : option->values) {
      if (choice.values.count(value) == 0) say(path + ".values", fmt::format("says nothing about '{}'", value));
    }
  }
  if (!choice.field.empty()) {
    check_field_name(path + ".field", choice.field);
    const FieldRule* rule = find_field_rule(profile_, choice.field);
    const bool always = rule != nullptr && (rule->required || rule->constant || rule->fallback);
    say_if(choice.otherwise.empty() && !always, path + ".otherwise",
           fmt::format("is missing, and '{}' may be left out", choice.field));
  }
  for (const Choice& other : choice.otherwise) check_source(path + ".otherwise", other);
}

void ProfileReport::check_choice(const std::string& path, const Choice& choice,
                                 const std::vector<std::string>& allowed) {
  check_source(path, choice);
  for (const std::string& outcome : outcomes(choice, profile_)) {
    if (std::find(allowed.begin(), allowed.end(), outcome) != allowed.end()) continue;
    say(path, fmt::format("'{}' is not known; write {}", outcome, join_or(allowed)));
  }
}

void ProfileReport::check_template(const std::string& path, const Template& pieces) {
  for (const TemplatePiece& piece : pieces) {
    if (piece.value == TemplateValue::kField) check_field_name(path, piece.argument);
    if (piece.value == TemplateValue::kOption) known_option(path, piece.argument);
  }
}

bool is_header_name(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  const auto fits = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= kNameBytesMax && std::all_of(text.begin(), text.end(), fits);
}

}  // namespace ackd
