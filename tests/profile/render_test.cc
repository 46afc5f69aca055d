#include "profile/render.h"

#include <doctest/doctest.h>

#include "profile/content_rules.h"
#include "profile/merchant_options.h"
#include "shipped_profiles.h"
#include "text/url.h"

namespace ackd {
namespace {

Profile small() {
  return *parse_profile(kSmallProfile, "small.yaml");
}

Content small_content() {
  return {{{"order", "T1"}, {"state", "paid"}, {"memo", "a b"}, {"kind", "N1"}}, {}};
}

Result<Rendered> render_at(const Profile& profile, const Merchant& merchant, const Content& content,
                           const std::string& url) {
  const Url target = *parse_url(url);
  PrivateKeyCache keys;
  return render(profile, {content, merchant, target, {}, {}}, keys);
}

Result<Rendered> render_small(const Merchant& merchant) {
  return render_at(small(), merchant, small_content(), "http://m.example/n");
}

Content dhpay_content(const Merchant& merchant) {
  Fields fields;
  for (const char* name : {"merchant_id", "invoice_id", "order_no", "currency", "amount", "ref_no", "status",
                           "trans_date", "trans_time"}) {
    fields.push_back({name, "1"});
  }
  return fix_content(shipped_profile("dhpay"), merchant, {fields, {}, {}, {}})->content;
}

TEST_CASE("the signature covers raw values, the wire carries encoded ones") {
  const Result<Rendered> rendered = render_small(merchant_of("small", "secret"));
  REQUIRE(rendered);
  CHECK(rendered->canonical == "kind=N1&memo=a b&order=T1&state=paid&key=secret");
  CHECK(rendered->signature == to_text(digest(DigestKind::kMd5, rendered->canonical), DigestForm::kHexLower));
  CHECK(rendered->request.body == "order=T1&state=paid&memo=a+b&kind=N1&sign=" + rendered->signature);
  CHECK(rendered->request.headers == Fields{{"Content-Type", "application/x-www-form-urlencoded"}});
}

TEST_CASE("a merchant's option takes a field out of the signature, not off the wire") {
  Merchant merchant = merchant_of("small", "secret");
  merchant.options["with_memo"] = "false";
  const Result<Rendered> rendered = render_small(merchant);
  REQUIRE(rendered);
  CHECK(rendered->canonical == "kind=N1&order=T1&state=paid&key=secret");
  CHECK(rendered->request.body.find("memo=a+b") != std::string::npos);
}

TEST_CASE("the canonical text may be listed values without separators") {
  const Profile profile = *parse_profile(
      small_profile_with(
          "order: by_name\n    parts: pairs\n    separator: \"&\"",
          "order: listed\n    fields: [state, memo, order]\n    parts: values\n    prefix: \"{md5(key)}:\""),
      "f");
  const auto rendered = render_at(profile, merchant_of("small", "abc"), small_content(), "http://m.example/");
  REQUIRE(rendered);
  CHECK(rendered->canonical == "900150983cd24fb0d6963f7d28e17f72:paida bT1&key=abc");
}

TEST_CASE("values of blanks only are skipped where the profile says so") {
  Merchant merchant = merchant_of("dhpay", "K");
  Content content = dhpay_content(merchant);
  const auto without = render_at(shipped_profile("dhpay"), merchant, content, "http://m.example/");
  for (Field& field : content.fields) {
    if (field.name == "failure_reason") field.value = " \t";
  }
  const auto blank = render_at(shipped_profile("dhpay"), merchant, content, "http://m.example/");
  REQUIRE(blank);
  CHECK(blank->signature == without->signature);
  CHECK(blank->request.url.query.find("failure_reason=+%09&") != std::string::npos);
}

TEST_CASE("a GET keeps the merchant's own pairs in front and drops the fragment") {
  const Merchant merchant = merchant_of("dhpay", "K");
  const Content content = dhpay_content(merchant);
  const auto text = [&](const std::string& url) {
    return render_at(shipped_profile("dhpay"), merchant, content, url)->request.url.text();
  };
  CHECK(text("http://m.example/n").starts_with("http://m.example/n?merchant_id=1&invoice_id=1&"));
  CHECK(text("http://m.example/n?a=1&b=%20x#top").starts_with("http://m.example/n?a=1&b=%20x&merchant_id=1&"));
  CHECK(text("http://m.example/n?").starts_with("http://m.example/n?merchant_id=1&"));
  CHECK(text("http://m.example/n?a&").starts_with("http://m.example/n?a&merchant_id=1&"));
}

TEST_CASE("a POST leaves the merchant's query alone") {
  const auto rendered = render_at(small(), merchant_of("small", "k"), small_content(), "http://m.example/n?a=1");
  CHECK(rendered->request.url.text() == "http://m.example/n?a=1");
}

TEST_CASE("the content type may be the merchant's choice") {
  Merchant merchant = merchant_of("ipaynow", "k");
  const Content content{{{"funcode", "N001"}}, {}};
  const auto type = [&] {
    return render_at(shipped_profile("ipaynow"), merchant, content, "http://m.example/")->request.headers.at(0).value;
  };
  CHECK(type() == "text/plain; charset=UTF-8");
  merchant.options["content_type"] = "application/x-www-form-urlencoded; charset=UTF-8";
  CHECK(type() == "application/x-www-form-urlencoded; charset=UTF-8");
}

TEST_CASE("a missing key is refused before anything is signed") {
  const auto rendered = render_small(merchant_of("small", ""));
  REQUIRE_FALSE(rendered);
  CHECK(rendered.error().message ==
        "merchant small/m1 has no key, and small signs with one; give the merchant its key");
}

TEST_CASE("an option value that this revision does not know is refused, not guessed") {
  Merchant merchant = merchant_of("small", "k");
  merchant.options["with_memo"] = "perhaps";
  const auto rendered = render_small(merchant);
  REQUIRE_FALSE(rendered);
  CHECK(rendered.error().field == "options.with_memo");
}

TEST_CASE("content that another revision fixed is refused instead of being sent in part") {
  Content content = small_content();
  content.fields.push_back({"gone", "x"});
  CHECK(render_at(small(), merchant_of("small", "k"), content, "http://m.example/").error().field == "gone");
}

TEST_CASE("options are checked by name and value, with the nearest known name") {
  const Profile profile = small();
  Merchant merchant = merchant_of("small", "k");
  merchant.options = {
      {"with_memo", "false"}, {"ack_trim", "true"}, {"ack_contains", "false"}, {"ack_any_case", "true"}};
  CHECK(check_options(profile, merchant));
  merchant.options = {{"charset", "utf-8"}};
  CHECK(check_options(profile, merchant));
  merchant.options = {{"charset", "gbk"}};
  CHECK_FALSE(check_options(profile, merchant));
  merchant.options = {{"ack_trimm", "true"}};
  CHECK(check_options(profile, merchant).error().message ==
        "merchant small/m1: the option 'ack_trimm' is not known; did you mean 'ack_trim'?");
  merchant.options = {{"ack_trim", "yes"}};
  CHECK(check_options(profile, merchant).error().message ==
        "merchant small/m1: the option ack_trim has the value 'yes'; the profile knows true or false");
  CHECK(check_options(profile, merchant).error().field == "options.ack_trim");
  merchant.options = {{"with_memo", "on"}};
  CHECK_FALSE(check_options(profile, merchant));
}

TEST_CASE("a merchant may loosen the acknowledgement and never tighten it") {
  const auto match = [](const char* provider, std::map<std::string, std::string> options) {
    Merchant merchant = merchant_of(provider, "k");
    merchant.options = std::move(options);
    return ack_for(shipped_profile(provider), merchant).match;
  };
  CHECK(match("payindex", {}) == AckMatch::kExact);
  CHECK(match("payindex", {{"ack_trim", "true"}}) == AckMatch::kTrimmed);
  CHECK(match("payindex", {{"ack_trim", "true"}, {"ack_contains", "true"}}) == AckMatch::kContains);
  CHECK(match("dhpay", {{"ack_trim", "false"}}) == AckMatch::kTrimmed);
  Merchant merchant = merchant_of("payindex", "k");
  CHECK_FALSE(ack_for(shipped_profile("payindex"), merchant).any_case);
  merchant.options["ack_any_case"] = "true";
  CHECK(ack_for(shipped_profile("payindex"), merchant).any_case);
}

}  // namespace
}  // namespace ackd
