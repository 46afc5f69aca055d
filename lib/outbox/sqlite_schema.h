// The tables of the SQLite outbox, and the numbered migrations that make them.
//
//   merchant 1--* lane 1--* notification     written once: what was admitted, with its payload and profile_revision
//      |             |          | id
//      |             |          |--- attempt    (seq; unique id, n)  appended, one row for each attempt; the newest one
//      |             |          |                                    also says where the notification stands
//      |             |          |--- standing   (id)                 only while the newest attempt does not tell: held,
//      |             |          |                                    moved by an operator, cancel asked, crashes
//      |             |          |                                    counted, ended without an attempt
//      |             '--- queue |    (lane, class, next_at, id)      pending rows only, small
//      |                        '--- done       (at, id)             appended, finished rows by age
//      |--- admission_key (merchant, key) -> id                      outlives the payload
//      |--- activation    (merchant) -> url, at                      the URL that acknowledged a probe last
//      |--- open_probe    (merchant) -> id                           the probe that is pending, if one is
//      |--- merchant_record (merchant)                               URL, hosts, contact, options: what operators said
//      '--- sealed_key    (provider, owner, rank)                    its keys; owner 0: shared by its provider's
//                                                                    merchants; found by master key for a rotation
//
// `standing.awaits` is the merchant that a held notification waits for, because it is not known or not activated; 0 for
// every other kind of hold. Its partial index is the list of what an activation, or adding the merchant, releases.
//
//   counter   how many in each state, how many ever: kept in the same transaction, never counted
//   meta      run (starts of a daemon), newest_id (ever admitted), newest_record_ms (newest engine time on record)
//
// A merchant's row is made by its first notification or by its record, whichever comes first, and stays: lanes point to
// it. `merchant.origin` is that of its own URL, also for merchants of the configuration file: lists by host read it.
// `merchant.pause_until` is when a pause ends by itself; null for never. `lane.standing` is what was last heard of its
// merchant (LaneStanding), written with the attempt that changes it, and 0 again once the merchant moves to another
// host.
//
//   job           (id)           operators' wishes for many notifications, and how far each has come
//   inbox_source  (identity)     the mark behind what was admitted of a platform's inbox file
//   inbox_error   (source, row)  its rows that could not be admitted
//
// Where a notification stands is read in this order: its `standing` row; else its newest attempt; else it is pending,
// fresh and due at `not_before`. So settling costs one delete from `queue`, one appended attempt, and one insert into
// `queue` or `done`, and the queue needs no second index. Attempts are appended to a rowid table with an index: of the
// layouts that find a notification's attempts by id this settled fastest (tests/bench/storage_layouts.cc, 2 million
// pending rows, batches of 1,000, thousands a second at 1 and 1,000 lanes: fresh 210 and 54, scattered backlog 37 and
// 24; clustered by (id, n): 151 and 32, 22 and 14). It hands 1.22 pages a settlement to the WAL where clustered hands
// 1.98.
//
// Times are engine time in milliseconds since 1970 (`signed_at`: wall time). State, class: the numbers of
// model/state.h. Ids are time-ordered 63-bit numbers (model/ids.h). `lane.slot` = FNV-1a 64 of provider, NUL, merchant,
// NUL, origin, modulo 1024: the unit in which several nodes will share lanes. `attempt.chain` seals the attempt and all
// before it (attempt_chain.h), `notification.seal` what it is sent by (payload_seal.h).
#pragma once

#include <cstdint>

#include "base/result.h"
#include "model/notification.h"
#include "outbox/sqlite_database.h"

namespace ackd {

inline constexpr std::int64_t kSchemaVersion = 6;
inline constexpr std::int64_t kApplicationId = 0x41434b44;  // "ACKD", in the file's header

// Brings the database to kSchemaVersion, one transaction for each step, so that a kill leaves it before or after a
// step. Refuses a newer schema (naming both versions) and a file that is not ackd's. REQUIRES: the owner lock, or a new
// file.
Status migrate(SqliteDatabase& database);

// For readers: refuses anything but kSchemaVersion.
Status check_schema(SqliteDatabase& database);

inline constexpr unsigned kSlots = 1024;
unsigned slot_of(const LaneKey& lane);

}  // namespace ackd
