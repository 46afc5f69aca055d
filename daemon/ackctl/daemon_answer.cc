#include "ackctl/daemon_answer.h"

namespace ackd {
namespace {

ErrorCode code_of(int status) {
  switch (status) {
    case 404: return ErrorCode::kNotFound;
    case 409: return ErrorCode::kConflict;
    case 413: return ErrorCode::kTooLarge;
    default: return ErrorCode::kInvalid;
  }
}

}  // namespace

Result<Document> document_of(const Result<DaemonAnswer>& answer) {
  if (!answer) return answer.error();
  if (answer->status / 100 != 2) return Error{code_of(answer->status), refusal_of(*answer), {}};
  return parse_document(answer->body, "the daemon's answer");
}

}  // namespace ackd
