#include "api/merchant_codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/decimal.h"
#include "model/notification.h"
#include "policy/allowed_hosts.h"
#include "profile/egress_options.h"
#include "profile/merchant_options.h"
#include "text/charset.h"
#include "text/url.h"

namespace ackd {
namespace {

JsonValue* find(JsonValue& object, std::string_view name) {
  return const_cast<JsonValue*>(std::as_const(object).find(name));
}

bool is_one_line(std::string_view text) {
  return is_valid_utf8(text) && std::none_of(text.begin(), text.end(),
                                             [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Error wrong_kind(const JsonValue& value, std::string_view field, std::string_view expected) {
  return invalid(fmt::format("{} is {}; it must be {}", field, name_of(value.kind), expected), std::string(field));
}

// An absent member leaves `out` as it is.
Status read_text(JsonValue& json, std::string_view name, std::size_t bytes_max, std::string& out) {
  JsonValue* value = find(json, name);
  if (value == nullptr) return Done{};
  if (value->kind != JsonKind::kString) return wrong_kind(*value, name, "a string");
  if (value->text.size() > bytes_max || !is_one_line(value->text)) {
    return invalid(fmt::format("{} must be one line of at most {} bytes", name, bytes_max), std::string(name));
  }
  out = std::move(value->text);
  return Done{};
}

Status read_url(JsonValue& json, std::string& out) {
  std::string text;
  if (Status read = read_text(json, "url", kUrlBytesMax, text); !read || text.empty()) return read;
  const Result<Url> url = parse_url(text);
  if (!url) return invalid(url.error().message, "url");
  out = url->text();
  return Done{};
}

Status read_hosts(JsonValue& json, std::vector<std::string>& out) {
  const JsonValue* list = find(json, "hosts");
  if (list == nullptr) return Done{};
  if (list->kind != JsonKind::kArray) return wrong_kind(*list, "hosts", "a list");
  if (list->items.size() > kAllowedHostsMax) {
    return invalid(fmt::format("hosts names {}; the limit is {}", list->items.size(), kAllowedHostsMax), "hosts");
  }
  for (const JsonValue& item : list->items) {
    const std::string field = fmt::format("hosts[{}]", out.size());
    if (item.kind != JsonKind::kString) return wrong_kind(item, field, "a string");
    Result<std::string> host = read_host_pattern(item.text);
    if (!host) return invalid(fmt::format("{} {}", field, host.error().message), field);
    out.push_back(*std::move(host));
  }
  return Done{};
}

Status read_options(JsonValue& json, std::map<std::string, std::string>& out) {
  JsonValue* object = find(json, "options");
  if (object == nullptr) return Done{};
  if (object->kind != JsonKind::kObject) return wrong_kind(*object, "options", "an object");
  for (JsonMember& member : object->members) {
    const JsonKind kind = member.value.kind;
    const bool has_text = kind == JsonKind::kString || kind == JsonKind::kNumber || kind == JsonKind::kBoolean;
    if (!has_text) return wrong_kind(member.value, "options." + shortened(member.name), "a string");
    out[member.name] = std::move(member.value.text);
  }
  return Done{};
}

Status read_version(JsonValue& json, std::optional<std::uint32_t>& out) {
  const JsonValue* value = find(json, "version");
  if (value == nullptr) return Done{};
  const auto version = parse_decimal<std::uint32_t>(value->text);
  if (value->kind != JsonKind::kNumber || !version) {
    return invalid("version must be a whole number: the one that was shown, or 0 for a merchant that is not there",
                   "version");
  }
  out = version;
  return Done{};
}

Status read_part(JsonValue& key, std::string_view name, const std::string& field, Secret& out) {
  JsonValue* value = find(key, name);
  if (value == nullptr) return Done{};
  const std::string path = fmt::format("{}.{}", field, name);
  if (value->kind != JsonKind::kString) return wrong_kind(*value, path, "a string");
  Secret secret(std::move(value->text));
  if (secret.empty() || secret.reveal().size() > kKeyPartBytesMax) {
    return invalid(
        fmt::format("{} must have 1 to {} bytes; leave it out to keep the stored key", path, kKeyPartBytesMax), path);
  }
  out = std::move(secret);
  return Done{};
}

Result<MerchantKey> read_key(JsonValue& json, const std::string& field) {
  if (json.kind != JsonKind::kObject) return wrong_kind(json, field, "an object");
  if (std::optional<Error> unknown = find_unknown_member(json, {"id", "secret", "private_key"}, "a key")) {
    // The member's name is not quoted: it may be a key that slipped into the wrong place.
    return invalid(fmt::format("{} has a member besides id, secret and private_key", field), field);
  }
  MerchantKey key;
  JsonValue* id = find(json, "id");
  if (id == nullptr || id->kind != JsonKind::kString) return invalid(field + ".id must be a string", field + ".id");
  key.id = std::move(id->text);
  if (Status named = check_name(key.id, field + ".id"); !named) return named.error();
  if (Status read = read_part(json, "secret", field, key.secret); !read) return read.error();
  if (Status read = read_part(json, "private_key", field, key.private_key); !read) return read.error();
  return key;
}

Result<std::vector<MerchantKey>> read_keys(JsonValue& list) {
  if (list.kind != JsonKind::kArray) return wrong_kind(list, "keys", "a list");
  if (list.items.size() > kMerchantKeysMax) {
    return invalid(fmt::format("keys names {}; the limit is {}: the one that signs and, during a rotation, the one "
                               "before",
                               list.items.size(), kMerchantKeysMax),
                   "keys");
  }
  std::vector<MerchantKey> keys;
  for (JsonValue& item : list.items) {
    const std::string field = fmt::format("keys[{}]", keys.size());
    Result<MerchantKey> key = read_key(item, field);
    if (!key) return key.error();
    if (!keys.empty() && keys.front().id == key->id) return invalid(field + ".id is given twice", field + ".id");
    keys.push_back(*std::move(key));
  }
  return keys;
}

Status read_keys(JsonValue& json, std::optional<std::vector<MerchantKey>>& out) {
  JsonValue* list = find(json, "keys");
  if (list == nullptr) return Done{};
  Result<std::vector<MerchantKey>> keys = read_keys(*list);
  if (!keys) return keys.error();
  out = *std::move(keys);
  return Done{};
}

Status read_name(JsonValue& json, NamedBy named_by, MerchantName& name) {
  if (named_by == NamedBy::kPath) return Done{};
  for (auto [field, out] : {std::pair("provider", &name.provider), std::pair("id", &name.id)}) {
    if (Status read = read_text(json, field, kNameBytesMax, *out); !read) return read;
  }
  return Done{};
}

std::vector<std::string> known_members(NamedBy named_by) {
  std::vector<std::string> names{"url", "hosts", "contact", "options", "keys", "version"};
  if (named_by == NamedBy::kMembers) names.insert(names.begin(), {"provider", "id"});
  return names;
}

}  // namespace

Status check_name(std::string_view text, std::string_view field) {
  if (!text.empty() && text.size() <= kNameBytesMax && is_one_line(text)) return Done{};
  return invalid(fmt::format("{} must have 1 to {} bytes of UTF-8 and no control characters", field, kNameBytesMax),
                 std::string(field));
}

Result<MerchantDraft> read_merchant_draft(JsonValue& json, NamedBy named_by, MerchantName name) {
  if (json.kind != JsonKind::kObject) {
    return invalid(fmt::format("a merchant is an object; this is {}", name_of(json.kind)));
  }
  if (std::optional<Error> unknown = find_unknown_member(json, known_members(named_by), "a merchant")) {
    return std::move(*unknown);
  }
  MerchantDraft draft;
  draft.name = std::move(name);
  if (Status read = read_name(json, named_by, draft.name); !read) return read.error();
  if (Status named = check_name(draft.name.provider, "provider"); !named) return named.error();
  if (Status named = check_name(draft.name.id, "id"); !named) return named.error();
  if (Status read = read_url(json, draft.url); !read) return read.error();
  if (Status read = read_hosts(json, draft.hosts); !read) return read.error();
  if (Status read = read_text(json, "contact", kContactBytesMax, draft.contact); !read) return read.error();
  if (Status read = read_options(json, draft.options); !read) return read.error();
  if (Status read = read_keys(json, draft.keys); !read) return read.error();
  if (Status read = read_version(json, draft.version); !read) return read.error();
  return draft;
}

Result<std::vector<MerchantKey>> read_shared_keys(JsonValue& json) {
  if (json.kind != JsonKind::kObject) return wrong_kind(json, "the body", "an object");
  if (std::optional<Error> unknown = find_unknown_member(json, {"keys"}, "this request")) return std::move(*unknown);
  JsonValue* list = find(json, "keys");
  if (list == nullptr) return invalid("keys is missing; send [] to remove them", "keys");
  return read_keys(*list);
}

Result<std::vector<MerchantKey>> keys_of(std::vector<MerchantKey> wanted, const std::vector<MerchantKey>& present) {
  std::size_t place = 0;
  for (MerchantKey& key : wanted) {
    const std::string field = fmt::format("keys[{}]", place++);
    if (!key.secret.empty() || !key.private_key.empty()) continue;
    const auto stored =
        std::find_if(present.begin(), present.end(), [&](const MerchantKey& each) { return each.id == key.id; });
    if (stored == present.end()) {
      return invalid(fmt::format("{} has neither secret nor private_key, and no key '{}' is stored that could be kept",
                                 field, key.id),
                     field);
    }
    key = *stored;
  }
  return wanted;
}

Result<Merchant> merchant_of(MerchantDraft draft, const MerchantSurroundings& there) {
  const Profile* profile = there.catalogue.current(draft.name.provider);
  if (profile == nullptr) {
    return invalid(fmt::format("there is no provider '{}'; GET /v1/providers lists them", draft.name.provider),
                   "provider");
  }
  Merchant merchant;
  merchant.provider = std::move(draft.name.provider);
  merchant.id = std::move(draft.name.id);
  merchant.url = std::move(draft.url);
  merchant.hosts = std::move(draft.hosts);
  merchant.contact = std::move(draft.contact);
  merchant.options = std::move(draft.options);
  merchant.source = MerchantSource::kRecord;
  const Merchant* present = there.merchants.find(merchant.provider, merchant.id);
  static const std::vector<MerchantKey> kNone;
  const std::vector<MerchantKey>& stored = present == nullptr ? kNone : present->keys;
  Result<std::vector<MerchantKey>> keys = draft.keys ? keys_of(*std::move(draft.keys), stored) : stored;
  if (!keys) return keys.error();
  merchant.keys = *std::move(keys);
  if (Status checked = check_options(*profile, merchant); !checked) return checked.error();
  if (Status checked = check_named(merchant, there.means); !checked) return checked.error();
  if (Status checked = check_loosening(merchant, there.engine.wall()); !checked) return checked.error();
  return merchant;
}

std::vector<SealedKey> seal_keys(const KeyRing& ring, const KeyOwner& owner, const std::vector<MerchantKey>& keys,
                                 Rng& rng) {
  std::vector<SealedKey> sealed;
  for (const MerchantKey& key : keys) {
    sealed.push_back({key.id, ring.current().id, seal_key(ring, owner, key, rng)});
  }
  return sealed;
}

nlohmann::ordered_json keys_json(const std::vector<MerchantKey>& keys) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const MerchantKey& key : keys) {
    nlohmann::ordered_json parts = nlohmann::ordered_json::array();
    if (!key.secret.empty()) parts.push_back("secret");
    if (!key.private_key.empty()) parts.push_back("private_key");
    json.push_back({{"id", key.id}, {"parts", std::move(parts)}});
  }
  return json;
}

}  // namespace ackd
