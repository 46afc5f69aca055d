// A check word over what a notification is sent by, written with it and compared whenever it is read for sending:
// SQLite has no checksums of its own in the database file, and a byte that the disk has changed would otherwise be
// signed and sent to a merchant as if it had been accepted.
//
//   As FNV-1a 64, but of words of 8 bytes instead of single ones: lane, revision, then subject, url and content, each
//   with its length in front and zeros behind the last word. Bytes are little-endian. It finds every change of a single
//   byte. 0 is the seal of rows that were written before there was one, and the next rows had FNV-1a of single bytes.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/notification.h"

namespace ackd {

struct Payload {
  LaneId lane;
  RevisionId revision;
  std::string_view subject;
  std::string_view url;
  std::string_view content;
};

std::int64_t payload_seal(const Payload& payload);

// Whether the payload is what `seal`, of whichever time, was made of.
bool matches_seal(const Payload& payload, std::int64_t seal);

}  // namespace ackd
