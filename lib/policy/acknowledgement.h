// Whether a receiver's answer is the acknowledgement that the protocol asks for, and if not, how near it came.
// Sources of each provider's rule: the `source` marks in schedules/*.yaml.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/charset.h"

namespace ackd {

enum class AckMatch {
  kStatusOnly,    // the status alone decides; the body is not read
  kExact,         // body equals the text, byte for byte
  kTrimmed,       // the same after ASCII blanks around the body are dropped
  kContains,      // body contains the text
  kXmlElement,    // the body is XML whose root has one child of the rule's name with exactly this text, blanks trimmed
  kJsonValue,     // the body is JSON with exactly this text, number or boolean at the rule's pointer
  kFirstElement,  // the first element of the rule's name in whatever text has exactly this text, blanks trimmed
};

struct AckRule {
  AckMatch match = AckMatch::kExact;
  std::string place;                  // the element's name, or a JSON pointer ("/code"); else empty
  std::string text;                   // "OK", "success", "success=Y"; unused with kStatusOnly
  bool any_case = false;              // ASCII case is ignored
  std::vector<int> statuses;          // accepted status codes; empty means 200 to 299
  std::vector<std::string> refusals;  // texts that say "no" on purpose ("fail"), for a clearer reason only
  Charset charset = Charset::kUtf8;   // what the protocol speaks, for quoting answers that do not say theirs
};

struct AckVerdict {
  bool acknowledged = false;
  std::string reason;  // for people; names the near miss, e.g. "the body is 'ok': wrong case, expected 'OK'"
};

// Judges a complete answer. Near misses that are named: wrong case, byte order mark, blanks or newline around, quotes,
// HTML around the text, the text with more behind it, empty body, wrong status with the right body, a known refusal; a
// body that is not XML or JSON, that has nothing at the rule's place, or the bare text without what should be around
// it. Time and memory are bounded by the body's size, whatever it is made of. `content_type` is the answer's and serves
// for quoting the body only.
AckVerdict judge_answer(const AckRule& rule, int status, std::string_view body, std::string_view content_type = {});

// True when status and complete headers decide and the body may be dropped.
bool decided_by_status(const AckRule& rule);
// True when the text may be found inside a body that was cut off at the cap (contains, first element).
bool may_match_inside_cap(const AckRule& rule);

// "body is exactly 'OK' with status 200": for explain, show and why.
std::string describe(const AckRule& rule);

}  // namespace ackd
