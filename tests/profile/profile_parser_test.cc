#include "profile/profile.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "shipped_profiles.h"

namespace ackd {
namespace {

std::string trouble(const std::string& text) {
  const Result<Profile> parsed = parse_profile(text, "schedules/x.yaml");
  return parsed ? "accepted" : parsed.error().message;
}

std::string trouble_with(const std::string& from, const std::string& to) {
  return trouble(small_profile_with(from, to));
}

TEST_CASE("a profile is read with its defaults") {
  const Result<Profile> parsed = parse_profile(kSmallProfile, "x.yaml");
  REQUIRE_MESSAGE(parsed, (parsed ? std::string() : parsed.error().message));
  const Profile& profile = *parsed;
  CHECK(profile.id == "small");
  CHECK(profile.title == "small");
  CHECK(profile.total_timeout == std::chrono::seconds(10));
  CHECK(profile.connect_timeout == std::chrono::seconds(5));
  CHECK(profile.body_bytes_max == 4096);
  CHECK(profile.fields[0].bytes_max == 64);
  CHECK(profile.fields[2].is_signed.option == "with_memo");
  CHECK(profile.sources.at("schedule").inferred == "a test");
  CHECK_FALSE(profile.schedule.honours_retry_after);
  CHECK_FALSE(profile.schedule.give_up_after);
  CHECK(profile.hash == sha256(kSmallProfile));
}

TEST_CASE("errors name file, line, key, and what would be right") {
  CHECK(trouble_with("empty: send", "empty: skip") ==
        "schedules/x.yaml:14:47: fields[2].empty: 'skip' is not known; write omit or send");
  CHECK(trouble_with("match: exact", "match: exactly") ==
        "schedules/x.yaml:29:3: acknowledgement.match: 'exactly' is not known; write status_only, exact, trimmed, "
        "contains, xml_element, json_value or first_element");
  CHECK(trouble_with("required: true", "requird: true") ==
        "schedules/x.yaml:12:19: fields[0].requird: this key is not known; did you mean 'required'?");
  CHECK(trouble_with("  separator:", "  colour:") ==
        "schedules/x.yaml:24:5: signature.canonical.colour: this key is not known; known are order, case, fields, "
        "parts, separator, empty, blank, prefix, suffix, text or charset");
  CHECK(trouble_with("status: state", "status: stat") ==
        "schedules/x.yaml:4:1: status: 'stat' is not among the fields; did you mean 'state'?");
  CHECK(trouble_with("  algorithm: md5\n", "") == "schedules/x.yaml:17:1: signature.algorithm: is missing");
  CHECK(trouble_with("provider: small\n", "") == "schedules/x.yaml:1:1: provider: is missing");
  CHECK(trouble_with("{key}", "{kay}") ==
        "schedules/x.yaml:26:5: signature.canonical.suffix: the placeholder '{kay}' is not known here; write {key}, "
        "{merchant}, {field.NAME} or {option.NAME}");
  CHECK(parse_profile(small_profile_with("empty: send", "empty: skip"), "f").error().field == "fields[2].empty");
}

TEST_CASE("values are taken strictly, never as YAML guesses them") {
  CHECK(trouble_with("bytes_max: 64", "bytes_max: 064").find("'064' is not a whole number from 1 to 65536") !=
        std::string::npos);
  CHECK(trouble_with("bytes_max: 64", "bytes_max: 0x40").find("not a whole number") != std::string::npos);
  CHECK(trouble_with("bytes_max: 64", "bytes_max: 0").find("not a whole number") != std::string::npos);
  CHECK(trouble_with("bytes_max: 64", "bytes_max: 99999999999999999999").find("not a whole") != std::string::npos);
  CHECK(trouble_with("required: true", "required: yes").find("write true or false") != std::string::npos);
  CHECK(trouble_with("1m, 2m", "1m, 2").find("schedule.delays[1]: '2' is not a duration") != std::string::npos);
  CHECK(trouble_with("1m, 2m", "1m, 9999d").find("schedule.delays[1]") != std::string::npos);
  CHECK(trouble_with("1m, 2m", "1m, 0s").find("must be longer than 0s") != std::string::npos);
  CHECK(trouble_with("text: OK", "text:").find("acknowledgement.text: has no value") != std::string::npos);
  CHECK(trouble_with("text: OK", "text: [OK]").find("must be one value") != std::string::npos);
  CHECK(trouble_with("[order]", "order").find("subject: must be a list") != std::string::npos);
  CHECK(trouble_with("delays: [1m, 2m]", "delays: {a: 1m}").find("schedule.delays: must be a list") !=
        std::string::npos);
}

TEST_CASE("what YAML lets pass in silence is refused") {
  CHECK(trouble_with("status: state", "status: state\nstatus: order") ==
        "schedules/x.yaml:5:1: the key 'status' is already given in line 4");
  CHECK(trouble_with("status: state", "status: &a state").find("anchors") != std::string::npos);
  CHECK(trouble_with("status: state", "status: *a").find("x.yaml:4:9: not valid YAML") != std::string::npos);
  CHECK(trouble_with("[order]", "&a [order]\nidentity: *a").find("anchors") != std::string::npos);
  CHECK(trouble_with("status: state", "status: !!str state").find("tag") != std::string::npos);
  CHECK(trouble_with("status: state", "status: !own state").find("tag") != std::string::npos);
  CHECK(trouble(std::string(kSmallProfile) + "---\na: b\n").find("second document") != std::string::npos);
  CHECK(trouble("").find("the file is empty") != std::string::npos);
  CHECK(trouble("just text").find("must be a map") != std::string::npos);
  CHECK(trouble("- a\n- b\n").find("must be a map") != std::string::npos);
  CHECK(trouble("[a]: b\n").find("a key must be a text") != std::string::npos);
  CHECK(trouble("a: [b\n").find("not valid YAML") != std::string::npos);
  CHECK(trouble("provider: \xFF\n").find("not UTF-8") != std::string::npos);
  CHECK(trouble(std::string("provider: a\0b", 13)).find("not UTF-8") != std::string::npos);
}

TEST_CASE("size, depth and the number of values are limited") {
  CHECK(trouble(std::string(kProfileBytesMax + 1, '#')).find("more than the limit of 262144") != std::string::npos);
  CHECK(trouble("a: " + std::string(17, '[') + std::string(17, ']')).find("nested more than 16 deep") !=
        std::string::npos);
  CHECK(trouble("a: " + std::string(20'000, '[')) != "accepted");
  std::string many = "a: [";
  for (int i = 0; i < 11'000; ++i) many += "1,";
  CHECK(trouble(many + "1]").find("more than 10000 values") != std::string::npos);
}

TEST_CASE("parts that do not fit together are refused") {
  CHECK(trouble_with("provider: small", "provider: Small").find(":1:1: provider: must be lower-case") !=
        std::string::npos);
  CHECK(trouble_with("method: POST", "method: GET").find("request.encoding: a GET carries") != std::string::npos);
  CHECK(trouble_with("encoding: form", "encoding: query").find("a POST carries") != std::string::npos);
  CHECK(trouble_with("  content_type: application/x-www-form-urlencoded\n", "").find("content_type: is missing") !=
        std::string::npos);
  CHECK(trouble_with("  - {name: sign}\n", "").find("signature.field: 'sign' is not among the fields") !=
        std::string::npos);
  CHECK(trouble_with("{name: sign}", "{name: sign, required: true}").find("with its name only") != std::string::npos);
  CHECK(trouble_with("{name: kind", "{name: state").find("fields[3].name: 'state' is listed twice") !=
        std::string::npos);
  CHECK(trouble_with("{name: kind", "{name: k=nd").find("printable ASCII") != std::string::npos);
  CHECK(trouble_with("constant: N1", "constant: N1, default: N2").find("a constant needs neither") !=
        std::string::npos);
  CHECK(trouble_with("constant: N1", "constant: \"\"").find("must not be empty") != std::string::npos);
  CHECK(trouble_with("[order]", "[]").find("subject: must name at least one field") != std::string::npos);
  CHECK(trouble_with("option: with_memo", "option: with_mem").find("did you mean 'with_memo'?") != std::string::npos);
  CHECK(trouble_with("[\"true\", \"false\"]", "[\"on\", off]").find("'on' is not known; write true or false") !=
        std::string::npos);
  CHECK(trouble_with("name: with_memo", "name: ack_trim").find("exists in every profile") != std::string::npos);
  CHECK(trouble_with("match: exact", "match: status_only").find("never read") != std::string::npos);
  CHECK(trouble_with("  text: OK\n", "").find("acknowledgement.text: is missing") != std::string::npos);
  CHECK(trouble_with("order: by_name", "order: listed").find("canonical.fields: is missing") != std::string::npos);
  CHECK(trouble_with("order: by_name", "order: listed\n    fields: [order, sign]").find("cannot sign itself") !=
        std::string::npos);
  CHECK(trouble_with("empty: skip", "empty: keep\n    blank: skip").find("must be skip when blank") !=
        std::string::npos);
  CHECK(trouble_with("  source: {inferred: \"a test\"}", "").find("schedule.source: is missing") != std::string::npos);
  CHECK(trouble_with("{inferred: \"a test\"}", "{inferred: \"\"}").find("says nothing") != std::string::npos);
  CHECK(trouble_with("text: OK", "text: OK\n  statuses: [200, 99]").find("'99' is not a final HTTP status") !=
        std::string::npos);
  CHECK(trouble_with("  content_type", "  timeout: 1s\n  content_type").find("shorter than connect_timeout") !=
        std::string::npos);
}

TEST_CASE("cutting or changing a profile anywhere never crashes the parser") {
  const std::string text = kSmallProfile;
  for (std::size_t i = 0; i < text.size(); ++i) {
    (void)trouble(text.substr(0, i));
    std::string changed = text;
    changed[i] = "{[&*!:-\n\"'#|>%@"[i % 15];
    (void)trouble(changed);
  }
}

TEST_CASE("the README's complete example is a valid profile") {
  std::ifstream stream(ACKD_SOURCE_DIR "/schedules/README.md");
  std::stringstream whole;
  whole << stream.rdbuf();
  const std::string text = whole.str();
  const std::size_t start = text.find("```yaml\n") + 8;
  const Result<Profile> parsed = parse_profile(text.substr(start, text.find("```", start) - start), "README.md");
  CHECK_MESSAGE(parsed, (parsed ? std::string() : parsed.error().message));
}

}  // namespace
}  // namespace ackd
