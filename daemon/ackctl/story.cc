#include "ackctl/story.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "ackctl/printable.h"
#include "base/time.h"

namespace ackd {
namespace {

constexpr std::size_t kLabelColumns = 16;

// Lines of "  label           value", those without a value left out.
class Facts {
 public:
  explicit Facts(std::size_t indent) : indent_(indent) {}

  void add(std::string_view label, std::string_view value) {
    if (value.empty()) return;
    text_ += fmt::format("{:{}}{:<{}}{}\n", "", indent_, label, kLabelColumns, printable(value));
  }
  std::string take() { return std::move(text_); }

 private:
  std::size_t indent_;
  std::string text_;
};

std::string pairs_of(const Document& object) {
  std::string out;
  for (const auto& [name, value] : object.items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    out += fmt::format("{}{}={}", out.empty() ? "" : ", ", name, text);
  }
  return out;
}

std::string quoted(const std::string& text) {
  return text.empty() ? "" : fmt::format("'{}'", printable(text));
}

// "200, text/html, 'ok'"; "nothing" where no status line arrived.
std::string answer_of(const Document& attempt) {
  const std::int64_t status = number_of(attempt, "status");
  if (status == 0) return {};
  std::string out = fmt::format("status {}", status);
  if (const std::string type = text_of(attempt, "content_type"); !type.empty()) out += ", " + type;
  const std::string excerpt = text_of(attempt, "excerpt");
  if (excerpt.empty()) return out + ", empty body";
  const std::string charset = text_of(attempt, "excerpt_charset");
  return out + ", body " + quoted(excerpt) + (charset.empty() ? "" : " in " + charset);
}

// What went wrong on the way, where the answer alone does not tell.
std::string end_of(const Document& attempt) {
  const std::string end = text_of(attempt, "end");
  return end == "complete" ? "" : end;
}

std::string took_of(const Document& attempt) {
  if (!attempt.contains("took_ms")) return {};
  return ", took " + format_duration(Duration(number_of(attempt, "took_ms")));
}

std::string sends_of(const Document& attempt) {
  const std::int64_t sends = number_of(attempt, "sends");
  if (sends <= 1) return {};
  return fmt::format("{} times: a kept-open connection broke and the request was repeated at once", sends);
}

std::string signed_of(const Document& attempt) {
  const std::string at = text_of(attempt, "signed_at");
  if (at.empty()) return {};
  std::string out = shown_time(at);
  if (const std::string key = text_of(attempt, "key_id"); !key.empty()) out += ", key " + key;
  if (const std::string nonce = text_of(attempt, "nonce"); !nonce.empty()) out += ", nonce " + nonce;
  return out;
}

std::string attempt_text(const Document& attempt, const Terminal& terminal) {
  const std::string outcome = printable(text_of(attempt, "outcome"));
  const std::string peer = text_of(attempt, "peer");
  std::string out = fmt::format("attempt {}  {}  {}{}{}\n", number_of(attempt, "number"), terminal.paint_state(outcome),
                                printable(shown_time(text_of(attempt, "started_at"))),
                                peer.empty() ? "" : printable(" to " + peer), took_of(attempt));
  Facts facts(4);
  facts.add("answer", answer_of(attempt));
  facts.add("ended as", end_of(attempt));
  facts.add(outcome == "acknowledged" ? "acknowledged" : "why not", text_of(attempt, "reason"));
  facts.add("sent", sends_of(attempt));
  facts.add("signed", signed_of(attempt));
  facts.add("request", text_of(attempt, "request_hash"));
  return out + facts.take();
}

std::string head_text(const Document& notification, const Terminal& terminal) {
  std::string out = fmt::format("notification {}  {}\n", printable(text_of(notification, "id")),
                                terminal.paint_state(printable(text_of(notification, "state"))));
  Facts facts(2);
  const std::string tags = pairs_of(part_of(notification, "tags"));
  if (flag_of(notification, "probe")) facts.add("probe", "simulated content, sent once");
  facts.add("provider", text_of(notification, "provider"));
  facts.add("merchant", text_of(notification, "merchant"));
  facts.add("order", text_of(notification, "subject"));
  facts.add("type", text_of(notification, "type"));
  facts.add("key", text_of(notification, "key"));
  facts.add("url", text_of(notification, "url"));
  if (const std::string at = text_of(notification, "admitted_at"); !at.empty()) {
    facts.add("admitted", shown_time(at) + " UTC");
  }
  if (const std::string from = text_of(notification, "not_before"); from != text_of(notification, "admitted_at")) {
    facts.add("not before", shown_time(from));
  }
  facts.add("replay of", text_of(notification, "replay_of"));
  facts.add("tags", tags);
  facts.add("fields", pairs_of(part_of(notification, "fields")));
  facts.add("profile", text_of(notification, "profile_revision"));
  facts.add("content", text_of(notification, "content_hash"));
  return out + facts.take();
}

std::string delivered_text(const Document& notification) {
  return fmt::format("acknowledged on attempt {}; nothing more is sent", number_of(notification, "attempts"));
}

std::string finished_text(const Document& notification, const std::string& state) {
  const std::string reason = text_of(notification, "reason");
  std::string out = state == "delivered" ? delivered_text(notification) : reason;
  if (out.empty()) out = "nothing more is sent";
  if (const std::string at = text_of(notification, "finished_at"); !at.empty()) out += ", since " + shown_time(at);
  return out;
}

// What happens without anyone doing anything.
std::string next_text(const Document& notification) {
  const std::string state = text_of(notification, "state");
  if (state == "held") return "nothing until it is released: " + text_of(notification, "reason");
  if (state != "pending") return finished_text(notification, state);
  if (flag_of(notification, "cancel_asked")) {
    return "cancel was asked while an attempt was under way: its acknowledgement counts, anything else cancels";
  }
  if (flag_of(notification, "in_flight")) return "an attempt is under way now";
  const std::string next = text_of(part_of(notification, "next"), "text");
  return next.empty() ? "the next attempt, as soon as its lane has room" : next;
}

// The verb that changes something, where one can.
std::string advice(const Document& notification) {
  const std::string state = text_of(notification, "state");
  const std::string id = text_of(notification, "id");
  if (state == "exhausted" && flag_of(notification, "probe")) {
    return fmt::format("'ackctl merchant probe {} {}' sends another one", text_of(notification, "provider"),
                       text_of(notification, "merchant"));
  }
  if (state == "exhausted") return fmt::format("'ackctl retry {}' sends it again as a new notification", id);
  if (state == "cancelled") return fmt::format("'ackctl resend {}' sends it as a new notification", id);
  if (state == "held") return fmt::format("'ackctl why {}' says what to repair", id);
  if (state == "pending" && !flag_of(notification, "in_flight")) {
    return fmt::format("'ackctl retry {}' sends it now, 'ackctl cancel {}' ends it", id, id);
  }
  return {};
}

std::string lane_text(const Document& lane) {
  if (lane.empty()) return {};
  std::string out = fmt::format("{} of {} in flight", number_of(lane, "in_flight"), number_of(lane, "window"));
  if (flag_of(lane, "squeezed")) out += "; squeezed, its merchant fails";
  out += fmt::format("; host {}: {} of {}", text_of(lane, "host"), number_of(lane, "host_in_flight"),
                     number_of(lane, "host_ceiling"));
  if (const std::string rate = rate_text(lane); !rate.empty()) out += "; rate " + rate;
  if (const std::string rate = rate_text(lane, "host_"); !rate.empty()) out += "; rate of the host " + rate;
  if (const std::string opens = text_of(lane, "opens_at"); !opens.empty()) out += "; opens " + shown_time(opens);
  if (flag_of(lane, "held_back")) out += "; held back, sending to this host is suspended";
  if (const std::string trouble = text_of(lane, "trouble"); !trouble.empty()) out += "; " + trouble;
  return out;
}

}  // namespace

std::string shown_time(const std::string& rfc3339) {
  const bool is_utc = rfc3339.size() > 11 && rfc3339[10] == 'T' && rfc3339.back() == 'Z';
  if (!is_utc) return rfc3339;
  return rfc3339.substr(0, 10) + " " + rfc3339.substr(11, rfc3339.size() - 12);
}

std::string rate_text(const Document& lane, const std::string& prefix) {
  const std::string rate = text_of(lane, (prefix + "rate").c_str());
  if (rate.empty()) return {};
  const std::string opens_at = text_of(lane, (prefix + "rate_opens_at").c_str());
  return fmt::format("{} a second, {} at once{}", rate, text_of(lane, (prefix + "rate_burst").c_str()),
                     opens_at.empty() ? "" : ", used up until " + shown_time(opens_at));
}

std::string story_of(const Document& notification, const Terminal& terminal) {
  std::string out = head_text(notification, terminal);
  for (const Document& attempt : part_of(notification, "attempt_list")) {
    out += "\n" + attempt_text(attempt, terminal);
  }
  Facts facts(0);
  facts.add("expected answer", text_of(notification, "acknowledgement"));
  facts.add("next", next_text(notification));
  facts.add("you can", advice(notification));
  return out + "\n" + facts.take();
}

std::string reason_of(const Document& why, const Terminal& terminal) {
  std::string out = fmt::format("{}  {}  {}\n", printable(text_of(why, "id")),
                                terminal.paint_state(printable(text_of(why, "state"))), printable(text_of(why, "why")));
  for (const Document& fact : part_of(why, "facts")) {
    if (fact.is_string()) out += fmt::format("    {}\n", printable(fact.get<std::string>()));
  }
  Facts facts(4);
  facts.add("next", shown_time(text_of(why, "next_at")));
  facts.add("lane", lane_text(part_of(why, "lane")));
  return out + facts.take();
}

}  // namespace ackd
