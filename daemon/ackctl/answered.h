// The daemon's answers as documents, for verbs that have no use for a refusal but to show it.
#pragma once

#include "ackctl/client.h"
#include "ackctl/document.h"

namespace ackd {

// The document of a 2xx answer. Any other is an error with the daemon's own sentence: kNotFound for 404, else kInvalid.
Result<Document> read_answer(const Result<Answer>& answer);

}  // namespace ackd
