#include "profile/received_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "profile/merchant_options.h"
#include "profile/template_match.h"
#include "text/charset.h"
#include "text/form_encoding.h"
#include "text/json_reader.h"
#include "text/url.h"
#include "text/xml.h"

namespace ackd {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

// A merchant's URL may bring pairs of the same name; the provider's stand behind them.
const std::string* last_of(const Fields& fields, std::string_view name) {
  const auto found =
      std::find_if(fields.rbegin(), fields.rend(), [&](const Field& field) { return field.name == name; });
  return found == fields.rend() ? nullptr : &found->value;
}

void put(Fields& fields, const std::string& name, std::string value) {
  if (find_field(fields, name) == nullptr) fields.push_back({name, std::move(value)});
}

bool is_scalar(const JsonValue& value) {
  return value.kind == JsonKind::kString || value.kind == JsonKind::kNumber || value.kind == JsonKind::kBoolean;
}

// Without the pairs that the merchant's own URL puts in front.
std::string_view without_own_pairs(std::string_view pairs, const Merchant& merchant) {
  const auto url = parse_url(merchant.url);
  if (!url || url->query.empty() || !pairs.starts_with(url->query)) return pairs;
  const std::string_view rest = pairs.substr(url->query.size());
  if (rest.empty()) return rest;
  const bool ends_there = rest.front() == '&' || url->query.ends_with('&');
  return ends_there ? rest.substr(rest.front() == '&' ? 1 : 0) : pairs;
}

// A default that is the same for everyone who knows the merchant.
bool is_known_to_merchant(const Template& fallback) {
  return std::all_of(fallback.begin(), fallback.end(), [](const TemplatePiece& piece) {
    return piece.value == TemplateValue::kText || piece.value == TemplateValue::kMerchant ||
           piece.value == TemplateValue::kOption;
  });
}

class Reader {
 public:
  Reader(const Profile& profile, const Merchant& merchant, const Fields& known, const ReceivedRequest& request)
      : profile_(profile), merchant_(merchant), known_(known), request_(request) {}

  Result<ReceivedContent> read() {
    if (const Status wire = read_wire(); !wire) return wire.error();
    for (const HeaderRule& rule : profile_.headers) read_header(rule);
    find_signature();
    read_signature_value();
    if (!profile_.signature.header.empty()) out_.signed_body = own_body();
    collect_fields();
    open_seals();
    take_from_document();
    return std::move(out_);
  }

 private:
  // What was signed before the pairs of the merchant's URL moved to its front.
  std::string own_body() const {
    return std::string(profile_.query_into_body ? without_own_pairs(request_.body, merchant_) : request_.body);
  }

  Status read_wire() {
    switch (profile_.encoding) {
      case Encoding::kXml: return read_xml();
      case Encoding::kJson: return read_json_members();
      case Encoding::kRaw: return unwrap();
      case Encoding::kQuery: return read_pairs(request_.query);
      case Encoding::kForm:
      case Encoding::kRawPairs: break;
    }
    return read_pairs(request_.body);
  }

  Status read_pairs(std::string_view text) {
    const bool may_have_own = profile_.encoding == Encoding::kQuery || profile_.query_into_body;
    if (may_have_own) text = without_own_pairs(text, merchant_);
    while (!text.empty()) {
      const std::string_view pair = text.substr(0, text.find('&'));
      text.remove_prefix(std::min(pair.size() + 1, text.size()));
      if (pair.empty()) continue;
      const std::size_t equals = std::min(pair.find('='), pair.size());
      const std::string_view encoded = pair.substr(std::min(equals + 1, pair.size()));
      const Result<std::string> name = percent_decode(pair.substr(0, equals));
      if (!name) return name.error();
      Result<std::string> value = percent_decode(encoded);
      if (!value) return Error{value.error().code, fmt::format("{}: {}", *name, value.error().message), *name};
      arrived_.push_back({*name, *std::move(value)});
      encoded_.push_back({*name, std::string(encoded)});
    }
    return Done{};
  }

  // XML readers want UTF-8, so the document is converted and its values are converted back.
  Status read_xml() {
    const Result<std::string> name = resolve(profile_.charset, profile_, merchant_, known_);
    const std::optional<Charset> charset = name ? parse_charset(*name) : std::nullopt;
    const Result<std::string> document = to_utf8(request_.body, charset.value_or(Charset::kUtf8));
    if (!document) return document.error();
    Result<Fields> fields = xml_decode(*document);
    if (!fields) return fields.error();
    for (Field& field : *fields) {
      Result<std::string> bytes = from_utf8(field.value, charset.value_or(Charset::kUtf8), Unmappable::kQuestionMark);
      if (!bytes) return bytes.error();
      arrived_.push_back({field.name, *std::move(bytes)});
    }
    return Done{};
  }

  Status read_json_members() {
    out_.document = request_.body;
    const Result<JsonValue> root = read_json(request_.body);
    if (!root) return invalid("the body is not JSON: " + root.error().message);
    for (const FieldRule& rule : profile_.fields) {
      const JsonValue* value = find(*root, rule.pointer);
      if (value != nullptr && is_scalar(*value)) arrived_.push_back({rule.name, value->text});
    }
    for (const JsonMember& member : root->members) {
      const bool is_extra = find_field_rule(profile_, member.name) == nullptr && knows_field(profile_, member.name);
      if (is_extra && is_scalar(member.value)) arrived_.push_back({member.name, member.value.text});
    }
    return Done{};
  }

  Status unwrap() {
    const Result<std::string> wrap = resolve(profile_.body.wrap, profile_, merchant_, known_);
    if (!wrap) return wrap.error();
    const Result<Template> pieces = parse_template(*wrap, TemplatePlace::kWrap);
    if (!pieces) return pieces.error();
    std::optional<TemplateMatch> match = match_template(*pieces, request_.body, profile_.zone);
    if (match) {
      out_.document = std::move(match->body);
    } else {
      out_.notes.push_back(fmt::format("the body has not the form {}", *wrap));
    }
    return Done{};
  }

  void read_header(const HeaderRule& rule) {
    const std::string* value = find_header(request_, rule.name);
    if (value == nullptr) {
      if (rule.otherwise.empty()) out_.notes.push_back(fmt::format("the header {} did not arrive", rule.name));
      return;
    }
    auto match = match_template(rule.value, *value, profile_.zone);
    if (!match) match = match_template(rule.otherwise, *value, profile_.zone);
    if (!match) {
      out_.notes.push_back(
          fmt::format("the header {} is '{}', not of the form {}", rule.name, shortened(*value), text_of(rule.value)));
      return;
    }
    take(std::move(*match));
  }

  void take(TemplateMatch match) {
    if (match.now) out_.now = match.now;
    if (!match.nonce.empty()) out_.nonce = std::move(match.nonce);
    for (Field& field : match.fields) put(from_headers_, field.name, std::move(field.value));
  }

  void find_signature() {
    const SignatureRule& rule = profile_.signature;
    const std::string* value = rule.header.empty() ? last_of(arrived_, rule.field) : find_header(request_, rule.header);
    if (value != nullptr) out_.signature = *value;
  }

  void read_signature_value() {
    if (!out_.signature) return;
    auto match = match_template(profile_.signature.value, *out_.signature, profile_.zone);
    if (match) take(std::move(*match));
  }

  void collect_fields() {
    for (const FieldRule& rule : profile_.fields) {
      if (rule.name == profile_.signature.field) continue;
      if (const std::string* value = value_of(rule)) out_.fields.push_back({rule.name, *value});
      note_twice(rule.name);
    }
    for (const Field& field : arrived_) {
      if (field.name == profile_.signature.field || find_field_rule(profile_, field.name) != nullptr) continue;
      put(knows_field(profile_, field.name) ? out_.fields : out_.unknown, field.name, *last_of(arrived_, field.name));
    }
    for (const Field& field : out_.fields) {
      if (const std::string* encoded = last_of(encoded_, field.name)) out_.undecoded.push_back({field.name, *encoded});
    }
    for (const Field& field : out_.unknown) {
      out_.notes.push_back(fmt::format("{} has no field {}; it is left aside", profile_.id, shortened(field.name)));
    }
  }

  // What arrived counts, whatever else is known: a merchant verifies what it got.
  const std::string* value_of(const FieldRule& rule) {
    if (const std::string* value = last_of(arrived_, rule.name)) return value;
    if (const std::string* value = find_field(from_headers_, rule.name)) return value;
    if (const std::string* value = find_field(known_, rule.name)) return value;
    const bool is_home = rule.is_sent.fixed() && rule.is_sent.literal == "false";
    if (!is_home) return nullptr;
    if (rule.constant) return &*rule.constant;
    std::string value = known_default(rule);
    if (value.empty()) return nullptr;
    put(computed_, rule.name, std::move(value));
    return find_field(computed_, rule.name);
  }

  // Empty where admission draws it.
  std::string known_default(const FieldRule& rule) const {
    for (const std::optional<Template>* pieces : {&rule.fallback, &rule.otherwise}) {
      if (!*pieces || !is_known_to_merchant(**pieces)) return {};
      std::string value = expanded(**pieces);
      if (!value.empty()) return value;
    }
    return {};
  }

  std::string expanded(const Template& fallback) const {
    const auto options = resolved_options(profile_, merchant_);
    TemplateFacts facts;
    facts.merchant = merchant_.id;
    if (options) facts.options = &*options;
    return expand(fallback, facts);
  }

  void note_twice(const std::string& name) {
    const auto count = std::count_if(arrived_.begin(), arrived_.end(), [&](const Field& f) { return f.name == name; });
    if (count > 1) out_.notes.push_back(fmt::format("{} arrived {} times; the last one counts", name, count));
  }

  void open_seals() {
    for (const FieldRule& rule : profile_.fields) {
      const auto field = std::find_if(out_.fields.begin(), out_.fields.end(),
                                      [&](const Field& candidate) { return candidate.name == rule.name; });
      if (!rule.seal || field == out_.fields.end()) continue;
      std::optional<std::string> plain = opened(*rule.seal, field->value);
      if (!plain) {
        out_.notes.push_back(fmt::format("{} cannot be opened with the merchant's key", rule.name));
        continue;
      }
      field->value = *std::move(plain);
    }
  }

  std::optional<std::string> opened(const SealRule& rule, const std::string& sealed) const {
    const auto text_of_field = [&](const std::string& name) {
      const std::string* value = find_field(out_.fields, name);
      return value == nullptr ? std::string() : *value;
    };
    const Result<std::string> raw = from_base64(sealed);
    for (const MerchantKey& key : merchant_.keys) {
      if (!raw) break;
      Result<std::string> plain = open_aes_256_gcm(key.secret.reveal(), text_of_field(rule.nonce_field),
                                                   text_of_field(rule.associated_data_field), *raw);
      if (plain) return *std::move(plain);
    }
    return std::nullopt;
  }

  // Fields that admission took from the platform's own body, for the subject and the identity.
  void take_from_document() {
    const std::string* inner = find_field(out_.fields, profile_.body.becomes_field);
    const std::string& document = inner == nullptr ? out_.document : *inner;
    for (const FieldRule& rule : profile_.fields) {
      if (!rule.from_body || find_field(out_.fields, rule.name) != nullptr) continue;
      const std::optional<std::string> value = json_text_at(document, *rule.from_body);
      if (value) out_.fields.push_back({rule.name, *value});
    }
  }

  const Profile& profile_;
  const Merchant& merchant_;
  const Fields& known_;
  const ReceivedRequest& request_;
  Fields arrived_;  // in the order of the wire
  Fields encoded_;  // the same before percent-decoding, of pairs
  Fields from_headers_;
  Fields computed_;
  ReceivedContent out_;
};

}  // namespace

const std::string* find_header(const ReceivedRequest& request, std::string_view name) {
  const auto found = std::find_if(request.headers.begin(), request.headers.end(),
                                  [&](const Field& header) { return same_name(header.name, name); });
  return found == request.headers.end() ? nullptr : &found->value;
}

Result<ReceivedContent> read_received(const Profile& profile, const Merchant& merchant, const Fields& known,
                                      const ReceivedRequest& request) {
  return Reader(profile, merchant, known, request).read();
}

}  // namespace ackd
