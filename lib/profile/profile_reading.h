// What the parts of the profile parser share: each reads one section of the file into the profile, and the first thing
// wrong is kept in the trouble.
#pragma once

#include <string>
#include <string_view>

#include "profile/profile.h"
#include "profile/yaml_section.h"

namespace ackd {

struct ProfileReading {
  Profile& profile;
  YamlTrouble& trouble;
};

// A fixed text, {option: NAME} or {field: NAME, values: {...}, otherwise: ...}.
Choice read_choice(const YamlSection& section, std::string_view key, Choice fallback, const ProfileReading& reading);

Template read_template(const YamlSection& section, std::string_view key, std::string_view fallback,
                       TemplatePlace place);

JsonPointer read_pointer(const YamlSection& section, std::string_view key);

// `source: {published: ..., inferred: ...}` of a section, kept under `about`.
void read_source(const YamlSection& section, const std::string& about, const ProfileReading& reading);

void read_signature(const YamlNode& node, const ProfileReading& reading);
void read_acknowledgement(const YamlNode& node, const ProfileReading& reading);
void read_schedule(const YamlNode& node, const ProfileReading& reading);

}  // namespace ackd
