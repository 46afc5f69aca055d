#include "policy/acknowledgement.h"

#include <fmt/format.h>

#include <algorithm>

#include "policy/excerpt.h"

namespace ackd {
namespace {

constexpr std::size_t kShownBytesMax = 60;
constexpr std::string_view kBlanks = " \t\r\n\v\f";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), to_lower);
  return out;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return to_lower(x) == to_lower(y); });
}

bool contains_ignoring_case(std::string_view body, std::string_view text) {
  return lower_case(body).find(lower_case(text)) != std::string::npos;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool status_is_accepted(const AckRule& rule, int status) {
  if (rule.statuses.empty()) return status >= 200 && status <= 299;
  return std::find(rule.statuses.begin(), rule.statuses.end(), status) != rule.statuses.end();
}

bool body_matches(const AckRule& rule, std::string_view body) {
  const auto equal = [&](std::string_view a) {
    return rule.any_case ? equal_ignoring_case(a, rule.text) : a == rule.text;
  };
  switch (rule.match) {
    case AckMatch::kStatusOnly: return true;
    case AckMatch::kExact: return equal(body);
    case AckMatch::kTrimmed: return equal(trimmed(body));
    case AckMatch::kContains: break;
  }
  return rule.any_case ? contains_ignoring_case(body, rule.text) : body.find(rule.text) != std::string_view::npos;
}

std::string accepted_statuses(const AckRule& rule) {
  return rule.statuses.empty() ? "200 to 299" : fmt::format("{}", fmt::join(rule.statuses, ", "));
}

std::string expectation(const AckRule& rule) {
  const char* how = "exactly";
  if (rule.match == AckMatch::kTrimmed) how = "apart from blanks around it";
  if (rule.match == AckMatch::kContains) how = "somewhere in the body";
  const char* letter_case = rule.any_case ? " in any case" : "";
  return rule.match == AckMatch::kExact ? fmt::format("{} '{}'{}", how, rule.text, letter_case)
                                        : fmt::format("'{}'{} {}", rule.text, letter_case, how);
}

std::string join_and(const std::vector<std::string>& parts) {
  return fmt::format("{}", fmt::join(parts, ", "));
}

void peel_blanks(std::string_view& rest, std::vector<std::string>& peeled) {
  const std::string_view kept = trimmed(rest);
  const std::string_view before = rest.substr(0, static_cast<std::size_t>(kept.data() - rest.data()));
  const std::string_view behind = rest.substr(before.size() + kept.size());
  const auto kind = [](std::string_view blanks) {
    return blanks.find('\n') != std::string_view::npos || blanks.find('\r') != std::string_view::npos ? "a newline"
                                                                                                      : "blanks";
  };
  if (!before.empty()) peeled.push_back(fmt::format("{} before the text", kind(before)));
  if (!behind.empty()) peeled.push_back(fmt::format("{} behind the text", kind(behind)));
  rest = kept;
}

void peel_quotes(std::string_view& rest, std::vector<std::string>& peeled) {
  if (rest.size() < 2 || rest.front() != rest.back() || (rest.front() != '"' && rest.front() != '\'')) return;
  rest = rest.substr(1, rest.size() - 2);
  peeled.emplace_back("quotes around the text");
}

// Takes off, one by one, what merchants' frameworks wrap around an answer. When the text is what remains, what was
// taken off is the explanation; empty when something else remains.
std::vector<std::string> wrapping(const AckRule& rule, std::string_view body) {
  std::vector<std::string> peeled;
  std::string_view rest = body;
  if (rest.starts_with(kByteOrderMark)) {
    rest.remove_prefix(kByteOrderMark.size());
    peeled.emplace_back("a byte order mark before the text");
  }
  // Where blanks are allowed they explain nothing.
  std::vector<std::string> allowed_blanks;
  if (!trimmed(rest).empty()) peel_blanks(rest, rule.match == AckMatch::kTrimmed ? allowed_blanks : peeled);
  peel_quotes(rest, peeled);
  if (rest == rule.text) return peeled;
  if (!equal_ignoring_case(rest, rule.text)) return {};
  if (!rule.any_case) peeled.emplace_back("wrong case");
  return peeled;
}

std::string without_tags(std::string_view html) {
  std::string out;
  while (!html.empty()) {
    const std::size_t open = html.find('<');
    out += html.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = html.find('>', open);
    if (close == std::string_view::npos) break;
    html.remove_prefix(close + 1);
  }
  return out;
}

bool looks_like_html(std::string_view body) {
  const std::string_view start = trimmed(body).substr(0, 200);
  return contains_ignoring_case(start, "<html") || contains_ignoring_case(start, "<!doctype") ||
         contains_ignoring_case(start, "<body") || contains_ignoring_case(start, "<p>");
}

bool looks_like_json(std::string_view body) {
  const std::string_view kept = trimmed(body);
  return kept.starts_with('{') || kept.starts_with('[');
}

// The text is somewhere in a longer body: how it got there. Empty when it is not.
std::string surroundings(const AckRule& rule, std::string_view body) {
  if (equal_ignoring_case(trimmed(without_tags(body)), rule.text)) return "HTML around the text";
  if (!contains_ignoring_case(body, rule.text)) return {};
  if (looks_like_html(body)) return "an HTML page around the text";
  if (looks_like_json(body)) return "JSON around the text";
  const bool at_start = equal_ignoring_case(trimmed(body).substr(0, rule.text.size()), rule.text);
  return at_start ? "more behind the text" : "the text is only a part of the body";
}

bool is_refusal(const AckRule& rule, std::string_view body) {
  return std::any_of(rule.refusals.begin(), rule.refusals.end(),
                     [&](const std::string& refusal) { return equal_ignoring_case(trimmed(body), refusal); });
}

// Why a body under an accepted status is not the acknowledgement.
std::string body_trouble(const AckRule& rule, std::string_view body) {
  const std::string shown = quoted_excerpt(body, kShownBytesMax);
  const std::string expected = "expected " + expectation(rule);
  if (body.empty()) return "the body is empty; " + expected;
  if (trimmed(body).empty()) return fmt::format("the body is {}, only blanks; {}", shown, expected);
  if (is_refusal(rule, body)) return fmt::format("the receiver refused: the body is {}; {}", shown, expected);
  if (const auto peeled = wrapping(rule, body); !peeled.empty()) {
    return fmt::format("the body is {}: {}; {}", shown, join_and(peeled), expected);
  }
  if (const std::string around = surroundings(rule, body); !around.empty()) {
    return fmt::format("the body is {}: {}; {}", shown, around, expected);
  }
  if (looks_like_html(body)) return fmt::format("the body is an HTML page: {}; {}", shown, expected);
  return fmt::format("the body is {}; {}", shown, expected);
}

std::string status_trouble(const AckRule& rule, int status, std::string_view body) {
  std::string out = fmt::format("status {}", status);
  if (status >= 300 && status <= 399) out += ", a redirect, which is never followed";
  out += fmt::format("; expected {}", accepted_statuses(rule));
  if (rule.match == AckMatch::kStatusOnly || body.empty()) return out;
  if (body_matches(rule, body)) return out + "; the body alone would be the acknowledgement";
  if (is_refusal(rule, body)) out += "; the receiver refused";
  return out + "; the body is " + quoted_excerpt(body, kShownBytesMax);
}

}  // namespace

AckVerdict judge_answer(const AckRule& rule, int status, std::string_view body) {
  if (!status_is_accepted(rule, status)) return {false, status_trouble(rule, status, body)};
  if (!body_matches(rule, body)) return {false, body_trouble(rule, body)};
  if (rule.match == AckMatch::kStatusOnly) return {true, fmt::format("status {}", status)};
  return {true, fmt::format("status {} and the body {}", status, quoted_excerpt(body, kShownBytesMax))};
}

bool decided_by_status(const AckRule& rule) {
  return rule.match == AckMatch::kStatusOnly;
}

bool may_match_inside_cap(const AckRule& rule) {
  return rule.match == AckMatch::kContains;
}

std::string describe(const AckRule& rule) {
  const std::string letter_case = rule.any_case ? " in any case" : "";
  const std::string status = rule.statuses.empty() ? "a status from 200 to 299" : "status " + accepted_statuses(rule);
  switch (rule.match) {
    case AckMatch::kStatusOnly: return status + ", whatever the body";
    case AckMatch::kExact: return fmt::format("body is exactly '{}'{} with {}", rule.text, letter_case, status);
    case AckMatch::kTrimmed:
      return fmt::format("body is '{}'{}, blanks around it allowed, with {}", rule.text, letter_case, status);
    case AckMatch::kContains: break;
  }
  return fmt::format("body contains '{}'{} with {}", rule.text, letter_case, status);
}

}  // namespace ackd
