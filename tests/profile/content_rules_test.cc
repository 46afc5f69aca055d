#include "profile/content_rules.h"

#include <doctest/doctest.h>

#include "shipped_profiles.h"

namespace ackd {
namespace {

Profile small() {
  return *parse_profile(kSmallProfile, "small.yaml");
}

Result<FixedContent> fix(const Profile& profile, Fields fields, std::string type = {}, std::string key = {}) {
  return fix_content(profile, merchant_of(profile.id, "k"),
                     {std::move(fields), {}, false, std::move(type), std::move(key), {}, "seed"});
}

void check_refused(Fields fields, const std::string& field, const std::string& message) {
  const Result<FixedContent> fixed = fix(small(), std::move(fields));
  REQUIRE_FALSE(fixed);
  CHECK(fixed.error().field == field);
  CHECK_MESSAGE(fixed.error().message.find(message) != std::string::npos, fixed.error().message);
}

TEST_CASE("content is in the profile's order with constants, defaults and empty fields filled in") {
  const Result<FixedContent> fixed = fix(small(), {{"kind", "N1"}, {"order", "T1"}});
  REQUIRE(fixed);
  CHECK(fixed->content.fields == Fields{{"order", "T1"}, {"state", "paid"}, {"memo", ""}, {"kind", "N1"}});
  CHECK(fixed->type == "payment");
  CHECK(fixed->subject == "T1");
  CHECK(fixed->key == "T1/payment/paid");
}

TEST_CASE("the order in which the platform gives the fields does not matter") {
  CHECK(fix(small(), {{"memo", "m"}, {"order", "T1"}})->content ==
        fix(small(), {{"order", "T1"}, {"memo", "m"}})->content);
}

TEST_CASE("values are kept to the byte, line ends and blanks included") {
  const std::string value = " 12.30\r\n订单 ";
  CHECK(*find_field(fix(small(), {{"order", "T1"}, {"memo", value}})->content.fields, "memo") == value);
}

TEST_CASE("a given signature is ignored") {
  const Result<FixedContent> fixed = fix(small(), {{"order", "T1"}, {"sign", "forged"}});
  REQUIRE(fixed);
  CHECK(find_field(fixed->content.fields, "sign") == nullptr);
}

TEST_CASE("what is wrong with the fields is refused with the field's name") {
  check_refused({}, "order", "required");
  check_refused({{"order", ""}}, "order", "must not be empty");
  check_refused({{"order", "T1"}, {"memmo", "x"}}, "memmo", "small has no such field; did you mean 'memo'?");
  check_refused({{"order", "T1"}, {"zzzzzz", "x"}}, "zzzzzz", "small has no such field");
  check_refused({{"order", "T1"}, {"order", "T1"}}, "order", "given twice");
  check_refused({{"order", "T1"}, {"kind", "N2"}}, "kind", "leave it out or give 'N1'");
  check_refused({{"order", std::string(65, 'x')}}, "order", "65 bytes, more than the limit of 64");
  check_refused({{"order", "\xFF"}}, "order", "not valid UTF-8");
  check_refused({{"order", std::string("a\0b", 3)}}, "order", "NUL");
}

TEST_CASE("a raw body is refused by a protocol of fields") {
  const Profile profile = small();
  const auto fixed = fix_content(profile, merchant_of("small", "k"), {{{"order", "T1"}}, "{}", {}, {}});
  REQUIRE_FALSE(fixed);
  CHECK(fixed.error().field == "body");
}

TEST_CASE("type and key of the platform win, within their limits") {
  const Result<FixedContent> fixed = fix(small(), {{"order", "T1"}}, "refund", "my key");
  REQUIRE(fixed);
  CHECK(fixed->type == "refund");
  CHECK(fixed->key == "my key");
  CHECK(fix(small(), {{"order", "T1"}}, "refund")->key == "T1/refund/paid");
  CHECK(fix(small(), {{"order", "T1"}}, std::string(kNameBytesMax + 1, 't')).error().field == "type");
  CHECK(fix(small(), {{"order", "T1"}}, {}, std::string(kKeyBytesMax + 1, 'k')).error().code == ErrorCode::kTooLarge);
}

TEST_CASE("a separator inside a value cannot make two orders share a key") {
  CHECK(fix(small(), {{"order", "a/b"}, {"state", "c"}})->key != fix(small(), {{"order", "a"}, {"state", "b/c"}})->key);
  CHECK(fix(small(), {{"order", "a/payment"}})->key == "a%2Fpayment/payment/paid");
  CHECK(fix(small(), {{"order", "a%2F"}})->key == "a%252F/payment/paid");
}

TEST_CASE("a profile may name its own identity") {
  const Profile profile = *parse_profile(small_profile_with("status: state", "identity: [order, memo]"), "f");
  CHECK(fix(profile, {{"order", "T1"}, {"memo", "7"}})->key == "T1/7");
}

TEST_CASE("the whole content has a limit") {
  std::string fields;
  Fields given{{"order", "T1"}};
  for (int i = 0; i < 5; ++i) {
    const std::string name = "big" + std::to_string(i);
    fields += "\n  - {name: " + name + ", bytes_max: 65536}";
    given.push_back({name, std::string(65'536, 'x')});
  }
  const Profile profile = *parse_profile(small_profile_with("fields:", "fields:" + fields), "f");
  const Result<FixedContent> fixed = fix(profile, given);
  REQUIRE_FALSE(fixed);
  CHECK(fixed.error().code == ErrorCode::kTooLarge);
  given.pop_back();
  given.pop_back();
  CHECK(fix(profile, given));
}

TEST_CASE("a merchant without true_amount never gets it, whether the platform gives it or not") {
  const Profile& profile = shipped_profile("payindex");
  Fields fields{{"memberid", "1"},       {"orderid", "2"},  {"amount", "3"},     {"true_amount", "4"},
                {"transaction_id", "5"}, {"datetime", "6"}, {"returncode", "00"}};
  Merchant merchant = merchant_of("payindex", "k");
  CHECK(find_field(fix_content(profile, merchant, {fields, {}, {}, {}})->content.fields, "true_amount") != nullptr);
  merchant.options["send_true_amount"] = "false";
  CHECK(find_field(fix_content(profile, merchant, {fields, {}, {}, {}})->content.fields, "true_amount") == nullptr);
}

TEST_CASE("success and failure of one order have keys of their own") {
  const Profile& profile = shipped_profile("payindex");
  Fields fields{{"memberid", "1"}, {"orderid", "2"}, {"amount", "3"}, {"transaction_id", "5"}, {"datetime", "6"}};
  Fields failed = fields;
  fields.push_back({"returncode", "00"});
  failed.push_back({"returncode", "01"});
  CHECK(fix(profile, fields)->key == "2/payment/00");
  CHECK(fix(profile, failed)->key == "2/payment/01");
}

}  // namespace
}  // namespace ackd
