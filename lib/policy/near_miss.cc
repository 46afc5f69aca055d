#include "policy/near_miss.h"

#include <fmt/format.h>

#include <algorithm>

#include "policy/answer_text.h"
#include "policy/excerpt.h"

namespace ackd {
namespace {

constexpr std::size_t kReasonBytesMax = 200;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string expectation(const AckRule& rule) {
  const std::string text = fmt::format("'{}'{}", rule.text, rule.any_case ? " in any case" : "");
  switch (rule.match) {
    case AckMatch::kExact: return "exactly " + text;
    case AckMatch::kTrimmed: return text + " apart from blanks around it";
    case AckMatch::kContains: return text + " somewhere in the body";
    default: return text;
  }
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
std::vector<std::string> wrapping(const AckRule& rule, std::string_view text) {
  std::vector<std::string> peeled;
  std::string_view rest = text;
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

bool is_refusal(const AckRule& rule, std::string_view text) {
  return std::any_of(rule.refusals.begin(), rule.refusals.end(),
                     [&](const std::string& refusal) { return equal_ignoring_case(trimmed(text), refusal); });
}

// Why a text, which is the body or stands at the rule's place, is not the rule's. `what` names it, `shown` quotes it.
std::string text_trouble(const AckRule& rule, const std::string& what, std::string_view text,
                         const std::string& shown) {
  const std::string expected = "expected " + expectation(rule);
  if (text.empty()) return fmt::format("{} is empty; {}", what, expected);
  if (trimmed(text).empty()) return fmt::format("{} is {}, only blanks; {}", what, shown, expected);
  if (is_refusal(rule, text)) return fmt::format("the receiver refused: {} is {}; {}", what, shown, expected);
  if (const auto peeled = wrapping(rule, text); !peeled.empty()) {
    return fmt::format("{} is {}: {}; {}", what, shown, join_and(peeled), expected);
  }
  if (const std::string around = surroundings(rule, text); !around.empty()) {
    return fmt::format("{} is {}: {}; {}", what, shown, around, expected);
  }
  if (looks_like_html(text)) return fmt::format("{} is an HTML page: {}; {}", what, shown, expected);
  return fmt::format("{} is {}; {}", what, shown, expected);
}

// Why there is no text at the rule's place. `missing` may quote the receiver, so it is shown as an excerpt.
std::string place_trouble(const AckRule& rule, std::string_view body, const std::string& missing,
                          const std::string& shown) {
  const std::string expected = fmt::format("expected {} in {}", expectation(rule), place_in_words(rule));
  if (trimmed(body).empty()) return "the body is empty; " + expected;
  if (is_refusal(rule, body)) return fmt::format("the receiver refused: the body is {}; {}", shown, expected);
  if (equal_ignoring_case(trimmed(body), rule.text)) {
    return fmt::format("the body is {}, only the text itself; {}", shown, expected);
  }
  if (looks_like_html(body)) return fmt::format("the body is an HTML page: {}; {}", shown, expected);
  return fmt::format("{}; the body is {}; {}", excerpt(missing, kReasonBytesMax), shown, expected);
}

}  // namespace

std::string accepted_statuses(const AckRule& rule) {
  return rule.statuses.empty() ? "200 to 299" : fmt::format("{}", fmt::join(rule.statuses, ", "));
}

std::string body_trouble(const AckRule& rule, std::string_view body, const AnswerQuote& quote) {
  if (!reads_place(rule.match)) return text_trouble(rule, "the body", body, quote(body));
  const Result<std::string> text = text_at_place(rule, body);
  if (!text) return place_trouble(rule, body, text.error().message, quote(body));
  // XML and JSON were converted when they were parsed.
  const bool as_sent = rule.match == AckMatch::kFirstElement;
  return text_trouble(rule, place_in_words(rule), *text,
                      as_sent ? quote(*text) : quoted_excerpt(*text, kAnswerBytesShown));
}

std::string status_trouble(const AckRule& rule, int status, std::string_view body, const AnswerQuote& quote) {
  std::string out = fmt::format("status {}", status);
  if (status >= 300 && status <= 399) out += ", a redirect, which is never followed";
  out += fmt::format("; expected {}", accepted_statuses(rule));
  if (rule.match == AckMatch::kStatusOnly || body.empty()) return out;
  if (body_matches(rule, body)) return out + "; the body alone would be the acknowledgement";
  if (is_refusal(rule, body)) out += "; the receiver refused";
  return out + "; the body is " + quote(body);
}

}  // namespace ackd
