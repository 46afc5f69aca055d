#include "profile/yaml_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/check.h"

namespace ackd {
namespace {

std::optional<std::size_t> parse_decimal(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  // YAML reads 010 as eight and people as ten; nobody gets to guess.
  const bool ambiguous = text.size() > 1 && text.front() == '0';
  return whole && !ambiguous ? std::optional(number) : std::nullopt;
}

}  // namespace

void YamlTrouble::report(YamlPlace place, const std::string& path, const std::string& message) {
  if (first_) return;
  const std::string where = path.empty() ? std::string() : path + ": ";
  first_ = invalid(fmt::format("{}:{}:{}: {}{}", file_, place.line, place.column, where, message), path);
}

YamlSection::YamlSection(const YamlNode& node, std::string path, std::vector<std::string> known, YamlTrouble& trouble)
    : node_(node), path_(std::move(path)), trouble_(trouble) {
  if (node.kind != YamlNode::Kind::kMap) {
    trouble_.report(node.place, path_, "must be a map of keys and values: " + join_or(known));
    return;
  }
  for (const YamlNode& item : node.items) {
    if (std::find(known.begin(), known.end(), item.key) != known.end()) continue;
    const std::string hint = did_you_mean(item.key, known);
    trouble_.report(item.place, path_of(item.key),
                    "this key is not known" + (hint.empty() ? "; known are " + join_or(known) : hint));
  }
}

const YamlNode* YamlSection::find(std::string_view key) const {
  const auto found =
      std::find_if(node_.items.begin(), node_.items.end(), [&](const YamlNode& item) { return item.key == key; });
  return node_.kind == YamlNode::Kind::kMap && found != node_.items.end() ? &*found : nullptr;
}

std::string YamlSection::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void YamlSection::report(std::string_view key, const std::string& message) const {
  const YamlNode* value = find(key);
  trouble_.report(value == nullptr ? node_.place : value->place, path_of(key), message);
}

void YamlSection::require(std::string_view key) const {
  if (find(key) == nullptr) report(key, "is missing");
}

std::string YamlSection::text(std::string_view key, std::string fallback) const {
  const YamlNode* value = find(key);
  return value == nullptr ? std::move(fallback) : yaml_text(*value, path_of(key), trouble_);
}

bool YamlSection::flag(std::string_view key, bool fallback) const {
  static constexpr std::array<YamlChoice<bool>, 2> kFlags{{{"true", true}, {"false", false}}};
  return choice(key, fallback, kFlags);
}

std::size_t YamlSection::number(std::string_view key, std::size_t fallback, std::size_t least, std::size_t most) const {
  if (find(key) == nullptr) return fallback;
  const std::string digits = text(key);
  const auto number = parse_decimal(digits);
  if (number && *number >= least && *number <= most) return *number;
  report(key, fmt::format("'{}' is not a whole number from {} to {}", digits, least, most));
  return fallback;
}

Duration YamlSection::duration(std::string_view key, Duration fallback, Duration most) const {
  const YamlNode* value = find(key);
  return value == nullptr ? fallback : yaml_duration(*value, path_of(key), most, trouble_);
}

std::vector<const YamlNode*> YamlSection::items(std::string_view key) const {
  std::vector<const YamlNode*> out;
  const YamlNode* value = find(key);
  if (value == nullptr) return out;
  if (value->kind != YamlNode::Kind::kList) report(key, "must be a list: [a, b], or one '- ' a line");
  for (const YamlNode& item : value->items) out.push_back(&item);
  return value->kind == YamlNode::Kind::kList ? out : std::vector<const YamlNode*>();
}

std::vector<std::string> YamlSection::texts(std::string_view key) const {
  std::vector<std::string> out;
  for (const YamlNode* item : items(key)) {
    out.push_back(yaml_text(*item, fmt::format("{}[{}]", path_of(key), out.size()), trouble_));
  }
  return out;
}

std::string yaml_text(const YamlNode& node, const std::string& path, YamlTrouble& trouble) {
  if (node.kind == YamlNode::Kind::kScalar) return node.text;
  trouble.report(node.place, path,
                 node.kind == YamlNode::Kind::kNothing ? "has no value; write one, \"\" for an empty text"
                                                       : "must be one value, not a list or a map");
  return {};
}

Duration yaml_duration(const YamlNode& node, const std::string& path, Duration most, YamlTrouble& trouble) {
  const std::string text = yaml_text(node, path, trouble);
  const Result<Duration> parsed = parse_duration(text);
  if (!parsed) {
    trouble.report(node.place, path, parsed.error().message);
  } else if (*parsed > most) {
    trouble.report(node.place, path, fmt::format("'{}' is more than the limit of {}", text, format_duration(most)));
  }
  return parsed ? *parsed : Duration(0);
}

}  // namespace ackd
