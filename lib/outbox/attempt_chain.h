// The hash chain of one notification: each attempt's link seals that attempt and every one before it, so a record that
// was edited, dropped or reordered later is found by recomputing.
//
//   link 0 = SHA-256(content hash || id)            link n = SHA-256(link n-1 || canonical bytes of attempt n)
//
// Canonical bytes, version 1: one byte 1, then the attempt's fields in the order of model/outcome.h; numbers as 8 bytes
// little-endian, text with its length in front, classes and ends by name.
#pragma once

#include "model/notification.h"
#include "model/outcome.h"

namespace ackd {

Hash chain_start(const Hash& content_hash, NotificationId id);
Hash chain_next(const Hash& previous, const Attempt& attempt);

}  // namespace ackd
