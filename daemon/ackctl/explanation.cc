#include "ackctl/explanation.h"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "ackctl/printable.h"
#include "ackctl/profile_words.h"
#include "ackctl/story.h"
#include "ackctl/table.h"
#include "crypto/digest.h"

namespace ackd {
namespace {

constexpr std::size_t kLabelColumns = 20;

std::string heading(const Profile& profile) {
  return printable(fmt::format("{}: {}", profile.id, profile.title)) + "\n\n";
}

std::string facts_text(const Profile& profile) {
  std::string out;
  for (const ProfileFact& fact : facts_of(profile)) {
    out += fmt::format("{:<{}}{}\n", fact.label, kLabelColumns, printable(fact.text));
  }
  return out;
}

std::string sources_text(const Profile& profile, const Terminal& terminal) {
  Table table({"FACT", "SOURCE", "WHERE OR WHY"}, terminal);
  for (const auto& [name, source] : profile.sources) {
    if (!source.published.empty()) table.add({name, "published", source.published});
    if (!source.inferred.empty()) table.add({name, "inferred", source.inferred});
  }
  return table.take();
}

std::string timetable_text(const Schedule& schedule, WallTime from, const Terminal& terminal) {
  Table table({"ATTEMPT", "AFTER", "AT (UTC)"}, terminal);
  std::size_t number = 0;
  for (const Duration offset : offsets(schedule)) {
    ++number;
    table.add({std::to_string(number), format_duration(offset), shown_time(format_rfc3339((from + offset).ms))});
  }
  return table.take();
}

std::string lower_case(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

}  // namespace

Document timetable_of(const Schedule& schedule) {
  Document out = Document::array();
  std::size_t number = 0;
  for (const Duration offset : offsets(schedule)) {
    ++number;
    const bool whole = offset.count() % 1'000 == 0;
    const Document after =
        whole ? Document(offset.count() / 1'000) : Document(static_cast<double>(offset.count()) / 1'000.0);
    out.push_back({{"attempt", number}, {"after_s", after}});
  }
  return out;
}

std::string explanation_of(const Profile& profile, WallTime from, const Terminal& terminal) {
  return heading(profile) + timetable_text(profile.schedule, from, terminal) + "\n" + facts_text(profile) + "\n" +
         sources_text(profile, terminal);
}

std::string description_of(const Profile& profile, const Terminal& terminal) {
  Table fields(field_columns(), terminal);
  for (const FieldRule& rule : profile.fields) fields.add(field_cells(profile, rule));
  return heading(profile) + facts_text(profile) + "\n" + fields.take() + "\n" + sources_text(profile, terminal);
}

Document document_of(const Profile& profile) {
  Document facts = Document::array();
  for (const ProfileFact& fact : facts_of(profile)) facts.push_back({{"label", fact.label}, {"text", fact.text}});
  Document fields = Document::array();
  const std::vector<std::string> columns = field_columns();
  for (const FieldRule& rule : profile.fields) {
    const std::vector<std::string> cells = field_cells(profile, rule);
    Document field = Document::object();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (!cells[i].empty()) field[lower_case(columns[i])] = cells[i];
    }
    fields.push_back(std::move(field));
  }
  Document sources = Document::array();
  for (const auto& [name, source] : profile.sources) {
    sources.push_back({{"fact", name}, {"published", source.published}, {"inferred", source.inferred}});
  }
  const std::string hash(profile.hash.begin(), profile.hash.end());
  return {{"id", profile.id},
          {"title", profile.title},
          {"revision", to_text(hash, DigestForm::kHexLower)},
          {"facts", std::move(facts)},
          {"fields", std::move(fields)},
          {"timetable", timetable_of(profile.schedule)},
          {"sources", std::move(sources)}};
}

}  // namespace ackd
