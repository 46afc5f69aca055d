#include "ackctl/answered.h"

namespace ackd {

Result<Document> read_answer(const Result<Answer>& answer) {
  if (!answer) return answer.error();
  if (answer->status / 100 == 2) return parse_document(answer->body, "the daemon's answer");
  return Error{answer->status == 404 ? ErrorCode::kNotFound : ErrorCode::kInvalid, refusal_of(*answer), {}};
}

}  // namespace ackd
