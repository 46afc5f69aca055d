// A provider's protocol as data: what schedules/<provider>.yaml says, parsed and validated. No C++ names a provider.
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
#include "crypto/digest.h"
#include "model/notification.h"
#include "policy/acknowledgement.h"
#include "policy/schedule.h"
#include "profile/template.h"

namespace ackd {

// Where a section's facts come from; `explain` and `why` show it. A section may have both: a published number of sends
// with inferred gaps, say.
struct FactSource {
  std::string published;  // what was published and where; or empty
  std::string inferred;   // what we chose ourselves and why; or empty
};

enum class Encoding { kQuery, kForm, kRawPairs };

// What happens to a field whose value is empty.
enum class EmptyField { kOmit, kSend };

struct FieldRule {
  std::string name;
  bool required = false;
  std::optional<std::string> constant;
  std::optional<std::string> fallback;  // `default:` in the file
  bool is_signed = true;
  std::string signed_option;  // a merchant option ("true" or "false") that decides instead of is_signed; or empty
  std::string sent_option;    // a merchant option that, when "false" at admission, leaves the field out; or empty
  bool sensitive = false;     // shown as *** to people
  EmptyField empty = EmptyField::kOmit;
  std::size_t bytes_max = 4096;
};

enum class CanonicalOrder { kByName, kListed };
enum class CanonicalParts { kPairs, kValues };

struct CanonicalRule {
  CanonicalOrder order = CanonicalOrder::kByName;
  CanonicalParts parts = CanonicalParts::kPairs;
  std::vector<std::string> listed;  // with kListed
  std::string separator;            // between parts
  bool skip_empty = true;
  bool skip_blank = false;  // values of blanks only are skipped too
  Template prefix;
  Template suffix;
  std::string charset_option;  // a merchant option that names the charset of the digested bytes; or empty for UTF-8
};

// A choice that the profile leaves to the merchant.
struct OptionRule {
  std::string name;
  std::vector<std::string> values;  // allowed values, the first is the default
};

struct Profile {
  std::string id;
  std::string title;
  Hash hash{};         // SHA-256 of the file's text: the revision's name
  std::string method;  // "GET" or "POST"
  Encoding encoding = Encoding::kForm;
  std::string content_type;         // of a POST
  std::string content_type_option;  // a merchant option that names it instead; or empty
  std::vector<FieldRule> fields;    // in wire order
  std::vector<OptionRule> options;
  CanonicalRule canonical;
  DigestKind digest = DigestKind::kMd5;
  DigestForm digest_form = DigestForm::kHexUpper;
  std::string signature_field;
  std::vector<std::string> subject_fields;   // joined with '/' when several
  std::string status_field;                  // tells "paid" from "failed" for one subject; or empty
  std::vector<std::string> identity_fields;  // the default idempotency key; empty for subject, type and status field
  std::string type;                          // the default type
  AckRule ack;
  Schedule schedule;
  Duration connect_timeout{5'000};
  Duration total_timeout{10'000};
  std::size_t body_bytes_max = 4096;
  // By section or field: "request", "signature", "acknowledgement", "schedule", "fields.attach".
  std::map<std::string, FactSource> sources;
};

// The schedules folder is read at start and by `ackctl provider check`; neither should stumble over a wrong file.
inline constexpr std::size_t kProfileBytesMax = 256 * 1024;

// `file` is named in errors, which read "schedules/x.yaml:12: fields[3].empty: 'skip' is not known; write omit or
// send". Unknown and duplicate keys are refused, with the nearest known one. The language is explained in
// schedules/README.md.
Result<Profile> parse_profile(std::string_view yaml, const std::string& file);

}  // namespace ackd
