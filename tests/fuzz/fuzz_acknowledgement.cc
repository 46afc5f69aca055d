// Any answer to any shipped provider: every answer is judged, in words that people can be shown; it is never taken for
// the acknowledgement unless the rule, read a second time and with other libraries, says that it is one; and an exact
// answer always is.
//
// The input: a line "PROVIDER OPTION ..." (ack_trim, ack_contains, ack_any_case), a line "STATUS END" (END counts the
// ways in which a transfer ends), a line with the Content-Type, and the body.
#include <expat.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/check.h"
#include "policy/judge.h"
#include "shipped.h"
#include "target.h"
#include "text/characters.h"
#include "text/charset.h"

namespace {

using namespace ackd;

std::string lower_case(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

std::string without_blanks_around(std::string text) {
  const auto is_blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && is_blank(text.back())) text.pop_back();
  while (!text.empty() && is_blank(text.front())) text.erase(0, 1);
  return text;
}

// What expat finds: the text of the root's children of one name.
struct XmlFinding {
  bool well_formed = false;
  std::string name;
  int depth = 0;
  bool inside = false;
  int found = 0;
  bool has_elements = false;
  std::string text;
};

void on_start(void* data, const XML_Char* name, const XML_Char**) {
  auto& finding = *static_cast<XmlFinding*>(data);
  if (finding.inside) finding.has_elements = true;
  if (finding.depth == 1 && finding.name == name) {
    ++finding.found;
    finding.inside = true;
  }
  ++finding.depth;
}

void on_end(void* data, const XML_Char*) {
  auto& finding = *static_cast<XmlFinding*>(data);
  if (--finding.depth == 1) finding.inside = false;
}

void on_text(void* data, const XML_Char* text, int length) {
  auto& finding = *static_cast<XmlFinding*>(data);
  if (finding.inside) finding.text.append(text, static_cast<std::size_t>(length));
}

// Whatever charset is declared, ASCII is all that a rule's text is made of.
XmlFinding read_xml(const std::string& body, const std::string& name) {
  const XML_Parser parser = XML_ParserCreate(is_valid_utf8(body) ? "UTF-8" : "ISO-8859-1");
  XmlFinding finding;
  finding.name = name;
  XML_SetUserData(parser, &finding);
  XML_SetElementHandler(parser, on_start, on_end);
  XML_SetCharacterDataHandler(parser, on_text);
  finding.well_formed = XML_Parse(parser, body.data(), static_cast<int>(body.size()), 1) == XML_STATUS_OK;
  XML_ParserFree(parser);
  return finding;
}

std::optional<std::string> json_text(const std::string& body, const std::string& pointer) {
  const auto document = nlohmann::json::parse(body, nullptr, false);
  if (document.is_discarded() || !document.contains(nlohmann::json::json_pointer(pointer))) return std::nullopt;
  const auto& value = document.at(nlohmann::json::json_pointer(pointer));
  if (value.is_string()) return value.get<std::string>();
  return value.dump();
}

// The first "<name" that is a tag, up to its "</name".
std::optional<std::string> first_element(const std::string& body, const std::string& name) {
  for (std::size_t open = body.find("<" + name); open != std::string::npos; open = body.find("<" + name, open + 1)) {
    const std::size_t behind = open + 1 + name.size();
    if (behind < body.size() && (std::isalnum(static_cast<unsigned char>(body[behind])) != 0 ||
                                 std::string_view("_-.:").find(body[behind]) != std::string_view::npos)) {
      continue;
    }
    const std::size_t tag_end = body.find('>', behind);
    if (tag_end == std::string::npos) return std::nullopt;
    const std::size_t close = body.find("</" + name, tag_end);
    if (close == std::string::npos) return std::nullopt;
    return body.substr(tag_end + 1, close - tag_end - 1);
  }
  return std::nullopt;
}

bool is_text(const AckRule& rule, const std::string& text) {
  return rule.any_case ? lower_case(text) == lower_case(rule.text) : text == rule.text;
}

// Our reader lets a few things pass that expat does not (an attribute that is given twice). They change nothing of what
// an element says, so of such a body, and of one in another charset, only this much is asked: that it has the element
// and spells the text in some way.
bool xml_holds(const AckRule& rule, const std::string& body) {
  const XmlFinding finding = read_xml(body, rule.place);
  if (finding.well_formed && is_valid_utf8(body)) {
    return finding.found == 1 && !finding.has_elements && is_text(rule, without_blanks_around(finding.text));
  }
  const bool spelled = body.find_first_of("&") != std::string::npos || body.find("<![CDATA[") != std::string::npos ||
                       lower_case(body).find(lower_case(rule.text)) != std::string::npos;
  return spelled && body.find("<" + rule.place) != std::string::npos;
}

bool body_holds(const AckRule& rule, const std::string& body) {
  switch (rule.match) {
    case AckMatch::kStatusOnly: return true;
    case AckMatch::kExact: return is_text(rule, body);
    case AckMatch::kTrimmed: return is_text(rule, without_blanks_around(body));
    case AckMatch::kContains:
      return rule.any_case ? lower_case(body).find(lower_case(rule.text)) != std::string::npos
                           : body.find(rule.text) != std::string::npos;
    case AckMatch::kXmlElement: return xml_holds(rule, body);
    case AckMatch::kJsonValue: {
      const auto text = json_text(body, rule.place);
      return text && is_text(rule, *text);
    }
    case AckMatch::kFirstElement: break;
  }
  const auto text = first_element(body, rule.place);
  if (!text) return false;
  // References and sections may spell the text in many ways; the plain one is checked to the letter.
  const bool plain = text->find_first_of("&<") == std::string::npos;
  return !plain || is_text(rule, without_blanks_around(*text));
}

bool status_holds(const AckRule& rule, int status) {
  if (rule.statuses.empty()) return status / 100 == 2;
  return std::count(rule.statuses.begin(), rule.statuses.end(), status) != 0;
}

// How much of an answer has to be there before it may be believed.
bool enough_arrived(const AckRule& rule, const Transfer& transfer) {
  const bool by_status = rule.match == AckMatch::kStatusOnly;
  switch (transfer.end) {
    case TransferEnd::kComplete: return true;
    case TransferEnd::kBodyCap:
      return by_status || rule.match == AckMatch::kContains || rule.match == AckMatch::kFirstElement;
    case TransferEnd::kTimeout:
    case TransferEnd::kBroken: return by_status && transfer.headers_complete;
    default: return false;
  }
}

void check_words(const std::string& reason) {
  CHECK_THAT(!reason.empty() && reason.size() <= 2'000 && is_valid_utf8(reason), "there are words for it");
  for (std::string_view rest = reason; !rest.empty();) {
    const Character character = first_character(rest);
    CHECK_THAT(!is_control(character.code) && !is_hidden(character.code), "a stranger's bytes are made visible");
    rest.remove_prefix(character.bytes);
  }
}

void check(const Transfer& transfer, const AckRule& rule) {
  const Outcome outcome = judge(transfer, rule);
  check_words(outcome.reason);
  const bool acknowledged = outcome.outcome == OutcomeClass::kAcknowledged;
  const bool holds = status_holds(rule, transfer.status) && body_holds(rule, transfer.body);
  CHECK_THAT(!acknowledged || (holds && enough_arrived(rule, transfer)), "only the acknowledgement is taken for it");
  const bool read_alike = rule.match <= AckMatch::kContains;
  if (read_alike && holds && enough_arrived(rule, transfer)) CHECK_THAT(acknowledged, "the acknowledgement is taken");
  CHECK_THAT(is_ours(transfer.end) == (outcome.outcome == OutcomeClass::kNotSent), "what is ours takes no attempt");
  const Outcome again = judge(transfer, rule);
  CHECK_THAT(again.outcome == outcome.outcome && again.reason == outcome.reason, "equal answers are judged equally");
}

int take_number(std::string_view& line) {
  int number = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return error == std::errc{} ? number : 0;
}

std::string_view take_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(word.size() + 1, line.size()));
  return word;
}

}  // namespace

int ackd::fuzz::try_input(std::string_view text) {
  static const fuzz::Shipped world;
  std::string_view who = fuzz::take_line(text);
  const Profile* profile = world.find(take_word(who));
  if (profile == nullptr) return 0;
  Merchant merchant = world.merchant;
  while (!who.empty()) merchant.options[std::string(take_word(who))] = "true";
  std::string_view how = fuzz::take_line(text);
  Transfer transfer;
  transfer.status = take_number(how);
  transfer.end = static_cast<TransferEnd>(static_cast<unsigned>(take_number(how)) % kTransferEndCount);
  transfer.headers_complete = transfer.status != 0 && transfer.end != TransferEnd::kBroken;
  transfer.content_type = std::string(fuzz::take_line(text)).substr(0, 200);
  transfer.body = text;
  transfer.detail = transfer.body.substr(0, 80);
  const AckRule rule = ack_for(*profile, merchant);
  check(transfer, rule);
  transfer.body = rule.text;
  check(transfer, rule);
  return 0;
}
