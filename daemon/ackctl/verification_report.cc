#include "ackctl/verification_report.h"

#include <fmt/format.h>

#include "ackctl/printable.h"
#include "ackctl/table.h"
#include "ackctl/text_difference.h"
#include "crypto/digest.h"
#include "text/charset.h"

namespace ackd {
namespace {

constexpr std::size_t kLabelColumns = 12;

std::string fact(std::string_view label, std::string_view value) {
  return value.empty() ? "" : fmt::format("{:<{}}{}\n", label, kLabelColumns, printable(value));
}

std::string difference_text(const Verification& verification, const std::string& platform_text) {
  if (verification.canonical.empty()) return {};
  const auto difference = find_difference(verification.canonical, platform_text);
  if (!difference) return "The canonical text is the platform's own, byte for byte.\n";
  std::string out = fmt::format("The canonical texts part at byte {}, line {}:\n", difference->byte, difference->line);
  out += show_difference(*difference, "merchant's", verification.canonical, "platform's", platform_text);
  if (verification.signed_text_verifies) {
    out +=
        "The signature is right for the platform's text: the request was changed on its way, or says other things "
        "than what was signed.\n";
  } else if (!verification.verified) {
    out += "The signature is wrong for the platform's text too: look at the key first.\n";
  }
  return out;
}

std::string fields_text(const Profile& profile, const Verification& verification, const Terminal& terminal) {
  if (verification.fields.empty()) return {};
  Table table({"FIELD", "VALUE"}, terminal);
  for (const Field& field : verification.fields) {
    const FieldRule* rule = find_field_rule(profile, field.name);
    const bool hidden = rule != nullptr && rule->sensitive && !field.value.empty();
    table.add({field.name, hidden ? "***" : field.value});
  }
  return "\n" + table.take();
}

void add_bytes(Document& out, const std::string& name, const std::string& bytes) {
  if (is_valid_utf8(bytes)) {
    out[name] = bytes;
  } else {
    out[name + "_base64"] = to_text(bytes, DigestForm::kBase64);
  }
}

}  // namespace

std::string report_of(const Profile& profile, const Verification& verification,
                      const std::optional<std::string>& platform_text, const Terminal& terminal) {
  std::string out =
      verification.verified ? terminal.paint(Ink::kGood, "verified") : terminal.paint(Ink::kBad, "NOT verified");
  out += verification.verified ? ": " + printable(verification.place) + " is right"
                               : ": " + printable(verification.trouble);
  if (!verification.key_id.empty() && verification.verified) out += ", key " + printable(verification.key_id);
  out += "\n\n";
  out += fact("signature", verification.signature);
  if (!verification.verified) out += fact("expected", verification.expected);
  out += fact("canonical", verification.canonical);
  if (platform_text) out += "\n" + difference_text(verification, *platform_text);
  for (const std::string& cause : verification.causes) {
    out += fmt::format("\nThe signature is right {}.\n", printable(cause));
  }
  for (const std::string& note : verification.notes) out += fmt::format("\nNote: {}.\n", printable(note));
  return out + fields_text(profile, verification, terminal);
}

Document document_of(const Profile& profile, const Verification& verification,
                     const std::optional<std::string>& platform_text) {
  Document out{{"verified", verification.verified}, {"provider", profile.id}, {"place", verification.place}};
  add_bytes(out, "signature", verification.signature);
  out["expected"] = verification.expected;
  out["key_id"] = verification.key_id;
  add_bytes(out, "canonical", verification.canonical);
  out["subject"] = verification.subject;
  Document fields = Document::object();
  for (const Field& field : verification.fields) fields[field.name] = field.value;
  out["fields"] = std::move(fields);
  out["why"] = verification.trouble;
  out["causes"] = verification.causes;
  out["notes"] = verification.notes;
  if (!platform_text) return out;
  out["signed_text_verifies"] = verification.signed_text_verifies;
  const auto difference = find_difference(verification.canonical, *platform_text);
  out["parts_at"] = difference ? Document(difference->byte) : Document(nullptr);
  return out;
}

}  // namespace ackd
