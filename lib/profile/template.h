// Text with placeholders: "&key={key}", "{now}\n{nonce}\n{body}\n", "{sha256(key)}". What a placeholder stands for
// depends on where the template is used, so each place names the ones it knows.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "text/form_encoding.h"
#include "text/time_format.h"

namespace ackd {

enum class TemplateValue : std::uint8_t {
  kText,        // literal text between placeholders
  kKey,         // {key}: the merchant's secret as it is configured
  kKeyId,       // {key_id}
  kMerchant,    // {merchant}: the merchant's id
  kField,       // {field.NAME}: the field's value, empty when it is left out
  kOption,      // {option.NAME}: the merchant's choice
  kCharset,     // {charset}: the charset of this request
  kNow,         // {now} unix seconds, {now_ms} milliseconds, {now:%Y%m%d} in the profile's zone
  kNonce,       // {nonce}: 32 characters, new at each attempt
  kBody,        // {body}: the request's body as it is sent
  kCanonical,   // {text}: the canonical text
  kSignature,   // {signature}: one key's signature
  kSignatures,  // {signatures}: all of them, joined
  kRandom,      // {random:N}: N characters 0-9 a-f, drawn once at admission
  kUuid,        // {uuid}: drawn once at admission
};

enum class TemplateFunction : std::uint8_t { kNone, kMd5, kSha1, kSha256, kSm3, kCrc32, kPercent, kUpper };

struct TemplatePiece {
  TemplateValue value = TemplateValue::kText;
  TemplateFunction function = TemplateFunction::kNone;  // digests give lower-case hex, crc32 decimal digits
  std::string argument;  // the text, the field's or option's name, a time format, a length
};
using Template = std::vector<TemplatePiece>;

// Where a template stands decides what it may use.
enum class TemplatePlace : std::uint8_t {
  kConstant,    // merchant, option, charset: content types, static texts
  kAdmission,   // these, and now, random, uuid: defaults that are fixed once
  kHeader,      // these, and now, nonce, key_id, field, signature(s), body: made anew at each attempt
  kAroundText,  // key, field, option, merchant: before and behind the listed fields
  kText,        // these, and now, nonce, body: a canonical text that is not made of fields
  kSignInput,   // text, key, body
  kSignature,   // signature, now, key_id: one key's part of the signature's place
  kWrap,        // body: what stands around a raw body
};

// A '{' that is meant as itself is written '{{', a '}' '}}'. Errors name the unknown placeholder and the known ones.
Result<Template> parse_template(std::string_view text, TemplatePlace place);

// As a profile writes it: the reverse of parse_template().
std::string text_of(const Template& pieces);

bool uses(const Template& pieces, TemplateValue value);

// What placeholders stand for at one expansion. Views must outlive the call; what a place does not offer stays empty.
struct TemplateFacts {
  std::string_view key;
  std::string_view key_id;
  std::string_view merchant;
  std::string_view charset;
  std::string_view nonce;
  std::string_view body;
  std::string_view text;
  std::string_view signature;
  std::string_view signatures;
  const Fields* fields = nullptr;                               // in the charset that the expansion is for
  const std::map<std::string, std::string>* options = nullptr;  // resolved: defaults filled in
  WallTime now;
  UtcOffset zone;
  Space space = Space::kPlus;
  std::string_view seed;  // random bytes for {random:N} and {uuid}
};

// The result may hold the key.
std::string expand(const Template& pieces, const TemplateFacts& facts);

}  // namespace ackd
