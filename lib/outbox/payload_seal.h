// A check word over what a notification is sent by, written with it and compared whenever it is read for sending:
// SQLite has no checksums of its own in the database file, and a byte that the disk has changed would otherwise be
// signed and sent to a merchant as if it had been accepted.
//
//   FNV-1a 64 over lane, revision, subject, url and content; numbers as 8 bytes little-endian, text with its length in
//   front. It finds every change of a single byte. 0 is the seal of rows that were written before there was one.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/notification.h"

namespace ackd {

std::int64_t payload_seal(LaneId lane, RevisionId revision, std::string_view subject, std::string_view url,
                          std::string_view content);

}  // namespace ackd
