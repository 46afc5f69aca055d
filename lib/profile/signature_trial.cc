#include "profile/signature_trial.h"

#include <algorithm>

#include "profile/template_match.h"

namespace ackd {
namespace {

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  while (!separator.empty()) {
    const std::size_t end = text.find(separator);
    if (end == std::string_view::npos) break;
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + separator.size());
  }
  parts.push_back(text);
  return parts;
}

std::size_t count_in(const Template& pieces, std::string_view separator) {
  std::size_t count = 0;
  for (const TemplatePiece& piece : pieces) {
    if (piece.value == TemplateValue::kText) count += split(piece.argument, separator).size() - 1;
  }
  return count;
}

}  // namespace

std::vector<FoundSignature> find_signatures(const Profile& profile, const SignatureVariant& how,
                                            const std::string& place) {
  std::vector<FoundSignature> found;
  const auto whole = match_template(profile.signature.value, place, profile.zone);
  if (!whole) return found;
  const std::string_view all = whole->signatures;
  const std::string& separator = profile.signature.all_keys ? profile.signature.joined_by : std::string();
  const std::vector<std::string_view> parts = split(all, separator);
  // One key's part may hold the separator itself.
  const std::size_t width = count_in(how.each, separator) + 1;
  for (std::size_t i = 0; i + width <= parts.size(); ++i) {
    const std::string_view last = parts[i + width - 1];
    const std::string_view part(parts[i].data(), static_cast<std::size_t>(last.data() + last.size() - parts[i].data()));
    auto match = match_template(how.each, part, profile.zone);
    if (match) found.push_back({std::move(match->signature), std::move(match->key_id)});
  }
  return found;
}

const Result<PublicKey>& PublicKeys::get(const Trial& trial, const MerchantKey& key) {
  const std::string& text = key.private_key.reveal();
  const Algorithm algorithm = trial.how.algorithm;
  for (const Entry& entry : entries_) {
    const bool same = entry.algorithm == algorithm && entry.holds_public == trial.holds_public;
    if (same && entry.text.reveal() == text) return entry.key;
  }
  entries_.push_back({key.private_key, algorithm, trial.holds_public,
                      trial.holds_public ? PublicKey::parse(text, algorithm) : PublicKey::of_private(text, algorithm)});
  return entries_.back().key;
}

Result<bool> verifies(const Trial& trial, const MerchantKey& key, const std::string& bytes, PublicKeys& public_keys) {
  const SignatureVariant& how = trial.how;
  if (!needs_private_key(how.algorithm)) {
    const Result<std::string> raw = digest_of(trial.rendering, how, key, bytes);
    if (!raw) return raw.error();
    const std::string expected = to_text(*raw, how.form);
    return std::any_of(trial.found.begin(), trial.found.end(),
                       [&](const FoundSignature& found) { return equal_in_constant_time(found.text, expected); });
  }
  const Result<PublicKey>& parsed = public_keys.get(trial, key);
  if (!parsed) return parsed.error();
  return std::any_of(trial.found.begin(), trial.found.end(), [&](const FoundSignature& found) {
    const auto raw = how.form == DigestForm::kBase64 ? from_base64(found.text) : from_hex(found.text);
    return raw && parsed->verifies(how.algorithm, bytes, *raw, how.user_id);
  });
}

Result<const MerchantKey*> judge(const Trial& trial, PublicKeys& public_keys) {
  for (const MerchantKey& key : trial.keys) {
    const Result<SignedText> text = signed_text(trial.rendering, trial.how, key, trial.body);
    if (!text) return text.error();
    const Result<bool> right = verifies(trial, key, text->bytes, public_keys);
    if (!right) return right.error();
    if (*right) return &key;
  }
  return static_cast<const MerchantKey*>(nullptr);
}

}  // namespace ackd
