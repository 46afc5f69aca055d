// The verbs for people who write profiles, on the shipped ones and on broken copies of them.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "ackctl/document.h"
#include "program.h"
#include "temporary_folder.h"

namespace ackd {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A profile of the tests' own: shipped ones may change.
constexpr const char* kSmall = R"(provider: small
title: A small one
type: payment
subject: [order]
request:
  method: POST
  encoding: form
  charset: {option: charset}
  content_type: "application/x-www-form-urlencoded; charset={charset}"
  headers:
    - {name: X-Time, value: "{now}"}
options:
  - {name: charset, values: [utf-8, gbk]}
fields:
  - {name: order, required: true, example: A-1}
  - {name: amount, required: true, example: "12"}
  - {name: memo, signed: false}
  - {name: sign}
signature:
  field: sign
  algorithm: md5
  form: hex_upper
  canonical:
    order: by_name
    parts: values
    separator: ""
    empty: skip
    prefix: "{key}"
  source: {published: "a test"}
acknowledgement:
  match: exact
  text: OK
  source: {published: "a test"}
schedule:
  delays: [10s, 10s, 10s]
  source: {inferred: "a test"}
)";

// kSmall with one text replaced, as a file. REQUIRES: `from` occurs.
std::string edited(const TemporaryFolder& folder, const std::string& from, const std::string& to) {
  std::string text = kSmall;
  const std::size_t at = text.find(from);
  REQUIRE_MESSAGE(at != std::string::npos, from);
  return folder.write("edited/small.yaml", text.replace(at, from.size(), to));
}

TEST_CASE("ls has a line for every profile") {
  const ProgramResult table = run_ackctl({"provider", "ls"});
  CHECK(table.exit_code == 0);
  CHECK(table.out.starts_with("ID "));
  CHECK(has(table.out, "GET query       10     21h 48m"));
  CHECK(has(table.out, "required\n"));  // hexi's activation
  const ProgramResult lines = run_ackctl({"provider", "ls", "--json"});
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(ACKD_SOURCE_DIR "/schedules")) {
    files += entry.path().extension() == ".yaml" ? 1 : 0;
  }
  CHECK(static_cast<std::size_t>(std::count(lines.out.begin(), lines.out.end(), '\n')) == files);
  CHECK(has(lines.out, R"({"id":"payindex","title":)"));
}

TEST_CASE("show says everything in words, hides examples that are sensitive, and has it as JSON") {
  const ProgramResult text = run_ackctl({"provider", "show", "alipay"});
  CHECK(text.exit_code == 0);
  for (const char* part :
       {"when sign_type is RSA2: RSA with SHA-256 in base64", "when sign_type is MD5: MD5 in lower-case hex",
        "by field charset (", "sorted by name, '&' between them, empty values skipped", "4m, 10m, 10m, 1h, 2h, 6h, 15h",
        "out_trade_no", "default {random:32}", "published", "inferred"}) {
    CHECK_MESSAGE(has(text.out, part), part);
  }
  const Document document = Document::parse(run_ackctl({"provider", "show", "dhpay", "--json"}).out, nullptr, false);
  CHECK(text_of(document, "id") == "dhpay");
  CHECK(document["timetable"].size() == 10);
  CHECK(text_of(document["fields"][0], "field") == "merchant_id");
  CHECK(text_of(document["fields"][0], "required") == "yes");
  CHECK(run_ackctl({"provider", "show", "nobody"}).exit_code == 1);
  for (const auto& entry : std::filesystem::directory_iterator(ACKD_SOURCE_DIR "/schedules")) {
    if (entry.path().extension() != ".yaml") continue;
    CAPTURE(entry.path().string());
    CHECK(run_ackctl({"provider", "show", entry.path().stem().string()}).exit_code == 0);
  }
}

TEST_CASE("check finds every shipped profile good, and its examples verify") {
  std::vector<std::string> arguments{"provider", "check"};
  for (const auto& entry : std::filesystem::directory_iterator(ACKD_SOURCE_DIR "/schedules")) {
    if (entry.path().extension() == ".yaml") arguments.push_back(entry.path().string());
  }
  const ProgramResult result = run_ackctl(arguments);
  CHECK(result.exit_code == 0);
  CHECK(result.err == "");
  CHECK(static_cast<std::size_t>(std::count(result.out.begin(), result.out.end(), '\n')) == arguments.size() - 2);
}

TEST_CASE("check names place, key, what is wrong and what would be right") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& from, const std::string& to) {
    const std::string file = edited(folder, from, to);
    const ProgramResult result = run_ackctl({"provider", "check", file});
    CHECK(result.exit_code == 1);
    CHECK(result.err.starts_with(file + ":"));
    CHECK(result.out == "");
    return result.err.substr(file.size());
  };
  CHECK(refused("parts: values", "part: values") ==
        ":25:5: signature.canonical.part: this key is not known; did you mean 'parts'?\n");
  CHECK(has(refused("form: hex_upper", "form: hex"), "write hex_upper, hex_lower or base64"));
  CHECK(has(refused("  method: POST", "  method: POST\n  method: GET"), "method"));
  // Right as YAML, and still no request can be made of its own examples.
  CHECK(has(refused("required: true, example: A-1", "required: true"),
            "examples: order: small has no example for the required field order"));
  CHECK(has(refused("example: \"12\"", "example: \xE2\x82\xAC"), "option charset=gbk: amount: "));
}

TEST_CASE("check warns of what a merchant could not verify, and of a name that ackd would refuse") {
  const TemporaryFolder folder;
  const std::string hidden =
      edited(folder, "{name: memo, signed: false}", "{name: memo, sent: false, default: \"{uuid}\"}");
  const ProgramResult result = run_ackctl({"provider", "check", hidden});
  CHECK(result.exit_code == 0);
  CHECK(has(result.err, "warning: " + hidden + ": a merchant cannot verify the example"));
  CHECK(has(result.err, "the signed field memo is not sent"));
  const std::string renamed = folder.write("other.yaml", kSmall);
  CHECK(has(run_ackctl({"provider", "check", renamed}).err, "'small' must be in small.yaml"));
  const Document json = Document::parse(run_ackctl({"provider", "check", renamed, "--json"}).out, nullptr, false);
  CHECK(flag_of(json, "ok"));
  CHECK(json["warnings"].size() == 1);
  CHECK(number_of(json, "samples") == 2);
}

TEST_CASE("diff shows rules, fields, timetable and bytes, and exits like diff") {
  const TemporaryFolder folder;
  const std::string small = folder.write("small.yaml", kSmall);
  const ProgramResult identical = run_ackctl({"provider", "diff", small, small});
  CHECK(identical.exit_code == 0);
  CHECK(identical.out == "the same, byte for byte\n");
  const std::string comment = folder.write("comment.yaml", std::string("# A comment only.\n") + kSmall);
  const ProgramResult same = run_ackctl({"provider", "diff", small, comment});
  CHECK(same.exit_code == 0);
  CHECK(same.out == "the files differ, but in nothing that is sent, awaited or shown\n");

  const ProgramResult changed =
      run_ackctl({"provider", "diff", small, edited(folder, "separator: \"\"", "separator: \"|\"")});
  CHECK(changed.exit_code == 1);
  CHECK(has(changed.out, "  - values sorted by name, nothing between them"));
  CHECK(has(changed.out, "  + values sorted by name, '|' between them"));
  CHECK(has(changed.out,
            "example, canonical (from byte 34, line 1)\n"
            "  -  throwaway-key-of-32-bytes-only-!12A-1\n"
            "  +  throwaway-key-of-32-bytes-only-!12|A-1\n"
            "                                       ^\n"));
  CHECK(has(changed.out, "example, body (from byte "));
  CHECK(run_ackctl({"provider", "diff", "dhpay", "dhpay"}).exit_code == 0);
  CHECK(run_ackctl({"provider", "diff", "dhpay", "/nonexistent.yaml"}).exit_code == 2);
  CHECK(run_ackctl({"provider", "diff", "dhpay", "nobody"}).exit_code == 2);
}

TEST_CASE("diff tells fields, acknowledgement, headers and attempts apart") {
  const TemporaryFolder folder;
  const std::string small = folder.write("small.yaml", kSmall);
  const auto changes = [&](const std::string& from, const std::string& to) {
    const ProgramResult result = run_ackctl({"provider", "diff", small, edited(folder, from, to), "--json"});
    CHECK(result.exit_code == 1);
    std::string all;
    const Document document = Document::parse(result.out, nullptr, false);
    for (const Document& change : document["changes"]) {
      all += text_of(change, "what") + ": " + text_of(change, "a") + " -> " + text_of(change, "b") + "\n";
    }
    return all;
  };
  CHECK(changes("delays: [10s, 10s, 10s]", "delays: [10s, 20s]") ==
        "schedule: 4 sends at most; a delay counts from the end of the failed attempt -> 3 sends at most; a delay "
        "counts from the end of the failed attempt\n"
        "gaps: 10s (3 times) -> 10s, 20s\n"
        "attempt 3 after: 20s -> 30s\n"
        "attempt 4 after: 30s -> \n");
  CHECK(changes("text: OK", "text: ok") ==
        "acknowledgement: body is exactly 'OK' with a status from 200 to 299 -> body "
        "is exactly 'ok' with a status from 200 to 299\n");
  const std::string field = changes("  - {name: memo, signed: false}", "  - {name: note, example: n}");
  CHECK(has(field, "field memo, removed: SIGNED no"));
  CHECK(has(field, "field note, added:  -> SIGNED yes"));
  CHECK(has(changes("example: \"12\"", "unit: yuan2, example: \"1.00\""), "example: rendered -> refused: amount: "));
  CHECK(has(changes("values: [utf-8, gbk]", "values: [gbk, utf-8]"), "example, headers: "));
  CHECK(has(changes("value: \"{now}\"", "value: \"{now_ms}\""), "X-Time: {now} -> X-Time: {now_ms}"));
  const std::string timetable = changes("delays: [10s, 10s, 10s]", "every: 1m\n  repeats: 30");
  CHECK(has(timetable, "attempt 13 after:  -> 12m\n"));
  CHECK(has(timetable, "18 more attempts: 4 sends, the last after 30s -> 31 sends, the last after 30m\n"));
}

}  // namespace
}  // namespace ackd
