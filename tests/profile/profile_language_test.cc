// What the profile language refuses because the parts of a profile would not fit together: one line a rule.
#include <doctest/doctest.h>

#include "shipped_profiles.h"

namespace ackd {
namespace {

std::string trouble_with(const std::string& from, const std::string& to) {
  const Result<Profile> parsed = parse_profile(small_profile_with(from, to), "x.yaml");
  return parsed ? "accepted" : parsed.error().message;
}

void check_refused(const std::string& from, const std::string& to, const std::string& expected) {
  CAPTURE(to);
  const std::string trouble = trouble_with(from, to);
  CHECK_MESSAGE(trouble.find(expected) != std::string::npos, trouble);
}

constexpr const char* kType = "  content_type: application/x-www-form-urlencoded\n";
constexpr const char* kSignature = "  algorithm: md5\n  form: hex_lower\n";

TEST_CASE("choices name options, fields and words that exist") {
  const auto charset = [](const std::string& value) { return std::string(kType) + "  charset: " + value + "\n"; };
  check_refused(kType, charset("gb2312"), "request.charset: 'gb2312' is not known; write utf-8, gbk");
  check_refused(kType, charset("{option: chars}"), "request.charset.option: 'chars' is not among the options");
  check_refused(kType, charset("{option: with_memo}"), "request.charset: 'true' is not known");
  check_refused(kType, charset("{field: kindd, values: {a: gbk}, otherwise: gbk}"), "did you mean 'kind'?");
  check_refused(kType, charset("{field: memo, values: {a: gbk}}"), "request.charset.otherwise: is missing");
  check_refused(kType, charset("{field: kind, otherwise: gbk}"), "request.charset.values: is missing");
  check_refused(kType, charset("{field: kind, option: with_memo}"), "name an option or a field");
  check_refused(kType, charset("{option: with_memo, values: {\"true\": gbk}}"), "says nothing about 'false'");
  check_refused(kType, charset("{option: with_memo, otherwise: gbk}"), "otherwise: is never used");
  CHECK(trouble_with(kType, charset("{field: kind, values: {N1: gbk}}")) == "accepted");
  CHECK(trouble_with(kType, charset("{option: with_memo, values: {\"true\": gbk, \"false\": utf-8}}")) == "accepted");
}

TEST_CASE("a field's rules must not contradict each other") {
  const auto field = [](const std::string& rules) { return "  - {name: extra, " + rules + "}\n  - {name: sign}"; };
  const auto refused = [&](const std::string& rules, const std::string& expected) {
    check_refused("  - {name: sign}", field(rules), expected);
  };
  refused("unit: yuan", "fields[4].unit: 'yuan' is not known; write fen, yuan2");
  refused("pattern: \"[\"", "fields[4].pattern:");
  refused("unit: fen, constant: \"1.5\"", "fields[4].constant:");
  refused("pattern: \"[0-9]+\", example: x", "fields[4].example: the value does not match [0-9]+");
  refused("values: [a, b], example: c", "fields[4].example: the value is not known; write a or b");
  refused("bytes_min: 5, bytes_max: 4", "fields[4].bytes_min: must not be more than bytes_max");
  refused("types: [refund]", "fields[4].types: needs 'types'");
  refused("default: \"{key}\"", "fields[4].default: the placeholder '{key}' is not known here");
  refused("json: number", "fields[4].json: needs encoding json");
  refused("from_body: /id", "fields[4].from_body: needs request.body");
  refused("at: id", "fields[4].at:");
  refused("seal: {nonce: nonsense}", "fields[4].seal.nonce: 'nonsense' is not among the fields");
  refused("seal: {}", "fields[4].seal.nonce: is missing");
  refused("required: true, default: x", "a required field cannot have a default");
  refused("sent: maybe", "fields[4].sent: 'maybe' is not known; write true or false");
  CHECK(trouble_with("  - {name: sign}", field("unit: fen, bytes_max: 12, example: \"100\", sent: false")) ==
        "accepted");
}

TEST_CASE("headers are named well, once, and never ackd's own") {
  const auto headers = [](const std::string& list) { return std::string(kType) + "  headers: [" + list + "]\n"; };
  check_refused(kType, headers("{name: Content-Length, value: \"1\"}"), "headers[0].name: is set by ackd itself");
  check_refused(kType, headers("{name: hOsT, value: x}"), "is set by ackd itself");
  for (const char* name :
       {"Transfer-Encoding", "CONNECTION", "expect", "TE", "Trailer", "Upgrade", "Keep-Alive", "Proxy-Connection",
        "proxy-authorization", "Proxy-Whatever", "Content-Type", "Cookie", "Authorization", "HTTP2-Settings"}) {
    check_refused(kType, headers(std::string("{name: ") + name + ", value: x}"),
                  "headers[0].name: is set by ackd itself");
    check_refused("  field: sign\n", std::string("  header: ") + name + "\n",
                  "signature.header: is set by ackd itself");
  }
  for (const char* text :
       {"a\\r\\nHost: evil", "a\\nb", "a\\r\\n folded", "\\x1b[2J", "\\x7f", "{field.order}\\n", "\\u0085"}) {
    check_refused(kType, headers(std::string("{name: X, value: \"") + text + "\"}"),
                  "headers[0].value: goes into a header and must be printable ASCII");
    check_refused(kType, headers(std::string("{name: X, value: x, otherwise: \"") + text + "\"}"),
                  "headers[0].otherwise: goes into a header and must be printable ASCII");
  }
  check_refused("  field: sign\n", "  header: X-Sign\n  value: \"{signatures}\\nX: y\"\n",
                "signature.value: goes into a header and must be printable ASCII");
  check_refused(kType, headers("{name: \"X Y\", value: x}"), "is not the name of a header");
  check_refused(kType, headers("{name: \"X\\r\\nY\", value: x}"), "is not the name of a header");
  check_refused(kType, headers("{name: X, value: a}, {name: x, value: b}"), "headers[1].name: is given twice");
  check_refused(kType, headers("{name: X, value: \"{field.ordr}\"}"), "did you mean 'order'?");
  check_refused(kType, headers("{name: X, value: \"{option.memo}\"}"), "is not among the options");
  check_refused(kType, headers("{name: X}"), "request.headers[0].value: is missing");
}

TEST_CASE("the signature has one place and at least one way") {
  check_refused("  field: sign\n", "", "signature.field: say where the signature goes: field or header");
  check_refused("  field: sign\n", "  field: sign\n  header: X-Sign\n", "say where the signature goes");
  check_refused("  field: sign\n", "  header: \"X Sign\"\n", "signature.header: is not the name of a header");
  check_refused(kSignature, std::string(kSignature) + "  value: plain\n",
                "signature.value: must have {signatures} in it");
  check_refused(kSignature, std::string(kSignature) + "  each: plain\n", "signature.each: must have {signature} in it");
  check_refused(kSignature, std::string(kSignature) + "  input: \"{body}\"\n",
                "uses {body}, and the signature is a part");
  check_refused(kSignature, "  algorithm: md4\n  form: hex_lower\n",
                "signature.algorithm: 'md4' is not known; write md5,");
  check_refused(kSignature, "  algorithm: md5\n", "signature.form: is missing");
  const auto variants = [](const std::string& list) {
    return std::string(kSignature) + "  variants: [" + list + "]\n";
  };
  check_refused(kSignature, variants("{algorithm: md5}, {algorithm: sha1}"),
                "always holds, so nothing behind it is ever");
  check_refused(kSignature, variants("{when: {knd: A}, algorithm: md5}"), "did you mean 'kind'?");
  check_refused(kSignature, variants("{when: {option.with_memo: maybe}}"), "the option 'with_memo' is never 'maybe'");
  check_refused(kSignature, variants(""), "signature.variants: must name at least one way");
  CHECK(trouble_with(kSignature, variants("{when: {kind: [N1, N2]}, algorithm: sha1}, {algorithm: none}")) ==
        "accepted");
}

TEST_CASE("a canonical text is made of fields or of a template, never of what it signs") {
  const auto canonical = [](const std::string& line) { return "    order: by_name\n    " + line; };
  check_refused("    order: by_name", canonical("text: \"{body}\""), "uses {body}");
  check_refused("    order: by_name", canonical("text: \"{field.nothing}\""), "is not among the fields");
  check_refused("    order: by_name", canonical("case: lower"), "case: 'lower' is not known; write kept or ignored");
  check_refused("    order: by_name", canonical("fields: [order]"), "fields: needs order 'listed'");
  check_refused("    order: by_name", canonical("charset: ebcdic"), "charset: 'ebcdic' is not known");
}

TEST_CASE("a raw body has no fields to sign into, and JSON no other charset than UTF-8") {
  check_refused("encoding: form", "encoding: raw", "a raw body has no fields; name a header");
  check_refused("encoding: form", "encoding: json\n  charset: gbk", "request.charset: 'gbk' is not known; write utf-8");
  check_refused("encoding: form", "encoding: form\n  body: {}", "request.body: needs encoding raw or json");
  check_refused("encoding: form", "encoding: json\n  body: {becomes: nothing}", "is not among the fields");
  check_refused("encoding: form", "encoding: json\n  merchant_query: into_body", "into_body needs encoding form");
  check_refused("encoding: form", "encoding: json\n  body: {wrap: \"{key}\"}", "not known here; write {body}");
  check_refused("encoding: form", "encoding: xml\n  xml: {root: \"a b\"}", "is not the name of an XML element");
}

TEST_CASE("a schedule is one list, one distance or one growth, and says how often") {
  const auto refused = [](const std::string& schedule, const std::string& expected) {
    check_refused("  delays: [1m, 2m]\n", schedule, expected);
  };
  refused("  delays: [1m]\n  every: 1m\n", "schedule.delays: write one of delays, every and exponential");
  refused("  give_up_after: 1d\n", "write one of delays, every and exponential");
  refused("  every: 1m\n", "schedule.repeats: is missing; say how often");
  refused("  delays: [1m, 2m]\n  sends: 4\n", "schedule.delays: lists 2 delays for 3 repeats");
  refused("  delays: [1m]\n  sends: 2\n  repeats: 1\n", "schedule.sends: stands beside repeats");
  refused("  every: 1m\n  repeats: 2001\n", "is not a whole number from 0 to 2000");
  refused("  exponential: {first: 5s, cap: 1s}\n  repeats: 3\n", "must be longer than 0s and not longer than cap");
  refused("  exponential: {first: 5s, cap: 1h, factor: 0.5}\n  repeats: 3\n", "'0.5' is not a number from 1 to 100");
  refused("  delays: [1m]\n  jitter_percent: 101\n", "is not a whole number from 0 to 100");
}

TEST_CASE("a schedule that never rests, never ends or overflows is refused, with its line") {
  const auto refused = [](const std::string& schedule, const std::string& expected) {
    check_refused("  delays: [1m, 2m]\n", schedule, expected);
  };
  refused("  every: 0s\n  repeats: 1000000000\n",
          "schedule.repeats: '1000000000' is not a whole number from 0 to 2000");
  refused("  every: 0s\n  repeats: 3\n", "must be longer than 0s");
  refused("  delays: [1m, 0s]\n", "schedule.delays[1]: must be longer than 0s");
  refused("  every: 1m\n  repeats: -1\n", "is not a whole number from 0 to 2000");
  refused("  every: 1m\n  sends: 18446744073709551617\n", "is not a whole number from 1 to 2001");
  for (const char* delay : {"-1s", "9223372036854775808s", "9223372036854775807s", "9223372036854775807ms", "NaN",
                            "nan", "inf", "1e400", "1e3s", "0x10s", "+1s", ".5s", "1", "s", ""}) {
    CAPTURE(delay);
    refused(std::string("  delays: [\"") + delay + "\"]\n", "schedule.delays[0]: '");
    refused(std::string("  every: \"") + delay + "\"\n  repeats: 3\n", "schedule.every: '");
    refused(std::string("  delays: [1m]\n  give_up_after: \"") + delay + "\"\n", "schedule.give_up_after: '");
    refused(std::string("  delays: [1m]\n  jitter_max: \"") + delay + "\"\n", "schedule.jitter_max: '");
    refused(std::string("  delays: [1m]\n  retry_after_max: \"") + delay + "\"\n", "schedule.retry_after_max: '");
    refused(std::string("  exponential: {first: \"") + delay + "\", cap: 1h}\n  repeats: 3\n",
            "schedule.exponential.first: '");
  }
  refused("  every: 366d\n  repeats: 3\n", "is more than the limit of 365d");
  refused("  delays: [1m]\n  give_up_after: 0s\n", "must be longer than 0s");
  for (const char* factor : {"nan", "NaN", "inf", "-2", "0", "1e400", "101", "2x", ""}) {
    CAPTURE(factor);
    refused(std::string("  exponential: {first: 5s, cap: 1h, factor: \"") + factor + "\"}\n  repeats: 3\n",
            "is not a number from 1 to 100");
  }
}

TEST_CASE("schedules of every kind become delays") {
  const auto delays = [](const std::string& schedule) {
    return parse_profile(small_profile_with("  delays: [1m, 2m]\n", schedule), "x")->schedule.delays;
  };
  using std::chrono::seconds;
  CHECK(delays("  every: 210s\n  repeats: 3\n") == std::vector<Duration>(3, seconds(210)));
  CHECK(delays("  exponential: {first: 5s, factor: 3, cap: 1m}\n  sends: 5\n") ==
        std::vector<Duration>{seconds(5), seconds(15), seconds(45), seconds(60)});
  CHECK(delays("  delays: []\n").empty());
  CHECK(delays("  delays: [1m, 2m]\n  repeats: 2\n").size() == 2);
}

TEST_CASE("acknowledgements by element and pointer say where to look") {
  check_refused("match: exact", "match: xml_element", "acknowledgement.element: is missing");
  check_refused("match: exact", "match: json_value", "acknowledgement.pointer: is missing");
  check_refused("match: exact", "match: json_value\n  pointer: code", "acknowledgement.pointer:");
  check_refused("match: exact", "match: exact\n  element: a", "acknowledgement.element: is never read");
  check_refused("match: exact", "match: xml_element\n  element: \"<a>\"", "is not the name of an XML element");
}

TEST_CASE("types and extra fields are lists of their own") {
  check_refused("type: payment\n", "type: payment\ntypes: [refund]\n", "type: 'payment' is not known; write refund");
  check_refused("type: payment\n", "type: payment\nextra_fields: [\"a*b\"]\n", "may have a '*' at its end only");
  check_refused("type: payment\n", "type: payment\nzone: CST\n", "zone:");
  check_refused("type: payment\n", "type: payment\nactivation: {required: yes}\n", "activation.required: 'yes' is not");
}

}  // namespace
}  // namespace ackd
