#include "ackctl/story.h"

#include <doctest/doctest.h>

#include <string>

namespace ackd {
namespace {

const Terminal kPlain(false);

// A pending notification whose only attempt got "ok" instead of "OK".
Document near_miss() {
  return Document::parse(R"json({
    "id":"31","state":"pending","provider":"payindex","merchant":"10002","type":"payment","subject":"42",
    "attempts":1,
    "admitted_at":"2026-03-01T12:00:00.000Z","not_before":"2026-03-01T12:00:00.000Z",
    "next_at":"2026-03-01T12:00:10.250Z","key":"42/payment/00","tags":{"shop":"a"},"profile_revision":"3",
    "content_hash":"ab12","cancel_asked":false,"in_flight":false,"fields":{"orderid":"42","attach":"***"},
    "attempt_list":[{"number":1,"outcome":"rejected","end":"complete","started_at":"2026-03-01T12:00:00.010Z",
      "ended_at":"2026-03-01T12:00:00.250Z","took_ms":240,"status":200,
      "reason":"the body is 'ok': wrong case; expected 'OK'","excerpt":"ok\u001b[2J","content_type":"text/html",
      "peer":"203.0.113.7:443","key_id":"k1","request_hash":"cd34","signed_at":"2026-03-01T12:00:00.009Z","sends":2}],
    "next":{"text":"attempt 2 of 4 at 2026-03-01T12:00:10.250Z (in 10s)","at":"2026-03-01T12:00:10.250Z","attempt":2},
    "schedule":{"sends_max":4},"acknowledgement":"body is exactly 'OK' with status 200"
})json");
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("the story tells what came back, why that is not the acknowledgement, and what comes next") {
  CHECK(story_of(near_miss(), kPlain) ==
        "notification 31  pending\n"
        "  provider        payindex\n"
        "  merchant        10002\n"
        "  order           42\n"
        "  type            payment\n"
        "  key             42/payment/00\n"
        "  admitted        2026-03-01 12:00:00.000 UTC\n"
        "  tags            shop=a\n"
        "  fields          orderid=42, attach=***\n"
        "  profile         3\n"
        "  content         ab12\n"
        "\n"
        "attempt 1  rejected  2026-03-01 12:00:00.010 to 203.0.113.7:443, took 240ms\n"
        "    answer          status 200, text/html, body 'ok\\x1b[2J'\n"
        "    why not         the body is 'ok': wrong case; expected 'OK'\n"
        "    sent            2 times: a kept-open connection broke and the request was repeated at once\n"
        "    signed          2026-03-01 12:00:00.009, key k1\n"
        "    request         cd34\n"
        "\n"
        "expected answer body is exactly 'OK' with status 200\n"
        "next            attempt 2 of 4 at 2026-03-01T12:00:10.250Z (in 10s)\n"
        "you can         'ackctl retry 31' sends it now, 'ackctl cancel 31' ends it\n");
}

TEST_CASE("an answer is shown with the charset it was read in, and harmless whatever it holds") {
  Document document = near_miss();
  Document& attempt = document["attempt_list"][0];
  attempt["excerpt"] = "成功";
  attempt["excerpt_charset"] = "gbk";
  attempt["excerpt_base64"] = "s8m5pg==";
  CHECK(has(story_of(document, kPlain), "status 200, text/html, body '成功' in gbk\n"));
  attempt["excerpt"] = "a\u009b31m\u202Eb\u200B\r\nc\x1b]0;x\x07";
  attempt["content_type"] = "text/\x1b[2J\u202Ehtml";
  attempt["reason"] = "quoted \u2066 badly\nforged line";
  const std::string story = story_of(document, kPlain);
  CHECK(has(story, R"(text/\x1b[2J\u{202e}html, body 'a\x9b31m\u{202e}b\u{200b}\r\nc\x1b]0;x\x07' in gbk)"));
  CHECK(has(story, R"(quoted \u{2066} badly\nforged line)"));
  CHECK(!has(reason_of(Document{{"why", "a\x1b[2J\nb"}, {"facts", {"\u202E"}}}, kPlain), "\x1b"));
}

TEST_CASE("an attempt without an answer says how it ended instead") {
  Document document = near_miss();
  document["attempt_list"][0] = {{"number", 1},
                                 {"outcome", "unreachable"},
                                 {"end", "connect_refused"},
                                 {"status", 0},
                                 {"took_ms", 3},
                                 {"reason", "connection refused"},
                                 {"excerpt", ""},
                                 {"started_at", "x"}};
  const std::string story = story_of(document, kPlain);
  CHECK(has(story, "attempt 1  unreachable  x, took 3ms\n"));
  CHECK(has(story, "ended as        connect_refused\n"));
  CHECK(!has(story, "answer          "));
}

TEST_CASE("each state says what happens without anyone doing anything") {
  Document document = near_miss();
  document["state"] = "delivered";
  document["finished_at"] = "2026-03-01T12:00:10.300Z";
  document["attempts"] = 2;
  CHECK(
      has(story_of(document, kPlain), "next            acknowledged on attempt 2; nothing more is sent, since 2026-"));

  document["state"] = "held";
  document["reason"] = "the key is missing";
  CHECK(has(story_of(document, kPlain), "next            nothing until it is released: the key is missing\n"));

  document["state"] = "exhausted";
  document["reason"] = "4 of 4 attempts made";
  const std::string exhausted = story_of(document, kPlain);
  CHECK(has(exhausted, "next            4 of 4 attempts made, since 2026-03-01 12:00:10.300\n"));
  CHECK(has(exhausted, "'ackctl retry 31' sends it again as a new notification\n"));

  document["state"] = "pending";
  document["in_flight"] = true;
  CHECK(has(story_of(document, kPlain), "next            an attempt is under way now\n"));
  document["cancel_asked"] = true;
  CHECK(has(story_of(document, kPlain), "its acknowledgement counts, anything else cancels\n"));
}

TEST_CASE("a document of another version or with odd members never stops the story") {
  CHECK(has(story_of(Document::object(), kPlain), "notification"));
  CHECK(has(story_of(Document::array(), kPlain), "notification"));
  CHECK(
      has(story_of(Document::parse(R"({"id":7,"attempt_list":{"a":1},"fields":"no","tags":[1],"state":null})"), kPlain),
          "notification 7"));
  CHECK(has(reason_of(Document::parse(R"({"id":"7","facts":[1,"two"],"lane":"no"})"), kPlain), "    two\n"));
}

TEST_CASE("why prints the sentence, the facts and the lane") {
  const Document why = Document::parse(R"({"id":"31","state":"pending","why":"its lane is full",
    "facts":["16 are in flight"],"next_at":"2026-03-01T12:00:10.250Z",
    "lane":{"in_flight":16,"window":16,"buffered":50,"trouble":"timeouts","host":"https://m.example:443",
            "host_in_flight":16,"host_ceiling":64,"held_back":true}})");
  CHECK(reason_of(why, kPlain) ==
        "31  pending  its lane is full\n"
        "    16 are in flight\n"
        "    next            2026-03-01 12:00:10.250\n"
        "    lane            16 of 16 in flight; host https://m.example:443: 16 of 64; held back, sending to "
        "this host is suspended; timeouts\n");
}

}  // namespace
}  // namespace ackd
