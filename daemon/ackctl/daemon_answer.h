// An answer of the daemon as a verb goes on with it: the document, or why there is none.
#pragma once

#include "ackctl/client.h"
#include "ackctl/document.h"
#include "base/result.h"

namespace ackd {

// The document of a 2xx. A refusal is an error with the daemon's own words, whose code is the status's: 404 kNotFound,
// 409 kConflict, 413 kTooLarge, else kInvalid. An error of the client stays what it is.
Result<Document> document_of(const Result<DaemonAnswer>& answer);

}  // namespace ackd
