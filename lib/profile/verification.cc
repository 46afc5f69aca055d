#include "profile/verification.h"

#include <fmt/format.h>

#include <algorithm>

#include "profile/signature_choice.h"
#include "profile/signature_trial.h"
#include "text/charset.h"
#include "text/json_reader.h"

namespace ackd {
namespace {

// Where a template asks for a field.
bool uses_field(const Template& pieces, const std::string& name) {
  return std::any_of(pieces.begin(), pieces.end(), [&](const TemplatePiece& piece) {
    return piece.value == TemplateValue::kField && piece.argument == name;
  });
}

bool is_signed(const FieldRule& rule, const CanonicalRule& canonical) {
  if (uses_field(canonical.prefix, rule.name) || uses_field(canonical.suffix, rule.name)) return true;
  if (canonical.text) return uses_field(*canonical.text, rule.name);
  const bool listed = std::find(canonical.listed.begin(), canonical.listed.end(), rule.name) != canonical.listed.end();
  if (canonical.order == CanonicalOrder::kListed) return listed;
  return !rule.is_signed.fixed() || rule.is_signed.literal == "true";
}

class Verifying {
 public:
  Verifying(const VerificationInput& input, bool with_causes)
      : input_(input), profile_(input.profile), with_causes_(with_causes) {}

  Verification run() {
    if (const Status done = judge_request(); !done) {
      out_.trouble = done.error().field.empty() || done.error().message.starts_with(done.error().field)
                         ? done.error().message
                         : fmt::format("{}: {}", done.error().field, done.error().message);
    }
    return std::move(out_);
  }

 private:
  Status judge_request() {
    const ReceivedRequest& request = input_.request;
    const SignatureRule& rule = profile_.signature;
    out_.place = rule.header.empty() ? "the field " + rule.field : "the header " + rule.header;
    if (request.method != profile_.method) {
      return invalid(fmt::format("{} was used, {} is the rule", request.method, profile_.method));
    }
    Result<ReceivedContent> received = read_received(profile_, input_.merchant, input_.known, request);
    if (!received) return received.error();
    out_.notes = std::move(received->notes);
    out_.signature = received->signature.value_or("");
    const Status readable = decode_fields(*received);
    const auto how = choose_variant(profile_, input_.merchant, content_.fields);
    if (!how) return how.error();
    if ((*how)->algorithm == Algorithm::kNone) {
      out_.notes.push_back("with this option the protocol signs nothing, so nothing was verified");
      out_.verified = readable.ok();
      return readable;
    }
    if (!received->signature) return invalid(fmt::format("{} did not arrive", out_.place));
    if (const Status complete = check_renewed(*received, **how); !complete) return complete;
    note_age(*received);
    return judge_signature(*received, **how, readable);
  }

  // For choices and for people; the signature is judged over the bytes.
  Status decode_fields(const ReceivedContent& received) {
    const Result<std::string> name = resolve(profile_.charset, profile_, input_.merchant, received.fields);
    const std::optional<Charset> charset = name ? parse_charset(*name) : std::nullopt;
    Status trouble = name ? Status(Done{}) : Status(name.error());
    for (const Field& field : received.fields) {
      const Result<std::string> text = to_utf8(field.value, charset.value_or(Charset::kUtf8));
      content_.fields.push_back({field.name, text ? *text : field.value});
      if (!text && trouble) trouble = invalid(fmt::format("the value is not {}", *name), field.name);
    }
    out_.fields = content_.fields;
    for (const std::string& subject : profile_.subject_fields) {
      const std::string* value = find_field(content_.fields, subject);
      if (value == nullptr || value->empty()) continue;
      out_.subject += (out_.subject.empty() ? "" : "/") + *value;
    }
    return trouble;
  }

  // What each attempt makes anew must arrive somewhere, or nobody can rebuild the signed text.
  Status check_renewed(const ReceivedContent& received, const SignatureVariant& how) {
    if (how.canonical.text && uses(*how.canonical.text, TemplateValue::kNow) && !received.now) {
      return invalid("the time that was signed did not arrive");
    }
    if (how.canonical.text && uses(*how.canonical.text, TemplateValue::kNonce) && received.nonce.empty()) {
      return invalid("the nonce that was signed did not arrive");
    }
    for (const FieldRule& rule : profile_.fields) {
      const bool is_home = rule.is_sent.fixed() && rule.is_sent.literal == "false";
      if (!is_home || !is_signed(rule, how.canonical) || find_field(received.fields, rule.name) != nullptr) continue;
      out_.notes.push_back(
          fmt::format("the signed field {} is not sent; it counts as empty unless it is given", rule.name));
    }
    return Done{};
  }

  void note_age(const ReceivedContent& received) {
    if (!received.now || !input_.now) return;
    const Duration age = *input_.now - *received.now;
    const Duration distance = age.count() < 0 ? -age : age;
    if (distance <= kTimestampTolerance) return;
    out_.notes.push_back(fmt::format("its time {} is {} in the {}; a merchant may refuse more than {}",
                                     format_rfc3339(received.now->ms), format_duration(distance),
                                     age.count() < 0 ? "future" : "past", format_duration(kTimestampTolerance)));
  }

  Status judge_signature(const ReceivedContent& received, const SignatureVariant& how, const Status& readable) {
    Result<std::vector<MerchantKey>> keys = verifying_keys(how);
    if (!keys) return keys.error();
    std::vector<MerchantKey> others;
    if (!profile_.signature.all_keys && keys->size() > 1) {
      others.assign(keys->begin() + 1, keys->end());
      keys->resize(1);
    }
    const RenderInput input{content_, input_.merchant, kNowhere, received.now.value_or(WallTime{}), received.nonce};
    auto rendering = begin_rendering(profile_, input, received.fields);
    if (!rendering) return rendering.error();
    const Trial trial{*std::move(rendering),
                      how,
                      *std::move(keys),
                      received.signed_body,
                      find_signatures(profile_, how, out_.signature),
                      !input_.public_key.empty()};
    const Result<bool> right = compare(trial);
    if (readable && !right) return right.error();
    if (readable && *right) {
      out_.verified = true;
      return Done{};
    }
    if (input_.signed_text) judge_signed_text(trial);
    if (with_causes_) out_.causes = likely_causes(trial, received, others, public_keys_);
    return readable ? wrong_signature(trial) : readable;
  }

  Result<bool> compare(const Trial& trial) {
    const Result<SignedText> text = signed_text(trial.rendering, trial.how, trial.keys.front(), trial.body);
    if (!text) return text.error();
    out_.canonical = text->canonical;
    if (!needs_private_key(trial.how.algorithm)) {
      const Result<Signatures> expected = sign(trial.rendering, trial.body, nullptr);
      if (!expected) return expected.error();
      out_.expected = expected->value;
    }
    const Result<const MerchantKey*> key = judge(trial, public_keys_);
    if (!key) return key.error();
    if (*key != nullptr) out_.key_id = (*key)->id;
    return *key != nullptr;
  }

  void judge_signed_text(const Trial& trial) {
    for (const MerchantKey& key : trial.keys) {
      const auto bytes = signed_bytes(trial.rendering, trial.how, key, *input_.signed_text, trial.body);
      const Result<bool> right = bytes ? verifies(trial, key, *bytes, public_keys_) : Result<bool>(bytes.error());
      out_.signed_text_verifies = out_.signed_text_verifies || (right && *right);
    }
  }

  Status wrong_signature(const Trial& trial) const {
    if (trial.found.empty()) {
      return invalid(fmt::format("{} is '{}', which holds no signature of the form {}", out_.place,
                                 shortened(out_.signature), text_of(profile_.signature.value)));
    }
    if (out_.expected.empty()) return invalid(fmt::format("{} does not verify with the key", out_.place));
    return invalid(fmt::format("{} is '{}', expected '{}'", out_.place, out_.signature, out_.expected));
  }

  std::vector<MerchantKey> candidates() const {
    std::vector<MerchantKey> keys = input_.merchant.keys;
    if (input_.public_key.empty()) return keys;
    keys.resize(1);
    keys.front().private_key = Secret(input_.public_key);
    return keys;
  }

  // Those that have what the variant needs. At least one.
  Result<std::vector<MerchantKey>> verifying_keys(const SignatureVariant& how) const {
    const bool with_pair = needs_private_key(how.algorithm);
    std::vector<MerchantKey> keys = candidates();
    std::erase_if(keys, [&](const MerchantKey& key) {
      return with_pair ? key.private_key.empty() : needs_secret(how) && key.secret.empty();
    });
    if (!keys.empty()) return keys;
    if (!with_pair && !needs_secret(how)) return std::vector<MerchantKey>{{}};
    return invalid(with_pair ? "no public key to verify with; give the platform's public key or certificate"
                             : "no key to verify with; give the merchant's key");
  }

  const VerificationInput& input_;
  const Profile& profile_;
  const bool with_causes_;
  const Url kNowhere{false, "merchant.example", 80, "/", ""};
  Content content_;
  PublicKeys public_keys_;
  Verification out_;
};

}  // namespace

Verification verify(const VerificationInput& input, bool with_causes) {
  return Verifying(input, with_causes).run();
}

}  // namespace ackd
