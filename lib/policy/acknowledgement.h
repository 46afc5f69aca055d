// Whether a receiver's answer is the acknowledgement that the protocol asks for, and if not, how near it came.
// Sources of each provider's rule: the `source` marks in schedules/*.yaml.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ackd {

enum class AckMatch {
  kStatusOnly,  // the status alone decides; the body is not read
  kExact,       // body equals the text, byte for byte
  kTrimmed,     // the same after ASCII blanks around the body are dropped
  kContains,    // body contains the text
};

struct AckRule {
  AckMatch match = AckMatch::kExact;
  std::string text;                   // "OK", "success", "success=Y"; unused with kStatusOnly
  bool any_case = false;              // ASCII case is ignored
  std::vector<int> statuses;          // accepted status codes; empty means 200 to 299
  std::vector<std::string> refusals;  // texts that say "no" on purpose ("fail"), for a clearer reason only
};

struct AckVerdict {
  bool acknowledged = false;
  std::string reason;  // for people; names the near miss, e.g. "the body is 'ok': wrong case, expected 'OK'"
};

// Judges a complete answer. Near misses that are named: wrong case, byte order mark, blanks or newline around, quotes,
// HTML around the text, the text with more behind it, empty body, wrong status with the right body, a known refusal.
AckVerdict judge_answer(const AckRule& rule, int status, std::string_view body);

// True when status and complete headers decide and the body may be dropped.
bool decided_by_status(const AckRule& rule);
// True when the text may be found inside a body that was cut off at the cap.
bool may_match_inside_cap(const AckRule& rule);

// "body is exactly 'OK' with status 200": for explain, show and why.
std::string describe(const AckRule& rule);

}  // namespace ackd
