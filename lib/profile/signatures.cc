#include <fmt/format.h>

#include "profile/rendering.h"
#include "profile/signature_choice.h"

namespace ackd {
namespace {

Error of_merchant(const Rendering& rendering, const std::string& what) {
  return invalid(fmt::format("merchant {}/{} {}", rendering.profile.id, rendering.input.merchant.id, what), "key");
}

// The keys that have what the variant needs; the first alone unless the protocol carries several signatures.
Result<std::vector<const MerchantKey*>> usable_keys(const Rendering& rendering, const SignatureVariant& variant,
                                                    bool private_key) {
  std::vector<const MerchantKey*> usable;
  for (const MerchantKey& key : rendering.input.merchant.keys) {
    if (private_key ? key.private_key.empty() : needs_secret(variant) && key.secret.empty()) continue;
    usable.push_back(&key);
    if (!rendering.profile.signature.all_keys) break;
  }
  if (!usable.empty()) return usable;
  static const MerchantKey kNoKey;
  if (!private_key && !needs_secret(variant)) return std::vector<const MerchantKey*>{&kNoKey};
  return of_merchant(rendering, fmt::format("has no {}, and {} signs with one; give the merchant its key",
                                            private_key ? "private key" : "key", rendering.profile.id));
}

Result<std::string> decoded_secret(const Rendering& rendering, const SignatureVariant& variant, const Secret& secret) {
  std::string_view text = secret.reveal();
  if (text.starts_with(variant.key_prefix)) text.remove_prefix(variant.key_prefix.size());
  Result<std::string> raw = variant.key_form == KeyForm::kText  ? Result<std::string>(std::string(text))
                            : variant.key_form == KeyForm::kHex ? from_hex(text)
                                                                : from_base64(text);
  if (!raw) return of_merchant(rendering, "has a key that cannot be read: " + raw.error().message);
  return raw;
}

Result<std::string> private_signature(const Rendering& rendering, const SignatureVariant& variant,
                                      const MerchantKey& key, const std::string& bytes, PrivateKeyCache& cache) {
  const Result<const PrivateKey*> parsed = cache.get(key.private_key, variant.algorithm);
  if (!parsed) return of_merchant(rendering, "has a private key that cannot be used: " + parsed.error().message);
  return (*parsed)->sign(variant.algorithm, bytes, variant.user_id);
}

// One key's signature as it is written.
Result<std::string> written_signature(const Rendering& rendering, const SignatureVariant& variant,
                                      const MerchantKey& key, const std::string& bytes, PrivateKeyCache* cache) {
  const bool with_private_key = needs_private_key(variant.algorithm);
  if (with_private_key && cache == nullptr) return std::string(kUnsigned);
  const Result<std::string> raw = with_private_key ? private_signature(rendering, variant, key, bytes, *cache)
                                                   : digest_of(rendering, variant, key, bytes);
  if (!raw) return raw.error();
  return to_text(*raw, variant.form);
}

}  // namespace

bool needs_secret(const SignatureVariant& variant) {
  const CanonicalRule& canonical = variant.canonical;
  return is_keyed_digest(variant.algorithm) || uses(canonical.prefix, TemplateValue::kKey) ||
         uses(canonical.suffix, TemplateValue::kKey) || uses(variant.input, TemplateValue::kKey) ||
         (canonical.text && uses(*canonical.text, TemplateValue::kKey));
}

Result<std::string> digest_of(const Rendering& rendering, const SignatureVariant& variant, const MerchantKey& key,
                              const std::string& bytes) {
  if (!is_keyed_digest(variant.algorithm)) return plain_digest(variant.algorithm, bytes);
  const Result<std::string> secret = decoded_secret(rendering, variant, key.secret);
  if (!secret) return secret.error();
  return keyed_digest(variant.algorithm, *secret, bytes);
}

// The bytes that are signed. A platform whose own code takes bytes in another charset than the wire's writes '?' for
// what that charset lacks; its merchants verify the same way.
Result<std::string> signed_bytes(const Rendering& rendering, const SignatureVariant& variant, const MerchantKey& key,
                                 const std::string& canonical, std::string_view body) {
  TemplateFacts facts;
  facts.text = canonical;
  facts.key = key.secret.reveal();
  facts.body = body;
  std::string bytes = expand(variant.input, facts);
  if (!variant.canonical.charset) return bytes;
  const Result<std::string> name =
      resolve(*variant.canonical.charset, rendering.profile, rendering.input.merchant, rendering.input.content.fields);
  if (!name) return name.error();
  const auto charset = parse_charset(*name);
  CHECK_THAT(charset, "the profile's check has seen the charsets of this choice");
  Result<std::string> converted = from_utf8(bytes, *charset, Unmappable::kQuestionMark);
  if (converted) return converted;
  return of_merchant(rendering, fmt::format("has a key that is not UTF-8 and cannot be converted to {}", *name));
}

Result<SignedText> signed_text(const Rendering& rendering, const SignatureVariant& variant, const MerchantKey& key,
                               std::string_view body) {
  Result<std::string> canonical = canonical_text(rendering, variant.canonical, key.secret, body);
  if (!canonical) return canonical.error();
  Result<std::string> bytes = signed_bytes(rendering, variant, key, *canonical, body);
  if (!bytes) return bytes.error();
  return SignedText{*std::move(canonical), *std::move(bytes)};
}

Result<Signatures> sign(const Rendering& rendering, std::string_view body, PrivateKeyCache* cache) {
  const auto variant = choose_variant(rendering.profile, rendering.input.merchant, rendering.input.content.fields);
  if (!variant) return variant.error();
  const SignatureVariant& how = **variant;
  if (how.algorithm == Algorithm::kNone) return Signatures{};
  const auto keys = usable_keys(rendering, how, cache != nullptr && needs_private_key(how.algorithm));
  if (!keys) return keys.error();

  Signatures out;
  std::string joined;
  TemplateFacts facts = rendering.facts();
  for (const MerchantKey* key : *keys) {
    Result<SignedText> text = signed_text(rendering, how, *key, body);
    if (!text) return text.error();
    const Result<std::string> signature = written_signature(rendering, how, *key, text->bytes, cache);
    if (!signature) return signature.error();
    facts.signature = *signature;
    facts.key_id = key->id;
    const bool is_first = key == keys->front();
    joined += (is_first ? "" : rendering.profile.signature.joined_by) + expand(how.each, facts);
    out.key_id += (is_first ? "" : ",") + key->id;
    if (is_first) out.canonical = std::move(text->canonical);
  }
  facts.signature = {};
  facts.signatures = joined;
  facts.body = body;
  out.value = expand(rendering.profile.signature.value, facts);
  return out;
}

}  // namespace ackd
