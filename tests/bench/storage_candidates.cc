#include "storage_candidates.h"

namespace ackd::bench {
namespace {

const std::string kQueueTable =
    "CREATE TABLE queue(lane INTEGER NOT NULL, class INTEGER NOT NULL, next_at INTEGER NOT NULL, id INTEGER NOT NULL,"
    " version INTEGER NOT NULL, newest INTEGER NOT NULL, PRIMARY KEY(lane,class,next_at,id)) STRICT, WITHOUT ROWID;";
const std::string kCounterTable =
    "CREATE TABLE counter(lane INTEGER PRIMARY KEY, pending INTEGER NOT NULL, done INTEGER NOT NULL) STRICT;";
const std::string kDoneTable =
    "CREATE TABLE done(at INTEGER NOT NULL, id INTEGER NOT NULL, state INTEGER NOT NULL, newest INTEGER NOT NULL,"
    " PRIMARY KEY(at,id)) STRICT, WITHOUT ROWID;";
const std::string kOutcomeColumns =
    "started_at INTEGER NOT NULL, duration_ms INTEGER NOT NULL, outcome INTEGER NOT NULL, status INTEGER NOT NULL,"
    " state INTEGER NOT NULL, class INTEGER NOT NULL, next_at INTEGER NOT NULL, request_hash BLOB NOT NULL,"
    " chain BLOB NOT NULL, answer BLOB NOT NULL";
const std::string kOutcome = ":now,120,2,200,:state,:next_class,:next_due,zeroblob(32),zeroblob(32),zeroblob(96)";
const std::string kAttemptTable =
    "CREATE TABLE attempt(seq INTEGER PRIMARY KEY, id INTEGER NOT NULL, n INTEGER NOT NULL, prev INTEGER NOT NULL, " +
    kOutcomeColumns + ") STRICT;";
const std::string kIndexableAttemptTable =
    "CREATE TABLE attempt(seq INTEGER PRIMARY KEY, id INTEGER NOT NULL, n INTEGER NOT NULL, " + kOutcomeColumns +
    ") STRICT;";
const std::string kSmallState =
    "state INTEGER NOT NULL, lane INTEGER NOT NULL, class INTEGER NOT NULL, next_at INTEGER NOT NULL,"
    " version INTEGER NOT NULL, newest INTEGER NOT NULL";
const std::string kDequeue = "DELETE FROM queue WHERE lane=:lane AND class=:class AND next_at=:due AND id=:id";
const std::string kStoryColumns = "SELECT n, state, class, next_at, chain, answer FROM ";

// `append`: attempts in arrival order, a pointer to the newest in the queue or done row. The floor that the others are
// measured against; it breaks the rule that an id alone finds its attempts.
Layout append_layout() {
  Layout layout;
  layout.name = "append";
  layout.schema = kCounterTable + kQueueTable + kDoneTable + kAttemptTable;
  layout.enqueue = "INSERT INTO queue VALUES(:lane,:class,:due,:id,:n,:seq)";
  layout.attempt = "INSERT INTO attempt VALUES(:seq,:id,:n,:prev," + kOutcome + ")";
  layout.finish = {kDequeue, "INSERT INTO done VALUES(:now,:id,:state,:seq)"};
  layout.retry = {kDequeue, "INSERT INTO queue VALUES(:lane,:next_class,:next_due,:id,:n,:seq)"};
  layout.oldest = "SELECT at, id, newest FROM done ORDER BY at, id";
  layout.purge = {
      "DELETE FROM attempt WHERE seq IN (WITH RECURSIVE chain(seq) AS (SELECT :seq UNION ALL SELECT prev"
      " FROM chain CROSS JOIN attempt USING(seq) WHERE prev>0) SELECT seq FROM chain)",
      "DELETE FROM done WHERE at=:now AND id=:id"};
  return layout;
}

// Attempts that are found by (id, n) need no pointer.
Layout keyed_layout(const std::string& name, const std::string& table, const std::string& key,
                    const std::string& of_id) {
  Layout layout = append_layout();
  layout.name = name;
  layout.schema = kCounterTable + kQueueTable + kDoneTable + table;
  layout.enqueue = "INSERT INTO queue VALUES(:lane,:class,:due,:id,:n,0)";
  layout.attempt = "INSERT INTO attempt VALUES(" + key + "," + kOutcome + ")";
  layout.finish[1] = "INSERT INTO done VALUES(:now,:id,:state,0)";
  layout.retry[1] = "INSERT INTO queue VALUES(:lane,:next_class,:next_due,:id,:n,0)";
  layout.story = kStoryColumns + "attempt WHERE " + of_id;
  layout.purge[0] = "DELETE FROM attempt WHERE " + of_id;
  return layout;
}

Layout clustered_layout() {
  return keyed_layout("clustered",
                      "CREATE TABLE attempt(id INTEGER NOT NULL, n INTEGER NOT NULL, " + kOutcomeColumns +
                          ", PRIMARY KEY(id,n)) STRICT, WITHOUT ROWID;",
                      ":id,:n", "id=:id");
}

Layout indexed_layout() {
  return keyed_layout("indexed", kIndexableAttemptTable + "CREATE UNIQUE INDEX attempt_id ON attempt(id,n);",
                      ":seq,:id,:n", "id=:id");
}

// The low eight bits of every id are zero, so id | n is an INTEGER PRIMARY KEY: one tree, integer compares, rows only
// in leaves, and attempts of fresh notifications append.
Layout rowkey_layout() {
  Layout layout =
      keyed_layout("rowkey", "CREATE TABLE attempt(key INTEGER PRIMARY KEY, " + kOutcomeColumns + ") STRICT;", ":id|:n",
                   "key BETWEEN :id AND :id+255");
  layout.story = "SELECT key&255, state, class, next_at, chain, answer FROM attempt WHERE key BETWEEN :id AND :id+255";
  return layout;
}

std::string story_by_pointer(const std::string& table) {
  return "WITH RECURSIVE chain(seq) AS (SELECT newest FROM " + table +
         " WHERE id=:id UNION ALL SELECT prev FROM chain"
         " CROSS JOIN attempt USING(seq) WHERE prev>0) SELECT n, state, class, next_at, chain, answer"
         " FROM chain CROSS JOIN attempt USING(seq)";
}

// `append` plus a small row for each id, written in place, that points at the newest attempt.
Layout state_layout() {
  Layout layout = append_layout();
  layout.name = "state";
  layout.schema += "CREATE TABLE state(id INTEGER PRIMARY KEY, " + kSmallState + ") STRICT;";
  layout.state = "REPLACE INTO state VALUES(:id,:state,:lane,:next_class,:next_due,:n,:seq)";
  layout.finish.push_back(layout.state);
  layout.retry.push_back(layout.state);
  layout.story = story_by_pointer("state");
  layout.purge.push_back("DELETE FROM state WHERE id=:id");
  return layout;
}

// The queue as a rowid table with an index of what is pending; its rows stay as the small state of finished ones.
Layout rowid_queue_layout() {
  Layout layout = append_layout();
  layout.name = "rowid_queue";
  layout.schema = kCounterTable + kDoneTable + kAttemptTable + "CREATE TABLE queue(id INTEGER PRIMARY KEY, " +
                  kSmallState + ") STRICT;";
  layout.index_after_load = "CREATE INDEX queue_due ON queue(lane,class,next_at) WHERE state=0";
  layout.admit = "INSERT INTO queue VALUES(:id,0,:lane,:class,:due,:n,:seq)";
  layout.enqueue.clear();
  layout.finish = {"UPDATE queue SET state=:state, version=:n, newest=:seq WHERE id=:id", layout.finish[1]};
  layout.retry = {"UPDATE queue SET class=:next_class, next_at=:next_due, version=:n, newest=:seq WHERE id=:id"};
  layout.story = story_by_pointer("queue");
  layout.purge.push_back("DELETE FROM queue WHERE id=:id");
  return layout;
}

// State and pointer as columns of the row that holds the payload; finished rows found by a partial index.
Layout wide_layout() {
  Layout layout = append_layout();
  layout.name = "wide_row";
  layout.schema = kCounterTable + kQueueTable + kAttemptTable + "CREATE TABLE notification(id INTEGER PRIMARY KEY, " +
                  kSmallState +
                  ", done_at INTEGER, payload BLOB NOT NULL) STRICT;"
                  "CREATE INDEX notification_done ON notification(done_at) WHERE done_at IS NOT NULL;";
  layout.admit = "INSERT INTO notification VALUES(:id,0,:lane,:class,:due,:n,:seq,NULL,zeroblob(600))";
  layout.finish[1] = "UPDATE notification SET state=:state, version=:n, newest=:seq, done_at=:now WHERE id=:id";
  layout.retry.push_back(
      "UPDATE notification SET class=:next_class, next_at=:next_due, version=:n, newest=:seq WHERE id=:id");
  layout.story = story_by_pointer("notification");
  layout.oldest = "SELECT done_at, id, newest FROM notification WHERE done_at IS NOT NULL ORDER BY done_at";
  layout.purge[1] = "DELETE FROM notification WHERE id=:id";
  return layout;
}

// `indexed`, but the index is a table that takes entries in bulk, sorted by id, so that a scattered backlog dirties
// each of its pages once a merge and not once a batch. The entries since the last merge would have to be kept in
// memory, and be scanned for at start and by a reader of the file.
Layout merged_layout() {
  Layout layout = indexed_layout();
  layout.name = "merged";
  layout.schema = kCounterTable + kQueueTable + kDoneTable + kIndexableAttemptTable +
                  "CREATE TABLE merged(only INTEGER PRIMARY KEY, through INTEGER NOT NULL) STRICT;"
                  "INSERT INTO merged VALUES(1,0);"
                  "CREATE TABLE attempt_id(id INTEGER NOT NULL, n INTEGER NOT NULL, seq INTEGER NOT NULL,"
                  " PRIMARY KEY(id,n)) STRICT, WITHOUT ROWID;";
  layout.merge =
      "INSERT INTO attempt_id SELECT id, n, seq FROM attempt WHERE seq > (SELECT through FROM merged) ORDER BY id, n;"
      "UPDATE merged SET through = (SELECT max(seq) FROM attempt)";
  const std::string of_id = "attempt_id WHERE attempt_id.id=:id";
  layout.story =
      "SELECT attempt.n, state, class, next_at, chain, answer FROM attempt_id CROSS JOIN attempt USING(seq)"
      " WHERE attempt_id.id=:id";
  layout.purge = {"DELETE FROM attempt WHERE seq IN (SELECT seq FROM " + of_id + ")", "DELETE FROM " + of_id,
                  layout.purge[1]};
  return layout;
}

}  // namespace

std::vector<Layout> layouts() {
  return {append_layout(), clustered_layout(),   indexed_layout(), state_layout(),
          rowkey_layout(), rowid_queue_layout(), wide_layout(),    merged_layout()};
}

}  // namespace ackd::bench
