#include "profile/template.h"

#include <doctest/doctest.h>

namespace ackd {
namespace {

std::string expanded(const std::string& text, TemplatePlace place, const TemplateFacts& facts) {
  const Result<Template> pieces = parse_template(text, place);
  REQUIRE_MESSAGE(pieces, (pieces ? std::string() : pieces.error().message));
  return expand(*pieces, facts);
}

std::string trouble(const std::string& text, TemplatePlace place) {
  const Result<Template> pieces = parse_template(text, place);
  return pieces ? "accepted" : pieces.error().message;
}

TEST_CASE("placeholders stand for what the place offers") {
  const Fields fields{{"order", "T1"}, {"webhook-id", "msg_1"}};
  const std::map<std::string, std::string> options{{"mode", "test"}};
  TemplateFacts facts;
  facts.key = "k";
  facts.key_id = "id";
  facts.merchant = "m1";
  facts.charset = "gbk";
  facts.nonce = "N";
  facts.body = "{}";
  facts.text = "a=1";
  facts.signature = "s1";
  facts.signatures = "s1 s2";
  facts.fields = &fields;
  facts.options = &options;
  facts.now = WallTime{1735704091123};
  facts.zone = *parse_utc_offset("+08:00");
  CHECK(expanded("&key={key}", TemplatePlace::kAroundText, facts) == "&key=k");
  CHECK(expanded("{field.order}/{field.none}/{option.mode}/{merchant}", TemplatePlace::kAroundText, facts) ==
        "T1//test/m1");
  CHECK(expanded("{field.webhook-id}.{now}.{body}", TemplatePlace::kText, facts) == "msg_1.1735704091.{}");
  CHECK(expanded("{now}\n{nonce}\n{body}\n", TemplatePlace::kText, facts) == "1735704091\nN\n{}\n");
  CHECK(expanded("{now_ms} {now:%Y-%m-%d %H:%M:%S%z}", TemplatePlace::kHeader, facts) ==
        "1735704091123 2025-01-01 12:01:31+08:00");
  CHECK(expanded("t={now},{signatures}", TemplatePlace::kHeader, facts) == "t=1735704091,s1 s2");
  CHECK(expanded("v1,{signature}", TemplatePlace::kSignature, facts) == "v1,s1");
  CHECK(expanded("{charset}", TemplatePlace::kConstant, facts) == "gbk");
  CHECK(expanded("{{x}} {{{merchant}}}", TemplatePlace::kConstant, facts) == "{x} {m1}");
}

TEST_CASE("functions give lower-case hex, a checksum, an encoding") {
  TemplateFacts facts;
  facts.key = "abc";
  facts.body = "a b/{\"x\"}";
  facts.text = "abc";
  CHECK(expanded("{md5(key)}", TemplatePlace::kAroundText, facts) == "900150983cd24fb0d6963f7d28e17f72");
  CHECK(expanded("{sha1(text)}", TemplatePlace::kSignInput, facts) == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(expanded("{sha256(text)}", TemplatePlace::kSignInput, facts) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(expanded("{sm3(key)}", TemplatePlace::kAroundText, facts) ==
        "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
  CHECK(expanded("payload={percent(body)}", TemplatePlace::kWrap, facts) == "payload=a+b%2F%7B%22x%22%7D");
  CHECK(expanded("{upper(key)}", TemplatePlace::kAroundText, facts) == "ABC");
  facts.body = "123456789";
  CHECK(expanded("{crc32(body)}", TemplatePlace::kText, facts) == "3421780262");
  facts.space = Space::kPercent20;
  facts.body = "a b";
  CHECK(expanded("{percent(body)}", TemplatePlace::kWrap, facts) == "a%20b");
}

TEST_CASE("what is drawn depends on the seed alone, and has the asked form") {
  TemplateFacts facts;
  facts.seed = "seed/nonce_str";
  const std::string first = expanded("{random:32}", TemplatePlace::kAdmission, facts);
  CHECK(first.size() == 32);
  CHECK(first.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(expanded("{random:32}", TemplatePlace::kAdmission, facts) == first);
  CHECK(expanded("msg_{random:24}", TemplatePlace::kAdmission, facts) == "msg_" + first.substr(0, 24));
  const std::string uuid = expanded("{uuid}", TemplatePlace::kAdmission, facts);
  CHECK(uuid.size() == 36);
  CHECK(uuid[14] == '4');
  CHECK(std::string("89ab").find(uuid[19]) != std::string::npos);
  facts.seed = "other/nonce_str";
  CHECK(expanded("{random:32}", TemplatePlace::kAdmission, facts) != first);
  CHECK(expanded("{uuid}", TemplatePlace::kAdmission, facts) != uuid);
}

TEST_CASE("a placeholder that a place cannot know is refused with the known ones") {
  CHECK(trouble("{key}", TemplatePlace::kHeader).starts_with("the placeholder '{key}' is not known here; write "));
  CHECK(trouble("{kay}", TemplatePlace::kSignInput) ==
        "the placeholder '{kay}' is not known here; write {key}, {body} or {text}");
  CHECK(trouble("{nonce}", TemplatePlace::kAdmission).find("{random:N} or {uuid}") != std::string::npos);
  CHECK(trouble("{body}", TemplatePlace::kAroundText).find("not known here") != std::string::npos);
  CHECK(trouble("{field}", TemplatePlace::kText) == "{field} needs a name: {field.NAME}");
  CHECK(trouble("{field:x}", TemplatePlace::kText).find("needs a name") != std::string::npos);
  CHECK(trouble("{key.x}", TemplatePlace::kText) == "{key} takes nothing behind its name");
  CHECK(trouble("{random}", TemplatePlace::kAdmission).find("length from 1 to 64") != std::string::npos);
  CHECK(trouble("{random:65}", TemplatePlace::kAdmission).find("length from 1 to 64") != std::string::npos);
  CHECK(trouble("{now:%Q}", TemplatePlace::kText) != "accepted");
  CHECK(trouble("{rot13(key)}", TemplatePlace::kText).find("not known here") != std::string::npos);
  CHECK(trouble("{md5(key}", TemplatePlace::kText).find("not known here") != std::string::npos);
  CHECK(trouble("{key", TemplatePlace::kText).find("'{' without its '}'") != std::string::npos);
  CHECK(trouble("key}", TemplatePlace::kText).find("'}' without its '{'") != std::string::npos);
  CHECK(trouble("", TemplatePlace::kText) == "accepted");
  CHECK(trouble(std::string(4097, 'x'), TemplatePlace::kText).find("more than 4096 bytes") != std::string::npos);
}

}  // namespace
}  // namespace ackd
