#include "profile/render.h"

#include <fmt/format.h>

#include <algorithm>

#include "profile/merchant_options.h"
#include "profile/rendering.h"
#include "profile/signature_choice.h"

namespace ackd {
namespace {

constexpr std::size_t kNonceCharacters = 32;

// The content must be one that this revision of the profile has fixed.
Status check_content(const Profile& profile, const Content& content) {
  for (const Field& field : content.fields) {
    if (knows_field(profile, field.name) && field.name != profile.signature.field) continue;
    return invalid(fmt::format("the content was not fixed by this revision of {}: it has no such field", profile.id),
                   field.name);
  }
  return Done{};
}

Status convert_fields(Rendering& rendering) {
  if (rendering.charset == Charset::kUtf8) return Done{};
  for (Field& field : rendering.fields) {
    Result<std::string> bytes = from_utf8(field.value, rendering.charset, Unmappable::kRefuse);
    if (!bytes) return Error{bytes.error().code, bytes.error().message, field.name};
    field.value = *std::move(bytes);
  }
  return Done{};
}

void append_query(Url& url, const std::string& pairs) {
  if (!url.query.empty() && !url.query.ends_with('&')) url.query.push_back('&');
  url.query += pairs;
}

// The merchant's own pairs stand before the protocol's.
std::string with_query_in_front(Url& url, const std::string& body) {
  Url joined;
  joined.query = std::exchange(url.query, {});
  append_query(joined, body);
  return joined.query;
}

// Where the signature is not part of the body, the body comes first and may be signed; else the other way round.
Result<Rendered> sign_and_build(const Rendering& rendering, PrivateKeyCache* keys) {
  const Profile& profile = rendering.profile;
  const bool signature_inside = !profile.signature.field.empty();
  Rendered out;
  out.request.method = profile.method;
  out.request.url = rendering.input.url;
  Result<std::string> body = signature_inside ? Result<std::string>(std::string()) : build_body(rendering, {});
  if (!body) return body.error();
  Result<Signatures> signatures = sign(rendering, *body, keys);
  if (!signatures) return signatures.error();
  if (signature_inside) body = build_body(rendering, signatures->value);
  if (!body) return body.error();
  Result<Fields> headers = build_headers(rendering, signatures->value, *body);
  if (!headers) return headers.error();
  if (profile.encoding == Encoding::kQuery) {
    const Result<std::string> pairs = build_pairs(rendering, signatures->value);
    if (!pairs) return pairs.error();
    append_query(out.request.url, *pairs);
  }
  out.request.headers = *std::move(headers);
  out.request.body = profile.query_into_body ? with_query_in_front(out.request.url, *body) : *std::move(body);
  out.canonical = std::move(signatures->canonical);
  out.signature = std::move(signatures->value);
  out.key_id = std::move(signatures->key_id);
  return out;
}

bool uses_nonce(const Profile& profile) {
  const auto has_nonce = [](const Template& pieces) { return uses(pieces, TemplateValue::kNonce); };
  return has_nonce(profile.signature.value) ||
         std::any_of(profile.headers.begin(), profile.headers.end(),
                     [&](const HeaderRule& rule) { return has_nonce(rule.value) || has_nonce(rule.otherwise); }) ||
         std::any_of(profile.signature.variants.begin(), profile.signature.variants.end(),
                     [&](const SignatureVariant& variant) {
                       return variant.canonical.text && has_nonce(*variant.canonical.text);
                     });
}

Result<Rendered> render_with(const Profile& profile, const RenderInput& input, PrivateKeyCache* keys) {
  const Result<Rendering> rendering = begin_rendering(profile, input);
  if (!rendering) return rendering.error();
  Result<Rendered> rendered = sign_and_build(*rendering, keys);
  if (rendered && uses_nonce(profile)) rendered->nonce = input.nonce;
  return rendered;
}

}  // namespace

TemplateFacts Rendering::facts() const {
  TemplateFacts facts;
  const auto& keys = input.merchant.keys;
  facts.key_id = keys.empty() ? std::string_view() : std::string_view(keys.front().id);
  facts.merchant = input.merchant.id;
  facts.charset = name_of(charset);
  facts.nonce = input.nonce;
  facts.fields = &fields;
  facts.options = &options;
  facts.now = input.now;
  facts.zone = profile.zone;
  facts.space = space;
  return facts;
}

Result<Rendering> begin_rendering(const Profile& profile, const RenderInput& input, Fields bytes) {
  const Fields& said = input.content.fields;
  const Result<std::string> charset = resolve(profile.charset, profile, input.merchant, said);
  if (!charset) return charset.error();
  const Result<std::string> space = resolve(profile.space, profile, input.merchant, said);
  if (!space) return space.error();
  auto options = resolved_options(profile, input.merchant);
  if (!options) return options.error();
  const auto known = parse_charset(*charset);
  CHECK_THAT(known, "the profile's check has seen the charsets of this choice");
  return Rendering{
      profile,         input, *known, *space == "percent20" ? Space::kPercent20 : Space::kPlus, *std::move(options),
      std::move(bytes)};
}

Result<Rendering> begin_rendering(const Profile& profile, const RenderInput& input) {
  if (const Status fixed = check_content(profile, input.content); !fixed) return fixed.error();
  Result<Rendering> rendering = begin_rendering(profile, input, input.content.fields);
  if (!rendering) return rendering;
  if (const Status converted = convert_fields(*rendering); !converted) return converted.error();
  return rendering;
}

Result<Rendered> render(const Profile& profile, const RenderInput& input, PrivateKeyCache& keys) {
  return render_with(profile, input, &keys);
}

Result<Rendered> render_unsigned(const Profile& profile, const RenderInput& input) {
  return render_with(profile, input, nullptr);
}

std::string nonce_from(std::uint64_t random) {
  const std::string hex =
      to_text(digest(DigestKind::kSha256, "nonce/" + std::to_string(random)), DigestForm::kHexUpper);
  return hex.substr(0, kNonceCharacters);
}

std::string nonce_for(const Profile& profile, std::uint64_t random) {
  return uses_nonce(profile) ? nonce_from(random) : std::string();
}

bool signs_with_private_key(const Profile& profile, const Merchant& merchant, const Fields& fields) {
  const auto variant = choose_variant(profile, merchant, fields);
  return variant && needs_private_key((*variant)->algorithm);
}

AckRule ack_for(const Profile& profile, const Merchant& merchant) {
  const auto asks = [&](const char* option) {
    const auto chosen = merchant.options.find(option);
    return chosen != merchant.options.end() && chosen->second == "true";
  };
  AckRule ack = profile.ack;
  if (ack.match == AckMatch::kExact && asks("ack_trim")) ack.match = AckMatch::kTrimmed;
  const bool is_text = ack.match == AckMatch::kExact || ack.match == AckMatch::kTrimmed;
  if (is_text && asks("ack_contains")) ack.match = AckMatch::kContains;
  ack.any_case = ack.any_case || asks("ack_any_case");
  const Result<std::string> charset = resolve(profile.charset, profile, merchant, {});
  if (charset) ack.charset = parse_charset(*charset).value_or(ack.charset);
  return ack;
}

}  // namespace ackd
