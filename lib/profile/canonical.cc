#include <algorithm>
#include <deque>

#include "profile/merchant_options.h"
#include "profile/rendering.h"

namespace ackd {
namespace {

// Of a key with what stands around it, usually.
constexpr std::size_t kSuffixBytes = 64;

bool is_blank(std::string_view value) {
  return value.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool less(std::string_view a, std::string_view b, bool ignore_case) {
  if (!ignore_case) return a < b;
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return static_cast<unsigned char>(to_lower(x)) < static_cast<unsigned char>(to_lower(y));
  });
}

struct Part {
  const Field* field = nullptr;
  std::string whole;  // only where parts are sorted as a whole: as it stands in the text, with the separator
};

class Canonical {
 public:
  Canonical(const Rendering& rendering, const CanonicalRule& rule) : rendering_(rendering), rule_(rule) {}

  // The fields alone, between prefix and suffix.
  Result<std::string> joined() {
    if (const Status selected = rule_.order == CanonicalOrder::kListed ? select_listed() : select_all(); !selected) {
      return selected.error();
    }
    sort();
    std::size_t bytes = 0;
    for (const Part& part : parts_) bytes += part.field->name.size() + part.field->value.size() + 2;
    std::string out;
    out.reserve(bytes);
    for (const Part& part : parts_) {
      if (&part != &parts_.front()) out += rule_.separator;
      append(out, *part.field);
    }
    return out;
  }

 private:
  // Extra fields are signed.
  Result<bool> is_signed(const Field& field) const {
    const FieldRule* rule = find_field_rule(rendering_.profile, field.name);
    if (rule == nullptr) return true;
    if (rule->is_signed.fixed()) return rule->is_signed.literal == "true";
    const Result<std::string> chosen =
        resolve(rule->is_signed, rendering_.profile, rendering_.input.merchant, rendering_.input.content.fields);
    if (!chosen) return chosen.error();
    return *chosen == "true";
  }

  Status add(const Field& field) {
    const Result<bool> counts = is_signed(field);
    if (!counts) return counts.error();
    const bool skipped = (rule_.skip_empty && field.value.empty()) || (rule_.skip_blank && is_blank(field.value));
    if (!*counts || skipped) return Done{};
    parts_.push_back({&field, {}});
    if (rule_.order != CanonicalOrder::kByPair) return Done{};
    append(parts_.back().whole, field);
    parts_.back().whole += rule_.separator;
    return Done{};
  }

  void append(std::string& out, const Field& field) const {
    if (rule_.parts == CanonicalParts::kPairs) (out += field.name) += '=';
    out += field.value;
  }

  Status select_all() {
    parts_.reserve(rendering_.fields.size());
    for (const Field& field : rendering_.fields) {
      if (const Status added = add(field); !added) return added;
    }
    return Done{};
  }

  // A listed field that the content lacks counts as empty.
  Status select_listed() {
    for (const std::string& name : rule_.listed) {
      const auto found = std::find_if(rendering_.fields.begin(), rendering_.fields.end(),
                                      [&](const Field& field) { return field.name == name; });
      if (found == rendering_.fields.end()) absent_.push_back({name, {}});
      if (const Status added = add(found == rendering_.fields.end() ? absent_.back() : *found); !added) return added;
    }
    return Done{};
  }

  void sort() {
    if (rule_.order == CanonicalOrder::kListed) return;
    const bool whole = rule_.order == CanonicalOrder::kByPair;
    std::stable_sort(parts_.begin(), parts_.end(), [&](const Part& a, const Part& b) {
      if (!whole) return less(a.field->name, b.field->name, rule_.ignore_case);
      return less(a.whole, b.whole, rule_.ignore_case);
    });
  }

  const Rendering& rendering_;
  const CanonicalRule& rule_;
  std::deque<Field> absent_;  // a deque: parts keep addresses
  std::vector<Part> parts_;
};

}  // namespace

Result<std::string> canonical_text(const Rendering& rendering, const CanonicalRule& rule, const Secret& key,
                                   std::string_view body) {
  TemplateFacts facts = rendering.facts();
  facts.key = key.reveal();
  facts.body = body;
  if (rule.text) return expand(*rule.text, facts);
  const Result<std::string> fields = Canonical(rendering, rule).joined();
  if (!fields) return fields.error();
  std::string text = expand(rule.prefix, facts);
  text.reserve(text.size() + fields->size() + kSuffixBytes);
  return (text += *fields) += expand(rule.suffix, facts);
}

}  // namespace ackd
