#include "ackctl/render_request.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "ackctl/verb.h"
#include "crypto/digest.h"
#include "profile/content_rules.h"
#include "profile/merchant_options.h"
#include "text/charset.h"
#include "text/json_reader.h"
#include "text/url.h"

namespace ackd {
namespace {

// Where neither the description nor the merchant names one, as in a comparison of signatures.
constexpr const char* kDefaultUrl = "http://merchant.example/notify";

bool is_scalar(const JsonValue& value) {
  return value.kind == JsonKind::kString || value.kind == JsonKind::kNumber;
}

Error wrong_kind(const std::string& member, const JsonValue& value, std::string_view wanted) {
  return invalid(fmt::format("{} is {}; it must be {}", member, name_of(value.kind), wanted), member);
}

// An absent or null member leaves `out` as it is.
Status read_text(const JsonValue& object, std::string_view name, std::string& out) {
  const JsonValue* value = object.find(name);
  if (value == nullptr || value->kind == JsonKind::kNull) return Done{};
  if (!is_scalar(*value)) return wrong_kind(std::string(name), *value, "a string");
  out = value->text;
  return Done{};
}

Status add_field(const std::string& name, const JsonValue& value, Fields& fields) {
  if (!is_scalar(value)) return wrong_kind("fields." + name, value, "a string or a number");
  fields.push_back({name, value.text});
  return Done{};
}

Status read_field_pair(const JsonValue& pair, Fields& fields) {
  if (pair.kind != JsonKind::kArray || pair.items.size() != 2 || pair.items[0].kind != JsonKind::kString) {
    return invalid("fields: each item of the list must be [\"name\", \"value\"]", "fields");
  }
  return add_field(pair.items[0].text, pair.items[1], fields);
}

Status read_fields(const JsonValue& root, Fields& fields) {
  const JsonValue* value = root.find("fields");
  if (value == nullptr) return Done{};
  if (value->kind != JsonKind::kObject && value->kind != JsonKind::kArray) {
    return wrong_kind("fields", *value, "an object, or a list of [name, value]");
  }
  for (const JsonMember& member : value->members) {
    if (Status added = add_field(member.name, member.value, fields); !added) return added;
  }
  for (const JsonValue& item : value->items) {
    if (Status added = read_field_pair(item, fields); !added) return added;
  }
  return Done{};
}

Status read_options(const JsonValue& merchant, std::map<std::string, std::string>& options) {
  const JsonValue* value = merchant.find("options");
  if (value == nullptr || value->kind == JsonKind::kNull) return Done{};
  if (value->kind != JsonKind::kObject) return wrong_kind("merchant.options", *value, "an object");
  for (const auto& [name, option] : value->members) {
    if (!is_scalar(option) && option.kind != JsonKind::kBoolean) {
      return wrong_kind("merchant.options." + name, option, "true, false, a string or a number");
    }
    options[name] = option.text;
  }
  return Done{};
}

// One of merchant.keys, or the lone key that stands in the merchant itself.
Status read_key(const JsonValue& object, MerchantKey& key) {
  std::string secret;
  std::string private_key;
  if (Status read = read_text(object, "key", secret); !read) return read;
  if (Status read = read_text(object, "private_key", private_key); !read) return read;
  key.secret = Secret(std::move(secret));
  key.private_key = Secret(std::move(private_key));
  return Done{};
}

Status read_keys(const JsonValue& merchant, std::vector<MerchantKey>& keys) {
  MerchantKey lone;
  if (Status read = read_key(merchant, lone); !read) return read;
  const bool has_lone = !lone.secret.empty() || !lone.private_key.empty();
  if (has_lone) keys.push_back(std::move(lone));
  const JsonValue* list = merchant.find("keys");
  if (list == nullptr || list->kind == JsonKind::kNull) return Done{};
  if (has_lone) return invalid("merchant has both a key and keys; give one of them", "merchant.keys");
  if (list->kind != JsonKind::kArray) return wrong_kind("merchant.keys", *list, "a list");
  for (const JsonValue& item : list->items) {
    if (item.kind != JsonKind::kObject) return wrong_kind("merchant.keys", item, "a list of objects");
    if (const auto unknown = find_unknown_member(item, {"id", "key", "private_key"}, "a key")) return *unknown;
    keys.emplace_back();
    if (Status read = read_text(item, "id", keys.back().id); !read) return read;
    if (Status read = read_key(item, keys.back()); !read) return read;
  }
  return Done{};
}

Status read_merchant(const JsonValue& root, RenderRequest& request) {
  const JsonValue* value = root.find("merchant");
  if (value == nullptr || value->kind == JsonKind::kNull) return Done{};
  if (value->kind != JsonKind::kObject) return wrong_kind("merchant", *value, "an object");
  const std::vector<std::string> known = {"id", "key", "private_key", "keys", "options", "url"};
  if (const auto unknown = find_unknown_member(*value, known, "the merchant")) return *unknown;
  request.names_merchant = !value->members.empty();
  Merchant& merchant = request.merchant;
  if (Status read = read_text(*value, "id", merchant.id); !read) return read;
  if (Status read = read_text(*value, "url", merchant.url); !read) return read;
  if (Status read = read_keys(*value, merchant.keys); !read) return read;
  return read_options(*value, merchant.options);
}

// Unix seconds, whole or with decimals.
Status read_now(const JsonValue& root, WallTime& now) {
  std::string text;
  if (Status read = read_text(root, "now", text); !read || text.empty()) return read;
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() || seconds < 0 || seconds > 1e12) {
    return invalid(fmt::format("now is '{}'; it must be seconds since 1970", shortened(text)), "now");
  }
  now = WallTime{static_cast<std::int64_t>(seconds * 1'000.0)};
  return Done{};
}

void add_bytes(Document& out, const std::string& name, const std::string& bytes) {
  if (is_valid_utf8(bytes)) {
    out[name] = bytes;
  } else {
    out[name + "_base64"] = to_text(bytes, DigestForm::kBase64);
  }
}

// Offline nobody shows the field beside the message, as the API does.
Error with_field(const Error& error, std::string_view prefix) {
  return {error.code, sentence_of(error, prefix), error.field};
}

// Where in the description the field at fault stands.
std::string_view prefix_of(std::string_view field) {
  if (field == "body" || field == "type" || field == "key") return "";
  return field.starts_with("options.") ? "merchant." : "fields.";
}

// {"body": "..."}; an empty body is a body.
Status read_body(const JsonValue& root, AdmissionInput& input) {
  const JsonValue* value = root.find("body");
  input.has_body = value != nullptr && value->kind != JsonKind::kNull;
  if (!input.has_body) return Done{};
  if (value->kind != JsonKind::kString) {
    return wrong_kind("body", *value, "a string, the body's exact text: \"{\\\"id\\\":1}\"");
  }
  input.body = value->text;
  return Done{};
}

// 32 random bytes for what a profile draws once.
std::string seed_from(Rng& rng) {
  std::string seed;
  for (int i = 0; i < 4; ++i) seed += std::to_string(rng.next()) + "/";
  return seed;
}

}  // namespace

Result<RenderRequest> read_render_request(std::string_view json, const std::string& provider, WallTime now, Rng& rng) {
  const Result<JsonValue> root = read_json(json);
  if (!root) return root.error();
  if (root->kind != JsonKind::kObject) return wrong_kind("the request", *root, "an object");
  const std::vector<std::string> known = {"fields", "type", "body", "url", "merchant", "now", "nonce"};
  if (const auto unknown = find_unknown_member(*root, known, "the request")) return *unknown;
  RenderRequest request;
  request.input.now = now;
  request.input.seed = seed_from(rng);
  request.nonce = nonce_from(rng.next());
  request.merchant.provider = provider;
  if (Status read = read_fields(*root, request.input.fields); !read) return read.error();
  if (Status read = read_text(*root, "type", request.input.type); !read) return read.error();
  if (Status read = read_body(*root, request.input); !read) return read.error();
  if (Status read = read_text(*root, "url", request.url); !read) return read.error();
  if (Status read = read_text(*root, "nonce", request.nonce); !read) return read.error();
  if (Status read = read_merchant(*root, request); !read) return read.error();
  if (Status read = read_now(*root, request.input.now); !read) return read.error();
  return request;
}

Result<RenderedOffline> render_offline(const Profile& profile, const RenderRequest& request) {
  const Merchant& merchant = request.merchant;
  if (const Status known = check_options(profile, merchant); !known) return with_field(known.error(), "merchant.");
  const auto fixed = fix_incomplete_content(profile, merchant, request.input);
  if (!fixed) return with_field(fixed.error(), prefix_of(fixed.error().field));
  const std::string& own = request.url.empty() ? merchant.url : request.url;
  const auto url = parse_url(own.empty() ? kDefaultUrl : own);
  if (!url) return with_field(url.error(), "");
  PrivateKeyCache keys;
  auto rendered = render(profile, {fixed->content, merchant, *url, request.input.now, request.nonce}, keys);
  if (!rendered) return with_field(rendered.error(), prefix_of(rendered.error().field));
  RenderedOffline out{*std::move(rendered), {}};
  for (const std::string& name : fixed->missing) out.refused.push_back(name + ": the field is required");
  return out;
}

Document document_of(const RenderedOffline& offline) {
  const Rendered& rendered = offline.rendered;
  Document headers = Document::object();
  for (const Field& header : rendered.request.headers) headers[header.name] = header.value;
  Document out = {{"method", rendered.request.method}, {"url", rendered.request.url.text()}, {"headers", headers}};
  add_bytes(out, "body", rendered.request.body);
  add_bytes(out, "canonical", rendered.canonical);
  add_bytes(out, "signature", rendered.signature);
  if (!offline.refused.empty()) out["refused_at_admission"] = offline.refused;
  return out;
}

}  // namespace ackd
