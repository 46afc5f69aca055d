// Every reader of this folder against bytes that mean nothing: it must come back, with a value or with a sentence. The
// sanitizers watch.
#include <doctest/doctest.h>

#include <random>
#include <string>

#include "text/charset.h"
#include "text/field_units.h"
#include "text/form_encoding.h"
#include "text/json_pointer.h"
#include "text/pattern.h"
#include "text/time_format.h"
#include "text/url.h"
#include "text/xml.h"

namespace ackd {
namespace {

// Half noise, half the readers' own punctuation, so that the deeper branches are reached.
std::string hostile_bytes(std::mt19937_64& random) {
  static const std::string_view pieces[] = {
      "<",         ">",    "</",   "/>",   "<a>",  "</a>",  "<![CDATA[",    "]]>",
      "<!DOCTYPE", "<?",   "?>",   "<!--", "-->",  "&",     "&amp;",        "&#",
      ";",         "{",    "}",    "[",    "]",    "\"",    "\\u",          "d800",
      ":",         ",",    "1",    "e9",   "~",    "%",     "%2",           "=",
      "\xB6",      "\xE2", "\x82", "\xAC", "\xF3", "\xA0",  "\xEF\xBB\xBF", "http://",
      "(",         "{9}",  "*",    "\\",   "|",    "+08:00"};
  std::string out;
  for (std::uint64_t i = random() % 24; i > 0; --i) {
    if (random() % 4 == 0) {
      out.push_back(static_cast<char>(random()));
    } else {
      out += pieces[random() % std::size(pieces)];
    }
  }
  return out;
}

TEST_CASE("no reader trips over random bytes") {
  std::mt19937_64 random(2026);
  const JsonPointer pointer{{"a"}};
  for (int round = 0; round < 20'000; ++round) {
    const std::string bytes = hostile_bytes(random);
    CAPTURE(bytes);
    (void)xml_child_text(bytes, "a");
    (void)xml_child_text("<x>" + bytes + "</x>", "a");
    (void)xml_decode("<x><a>" + bytes + "</a></x>");
    (void)first_element_text("<a>" + bytes, "a");
    (void)json_text_at(bytes, pointer);
    (void)json_text_at("{\"a\":" + bytes + "}", pointer);
    (void)parse_json_pointer("/" + bytes);
    (void)form_decode(bytes);
    (void)parse_url("http://" + bytes);
    (void)parse_utc_offset(bytes);
    (void)format_time({static_cast<std::int64_t>(random())}, bytes, {});
    for (const Charset charset : {Charset::kUtf8, Charset::kIso88591, Charset::kGbk, Charset::kGb18030}) {
      const Result<std::string> text = to_utf8(bytes, charset);
      if (text) REQUIRE(is_valid_utf8(*text));
      (void)from_utf8(bytes, charset, Unmappable::kRefuse);
    }
    if (const Result<Pattern> pattern = Pattern::parse(bytes)) (void)pattern->matches(bytes);
    (void)unit_trouble(bytes, Unit::kTime14);
    if (is_xml_text(bytes)) REQUIRE(*xml_child_text(xml_encode("x", {{"a", bytes}}, round % 2 == 0), "a") == bytes);
    if (fits(bytes, JsonForm::kString))
      REQUIRE(json_text_at(*json_encode({{pointer, JsonForm::kString, bytes}}), pointer) == bytes);
  }
}

}  // namespace
}  // namespace ackd
