// Whether the parts of a profile fit together: names that one part uses exist in the other, and nothing is said that
// would be ignored. Kept apart from reading because these rules are about protocols, not about YAML.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "profile/profile.h"
#include "profile/yaml_section.h"

namespace ackd {

// `root` is the document that `profile` was read from, for the place of what is wrong.
void check_profile(const Profile& profile, const YamlNode& root, YamlTrouble& trouble);

// What the checks of all sections share.
class ProfileReport {
 public:
  ProfileReport(const Profile& profile, const YamlNode& root, YamlTrouble& trouble)
      : profile_(profile), root_(root), trouble_(trouble) {}

  // At the deepest part of a path like "fields[3].empty" that the document has.
  void say(const std::string& path, const std::string& message);
  void say_if(bool wrong, const std::string& path, const std::string& message) {
    if (wrong) say(path, message);
  }
  // The field or option of that name, or nullptr and a report with the nearest known one.
  const FieldRule* known_field(const std::string& path, const std::string& name);
  const OptionRule* known_option(const std::string& path, const std::string& name);
  // Extra fields count as known here.
  void check_field_name(const std::string& path, const std::string& name);
  // The choice's option or field exists, its values cover it, and it comes to nothing but `allowed` words.
  void check_choice(const std::string& path, const Choice& choice, const std::vector<std::string>& allowed);
  void check_source(const std::string& path, const Choice& choice);
  // {field.NAME} and {option.NAME} exist.
  void check_template(const std::string& path, const Template& pieces);

 private:
  const Profile& profile_;
  const YamlNode& root_;
  YamlTrouble& trouble_;
};

// Letters, digits and the marks of RFC 9110: what a header's name is made of.
bool is_header_name(std::string_view text);

void check_signature(const Profile& profile, ProfileReport& report);

}  // namespace ackd
