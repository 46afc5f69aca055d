// Any fields under every canonicalisation of the shipped profiles: the text that is signed is the one that a second
// reading of the rule puts together, the same whatever order the fields came in where the rule sorts them, no longer
// than what it is made of, and as pairs it says which fields it was made of.
//
// The input's text: the provider, then the lines of fuzz::read_input().
#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "base/check.h"
#include "profile/merchant_options.h"
#include "profile/rendering.h"
#include "shipped.h"
#include "target.h"

namespace {

using namespace ackd;

constexpr std::string_view kKey = "0123456789abcdef0123456789abcdef";

std::string lower_case(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

bool is_blank(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); });
}

bool is_signed(const Rendering& rendering, const std::string& name) {
  const FieldRule* rule = find_field_rule(rendering.profile, name);
  if (rule == nullptr) return true;
  return *resolve(rule->is_signed, rendering.profile, rendering.input.merchant, rendering.input.content.fields) ==
         "true";
}

TemplateFacts facts_with_key(const Rendering& rendering) {
  TemplateFacts facts = rendering.facts();
  facts.key = kKey;
  return facts;
}

// The fields that count, in the order in which they are given.
Fields counted(const Rendering& rendering, const CanonicalRule& rule) {
  Fields given = rendering.fields;
  if (rule.order == CanonicalOrder::kListed) {
    given.clear();
    for (const std::string& name : rule.listed) {
      const std::string* value = find_field(rendering.fields, name);
      given.push_back({name, value == nullptr ? "" : *value});
    }
  }
  Fields out;
  for (const Field& field : given) {
    if (rule.skip_empty && field.value.empty()) continue;
    if (rule.skip_blank && is_blank(field.value)) continue;
    if (is_signed(rendering, field.name)) out.push_back(field);
  }
  return out;
}

// What the rule says, read a second time: each part goes into a map under what it is sorted by.
std::string restated(const Rendering& rendering, const CanonicalRule& rule) {
  std::multimap<std::string, std::string> parts;
  std::size_t place = 0;
  for (const Field& field : counted(rendering, rule)) {
    const std::string part = rule.parts == CanonicalParts::kPairs ? field.name + "=" + field.value : field.value;
    std::string sorted_by = rule.order == CanonicalOrder::kByPair ? part + rule.separator : field.name;
    if (rule.ignore_case) sorted_by = lower_case(sorted_by);
    if (rule.order == CanonicalOrder::kListed) sorted_by = std::string(1, static_cast<char>(place++));
    parts.emplace(sorted_by, part);
  }
  std::string out;
  for (const auto& [sorted_by, part] : parts) out += part + rule.separator;
  return out.substr(0, out.size() - (parts.empty() ? 0 : rule.separator.size()));
}

std::string canonical(const Rendering& rendering, const CanonicalRule& rule, std::string_view body) {
  return canonical_text(rendering, rule, Secret(std::string(kKey)), body).value();
}

// "a=1&b=2" back to its pairs.
Fields pairs_of(std::string_view text, std::string_view separator) {
  Fields out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view pair = text.substr(0, end);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    out.push_back({std::string(pair.substr(0, equals)), std::string(pair.substr(std::min(equals + 1, pair.size())))});
    text.remove_prefix(std::min(end + separator.size(), text.size()));
  }
  return out;
}

// Whether nothing that the fields hold could be taken for what stands between them.
bool can_be_told_apart(const Fields& fields, std::string_view separator) {
  return !separator.empty() && std::none_of(fields.begin(), fields.end(), [&](const Field& field) {
    return field.name.empty() || (field.name + field.value).find(separator) != std::string::npos ||
           field.name.find('=') != std::string::npos;
  });
}

Fields sorted(Fields fields) {
  std::sort(fields.begin(), fields.end(),
            [](const Field& a, const Field& b) { return std::tie(a.name, a.value) < std::tie(b.name, b.value); });
  return fields;
}

bool names_are_unique(const Fields& fields) {
  std::set<std::string> names;
  return std::all_of(fields.begin(), fields.end(),
                     [&](const Field& field) { return names.insert(lower_case(field.name)).second; });
}

void check_fields(const Rendering& rendering, const CanonicalRule& rule, std::string_view text) {
  const std::string before = expand(rule.prefix, facts_with_key(rendering));
  const std::string behind = expand(rule.suffix, facts_with_key(rendering));
  CHECK_THAT(text == before + restated(rendering, rule) + behind, "two readings of the rule agree");
  const Fields signed_fields = counted(rendering, rule);
  std::size_t bytes_max = before.size() + behind.size();
  for (const Field& field : signed_fields)
    bytes_max += field.name.size() + 1 + field.value.size() + rule.separator.size();
  CHECK_THAT(text.size() <= bytes_max, "the text is no longer than what it is made of");
  text = text.substr(before.size(), text.size() - before.size() - behind.size());
  const bool pairs = rule.parts == CanonicalParts::kPairs;
  if (pairs && can_be_told_apart(signed_fields, rule.separator)) {
    CHECK_THAT(sorted(pairs_of(text, rule.separator)) == sorted(signed_fields), "the pairs can be read back");
  }
}

void check_order(const Rendering& rendering, const CanonicalRule& rule, std::string_view body,
                 const std::string& text) {
  if (!names_are_unique(rendering.fields)) return;
  Rendering reversed = rendering;
  std::reverse(reversed.fields.begin(), reversed.fields.end());
  CHECK_THAT(canonical(reversed, rule, body) == text, "the order in which fields came changes nothing");
}

void check_rule(const Rendering& rendering, const CanonicalRule& rule, std::string_view body) {
  const std::string text = canonical(rendering, rule, body);
  CHECK_THAT(canonical(rendering, rule, body) == text, "equal fields give equal text");
  if (!rule.text) check_fields(rendering, rule, text);
  check_order(rendering, rule, body, text);
}

}  // namespace

int ackd::fuzz::try_input(std::string_view text) {
  static fuzz::Shipped world;
  const std::optional<fuzz::Admitted> admitted = fuzz::admit(world, text);
  if (!admitted) return 0;
  const Profile* profile = admitted->profile;
  const FixedContent& fixed = admitted->fixed;
  const RenderInput input{fixed.content, world.merchant, world.url, fuzz::kNow, nonce_from(1)};
  const Result<Rendering> rendering = begin_rendering(*profile, input);
  CHECK_THAT(rendering.ok(), "what was admitted can be rendered");
  for (const SignatureVariant& variant : profile->signature.variants) {
    check_rule(*rendering, variant.canonical, fixed.content.body);
  }
  return 0;
}
