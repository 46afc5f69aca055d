#include <fmt/format.h>

#include <algorithm>

#include "profile/merchant_options.h"
#include "profile/profile_checks.h"

namespace ackd {
namespace {

class SignatureChecker {
 public:
  SignatureChecker(const Profile& profile, ProfileReport& report)
      : profile_(profile), rule_(profile.signature), report_(report) {}

  void check() {
    check_place();
    for (std::size_t i = 0; i < rule_.variants.size(); ++i) check_variant(i);
    report_.check_template("signature.value", rule_.value);
    report_.say_if(!uses(rule_.value, TemplateValue::kSignatures), "signature.value", "must have {signatures} in it");
    report_.say_if(rule_.variants.empty(), "signature.variants", "must name at least one way to sign");
  }

 private:
  // Where the keys of a lone variant stand: in the section itself.
  std::string path_of(std::size_t index) const {
    const bool lone = rule_.variants.size() == 1 && rule_.variants.front().when.empty();
    return lone ? "signature" : fmt::format("signature.variants[{}]", index);
  }

  bool signs() const {
    return std::any_of(rule_.variants.begin(), rule_.variants.end(),
                       [](const SignatureVariant& variant) { return variant.algorithm != Algorithm::kNone; });
  }

  void check_place() {
    if (!signs()) return;
    if (rule_.field.empty() == rule_.header.empty()) {
      return report_.say("signature.field", "say where the signature goes: field or header");
    }
    if (!rule_.header.empty()) {
      return report_.say_if(!is_header_name(rule_.header), "signature.header", "is not the name of a header");
    }
    report_.say_if(profile_.encoding == Encoding::kRaw, "signature.field", "a raw body has no fields; name a header");
    const FieldRule* field = report_.known_field("signature.field", rule_.field);
    if (field == nullptr) return;
    const bool plain = !field->required && !field->constant && !field->fallback && field->is_signed.fixed() &&
                       field->is_sent.fixed() && field->is_sent.literal == "true" && !field->seal;
    report_.say_if(!plain, "signature.field",
                   fmt::format("list '{}' in fields with its name only: ackd computes it", field->name));
  }

  void check_variant(std::size_t index) {
    const SignatureVariant& variant = rule_.variants[index];
    const std::string path = path_of(index);
    const bool last = index + 1 == rule_.variants.size();
    report_.say_if(variant.when.empty() && !last, path, "always holds, so nothing behind it is ever used");
    for (const Condition& condition : variant.when) check_condition(path, condition);
    if (variant.algorithm == Algorithm::kNone) return;
    check_canonical(path + ".canonical", variant.canonical);
    report_.say_if(!uses(variant.each, TemplateValue::kSignature), path + ".each", "must have {signature} in it");
    report_.say_if(variant.input.empty(), path + ".input", "must not be empty");
    if (uses(variant.input, TemplateValue::kBody)) check_body_is_known(path + ".input");
    report_.say_if(variant.user_id.size() > kNameBytesMax, path + ".user_id",
                   fmt::format("has more than {} bytes", kNameBytesMax));
  }

  void check_condition(const std::string& path, const Condition& condition) {
    if (!condition.field.empty()) return report_.check_field_name(path + ".when", condition.field);
    const OptionRule* option = report_.known_option(path + ".when", condition.option);
    if (option == nullptr) return;
    for (const std::string& value : condition.values) {
      const bool known = std::find(option->values.begin(), option->values.end(), value) != option->values.end();
      report_.say_if(!known, path + ".when", fmt::format("the option '{}' is never '{}'", option->name, value));
    }
  }

  // A signature inside the body cannot sign that body.
  void check_body_is_known(const std::string& path) {
    report_.say_if(!rule_.field.empty(), path, "uses {body}, and the signature is a part of it; name a header");
  }

  void check_canonical(const std::string& path, const CanonicalRule& canonical) {
    for (std::size_t i = 0; i < canonical.listed.size(); ++i) {
      const std::string place = fmt::format("{}.fields[{}]", path, i);
      report_.check_field_name(place, canonical.listed[i]);
      report_.say_if(canonical.listed[i] == rule_.field, place, "a signature cannot sign itself");
    }
    report_.say_if(canonical.skip_blank && !canonical.skip_empty, path + ".empty", "must be skip when blank is skip");
    report_.check_template(path + ".prefix", canonical.prefix);
    report_.check_template(path + ".suffix", canonical.suffix);
    if (canonical.text) {
      report_.check_template(path + ".text", *canonical.text);
      if (uses(*canonical.text, TemplateValue::kBody)) check_body_is_known(path + ".text");
    }
    if (!canonical.charset) return;
    report_.check_choice(path + ".charset", *canonical.charset, {"utf-8", "iso-8859-1", "gbk", "gb18030"});
    const bool utf8 = profile_.charset.fixed() && profile_.charset.literal == "utf-8";
    report_.say_if(!utf8, path + ".charset", "needs a request whose charset is utf-8");
  }

  const Profile& profile_;
  const SignatureRule& rule_;
  ProfileReport& report_;
};

}  // namespace

void check_signature(const Profile& profile, ProfileReport& report) {
  SignatureChecker(profile, report).check();
}

}  // namespace ackd
