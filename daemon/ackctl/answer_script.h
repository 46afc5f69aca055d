// What the merchant of `ackctl receive` answers, turn by turn.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace ackd {

struct ScriptedAnswer {
  int status = 200;
  std::string body;  // in the charset of the script
};
using AnswerScript = std::vector<ScriptedAnswer>;

// "fail,500,OK": an item of three digits is a status with an empty body, "500:text" a status with a body, anything else
// status 200 with that body; an empty item is an empty body. Backslashes write what the list cannot: \, \\ \n \r \t and
// \xHH, which is how a byte order mark or a trailing newline is tried. Status codes are 200 to 599. `charset` is what
// iconv knows, such as gbk; bodies are converted from UTF-8, bytes by \xHH stay as they are.
Result<AnswerScript> parse_answer_script(std::string_view text, const std::string& charset);

// Counts the turns of each notification apart, so that the order in which several arrive does not matter.
class AnswerTurns {
 public:
  struct Turn {
    std::size_t number = 0;  // 1 for the first
    const ScriptedAnswer& answer;
  };

  // REQUIRES: a script with at least one answer.
  explicit AnswerTurns(AnswerScript script);

  // The next answer for this notification; the last one repeats.
  Turn next(std::string_view identity);
  std::size_t notifications() const { return turns_.size(); }

 private:
  AnswerScript script_;
  // By hash of the identity: a load test sends millions. Two that collide only share a sequence.
  std::unordered_map<std::size_t, std::size_t> turns_;
};

}  // namespace ackd
