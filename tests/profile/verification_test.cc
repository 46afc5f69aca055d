// The merchant's side: what render() makes verifies, one changed byte does not, and likely causes are named.
#include "profile/verification.h"

#include <doctest/doctest.h>

#include <random>

#include "crypto/test_keys.h"
#include "profile/content_rules.h"
#include "profile/render.h"
#include "shipped_profiles.h"
#include "text/form_encoding.h"
#include "text/url.h"

namespace ackd {
namespace {

const WallTime kNow{1'735'732'890'000};

// A secret in the form that the profile wants, and a private key for each algorithm.
MerchantKey key_for(const SignatureVariant& variant) {
  const std::string bytes = "0123456789abcdef0123456789abcdef";
  MerchantKey key;
  key.id = "key-1";
  key.secret = Secret(bytes);
  if (variant.key_form == KeyForm::kHex) key.secret = Secret(to_text(bytes, DigestForm::kHexUpper));
  if (variant.key_form == KeyForm::kBase64) {
    key.secret = Secret(variant.key_prefix + to_text(bytes, DigestForm::kBase64));
  }
  key.private_key = Secret(std::string(test_keys::kRsaPrivate));
  if (variant.algorithm == Algorithm::kSm2Sm3) key.private_key = Secret(std::string(test_keys::kSm2Private));
  if (variant.algorithm == Algorithm::kEd25519) key.private_key = Secret(to_text(bytes, DigestForm::kBase64));
  return key;
}

Merchant sample_merchant(const Profile& profile, const SignatureVariant& variant) {
  Merchant merchant = merchant_of(profile.id, "");
  merchant.keys = {key_for(variant)};
  for (const Condition& condition : variant.when) {
    if (!condition.option.empty()) merchant.options[condition.option] = condition.values.front();
  }
  return merchant;
}

struct Sent {
  Content content;
  Rendered rendered;
};

Content example_content(const Profile& profile, const Merchant& merchant, const SignatureVariant& variant) {
  Result<AdmissionInput> input = example_input(profile);
  REQUIRE_MESSAGE(input, (input ? "" : input.error().field + ": " + input.error().message));
  input->now = kNow;
  input->seed = "a seed of sixteen bytes and more";
  for (const Condition& condition : variant.when) {
    if (condition.field.empty()) continue;
    std::erase_if(input->fields, [&](const Field& field) { return field.name == condition.field; });
    input->fields.push_back({condition.field, condition.values.front()});
  }
  const Result<FixedContent> fixed = fix_content(profile, merchant, *input);
  REQUIRE_MESSAGE(fixed, (fixed ? "" : fixed.error().field + ": " + fixed.error().message));
  return fixed->content;
}

Result<Rendered> render_content(const Profile& profile, const Merchant& merchant, const Content& content) {
  static PrivateKeyCache keys;
  return render(profile, {content, merchant, *parse_url(merchant.url), kNow, nonce_from(7)}, keys);
}

ReceivedRequest received(const HttpRequest& request) {
  return {request.method, request.url.path, request.url.query, request.headers, request.body};
}

Verification judged(const Profile& profile, const Merchant& merchant, const ReceivedRequest& request) {
  return verify({profile, merchant, request}, true);
}

// Calls `test` with every way of every shipped profile to sign its example.
template <class Test>
void for_every_way_to_sign(Test test) {
  for (const ProfileSource& source : shipped_profiles()) {
    const Profile* profile = &source.profile;
    for (const SignatureVariant& variant : profile->signature.variants) {
      if (variant.algorithm == Algorithm::kNone) continue;
      CAPTURE(profile->id);
      CAPTURE(static_cast<int>(variant.algorithm));
      const Merchant merchant = sample_merchant(*profile, variant);
      const Content content = example_content(*profile, merchant, variant);
      const Result<Rendered> rendered = render_content(*profile, merchant, content);
      REQUIRE_MESSAGE(rendered, (rendered ? "" : rendered.error().message));
      test(*profile, merchant, content, *rendered);
    }
  }
}

char another(char c) {
  return c == '1' ? '2' : '1';
}

TEST_CASE("what every shipped profile renders of its examples verifies, with the text that was signed") {
  int ways = 0;
  for_every_way_to_sign(
      [&](const Profile& profile, const Merchant& merchant, const Content& content, const Rendered& rendered) {
        const Verification verification = judged(profile, merchant, received(rendered.request));
        CHECK_MESSAGE(verification.verified, verification.trouble);
        CHECK(verification.canonical == rendered.canonical);
        CHECK(verification.signature == rendered.signature);
        CHECK(verification.key_id == "key-1");
        CHECK(verification.causes.empty());
        CHECK((verification.expected.empty() || verification.expected == rendered.signature));
        for (const std::string& subject : profile.subject_fields) {
          const std::string* value = find_field(content.fields, subject);
          if (value != nullptr) CHECK(verification.subject.find(*value) != std::string::npos);
        }
        ++ways;
      });
  CHECK(ways >= 25);
}

// The wire of a changed content under the signature of the first one.
ReceivedRequest with_signature_of(const Profile& profile, Rendered changed, const Rendered& first) {
  const auto swap_in = [&](std::string& text) {
    const auto on_wire = [&](const std::string& signature) {
      const bool pairs = profile.encoding == Encoding::kQuery || profile.encoding == Encoding::kForm ||
                         profile.encoding == Encoding::kRawPairs;
      return pairs ? percent_encode(signature) : signature;
    };
    const std::string from = on_wire(changed.signature);
    const std::size_t at = text.rfind(from);
    if (at != std::string::npos) text.replace(at, from.size(), on_wire(first.signature));
  };
  if (profile.signature.header.empty()) {
    swap_in(profile.encoding == Encoding::kQuery ? changed.request.url.query : changed.request.body);
  }
  for (Field& header : changed.request.headers) {
    if (header.name == profile.signature.header) header.value = first.signature;
  }
  return received(changed.request);
}

TEST_CASE("one changed byte of any signed field is refused, of an unsigned one it is not") {
  int refused = 0;
  for_every_way_to_sign(
      [&](const Profile& profile, const Merchant& merchant, const Content& content, const Rendered& rendered) {
        for (std::size_t i = 0; i < content.fields.size(); ++i) {
          Content changed = content;
          std::string& value = changed.fields[i].value;
          CAPTURE(changed.fields[i].name);
          const FieldRule* rule = find_field_rule(profile, changed.fields[i].name);
          if (value.empty() || rule->is_sent.literal == "false") continue;
          value.back() = another(value.back());
          const Result<Rendered> other = render_content(profile, merchant, changed);
          if (!other) continue;  // what decides how to sign has no other value to try
          const bool counts = other->canonical != rendered.canonical;
          const auto verification = verify({profile, merchant, with_signature_of(profile, *other, rendered)}, false);
          CHECK(verification.verified == !counts);
          if (counts) ++refused;
        }
      });
  CHECK(refused > 150);
}

TEST_CASE("one changed byte of a signed body is refused") {
  for_every_way_to_sign(
      [&](const Profile& profile, const Merchant& merchant, const Content&, const Rendered& rendered) {
        if (profile.signature.header.empty()) return;
        for (std::size_t i = 0; i < rendered.request.body.size(); i += 7) {
          ReceivedRequest request = received(rendered.request);
          request.body[i] = another(request.body[i]);
          CHECK_FALSE(verify({profile, merchant, request}, false).verified);
        }
      });
}

TEST_CASE("one changed byte of a header that is signed is refused") {
  const std::vector<std::pair<std::string, std::string>> headers{{"standard_webhooks", "webhook-id"},
                                                                 {"standard_webhooks", "webhook-timestamp"},
                                                                 {"svix", "svix-id"},
                                                                 {"svix", "svix-timestamp"},
                                                                 {"wechat_v3", "Wechatpay-Nonce"},
                                                                 {"wechat_v3", "Wechatpay-Timestamp"},
                                                                 {"paypal", "PAYPAL-TRANSMISSION-ID"},
                                                                 {"generic", "X-Timestamp"},
                                                                 {"stripe", "Stripe-Signature"}};
  for (const auto& each : headers) {
    const auto& provider = each.first;
    const auto& name = each.second;
    CAPTURE(name);
    const Profile& profile = shipped_profile(provider);
    const SignatureVariant& variant = profile.signature.variants.back();
    const Merchant merchant = sample_merchant(profile, variant);
    ReceivedRequest request =
        received(render_content(profile, merchant, example_content(profile, merchant, variant))->request);
    for (Field& header : request.headers) {
      if (header.name == name) header.value[header.value.size() / 2] = another(header.value[header.value.size() / 2]);
    }
    CHECK_FALSE(verify({profile, merchant, request}, false).verified);
    std::erase_if(request.headers, [&](const Field& header) { return header.name == name; });
    const Verification without = verify({profile, merchant, request}, false);
    CHECK_FALSE(without.verified);
    CHECK(without.trouble.size() + without.notes.size() > 0);
  }
}

TEST_CASE("one changed byte of the signature or another key is refused") {
  for_every_way_to_sign([&](const Profile& profile, Merchant merchant, const Content&, const Rendered& rendered) {
    for (std::size_t i = 0; i + 3 < rendered.signature.size(); i += 5) {
      Rendered changed = rendered;
      changed.signature[i] = another(changed.signature[i]);
      CHECK_FALSE(verify({profile, merchant, with_signature_of(profile, rendered, changed)}, false).verified);
    }
    const MerchantKey before = merchant.keys.front();
    std::string secret = before.secret.reveal();
    secret[secret.size() / 2] = another(secret[secret.size() / 2]);
    merchant.keys.front() = {"key-1", Secret(secret), Secret(std::string(test_keys::kPublishedRsaPublic))};
    if (before.private_key.reveal() != test_keys::kRsaPrivate) merchant.keys.front().private_key = Secret();
    CHECK_FALSE(verify({profile, merchant, received(rendered.request)}, false).verified);
  });
}

TEST_CASE("no bytes that arrive can do harm") {
  std::mt19937 random(7);
  for_every_way_to_sign(
      [&](const Profile& profile, const Merchant& merchant, const Content&, const Rendered& rendered) {
        for (int round = 0; round < 20; ++round) {
          ReceivedRequest request = received(rendered.request);
          std::vector<std::string*> texts{&request.query, &request.body};
          for (Field& header : request.headers) texts.push_back(&header.value);
          for (std::string* text : texts) {
            for (unsigned changes = random() % 4; changes > 0 && !text->empty(); --changes) {
              const std::size_t at = random() % text->size();
              if (random() % 3 == 0)
                text->erase(at, 1 + random() % 9);
              else
                (*text)[at] = static_cast<char>(random());
            }
          }
          const Verification verification = judged(profile, merchant, request);
          CHECK((verification.verified || !verification.trouble.empty()));
        }
      });
}

// --- Causes. The small profile posts a form with "&key={key}" behind sorted pairs, md5 in lower-case hex. ---

struct SmallWorld {
  explicit SmallWorld(const std::string& yaml = kSmallProfile) : profile(*parse_profile(yaml, "small.yaml")) {}

  Verification judge(const std::string& body) const {
    const ReceivedRequest request{"POST", "/n", "", {}, body};
    return verify({profile, merchant, request}, true);
  }
  // The form with the right signature over `canonical`.
  static std::string form(const std::string& pairs, const std::string& canonical, const std::string& key = "k1") {
    return pairs + "&sign=" + to_text(digest(DigestKind::kMd5, canonical + "&key=" + key), DigestForm::kHexLower);
  }

  Profile profile;
  Merchant merchant = merchant_of("small", "k1");
};

bool names(const Verification& verification, const std::string& cause) {
  return std::find(verification.causes.begin(), verification.causes.end(), cause) != verification.causes.end();
}

TEST_CASE("a right form verifies and says what arrived") {
  const SmallWorld world;
  const Verification right =
      world.judge(SmallWorld::form("order=a+b&state=paid&kind=N1", "kind=N1&order=a b&state=paid"));
  CHECK(right.verified);
  CHECK(right.place == "the field sign");
  CHECK(right.canonical == "kind=N1&order=a b&state=paid&key=k1");
  CHECK(right.fields == Fields{{"order", "a b"}, {"state", "paid"}, {"kind", "N1"}});
  CHECK(right.subject == "a b");
}

TEST_CASE("likely causes of a wrong signature are named") {
  SmallWorld world;
  world.merchant.keys.push_back({"old", Secret("k0"), Secret()});
  const std::string pairs = "order=a%2Bb+c&state=&kind=%E6%94%AF";
  const auto judge = [&](const std::string& canonical, const std::string& key = "k1") {
    return world.judge(SmallWorld::form(pairs, canonical, key));
  };
  CHECK(judge("kind=\xE6\x94\xAF&order=a+b c").verified);
  CHECK(names(judge("kind=\xE6\x94\xAF&order=a+b c", "k0"), "with the key old, which is not the one that signs now"));
  CHECK(names(judge("kind=\xE6\x94\xAF&order=a+b c&state="), "when empty values are kept in"));
  CHECK(names(judge("kind=\xE6\x94\xAF&order=a b c"), "when values are URL-decoded twice"));
  CHECK(names(judge("kind=%E6%94%AF&order=a%2Bb+c"), "when values are not URL-decoded"));
  CHECK(names(judge("kind=\xE6\x94\xAF&order=a+b+c"), "when a '+' stays a '+' instead of a blank"));
  CHECK(names(judge("kind=\xD6\xA7&order=a+b c"), "in the charset gbk"));
  CHECK(names(judge("order=a+b c"), "when kind is left out of the signed text"));
  CHECK(judge("something else").causes.empty());
}

TEST_CASE("an unsigned or unknown field that was signed, and the case of the letters, are named") {
  const SmallWorld world(small_profile_with("signed: {option: with_memo}", "signed: false"));
  CHECK(names(world.judge(SmallWorld::form("order=1&memo=m", "memo=m&order=1")), "when memo is signed too"));
  const Verification unknown = world.judge(SmallWorld::form("order=1&shop=s", "order=1&shop=s"));
  CHECK(names(unknown, "when shop is signed too"));
  CHECK(unknown.notes == std::vector<std::string>{"small has no field shop; it is left aside"});
  std::string upper = SmallWorld::form("order=1", "order=1");
  for (char& c : upper) {
    if (c >= 'a' && c <= 'f' && &c - upper.data() >= 13) c = static_cast<char>(c - 'a' + 'A');
  }
  const Verification wrong_case = world.judge(upper);
  CHECK_FALSE(wrong_case.verified);
  CHECK(names(wrong_case, "when written as upper-case hex"));
}

TEST_CASE("bytes of another charset than the profile's are refused, and the charset is named") {
  const SmallWorld world;
  const Verification gbk = world.judge(SmallWorld::form("order=%B8%B6", "order=\xB8\xB6"));
  CHECK_FALSE(gbk.verified);
  CHECK(gbk.trouble == "order: the value is not utf-8");
  CHECK(names(gbk, "in the charset gbk"));
}

TEST_CASE("a line end that a file's editor put behind the body is named") {
  const Profile& profile = shipped_profile("svix");
  const Merchant merchant = sample_merchant(profile, profile.signature.variants.back());
  ReceivedRequest request =
      received(render_content(profile, merchant, example_content(profile, merchant, profile.signature.variants.back()))
                   ->request);
  request.body += "\r\n";
  CHECK(names(judged(profile, merchant, request), "without the line end behind the body"));
}

TEST_CASE("during a rotation one right signature of several is enough, and other schemes are left aside") {
  const Profile& profile = shipped_profile("stripe");
  Merchant sender = merchant_of("stripe", "new");
  sender.keys.push_back({"old", Secret("old"), Secret()});
  const Content content = example_content(profile, sender, profile.signature.variants.back());
  ReceivedRequest request = received(render_content(profile, sender, content)->request);
  const Verification with_old = judged(profile, merchant_of("stripe", "old"), request);
  CHECK(with_old.verified);
  for (Field& header : request.headers) {
    if (header.name == "Stripe-Signature") header.value += ",v0=abcdef";
  }
  CHECK(judged(profile, merchant_of("stripe", "old"), request).verified);
  CHECK_FALSE(judged(profile, merchant_of("stripe", "neither"), request).verified);
}

TEST_CASE("an old timestamp is only a note") {
  const Profile& profile = shipped_profile("stripe");
  const Merchant merchant = merchant_of("stripe", "k");
  const ReceivedRequest request =
      received(render_content(profile, merchant, example_content(profile, merchant, profile.signature.variants.back()))
                   ->request);
  const auto verified_after = [&](Duration age) {
    VerificationInput input{profile, merchant, request};
    input.now = kNow + age;
    const Verification verification = verify(input, false);
    CHECK(verification.verified);
    return verification.notes.size();
  };
  CHECK(verified_after(kTimestampTolerance) == 0);
  CHECK(verified_after(kTimestampTolerance + Duration(1'000)) == 1);
  CHECK(verified_after(-kTimestampTolerance - Duration(1'000)) == 1);
}

TEST_CASE("the pairs of the merchant's own URL are not the provider's") {
  const Profile& profile = shipped_profile("jeepay");
  Merchant merchant = merchant_of("jeepay", "k");
  merchant.url = "https://merchant.example/notify?shop=1&x=2";
  const Content content = example_content(profile, merchant, profile.signature.variants.back());
  const ReceivedRequest request = received(render_content(profile, merchant, content)->request);
  CHECK(request.body.starts_with("shop=1&x=2&"));
  CHECK(judged(profile, merchant, request).verified);
  merchant.url.clear();
  CHECK_FALSE(judged(profile, merchant, request).verified);
}

TEST_CASE("fields that are not sent are given by the merchant") {
  const Profile& profile = shipped_profile("hexi");
  Merchant merchant = merchant_of("hexi", "k");
  const Content content = example_content(profile, merchant, profile.signature.variants.back());
  const ReceivedRequest request = received(render_content(profile, merchant, content)->request);
  merchant.id = "another id";
  CHECK_FALSE(judged(profile, merchant, request).verified);
  VerificationInput input{profile, merchant, request};
  input.known = {{"reg_userid", "m1"}};
  CHECK(verify(input, false).verified);
}

TEST_CASE("the platform's own canonical text is tried when it is known") {
  const SmallWorld world;
  const std::string signed_text = "state=paid&order=1&key=k1";
  const std::string sign = to_text(digest(DigestKind::kMd5, signed_text), DigestForm::kHexLower);
  const ReceivedRequest request{"POST", "/", "", {}, "order=1&state=paid&sign=" + sign};
  VerificationInput input{world.profile, world.merchant, request};
  input.signed_text = signed_text;
  const Verification verification = verify(input, true);
  CHECK_FALSE(verification.verified);
  CHECK(verification.signed_text_verifies);
  input.signed_text = "order=1&key=k1";
  CHECK_FALSE(verify(input, true).signed_text_verifies);
}

TEST_CASE("what has not the protocol's form says what is wrong") {
  const SmallWorld world;
  const auto trouble = [&](const ReceivedRequest& request) {
    const Verification verification = verify({world.profile, world.merchant, request}, true);
    CHECK_FALSE(verification.verified);
    return verification.trouble;
  };
  CHECK(trouble({"GET", "/", "", {}, ""}) == "GET was used, POST is the rule");
  CHECK(trouble({"POST", "/", "", {}, "order=1"}) == "the field sign did not arrive");
  CHECK(trouble({"POST", "/", "", {}, "order=%1&sign=a"}).starts_with("order: a '%' in the form"));
  Merchant keyless = world.merchant;
  keyless.keys.clear();
  const ReceivedRequest request{"POST", "/", "", {}, "order=1&sign=a"};
  CHECK(verify({world.profile, keyless, request}, true).trouble.starts_with("no key to verify with"));
}

}  // namespace
}  // namespace ackd
