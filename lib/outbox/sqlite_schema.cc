#include "outbox/sqlite_schema.h"

#include <fmt/format.h>

#include <array>

namespace ackd {
namespace {

// Column order matters: SQLite reads a row from its left, and `content` may lie on overflow pages. CHECKs cost the hot
// path: 13 of them on an attempt took 0.7 to 2.1 us a row, so it keeps the two that guard what cannot be repaired.
constexpr const char* kMigration1 = R"sql(
CREATE TABLE meta(
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE counter(
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL CHECK(value >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE profile_revision(
  id       INTEGER PRIMARY KEY,
  provider TEXT NOT NULL CHECK(provider <> ''),
  hash     BLOB NOT NULL CHECK(length(hash) = 32),
  text     TEXT NOT NULL,
  UNIQUE(provider, hash)
) STRICT;

CREATE TABLE merchant(
  id       INTEGER PRIMARY KEY,
  provider TEXT NOT NULL,
  name     TEXT NOT NULL,
  UNIQUE(provider, name)
) STRICT;

CREATE TABLE lane(
  id       INTEGER PRIMARY KEY,
  merchant INTEGER NOT NULL REFERENCES merchant(id),
  origin   TEXT NOT NULL,
  slot     INTEGER NOT NULL CHECK(slot BETWEEN 0 AND 1023),
  UNIQUE(merchant, origin)
) STRICT;

CREATE TABLE notification(
  id           INTEGER PRIMARY KEY CHECK(id > 0),
  lane         INTEGER NOT NULL REFERENCES lane(id),
  not_before   INTEGER NOT NULL,
  content_hash BLOB NOT NULL CHECK(length(content_hash) = 32),
  revision     INTEGER NOT NULL,
  admitted_at  INTEGER NOT NULL,
  replay_of    INTEGER,
  subject      TEXT NOT NULL,
  type         TEXT NOT NULL,
  key          TEXT NOT NULL,
  url          TEXT NOT NULL,
  tags         BLOB NOT NULL,
  content      BLOB NOT NULL
) STRICT;
CREATE INDEX notification_subject ON notification(subject) WHERE subject <> '';

CREATE TABLE admission_key(
  merchant     INTEGER NOT NULL,
  key          TEXT NOT NULL,
  id           INTEGER NOT NULL,
  content_hash BLOB NOT NULL CHECK(length(content_hash) = 32),
  PRIMARY KEY(merchant, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE queue(
  lane     INTEGER NOT NULL,
  class    INTEGER NOT NULL CHECK(class IN (0, 1)),
  next_at  INTEGER NOT NULL,
  id       INTEGER NOT NULL,
  version  INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  steps    INTEGER NOT NULL,
  noted    INTEGER NOT NULL CHECK(noted IN (0, 1)),
  PRIMARY KEY(lane, class, next_at, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt(
  seq          INTEGER PRIMARY KEY,
  id           INTEGER NOT NULL,
  n            INTEGER NOT NULL,
  state        INTEGER NOT NULL CHECK(state BETWEEN 0 AND 4),
  class        INTEGER NOT NULL,
  state_at     INTEGER NOT NULL,
  version      INTEGER NOT NULL,
  steps        INTEGER NOT NULL,
  chain        BLOB NOT NULL CHECK(length(chain) = 32),
  outcome      TEXT NOT NULL,
  ending       TEXT NOT NULL,
  started_at   INTEGER NOT NULL,
  ended_at     INTEGER NOT NULL,
  status       INTEGER NOT NULL,
  sends        INTEGER NOT NULL,
  run          INTEGER NOT NULL,
  signed_at    INTEGER NOT NULL,
  request_hash BLOB NOT NULL,
  key_id       TEXT NOT NULL,
  nonce        TEXT NOT NULL,
  peer         TEXT NOT NULL,
  state_reason TEXT NOT NULL,
  reason       TEXT NOT NULL,
  content_type TEXT NOT NULL,
  excerpt      BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX attempt_id ON attempt(id, n);

CREATE TABLE standing(
  id             INTEGER PRIMARY KEY,
  state          INTEGER NOT NULL CHECK(state BETWEEN 0 AND 4),
  class          INTEGER NOT NULL CHECK(class IN (0, 1)),
  state_at       INTEGER NOT NULL,
  version        INTEGER NOT NULL,
  attempts       INTEGER NOT NULL,
  steps          INTEGER NOT NULL,
  cancel_asked   INTEGER NOT NULL CHECK(cancel_asked IN (0, 1)),
  lonely_crashes INTEGER NOT NULL,
  reason         TEXT NOT NULL
) STRICT;
CREATE INDEX standing_held ON standing(id) WHERE state = 1;

CREATE TABLE done(
  at    INTEGER NOT NULL,
  id    INTEGER NOT NULL,
  state INTEGER NOT NULL CHECK(state BETWEEN 2 AND 4),
  PRIMARY KEY(at, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX done_unacknowledged ON done(state, id) WHERE state <> 2;

INSERT INTO meta VALUES('run', 0), ('newest_id', 0), ('newest_record_ms', 0);
INSERT INTO counter VALUES('pending', 0), ('held', 0), ('delivered', 0), ('exhausted', 0), ('cancelled', 0),
  ('admitted', 0), ('attempts', 0), ('possibly_sent', 0), ('silent_resends', 0);
)sql";

// No CHECK on the new columns: SQLite would try it on every row there is, and ten million take minutes.
constexpr const char* kMigration2 = R"sql(
ALTER TABLE notification ADD COLUMN probe INTEGER NOT NULL DEFAULT 0;
ALTER TABLE standing ADD COLUMN awaits INTEGER NOT NULL DEFAULT 0;
CREATE INDEX standing_awaits ON standing(awaits, id) WHERE awaits <> 0;

CREATE TABLE activation(
  merchant INTEGER PRIMARY KEY REFERENCES merchant(id),
  url      TEXT NOT NULL CHECK(url <> ''),
  at       INTEGER NOT NULL
) STRICT;

CREATE TABLE open_probe(
  merchant INTEGER PRIMARY KEY REFERENCES merchant(id),
  id       INTEGER NOT NULL
) STRICT;
)sql";

constexpr const char* kMigration3 = R"sql(
ALTER TABLE merchant ADD COLUMN origin TEXT NOT NULL DEFAULT '';
ALTER TABLE merchant ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE merchant ADD COLUMN pause_reason TEXT NOT NULL DEFAULT '';

CREATE TABLE merchant_record(
  merchant   INTEGER PRIMARY KEY REFERENCES merchant(id),
  version    INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  url        TEXT NOT NULL,
  contact    TEXT NOT NULL,
  hosts      BLOB NOT NULL,
  options    BLOB NOT NULL
) STRICT;

CREATE TABLE sealed_key(
  provider TEXT NOT NULL,
  owner    INTEGER NOT NULL,
  rank     INTEGER NOT NULL,
  id       TEXT NOT NULL,
  master   TEXT NOT NULL,
  sealed   BLOB NOT NULL,
  PRIMARY KEY(provider, owner, rank)
) STRICT, WITHOUT ROWID;
CREATE INDEX sealed_key_master ON sealed_key(master);

CREATE TABLE job(
  id          INTEGER PRIMARY KEY,
  verb        INTEGER NOT NULL CHECK(verb BETWEEN 0 AND 4),
  dry_run     INTEGER NOT NULL CHECK(dry_run IN (0, 1)),
  state       INTEGER NOT NULL CHECK(state BETWEEN 0 AND 2),
  filter      BLOB NOT NULL,
  reason      TEXT NOT NULL,
  created_at  INTEGER NOT NULL,
  finished_at INTEGER,
  below       INTEGER NOT NULL,
  looked_at   INTEGER NOT NULL,
  matched     INTEGER NOT NULL,
  applied     INTEGER NOT NULL,
  refused     INTEGER NOT NULL
) STRICT;
CREATE INDEX job_running ON job(id) WHERE state = 0;

CREATE TABLE inbox_source(
  identity  TEXT PRIMARY KEY,
  mark      INTEGER NOT NULL,
  mark_seal TEXT NOT NULL,
  errors    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE inbox_error(
  source  TEXT NOT NULL,
  row     INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  code    INTEGER NOT NULL,
  field   TEXT NOT NULL,
  message TEXT NOT NULL,
  text    TEXT NOT NULL,
  bytes   INTEGER NOT NULL,
  PRIMARY KEY(source, row)
) STRICT, WITHOUT ROWID;
)sql";

constexpr const char* kMigration4 = R"sql(
ALTER TABLE notification ADD COLUMN seal INTEGER NOT NULL DEFAULT 0;
)sql";

constexpr const char* kMigration5 = R"sql(
ALTER TABLE merchant ADD COLUMN pause_until INTEGER;
)sql";

constexpr const char* kMigration6 = R"sql(
ALTER TABLE lane ADD COLUMN standing INTEGER NOT NULL DEFAULT 0;
)sql";

constexpr std::array<const char*, kSchemaVersion> kMigrations{kMigration1, kMigration2, kMigration3,
                                                              kMigration4, kMigration5, kMigration6};

Error newer(std::int64_t found) {
  return {
      ErrorCode::kConflict,
      fmt::format("the outbox has schema version {}, and this ackd knows versions up to {}; start the ackd that wrote "
                  "it, or a newer one",
                  found, kSchemaVersion),
      {}};
}

Status check_application(SqliteDatabase& database, std::int64_t version) {
  const auto application = database.ask("PRAGMA application_id");
  if (!application) return application.error();
  const auto tables = database.ask("SELECT count(*) FROM sqlite_schema");
  if (!tables) return tables.error();
  if (*application == kApplicationId || (*application == 0 && version == 0 && *tables == 0)) return Done{};
  return Error{
      ErrorCode::kCorrupt, "the outbox file is a SQLite database of something else than ackd; name another file", {}};
}

Status take_step(SqliteDatabase& database, std::size_t step) {
  const std::string sql = fmt::format("BEGIN IMMEDIATE; {}; PRAGMA application_id={}; PRAGMA user_version={}; COMMIT",
                                      kMigrations.at(step), kApplicationId, step + 1);
  const Status done = database.run(sql);
  if (!done) sqlite3_exec(database.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  return done;
}

}  // namespace

Status migrate(SqliteDatabase& database) {
  const auto version = database.ask("PRAGMA user_version");
  if (!version) return version.error();
  if (const Status ours = check_application(database, *version); !ours) return ours.error();
  if (*version > kSchemaVersion || *version < 0) return newer(*version);
  for (auto step = static_cast<std::size_t>(*version); step < kMigrations.size(); ++step) {
    if (const Status taken = take_step(database, step); !taken) return taken.error();
  }
  return Done{};
}

Status check_schema(SqliteDatabase& database) {
  const auto version = database.ask("PRAGMA user_version");
  if (!version) return version.error();
  if (*version == kSchemaVersion) return Done{};
  return newer(*version);
}

unsigned slot_of(const LaneKey& lane) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  const auto add = [&](std::string_view bytes) {
    for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  };
  constexpr std::string_view kNul("\0", 1);
  add(lane.provider);
  add(kNul);
  add(lane.merchant);
  add(kNul);
  add(lane.origin);
  return static_cast<unsigned>(hash % kSlots);
}

}  // namespace ackd
