-- An outbox as schema version 1 left it. Migrations are tried on it; the statements are that version's own.
PRAGMA auto_vacuum=INCREMENTAL;
PRAGMA journal_mode=WAL;
PRAGMA application_id=0x41434b44;
PRAGMA user_version=1;

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

-- Three notifications of one merchant, as that version left them: 1 delivered, 2 held for a missing key, 3 pending.
UPDATE meta SET value=4 WHERE name='run';
UPDATE meta SET value=3 WHERE name='newest_id';
UPDATE meta SET value=1772366401020 WHERE name='newest_record_ms';
UPDATE counter SET value=1 WHERE name IN ('pending', 'held', 'delivered', 'attempts');
UPDATE counter SET value=3 WHERE name='admitted';
INSERT INTO merchant VALUES(1, 'dhpay', 'm1');
INSERT INTO lane VALUES(1, 1, '', 77);
INSERT INTO notification VALUES
  (1, 1, 1772366400000, zeroblob(32), 1, 1772366400000, NULL, 'order-1', 'payment', 'key-1', '', x'', x'6f6e65'),
  (2, 1, 1772366400000, zeroblob(32), 1, 1772366400000, NULL, 'order-2', 'payment', 'key-2', '', x'', x'74776f'),
  (3, 1, 1772366400000, zeroblob(32), 1, 1772366400000, NULL, 'order-3', 'payment', 'key-3', '', x'', x'7468726565');
INSERT INTO admission_key VALUES(1, 'key-1', 1, zeroblob(32)), (1, 'key-2', 2, zeroblob(32)), (1, 'key-3', 3, zeroblob(32));
INSERT INTO queue VALUES(1, 0, 1772366400000, 3, 0, 0, 0, 0);
INSERT INTO standing VALUES(2, 1, 0, 1772366400000, 0, 0, 0, 0, 0, 'key missing');
INSERT INTO attempt VALUES(1, 1, 1, 2, 1, 1772366401020, 1, 1, zeroblob(32), 'acknowledged', 'complete', 1772366401000,
  1772366401020, 200, 1, 4, 1772366401000, zeroblob(32), 'k1', '', '203.0.113.7:443', '', '', 'text/plain', x'4f4b');
INSERT INTO done VALUES(1772366401020, 1, 2);
