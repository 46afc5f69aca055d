// Templates read backwards, and written out again.
#include "profile/template_match.h"

#include <doctest/doctest.h>

namespace ackd {
namespace {

Template header(const std::string& text) {
  const Result<Template> pieces = parse_template(text, TemplatePlace::kHeader);
  REQUIRE_MESSAGE(pieces, (pieces ? "" : pieces.error().message));
  return *pieces;
}

std::optional<TemplateMatch> match(const std::string& pieces, const std::string& text) {
  return match_template(header(pieces), text, *parse_utc_offset("+08:00"));
}

TEST_CASE("times, nonces, fields and signatures are found between literal texts") {
  const auto found = match("t={now},{signatures}", "t=1614265330,v1=ab,v1=cd");
  REQUIRE(found);
  CHECK(found->now == WallTime{1'614'265'330'000});
  CHECK(found->signatures == "v1=ab,v1=cd");
  CHECK(match("id {field.a}/{field.b} of {nonce};", "id x/y of n;")->fields == Fields{{"a", "x"}, {"b", "y"}});
  CHECK(match("id {field.a}/{field.b} of {nonce};", "id x/y of n;")->nonce == "n");
  CHECK(match("{now:%Y%m%d%H%M%S}", "20250101080130")->now == WallTime{1'735'689'690'000});
  CHECK(match("{now_ms}", "1614265330123")->now == WallTime{1'614'265'330'123});
  CHECK(match("{percent(body)}", "a%26b+c")->body == "a&b c");
  CHECK(match("({field.a})", "(x)(y)")->fields == Fields{{"a", "x)(y"}});
  CHECK(match("{field.a}", "")->fields == Fields{{"a", ""}});
  CHECK(match("{md5(field.a)}-{option.x}", "anything-else")->fields.empty());
}

TEST_CASE("a text of another form matches nothing") {
  CHECK_FALSE(match("t={now},{signatures}", "t=,v1=ab"));
  CHECK_FALSE(match("t={now},{signatures}", "t=12x,v1=ab"));
  CHECK_FALSE(match("t={now},{signatures}", "v1=ab"));
  CHECK_FALSE(match("sha256={signatures}", "sha1=ab"));
  CHECK_FALSE(match("{signatures};", "ab"));
  CHECK_FALSE(match("{field.a}{field.b}", "ab"));
  CHECK_FALSE(match("fixed", "fixed and more"));
  CHECK_FALSE(match("", "x"));
  CHECK(match("", ""));
}

TEST_CASE("what is written out is read in again as the same template") {
  for (const char* text : {"plain", "{{braces}}", "{now}", "{now_ms}", "{now:%Y-%m-%dT%H:%M:%S%z}", "{upper(nonce)}",
                           "{field.webhook-id}.{body}", "{option.a}{merchant}{charset}{key_id}", "t={now},{signatures}",
                           "{crc32(body)} {percent(field.x)}"}) {
    CHECK(text_of(header(text)) == text);
  }
  CHECK(text_of(*parse_template("{random:24}-{uuid}", TemplatePlace::kAdmission)) == "{random:24}-{uuid}");
  CHECK(text_of(*parse_template("&key={sha256(key)}", TemplatePlace::kAroundText)) == "&key={sha256(key)}");
}

}  // namespace
}  // namespace ackd
