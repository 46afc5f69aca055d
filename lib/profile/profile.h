// A provider's protocol as data: what schedules/<provider>.yaml says, parsed and validated. No C++ names a provider.
// schedules/README.md explains the language.
//
// The pipeline of one notification through this folder:
//   parse_profile (at start) -> fix_content (at admission, once) -> render (at every attempt, same content)
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "crypto/signing.h"
#include "model/notification.h"
#include "policy/acknowledgement.h"
#include "policy/schedule.h"
#include "profile/choice.h"
#include "profile/template.h"
#include "text/field_units.h"
#include "text/json_pointer.h"
#include "text/pattern.h"

namespace ackd {

// Where a section's facts come from; `explain` and `why` show it. A section may have both: a published number of sends
// with inferred gaps, say.
struct FactSource {
  std::string published;  // what was published and where; or empty
  std::string inferred;   // what we chose ourselves and why; or empty
};

enum class Encoding { kQuery, kForm, kRawPairs, kXml, kJson, kRaw };

// What happens to a field whose value is empty, or made of blanks only.
enum class EmptyField { kOmit, kSend };

// A field whose value travels encrypted: base64 of AES-256-GCM under the merchant's secret. The nonce is content, fixed
// at admission, so that every attempt carries the same bytes.
struct SealRule {
  std::string nonce_field;            // 12 characters
  std::string associated_data_field;  // or empty
};

struct FieldRule {
  std::string name;
  bool required = false;
  std::vector<std::string> types;  // the notification types that have the field; empty for all
  std::optional<std::string> constant;
  std::optional<Template> fallback;         // `default:` in the file, drawn at admission
  std::optional<Template> otherwise;        // used where the default comes out empty
  Choice is_signed = fixed_choice("true");  // "true" or "false"
  Choice is_sent = fixed_choice("true");    // "false": known, searchable, perhaps signed, never on the wire
  bool sensitive = false;                   // shown as *** to people
  EmptyField empty = EmptyField::kOmit;
  EmptyField blank = EmptyField::kSend;
  std::size_t bytes_min = 0;  // of values that are not empty
  std::size_t bytes_max = 4096;
  std::optional<Pattern> pattern;
  std::optional<Unit> unit;
  std::vector<std::string> values;  // the only ones allowed; empty for any
  JsonPointer pointer;              // with Encoding::kJson: where the value goes
  JsonForm form = JsonForm::kString;
  std::optional<SealRule> seal;
  std::optional<JsonPointer> from_body;  // taken from there when the platform gives a raw body and not the field
  std::string example;                   // for probes, test sends and readers
};

// A raw body that the platform gives. Without this rule the profile takes fields only.
struct BodyRule {
  bool allowed = false;
  bool required = false;
  bool json = false;                         // must be one JSON document
  std::string becomes_field;                 // the body is this field's value ...
  std::optional<JsonPointer> unless_it_has;  // ... unless it has this place: then it is sent as it is
  Choice wrap = fixed_choice("{body}");      // a template around a body that is sent as it is
  std::string example;
};

enum class CanonicalOrder { kByName, kByPair, kListed };
enum class CanonicalParts { kPairs, kValues };

struct CanonicalRule {
  CanonicalOrder order = CanonicalOrder::kByName;
  bool ignore_case = false;  // of ASCII letters, when sorting
  CanonicalParts parts = CanonicalParts::kPairs;
  std::vector<std::string> listed;  // with kListed
  std::string separator;            // between parts
  bool skip_empty = true;
  bool skip_blank = false;  // values of blanks only are skipped too
  Template prefix;
  Template suffix;
  std::optional<Template> text;   // instead of fields
  std::optional<Choice> charset;  // of the signed bytes, where it is not the request's; '?' for what it lacks
};

// `when: {signType: "4", option.mode: test}`: all must hold.
struct Condition {
  std::string field;  // or
  std::string option;
  std::vector<std::string> values;  // one of them
};

enum class KeyForm { kText, kHex, kBase64 };

// One way to sign. A profile has several where a field or an option chooses.
struct SignatureVariant {
  std::vector<Condition> when;  // empty: always
  Algorithm algorithm = Algorithm::kMd5;
  DigestForm form = DigestForm::kHexUpper;
  CanonicalRule canonical;
  Template input;                     // what is signed, made of the canonical text: "{text}", "{sha256(text)}"
  KeyForm key_form = KeyForm::kText;  // of the secret of keyed digests
  std::string key_prefix;             // dropped from the secret before it is decoded: "whsec_"
  std::string user_id{kSm2DefaultUserId};
  Template each;  // one key's part of the value: "v1,{signature}"
};

struct SignatureRule {
  std::string field;      // where the signature goes: a field ...
  std::string header;     // ... or a header
  Template value;         // what goes there: "t={now},{signatures}"
  bool all_keys = false;  // one signature for each of the merchant's keys
  std::string joined_by;
  std::vector<SignatureVariant> variants;  // the first whose conditions hold signs
};

struct HeaderRule {
  std::string name;
  Template value;
  Template otherwise;  // used when the value comes out empty; a header that has neither is left out
};

struct ActivationRule {
  bool required = false;  // a merchant's notifications are HELD until a probe of its URL was acknowledged
};

// A choice that the profile leaves to the merchant.
struct OptionRule {
  std::string name;
  std::vector<std::string> values;  // allowed values, the first is the default; empty: any text, default empty
};

struct Profile {
  std::string id;
  std::string title;
  Hash hash{};  // SHA-256 of the file's text: the revision's name
  UtcOffset zone;

  std::string method;  // "GET" or "POST"
  Encoding encoding = Encoding::kForm;
  Choice charset = fixed_choice("utf-8");
  Choice space = fixed_choice("plus");            // "plus" or "percent20"
  Choice wire_order = fixed_choice("listed");     // "listed" or "by_name"
  bool query_into_body = false;                   // the pairs of the URL's query move to the front of the body
  Choice content_type;                            // of a POST; the text of a constant template
  std::map<std::string, Template> content_types;  // each text that the choice can come to, parsed
  std::vector<HeaderRule> headers;
  std::string xml_root = "xml";
  bool xml_cdata = true;
  BodyRule body;
  Duration connect_timeout{5'000};
  Duration total_timeout{10'000};
  std::size_t body_bytes_max = 4096;  // of the answer

  std::vector<FieldRule> fields;          // in wire order
  std::vector<std::string> extra_fields;  // "coupon_*": fields that are not listed but welcome, signed, empty omitted
  std::vector<OptionRule> options;
  SignatureRule signature;

  std::string type;                          // the default type
  std::vector<std::string> types;            // the known ones; empty for any
  std::vector<std::string> subject_fields;   // joined with '/' when several
  std::string status_field;                  // tells "paid" from "failed" for one subject; or empty
  std::vector<std::string> identity_fields;  // the default idempotency key; empty for subject, type and status field

  AckRule ack;
  Schedule schedule;
  ActivationRule activation;
  // By section or field: "request", "signature", "acknowledgement", "schedule", "fields.attach".
  std::map<std::string, FactSource> sources;
};

const FieldRule* find_field_rule(const Profile& profile, std::string_view name);
// Whether a field of this name is listed, or welcome as an extra one.
bool knows_field(const Profile& profile, std::string_view name);

// The schedules folder is read at start and by `ackctl provider check`; neither should stumble over a wrong file.
inline constexpr std::size_t kProfileBytesMax = 256 * 1024;

// `file` is named in errors, which read "schedules/x.yaml:12: fields[3].empty: 'skip' is not known; write omit or
// send". Unknown and duplicate keys are refused, with the nearest known one.
Result<Profile> parse_profile(std::string_view yaml, const std::string& file);

}  // namespace ackd
