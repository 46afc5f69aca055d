// The verbs of the platform's inbox against a scripted daemon, and `inbox init` on real files.
#include <doctest/doctest.h>

#include <algorithm>

#include "ackctl/document.h"
#include "fake_daemon.h"
#include "inbox/sqlite_source.h"
#include "temporary_folder.h"

namespace ackd {
namespace {

constexpr const char* kReading =
    R"({"state":"reading","source":"/p.db","identity":"abc","mark":40,"newest":45,"behind":5,"errors":2,)"
    R"("trouble":null})";

std::string error_json(int row, const std::string& text, const char* more = R"(,"cut":false)") {
  return fmt::format(
      R"({{"source":"abc","row":{},"at":"2026-03-01T12:00:00.000Z","code":"not_found","field":"merchant",)"
      R"("reason":"there is no merchant","text":{},"text_bytes":90000{}}})",
      row, Document(text).dump(), more);
}

void put_errors(FakeDaemon& daemon) {
  daemon.put("GET /v1/inbox", 200, kReading);
  daemon.put("GET /v1/inbox/errors?limit=500", 200,
             fmt::format(R"({{"errors":[{}],"count":2,"next_cursor":"abc/7"}})", error_json(7, R"({"provider":"p"})")));
  daemon.put(
      "GET /v1/inbox/errors?limit=500&cursor=abc%2F7", 200,
      fmt::format(R"({{"errors":[{}],"count":2,"next_cursor":null}})", error_json(9, "{\"half", R"(,"cut":true)")));
  daemon.put("DELETE /v1/inbox/errors/abc/7", 200, kReading);
  daemon.put("DELETE /v1/inbox/errors/abc/9", 200, kReading);
}

std::size_t asked_for(FakeDaemon& daemon, const std::string& line) {
  const std::vector<std::string> asked = daemon.asked();
  return static_cast<std::size_t>(std::count(asked.begin(), asked.end(), line));
}

}  // namespace

TEST_CASE("the inbox's status is shown for people and programs") {
  FakeDaemon daemon;
  daemon.put("GET /v1/inbox", 200, kReading);
  const ProgramResult shown = daemon.run({"inbox", "status"});
  CHECK(shown.exit_code == 0);
  CHECK(has(shown.out, "inbox /p.db  reading"));
  CHECK(has(shown.out, "mark      40, newest 45, 5 behind"));
  CHECK_FALSE(has(shown.out, "trouble"));
  CHECK(has(daemon.run({"inbox", "status", "--json"}).out, R"("identity":"abc")"));
  daemon.put("GET /v1/inbox", 200, R"({"state":"off"})");
  CHECK(has(daemon.run({"inbox", "status"}).out, "none is configured"));
}

TEST_CASE("its errors are listed over all pages") {
  FakeDaemon daemon;
  put_errors(daemon);
  const ProgramResult table = daemon.run({"inbox", "errors"});
  CHECK(table.exit_code == 0);
  CHECK(has(table.out, "ROW"));
  CHECK(has(table.out, "2026-03-01 12:00:00"));
  CHECK(has(table.out, "\n9 "));
  const ProgramResult json = daemon.run({"inbox", "errors", "--json"});
  CHECK(std::count(json.out.begin(), json.out.end(), '\n') == 2);
}

TEST_CASE("a row is posted again as it was kept, and is no error once it is recorded") {
  FakeDaemon daemon;
  put_errors(daemon);
  daemon.put("POST /v1/notifications", 201, R"({"id":"77","state":"pending"})");
  const ProgramResult retried = daemon.run({"inbox", "retry", "7"});
  CHECK(retried.exit_code == 0);
  CHECK(has(retried.out, "7  is recorded as 77, pending"));
  CHECK(asked_for(daemon, "DELETE /v1/inbox/errors/abc/7") == 1);
  CHECK(asked_for(daemon, "DELETE /v1/inbox/errors/abc/9") == 0);
}

TEST_CASE("a row that is refused again, or is not kept whole, stays an error") {
  FakeDaemon daemon;
  put_errors(daemon);
  daemon.put("POST /v1/notifications", 422, R"({"detail":"there is still no merchant"})");
  const ProgramResult all = daemon.run({"inbox", "retry", "--all"});
  CHECK(all.exit_code == 1);
  CHECK(has(all.err, "row 7: there is still no merchant"));
  CHECK(has(all.err, "row 9: its text has 90000 bytes"));
  CHECK(has(all.err, "rewind --to 8"));
  CHECK(asked_for(daemon, "DELETE /v1/inbox/errors/abc/7") == 0);
}

TEST_CASE("rows are dropped by number, by file and number, or all") {
  FakeDaemon daemon;
  put_errors(daemon);
  CHECK(daemon.run({"inbox", "drop", "abc/9"}).exit_code == 0);
  CHECK(asked_for(daemon, "DELETE /v1/inbox/errors/abc/9") == 1);
  CHECK(asked_for(daemon, "GET /v1/inbox") == 0);
  CHECK(daemon.run({"inbox", "drop", "--all"}).exit_code == 0);
  CHECK(asked_for(daemon, "DELETE /v1/inbox/errors/abc/7") == 1);
  const ProgramResult none = daemon.run({"inbox", "drop", "8"});
  CHECK(none.exit_code == 1);
  CHECK(has(none.err, "row 8 is no error"));
  CHECK(daemon.run({"inbox", "drop"}).exit_code == 2);
  CHECK(daemon.run({"inbox", "drop", "7", "--all"}).exit_code == 2);
}

TEST_CASE("a rewind needs a row") {
  FakeDaemon daemon;
  daemon.put("POST /v1/inbox/rewind", 200, kReading);
  CHECK(daemon.run({"inbox", "rewind", "--to", "40"}).exit_code == 0);
  CHECK(daemon.last_body() == R"({"to":40})");
  CHECK(daemon.run({"inbox", "rewind"}).exit_code == 2);
  CHECK(daemon.run({"inbox", "rewind", "--to", "-1"}).exit_code == 2);
}

TEST_CASE("init makes the tables once, prints them, and refuses what is something else") {
  const TemporaryFolder folder;
  const std::string path = folder.file("p.db");
  const ProgramResult made = run_ackctl({"inbox", "init", path});
  CHECK(made.exit_code == 0);
  CHECK_FALSE(SqliteSource(path).look({}, {}).trouble);
  CHECK(has(run_ackctl({"inbox", "init", path}).out, "nothing was changed"));
  CHECK(has(run_ackctl({"inbox", "init", "--sql"}).out, "CREATE TABLE ackd_inbox("));
  CHECK(run_ackctl({"inbox", "init"}).exit_code == 2);
  const std::string text = folder.write("notes", std::string(2'000, 'n'));
  CHECK(run_ackctl({"inbox", "init", text}).exit_code == 1);
}

}  // namespace ackd
