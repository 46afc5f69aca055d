#include "profile/render.h"

#include <fmt/format.h>

#include <algorithm>

#include "profile/merchant_options.h"
#include "text/charset.h"
#include "text/form_encoding.h"

namespace ackd {
namespace {

bool is_blank(std::string_view value) {
  return value.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

const FieldRule* rule_of(const Profile& profile, std::string_view name) {
  const auto found = std::find_if(profile.fields.begin(), profile.fields.end(),
                                  [&](const FieldRule& rule) { return rule.name == name; });
  return found == profile.fields.end() ? nullptr : &*found;
}

Result<bool> is_signed(const Profile& profile, const Merchant& merchant, const FieldRule& rule) {
  if (rule.signed_option.empty()) return rule.is_signed;
  const Result<std::string> chosen = option_value(profile, merchant, rule.signed_option);
  if (!chosen) return chosen.error();
  return *chosen == "true";
}

// The signed fields in the order of the wire.
Result<std::vector<const Field*>> signed_fields(const Profile& profile, const RenderInput& input) {
  std::vector<const Field*> out;
  for (const Field& field : input.content.fields) {
    const FieldRule* rule = rule_of(profile, field.name);
    if (rule == nullptr || field.name == profile.signature_field) {
      return invalid(fmt::format("the content was not fixed by this revision of {}: it has no such field", profile.id),
                     field.name);
    }
    const Result<bool> counts = is_signed(profile, input.merchant, *rule);
    if (!counts) return counts.error();
    const bool skipped = (profile.canonical.skip_empty && field.value.empty()) ||
                         (profile.canonical.skip_blank && is_blank(field.value));
    if (*counts && !skipped) out.push_back(&field);
  }
  return out;
}

std::vector<const Field*> in_listed_order(const std::vector<const Field*>& fields,
                                          const std::vector<std::string>& listed) {
  std::vector<const Field*> out;
  for (const std::string& name : listed) {
    const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field* f) { return f->name == name; });
    if (found != fields.end()) out.push_back(*found);
  }
  return out;
}

Result<std::string> canonical_text(const Profile& profile, const RenderInput& input) {
  const CanonicalRule& rule = profile.canonical;
  Result<std::vector<const Field*>> selected = signed_fields(profile, input);
  if (!selected) return selected.error();
  std::vector<const Field*> fields = *std::move(selected);
  if (rule.order == CanonicalOrder::kListed) {
    fields = in_listed_order(fields, rule.listed);
  } else {
    std::sort(fields.begin(), fields.end(), [](const Field* a, const Field* b) { return a->name < b->name; });
  }
  std::string out = expand(rule.prefix, input.merchant.key.secret);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) out += rule.separator;
    if (rule.parts == CanonicalParts::kPairs) out += fields[i]->name + "=";
    out += fields[i]->value;
  }
  return out + expand(rule.suffix, input.merchant.key.secret);
}

// The bytes that are digested. A platform whose own code takes bytes in another charset than the wire's writes '?' for
// what that charset lacks; its merchants verify the same way.
Result<std::string> digested_bytes(const Profile& profile, const Merchant& merchant, const std::string& canonical) {
  if (profile.canonical.charset_option.empty()) return canonical;
  const Result<std::string> name = option_value(profile, merchant, profile.canonical.charset_option);
  if (!name) return name.error();
  const auto charset = parse_charset(*name);
  CHECK_THAT(charset, "the profile's check has seen the charsets of this option");
  Result<std::string> bytes = from_utf8(canonical, *charset, Unmappable::kQuestionMark);
  if (bytes) return bytes;
  return invalid(
      fmt::format("merchant {}/{}: the key is not UTF-8 and cannot be converted to {}", profile.id, merchant.id, *name),
      "key");
}

std::string encoded_pairs(const Profile& profile, const Content& content, const std::string& signature) {
  Fields pairs;
  for (const FieldRule& rule : profile.fields) {
    const std::string* value = find_field(content.fields, rule.name);
    if (rule.name == profile.signature_field) value = &signature;
    if (value != nullptr) pairs.push_back({rule.name, *value});
  }
  return form_encode(pairs);
}

void append_query(Url& url, const std::string& pairs) {
  if (!url.query.empty() && !url.query.ends_with('&')) url.query.push_back('&');
  url.query += pairs;
}

Result<HttpRequest> build_request(const Profile& profile, const RenderInput& input, const std::string& signature) {
  HttpRequest request;
  request.method = profile.method;
  request.url = input.url;
  std::string pairs = encoded_pairs(profile, input.content, signature);
  if (profile.encoding == Encoding::kQuery) {
    append_query(request.url, pairs);
    return request;
  }
  std::string content_type = profile.content_type;
  if (!profile.content_type_option.empty()) {
    Result<std::string> chosen = option_value(profile, input.merchant, profile.content_type_option);
    if (!chosen) return chosen.error();
    content_type = *std::move(chosen);
  }
  request.headers.push_back({"Content-Type", std::move(content_type)});
  request.body = std::move(pairs);
  return request;
}

bool needs_key(const Profile& profile) {
  return uses_key(profile.canonical.prefix) || uses_key(profile.canonical.suffix);
}

}  // namespace

Result<Rendered> render(const Profile& profile, const RenderInput& input) {
  if (needs_key(profile) && input.merchant.key.secret.empty()) {
    return invalid(fmt::format("merchant {}/{} has no key, and {} signs with one; give the merchant its key",
                               profile.id, input.merchant.id, profile.id),
                   "key");
  }
  Result<std::string> canonical = canonical_text(profile, input);
  if (!canonical) return canonical.error();
  const Result<std::string> bytes = digested_bytes(profile, input.merchant, *canonical);
  if (!bytes) return bytes.error();

  Rendered rendered;
  rendered.signature = to_text(digest(profile.digest, *bytes), profile.digest_form);
  Result<HttpRequest> request = build_request(profile, input, rendered.signature);
  if (!request) return request.error();
  rendered.request = *std::move(request);
  rendered.canonical = *std::move(canonical);
  rendered.key_id = input.merchant.key.id;
  return rendered;
}

AckRule ack_for(const Profile& profile, const Merchant& merchant) {
  const auto asks = [&](const char* option) {
    const auto chosen = merchant.options.find(option);
    return chosen != merchant.options.end() && chosen->second == "true";
  };
  AckRule ack = profile.ack;
  if (ack.match == AckMatch::kExact && asks("ack_trim")) ack.match = AckMatch::kTrimmed;
  if (ack.match != AckMatch::kStatusOnly && asks("ack_contains")) ack.match = AckMatch::kContains;
  ack.any_case = ack.any_case || asks("ack_any_case");
  return ack;
}

}  // namespace ackd
