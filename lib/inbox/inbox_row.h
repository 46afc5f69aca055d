// One row of the platform's inbox on its way in. Pure: whatever the row says, it becomes an admission or an error with
// a reason, and nothing but what it says decides which.
#pragma once

#include "engine/intake.h"
#include "inbox/inbox_source.h"
#include "outbox/slices.h"

namespace ackd {

// As of `at`. The row's text is kept with both, cut at kInboxTextBytesMax: an admission may turn out to be in conflict.
InboxRow read_inbox_row(SourceRow row, const Intake& intake, IntakeTime at);

}  // namespace ackd
