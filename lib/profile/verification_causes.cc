// What else may have been signed when a signature is wrong: each row of the table changes one thing and judges again.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "profile/signature_trial.h"
#include "text/charset.h"
#include "text/form_encoding.h"

namespace ackd {
namespace {

constexpr std::size_t kCausesMax = 4;
// A forged request may have any number of fields, and each would cost a judgement.
constexpr std::size_t kFieldsTriedMax = 100;
constexpr std::array<Charset, 4> kCharsets{Charset::kUtf8, Charset::kGbk, Charset::kGb18030, Charset::kIso88591};

// What the rows look at, and where they put what they try.
class Inquiry {
 public:
  Inquiry(const Trial& asked_, const ReceivedContent& received_, const std::vector<MerchantKey>& other_keys_,
          PublicKeys& public_keys)
      : asked(asked_), received(received_), other_keys(other_keys_), public_keys_(public_keys) {}

  const Trial& asked;
  const ReceivedContent& received;
  const std::vector<MerchantKey>& other_keys;

  void begin_row(const char* sentence) { sentence_ = sentence; }
  // `detail` fills the row's sentence. A trial that cannot even be made is not the cause.
  void consider(const Trial& trial, const std::string& detail = {}) {
    if (causes_.size() >= kCausesMax) return;
    const Result<const MerchantKey*> key = judge(trial, public_keys_);
    if (key && *key != nullptr) causes_.push_back(fmt::format(fmt::runtime(sentence_), detail));
  }
  void consider_fields(Fields fields, const std::string& detail = {}) {
    Trial trial = asked;
    trial.rendering.fields = std::move(fields);
    consider(trial, detail);
  }
  std::vector<std::string> take_causes() { return std::move(causes_); }

 private:
  PublicKeys& public_keys_;
  const char* sentence_ = "";
  std::vector<std::string> causes_;
};

void try_other_keys(Inquiry& inquiry) {
  for (const MerchantKey& key : inquiry.other_keys) {
    Trial trial = inquiry.asked;
    trial.keys = {key};
    inquiry.consider(trial, key.id);
  }
}

void try_trimmed_key(Inquiry& inquiry) {
  Trial trial = inquiry.asked;
  for (MerchantKey& key : trial.keys) {
    std::string text = key.secret.reveal();
    text.erase(text.find_last_not_of(" \t\r\n") + 1);
    text.erase(0, text.find_first_not_of(" \t\r\n"));
    key.secret = Secret(std::move(text));
  }
  inquiry.consider(trial);
}

void try_empty_values(Inquiry& inquiry) {
  Trial trial = inquiry.asked;
  CanonicalRule& rule = trial.how.canonical;
  rule.skip_empty = !rule.skip_empty;
  rule.skip_blank = rule.skip_blank && rule.skip_empty;
  inquiry.consider(trial, rule.skip_empty ? "left out" : "kept in");
}

void try_blank_values(Inquiry& inquiry) {
  Trial trial = inquiry.asked;
  CanonicalRule& rule = trial.how.canonical;
  rule.skip_blank = !rule.skip_blank;
  inquiry.consider(trial, rule.skip_blank ? "left out" : "kept in");
}

void try_decoded_twice(Inquiry& inquiry) {
  Fields fields = inquiry.asked.rendering.fields;
  for (Field& field : fields) {
    const Result<std::string> decoded = percent_decode(field.value);
    if (decoded) field.value = *decoded;
  }
  inquiry.consider_fields(std::move(fields));
}

void try_undecoded(Inquiry& inquiry) {
  Fields fields = inquiry.asked.rendering.fields;
  for (Field& field : fields) {
    if (const std::string* wire = find_field(inquiry.received.undecoded, field.name)) field.value = *wire;
  }
  inquiry.consider_fields(std::move(fields));
}

void try_kept_plus(Inquiry& inquiry) {
  Fields fields = inquiry.asked.rendering.fields;
  for (Field& field : fields) {
    const std::string* wire = find_field(inquiry.received.undecoded, field.name);
    if (wire == nullptr || wire->find('+') == std::string::npos) continue;
    std::string kept;
    for (const char c : *wire) kept += c == '+' ? std::string("%2B") : std::string(1, c);
    const Result<std::string> decoded = percent_decode(kept);
    if (decoded) field.value = *decoded;
  }
  inquiry.consider_fields(std::move(fields));
}

// The fields in UTF-8, where all are of that charset.
std::optional<Fields> decoded(const Fields& bytes, Charset charset) {
  Fields out = bytes;
  for (Field& field : out) {
    Result<std::string> text = to_utf8(field.value, charset);
    if (!text) return std::nullopt;
    field.value = *std::move(text);
  }
  return out;
}

void try_charsets(Inquiry& inquiry) {
  const Rendering& rendering = inquiry.asked.rendering;
  std::optional<Fields> text = decoded(rendering.fields, rendering.charset);
  if (!text) text = decoded(rendering.fields, Charset::kUtf8);
  if (!text) text = decoded(rendering.fields, Charset::kGb18030);
  if (!text) return;
  for (const Charset charset : kCharsets) {
    Trial trial = inquiry.asked;
    trial.rendering.fields = *text;
    if (trial.how.canonical.charset) {
      trial.how.canonical.charset = fixed_choice(name_of(charset));
      inquiry.consider(trial, name_of(charset));
      continue;
    }
    for (Field& field : trial.rendering.fields) {
      const Result<std::string> bytes = from_utf8(field.value, charset, Unmappable::kQuestionMark);
      if (bytes) field.value = *bytes;
    }
    inquiry.consider(trial, name_of(charset));
  }
}

void try_forms(Inquiry& inquiry) {
  constexpr std::array<std::pair<DigestForm, const char*>, 3> kForms{{{DigestForm::kHexUpper, "upper-case hex"},
                                                                      {DigestForm::kHexLower, "lower-case hex"},
                                                                      {DigestForm::kBase64, "base64"}}};
  for (const auto& [form, name] : kForms) {
    Trial trial = inquiry.asked;
    trial.how.form = form;
    if (form != inquiry.asked.how.form) inquiry.consider(trial, name);
  }
}

void try_body_without_line_end(Inquiry& inquiry) {
  Trial trial = inquiry.asked;
  if (trial.body.ends_with('\n')) trial.body.pop_back();
  if (trial.body.ends_with('\r')) trial.body.pop_back();
  if (trial.body.size() != inquiry.asked.body.size()) inquiry.consider(trial);
}

void try_left_out(Inquiry& inquiry) {
  const Fields& fields = inquiry.asked.rendering.fields;
  if (fields.size() > kFieldsTriedMax) return;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    Fields fewer = fields;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    inquiry.consider_fields(std::move(fewer), fields[i].name);
  }
}

// Fields that the profile does not sign, and those it does not know.
void try_signed_too(Inquiry& inquiry) {
  const Trial& asked = inquiry.asked;
  const CanonicalRule& rule = asked.how.canonical;
  const Fields& fields = asked.rendering.fields;
  const Fields& unknown = inquiry.received.unknown;
  const bool all_fields = !rule.text && rule.order != CanonicalOrder::kListed;
  if (!all_fields || fields.size() + unknown.size() > kFieldsTriedMax) return;
  for (const Field& field : unknown) {
    Fields more = fields;
    more.push_back(field);
    inquiry.consider_fields(std::move(more), field.name);
  }
  Profile profile = asked.rendering.profile;
  for (FieldRule& field : profile.fields) {
    if (find_field(fields, field.name) == nullptr || (field.is_signed.fixed() && field.is_signed.literal == "true")) {
      continue;
    }
    const Choice before = std::exchange(field.is_signed, fixed_choice("true"));
    const Rendering& from = asked.rendering;
    inquiry.consider({Rendering{profile, from.input, from.charset, from.space, from.options, from.fields}, asked.how,
                      asked.keys, asked.body, asked.found, asked.holds_public},
                     field.name);
    field.is_signed = before;
  }
}

std::string describe(const SignatureVariant& variant) {
  std::vector<std::string> parts;
  for (const Condition& condition : variant.when) {
    parts.push_back(fmt::format("{} is {}", condition.option.empty() ? condition.field : "option " + condition.option,
                                fmt::join(condition.values, " or ")));
  }
  return parts.empty() ? "nothing else applies" : fmt::format("{}", fmt::join(parts, " and "));
}

void try_other_variants(Inquiry& inquiry) {
  const Profile& profile = inquiry.asked.rendering.profile;
  for (const SignatureVariant& variant : profile.signature.variants) {
    if (variant.algorithm == Algorithm::kNone) continue;
    Trial trial = inquiry.asked;
    trial.how = variant;
    trial.keys.insert(trial.keys.end(), inquiry.other_keys.begin(), inquiry.other_keys.end());
    trial.found = find_signatures(profile, variant, inquiry.received.signature.value_or(""));
    inquiry.consider(trial, describe(variant));
  }
}

// The sentence goes on after "the signature is right ".
struct Row {
  const char* sentence;
  void (*look)(Inquiry&);
};
constexpr std::array<Row, 13> kRows{{
    {"with the key {}, which is not the one that signs now", try_other_keys},
    {"when blanks around the key are dropped", try_trimmed_key},
    {"when written as {}", try_forms},
    {"when empty values are {}", try_empty_values},
    {"when values of blanks only are {}", try_blank_values},
    {"when values are URL-decoded twice", try_decoded_twice},
    {"when values are not URL-decoded", try_undecoded},
    {"when a '+' stays a '+' instead of a blank", try_kept_plus},
    {"in the charset {}", try_charsets},
    {"without the line end behind the body", try_body_without_line_end},
    {"when {} is left out of the signed text", try_left_out},
    {"when {} is signed too", try_signed_too},
    {"in the way the profile signs when {}", try_other_variants},
}};

}  // namespace

std::vector<std::string> likely_causes(const Trial& asked, const ReceivedContent& received,
                                       const std::vector<MerchantKey>& other_keys, PublicKeys& public_keys) {
  Inquiry inquiry(asked, received, other_keys, public_keys);
  // Right over bytes that are not of the request's charset: then the charset is what is wrong.
  const Result<const MerchantKey*> right_in_bytes = judge(asked, public_keys);
  for (const Row& row : kRows) {
    if (right_in_bytes && *right_in_bytes != nullptr && row.look != try_charsets) continue;
    inquiry.begin_row(row.sentence);
    row.look(inquiry);
  }
  return inquiry.take_causes();
}

}  // namespace ackd
