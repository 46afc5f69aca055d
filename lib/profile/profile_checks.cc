#include "profile/profile_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "profile/merchant_options.h"
#include "text/charset.h"

namespace ackd {
namespace {

constexpr std::size_t kDelayCountMax = 200;

bool is_word(std::string_view text) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), fits);
}

// Names go onto the wire and into the signed text, where '=' and '&' would change what is signed.
bool is_field_name(std::string_view text) {
  const auto fits = [](char c) { return c > ' ' && c <= '~' && c != '=' && c != '&' && c != '%' && c != '+'; };
  return !text.empty() && text.size() <= kNameBytesMax && std::all_of(text.begin(), text.end(), fits);
}

bool is_header_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

class Checker {
 public:
  Checker(const Profile& profile, const YamlNode& root, YamlTrouble& trouble)
      : profile_(profile), root_(root), trouble_(trouble) {}

  void check() {
    if (!is_word(profile_.id)) report("provider", "must be lower-case letters, digits and '_', up to 64");
    check_options();
    check_fields();
    check_request();
    check_signature();
    check_identity();
    check_acknowledgement();
    check_schedule();
  }

 private:
  // The line of the deepest part of "fields[3].empty" that the document has.
  int line_of(std::string_view path) const {
    const YamlNode* node = &root_;
    while (!path.empty()) {
      const std::size_t end = path.find_first_of(".[]");
      const std::string_view step = path.substr(0, end);
      path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
      if (step.empty()) continue;
      const YamlNode* next = child(*node, step);
      if (next == nullptr) break;
      node = next;
    }
    return node->line;
  }

  static const YamlNode* child(const YamlNode& node, std::string_view step) {
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      if (node.kind == YamlNode::Kind::kList ? std::to_string(i) == step : node.items[i].key == step) {
        return &node.items[i];
      }
    }
    return nullptr;
  }

  void report(const std::string& path, const std::string& message) { trouble_.report(line_of(path), path, message); }

  const FieldRule* field(const std::string& name) const {
    const auto found = std::find_if(profile_.fields.begin(), profile_.fields.end(),
                                    [&](const FieldRule& rule) { return rule.name == name; });
    return found == profile_.fields.end() ? nullptr : &*found;
  }

  const FieldRule* known_field(const std::string& path, const std::string& name) {
    const FieldRule* found = field(name);
    if (found != nullptr) return found;
    std::vector<std::string> names;
    for (const FieldRule& rule : profile_.fields) names.push_back(rule.name);
    report(path, fmt::format("'{}' is not among the fields{}", name, did_you_mean(name, names)));
    return nullptr;
  }

  const OptionRule* known_option(const std::string& path, const std::string& name) {
    const OptionRule* found = find_option(profile_, name);
    if (found != nullptr) return found;
    std::vector<std::string> names;
    for (const OptionRule& option : profile_.options) names.push_back(option.name);
    report(path, fmt::format("'{}' is not among the options{}", name, did_you_mean(name, names)));
    return nullptr;
  }

  void check_fields() {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < profile_.fields.size(); ++i) {
      const FieldRule& rule = profile_.fields[i];
      const std::string path = fmt::format("fields[{}]", i);
      if (!is_field_name(rule.name)) report(path + ".name", "must be printable ASCII without = & % +");
      if (!seen.insert(rule.name).second) report(path + ".name", fmt::format("'{}' is listed twice", rule.name));
      if (rule.constant && (rule.required || rule.fallback)) {
        report(path, "a constant needs neither 'required' nor 'default'");
      }
      if (rule.required && rule.fallback) report(path, "a required field cannot have a default");
      check_fixed_value(path + ".constant", rule.constant, rule);
      check_fixed_value(path + ".default", rule.fallback, rule);
      check_switch(path + ".signed.option", rule.signed_option);
      check_switch(path + ".sent.option", rule.sent_option);
    }
  }

  void check_fixed_value(const std::string& path, const std::optional<std::string>& value, const FieldRule& rule) {
    if (!value) return;
    if (value->empty()) report(path, "must not be empty");
    if (value->size() > rule.bytes_max)
      report(path, fmt::format("is longer than the field's {} bytes", rule.bytes_max));
  }

  void check_switch(const std::string& path, const std::string& name) {
    if (name.empty()) return;
    const OptionRule* option = known_option(path, name);
    if (option == nullptr) return;
    const auto is_flag = [](const std::string& value) { return value == "true" || value == "false"; };
    if (!std::all_of(option->values.begin(), option->values.end(), is_flag)) {
      report(path, fmt::format("the values of the option '{}' must be true and false", name));
    }
  }

  void check_options() {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < profile_.options.size(); ++i) {
      const OptionRule& option = profile_.options[i];
      const std::string path = fmt::format("options[{}]", i);
      if (!is_word(option.name)) report(path + ".name", "must be lower-case letters, digits and '_', up to 64");
      if (is_common_option(option.name))
        report(path + ".name", fmt::format("'{}' exists in every profile", option.name));
      if (!seen.insert(option.name).second) report(path + ".name", fmt::format("'{}' is listed twice", option.name));
      if (option.values.empty()) report(path + ".values", "must name at least one value, the default first");
    }
  }

  void check_request() {
    const bool is_get = profile_.method == "GET";
    if (is_get != (profile_.encoding == Encoding::kQuery)) {
      report("request.encoding", is_get ? "a GET carries its fields as query" : "a POST carries form or raw_pairs");
    }
    const bool has_type = !profile_.content_type.empty() || !profile_.content_type_option.empty();
    if (is_get && has_type) report("request.content_type", "a GET has no body and no content type");
    if (!is_get && !has_type) report("request.content_type", "is missing; a POST must say what it carries");
    if (!is_header_value(profile_.content_type)) report("request.content_type", "must be printable ASCII");
    check_content_type_option();
    if (profile_.total_timeout.count() <= 0 || profile_.connect_timeout.count() <= 0) {
      report("request.timeout", "timeouts must be longer than 0s");
    }
    if (profile_.connect_timeout > profile_.total_timeout) {
      report("request.timeout", "must not be shorter than connect_timeout");
    }
  }

  void check_content_type_option() {
    if (profile_.content_type_option.empty()) return;
    const std::string path = "request.content_type.option";
    const OptionRule* option = known_option(path, profile_.content_type_option);
    if (option == nullptr) return;
    if (!std::all_of(option->values.begin(), option->values.end(), is_header_value)) {
      report(path, "its values must be printable ASCII");
    }
  }

  void check_signature() {
    const FieldRule* rule = known_field("signature.field", profile_.signature_field);
    if (rule != nullptr && (rule->required || rule->constant || rule->fallback || !rule->signed_option.empty() ||
                            !rule->sent_option.empty() || !rule->is_signed)) {
      report("signature.field", fmt::format("list '{}' in fields with its name only: ackd computes it", rule->name));
    }
    const CanonicalRule& canonical = profile_.canonical;
    const bool listed = canonical.order == CanonicalOrder::kListed;
    if (listed == canonical.listed.empty()) {
      report("signature.canonical.fields", listed ? "is missing; order is 'listed'" : "needs order 'listed'");
    }
    for (std::size_t i = 0; i < canonical.listed.size(); ++i) {
      const std::string path = fmt::format("signature.canonical.fields[{}]", i);
      const FieldRule* part = known_field(path, canonical.listed[i]);
      if (part != nullptr && part == rule) report(path, "a signature cannot sign itself");
    }
    if (canonical.skip_blank && !canonical.skip_empty) {
      report("signature.canonical.empty", "must be skip when blank is skip");
    }
    check_charset_option();
  }

  void check_charset_option() {
    const std::string& name = profile_.canonical.charset_option;
    if (name.empty()) return;
    const std::string path = "signature.canonical.charset.option";
    const OptionRule* option = known_option(path, name);
    if (option == nullptr) return;
    for (const std::string& value : option->values) {
      if (!parse_charset(value)) report(path, fmt::format("'{}' is not a charset ackd knows", value));
    }
  }

  void check_identity() {
    if (profile_.subject_fields.empty()) report("subject", "must name at least one field");
    for (std::size_t i = 0; i < profile_.subject_fields.size(); ++i) {
      const std::string path = fmt::format("subject[{}]", i);
      const FieldRule* rule = known_field(path, profile_.subject_fields[i]);
      if (rule != nullptr && !rule->required && !rule->constant) {
        report(path, fmt::format("'{}' must be required: operators search by it", rule->name));
      }
    }
    if (!profile_.status_field.empty()) known_field("status", profile_.status_field);
    for (std::size_t i = 0; i < profile_.identity_fields.size(); ++i) {
      known_field(fmt::format("identity[{}]", i), profile_.identity_fields[i]);
    }
    if (profile_.type.size() > kNameBytesMax) report("type", fmt::format("has more than {} bytes", kNameBytesMax));
  }

  void check_acknowledgement() {
    const bool status_only = profile_.ack.match == AckMatch::kStatusOnly;
    if (status_only != profile_.ack.text.empty()) {
      report("acknowledgement.text", status_only ? "is never read with match status_only" : "is missing");
    }
  }

  void check_schedule() {
    const Schedule& schedule = profile_.schedule;
    if (schedule.delays.size() > kDelayCountMax) {
      report("schedule.delays", fmt::format("has more than {} entries", kDelayCountMax));
    }
    const auto zero = std::find(schedule.delays.begin(), schedule.delays.end(), Duration(0));
    if (zero != schedule.delays.end()) {
      report(fmt::format("schedule.delays[{}]", zero - schedule.delays.begin()), "must be longer than 0s");
    }
    if (schedule.give_up_after && schedule.give_up_after->count() == 0) {
      report("schedule.give_up_after", "must be longer than 0s");
    }
  }

  const Profile& profile_;
  const YamlNode& root_;
  YamlTrouble& trouble_;
};

}  // namespace

void check_profile(const Profile& profile, const YamlNode& root, YamlTrouble& trouble) {
  Checker(profile, root, trouble).check();
}

}  // namespace ackd
