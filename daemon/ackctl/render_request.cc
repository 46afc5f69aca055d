#include "ackctl/render_request.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "api/json_reader.h"
#include "crypto/digest.h"
#include "profile/content_rules.h"
#include "profile/merchant_options.h"
#include "text/charset.h"
#include "text/url.h"

namespace ackd {
namespace {

// Where no URL matters, as in a comparison of signatures.
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

Status read_merchant(const JsonValue& root, Merchant& merchant) {
  const JsonValue* value = root.find("merchant");
  if (value == nullptr || value->kind == JsonKind::kNull) return Done{};
  if (value->kind != JsonKind::kObject) return wrong_kind("merchant", *value, "an object");
  std::string key;
  if (Status read = read_text(*value, "id", merchant.id); !read) return read;
  if (Status read = read_text(*value, "private_key", key); !read) return read;
  if (Status read = read_text(*value, "key", key); !read) return read;
  merchant.key.secret = Secret(std::move(key));
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
  if (error.field.empty() || error.message.find(error.field) != std::string::npos) return error;
  return {error.code, fmt::format("{}{}: {}", prefix, error.field, error.message), error.field};
}

}  // namespace

Result<RenderRequest> read_render_request(std::string_view json, const std::string& provider, WallTime now) {
  const Result<JsonValue> root = read_json(json);
  if (!root) return root.error();
  if (root->kind != JsonKind::kObject) return wrong_kind("the request", *root, "an object");
  const std::vector<std::string> known = {"fields", "url", "merchant", "now", "nonce", "body"};
  if (const auto unknown = find_unknown_member(*root, known, "the request")) return *unknown;
  RenderRequest request;
  request.url = kDefaultUrl;
  request.now = now;
  request.merchant.provider = provider;
  if (Status read = read_fields(*root, request.fields); !read) return read.error();
  if (Status read = read_text(*root, "url", request.url); !read) return read.error();
  if (Status read = read_text(*root, "body", request.body); !read) return read.error();
  if (Status read = read_merchant(*root, request.merchant); !read) return read.error();
  if (Status read = read_now(*root, request.now); !read) return read.error();
  return request;
}

Result<Rendered> render_offline(const Profile& profile, const RenderRequest& request) {
  if (const Status known = check_options(profile, request.merchant); !known)
    return with_field(known.error(), "merchant.");
  const auto fixed = fix_content(profile, request.merchant, {request.fields, request.body, "", ""});
  if (!fixed) return with_field(fixed.error(), "fields.");
  const auto url = parse_url(request.url);
  if (!url) return with_field(url.error(), "");
  auto rendered = render(profile, {fixed->content, request.merchant, *url, request.now});
  if (!rendered) return with_field(rendered.error(), "merchant.");
  return rendered;
}

Document document_of(const Rendered& rendered) {
  Document headers = Document::object();
  for (const Field& header : rendered.request.headers) headers[header.name] = header.value;
  Document out = {{"method", rendered.request.method}, {"url", rendered.request.url.text()}, {"headers", headers}};
  add_bytes(out, "body", rendered.request.body);
  add_bytes(out, "canonical", rendered.canonical);
  add_bytes(out, "signature", rendered.signature);
  return out;
}

}  // namespace ackd
