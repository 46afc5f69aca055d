#include "ackctl/provider_difference.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "ackctl/printable.h"
#include "ackctl/profile_words.h"
#include "ackctl/provider_samples.h"
#include "ackctl/text_difference.h"
#include "ackctl/verb.h"
#include "crypto/digest.h"
#include "profile/rendering.h"
#include "text/charset.h"

namespace ackd {
namespace {

constexpr std::size_t kAttemptsShown = 12;

class Comparison {
 public:
  Comparison(const Profile& a, const Profile& b) : a_(a), b_(b) {}

  std::vector<ProviderChange> run() {
    compare("title", a_.title, b_.title);
    compare_facts();
    compare_fields();
    compare_timetable();
    compare_sources();
    compare_examples();
    return std::move(changes_);
  }

 private:
  void compare(const std::string& what, const std::string& a, const std::string& b) {
    if (a != b) changes_.push_back({what, a, b});
  }

  // A label may come several times: one for each way to sign.
  static std::string texts_of(const std::vector<ProfileFact>& facts, const std::string& label) {
    std::string out;
    for (const ProfileFact& fact : facts) {
      if (fact.label == label) out += (out.empty() ? "" : "; ") + fact.text;
    }
    return out;
  }

  void compare_facts() {
    const std::vector<ProfileFact> a = facts_of(a_);
    const std::vector<ProfileFact> b = facts_of(b_);
    std::vector<std::string> labels;
    for (const auto* facts : {&a, &b}) {
      for (const ProfileFact& fact : *facts) {
        if (std::find(labels.begin(), labels.end(), fact.label) == labels.end()) labels.push_back(fact.label);
      }
    }
    for (const std::string& label : labels) compare(label, texts_of(a, label), texts_of(b, label));
  }

  static std::string row_text(const Profile& profile, const FieldRule& rule) {
    const std::vector<std::string> columns = field_columns();
    const std::vector<std::string> cells = field_cells(profile, rule);
    std::vector<std::string> parts;
    for (std::size_t i = 1; i < cells.size(); ++i) {
      if (!cells[i].empty()) parts.push_back(columns[i] + " " + cells[i]);
    }
    return fmt::format("{}", fmt::join(parts, ", "));
  }

  void compare_fields() {
    for (const FieldRule& rule : a_.fields) {
      const FieldRule* other = find_field_rule(b_, rule.name);
      if (other == nullptr) {
        changes_.push_back({fmt::format("field {}, removed", rule.name), row_text(a_, rule), ""});
      } else {
        compare_field(rule, *other);
      }
    }
    for (const FieldRule& rule : b_.fields) {
      if (find_field_rule(a_, rule.name) != nullptr) continue;
      changes_.push_back({fmt::format("field {}, added", rule.name), "", row_text(b_, rule)});
    }
    compare("order of the fields", common_order(a_, b_), common_order(b_, a_));
  }

  void compare_field(const FieldRule& a, const FieldRule& b) {
    const std::vector<std::string> columns = field_columns();
    const std::vector<std::string> cells_a = field_cells(a_, a);
    const std::vector<std::string> cells_b = field_cells(b_, b);
    for (std::size_t i = 1; i < columns.size(); ++i) {
      compare(fmt::format("field {}, {}", a.name, columns[i]), cells_a[i], cells_b[i]);
    }
  }

  // The fields of `profile` that the other has too.
  static std::string common_order(const Profile& profile, const Profile& other) {
    std::vector<std::string> names;
    for (const FieldRule& rule : profile.fields) {
      if (find_field_rule(other, rule.name) != nullptr) names.push_back(rule.name);
    }
    return fmt::format("{}", fmt::join(names, ", "));
  }

  void compare_timetable() {
    const std::vector<Duration> a = offsets(a_.schedule);
    const std::vector<Duration> b = offsets(b_.schedule);
    const auto text_at = [](const std::vector<Duration>& all, std::size_t i) {
      return i < all.size() ? format_duration(all[i]) : std::string();
    };
    std::size_t differing = 0;
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
      if (text_at(a, i) == text_at(b, i) || ++differing > kAttemptsShown) continue;
      changes_.push_back({fmt::format("attempt {} after", i + 1), text_at(a, i), text_at(b, i)});
    }
    if (differing > kAttemptsShown) {
      changes_.push_back({fmt::format("{} more attempts", differing - kAttemptsShown),
                          fmt::format("{} sends, the last after {}", a.size(), format_duration(a.back())),
                          fmt::format("{} sends, the last after {}", b.size(), format_duration(b.back()))});
    }
  }

  static std::string source_text(const Profile& profile, const std::string& about) {
    const auto found = profile.sources.find(about);
    if (found == profile.sources.end()) return {};
    const FactSource& source = found->second;
    std::string out = source.published.empty() ? "" : "published: " + source.published;
    if (!source.inferred.empty()) out += (out.empty() ? "inferred: " : "; inferred: ") + source.inferred;
    return out;
  }

  void compare_sources() {
    std::map<std::string, FactSource> all = a_.sources;
    all.insert(b_.sources.begin(), b_.sources.end());
    for (const auto& [about, source] : all) {
      compare("source of " + about, source_text(a_, about), source_text(b_, about));
    }
  }

  void compare_examples() {
    const auto samples = samples_of(a_);
    if (!samples) {
      changes_.push_back({"example", "none: " + sentence_of(samples.error()), ""});
      return;
    }
    const std::size_t before = changes_.size();
    for (const ProviderSample& sample : *samples) {
      // Every option would only show the same differences again.
      const bool is_option = sample.about.starts_with("option ");
      if (is_option && changes_.size() > before) break;
      compare_example(sample);
    }
  }

  void compare_example(const ProviderSample& sample) {
    const std::string what = sample.about.empty() ? "example" : "example with " + sample.about;
    const auto a = render_sample(a_, sample);
    const auto b = render_sample(b_, sample);
    if (!a || !b) {
      compare(what, a ? "rendered" : "refused: " + sentence_of(a.error()),
              b ? "rendered" : "refused: " + sentence_of(b.error()));
      return;
    }
    compare_rendered(what, a->rendered, b->rendered);
  }

  void compare_bytes(const std::string& what, const std::string& a, const std::string& b) {
    if (a != b) changes_.push_back({what, a, b, true});
  }

  void compare_rendered(const std::string& what, const Rendered& a, const Rendered& b) {
    compare(what + ", method", a.request.method, b.request.method);
    compare_bytes(what + ", url", a.request.url.text(), b.request.url.text());
    compare_bytes(what + ", headers", headers_text(a.request), headers_text(b.request));
    compare_bytes(what + ", body", a.request.body, b.request.body);
    compare_bytes(what + ", canonical", a.canonical, b.canonical);
    if (a.canonical == b.canonical) compare_bytes(what + ", signature", a.signature, b.signature);
  }

  static std::string headers_text(const HttpRequest& request) {
    std::string out;
    for (const Field& header : request.headers) out += header.name + ": " + header.value + "\n";
    return out;
  }

  const Profile& a_;
  const Profile& b_;
  std::vector<ProviderChange> changes_;
};

Document text_or_base64(const std::string& bytes) {
  return is_valid_utf8(bytes) ? Document(bytes) : Document({{"base64", to_text(bytes, DigestForm::kBase64)}});
}

}  // namespace

std::vector<ProviderChange> changes_between(const Profile& a, const Profile& b) {
  return Comparison(a, b).run();
}

std::string report_of(const std::vector<ProviderChange>& changes, const Terminal& terminal) {
  std::string out;
  for (const ProviderChange& change : changes) {
    const auto difference = change.is_bytes ? find_difference(change.a, change.b) : std::nullopt;
    const std::string place =
        difference ? fmt::format(" (from byte {}, line {})", difference->byte, difference->line) : "";
    out += printable(change.what) + place + "\n";
    if (difference) {
      out += show_difference(*difference, "  -", change.a, "  +", change.b);
      continue;
    }
    if (!change.a.empty()) out += terminal.paint(Ink::kBad, "  - " + printable(change.a)) + "\n";
    if (!change.b.empty()) out += terminal.paint(Ink::kGood, "  + " + printable(change.b)) + "\n";
  }
  return out;
}

Document document_of(const std::vector<ProviderChange>& changes) {
  Document list = Document::array();
  for (const ProviderChange& change : changes) {
    list.push_back({{"what", change.what}, {"a", text_or_base64(change.a)}, {"b", text_or_base64(change.b)}});
  }
  return {{"same", changes.empty()}, {"changes", std::move(list)}};
}

}  // namespace ackd
