// What ackd knows about protocols when it starts: the profiles of the schedules folder, and the revisions that pending
// notifications were admitted under.
#pragma once

#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "events/spdlog_log.h"
#include "outbox/sqlite_outbox.h"
#include "profile/catalogue.h"

namespace ackd {

// For --check, before there is an outbox: revisions get numbers that mean nothing outside this catalogue.
Result<ProfileCatalogue> check_protocols(const Config& config);

// Stores the current revisions and loads the older ones. An old revision that this version cannot read is logged and
// left out: its notifications are held with a reason, all others go on.
Result<ProfileCatalogue> open_protocols(const Config& config, SqliteOutbox& outbox, const SpdlogLog& log);

}  // namespace ackd
