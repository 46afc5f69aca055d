// key ls, set, rotate and status against a scripted daemon.
#include <doctest/doctest.h>

#include "fake_daemon.h"
#include "temporary_folder.h"

namespace ackd {
namespace {

constexpr const char* kShared =
    R"({"provider":"p","keys":[{"id":"new","parts":["private_key"]},{"id":"old","parts":["secret","private_key"]}]})";

std::string status_of(int older, bool rotating) {
  return R"({"master_key":"b2","source":"file","sealed":5,"sealed_with_older":)" + std::to_string(older) +
         R"(,"rotating":)" + (rotating ? "true}" : "false}");
}

TEST_CASE("shared keys are listed for all providers that have some, or for one") {
  FakeDaemon daemon;
  daemon.put("GET /v1/providers", 200, R"({"providers":[{"id":"o"},{"id":"p"}]})");
  daemon.put("GET /v1/providers/o/keys", 200, R"({"provider":"o","keys":[]})");
  daemon.put("GET /v1/providers/p/keys", 200, kShared);
  const ProgramResult all = daemon.run({"key", "ls"});
  CHECK(all.exit_code == 0);
  CHECK(all.out ==
        "PROVIDER  KEY  PARTS\n"
        "p         new  private key\n"
        "p         old  secret, private key\n");
  const std::string json = daemon.run({"key", "ls", "--json"}).out;
  CHECK(json.starts_with(R"({"provider":"p","keys":[{"id":"new")"));
  const ProgramResult none = daemon.run({"key", "ls", "o"});
  CHECK(none.exit_code == 0);
  CHECK(none.out == "");
  CHECK(has(none.err, "there is no shared key"));
  CHECK(daemon.run({"key", "ls", "o", "--json"}).out == "{\"provider\":\"o\",\"keys\":[]}\n");
  CHECK(daemon.run({"key", "ls", "unknown"}).exit_code == 1);
  CHECK(run_ackctl({"key", "ls"}).exit_code == 3);
}

TEST_CASE("shared keys are replaced without a look at those that are there, and rotated after one") {
  FakeDaemon daemon;
  const TemporaryFolder folder;
  daemon.put("PUT /v1/providers/p/keys", 200, kShared);
  const std::string pem = folder.write("p.pem", "PEM\n");
  const ProgramResult set = daemon.run({"key", "set", "p", "--private-key-file", "first=" + pem});
  CHECK(set.exit_code == 0);
  CHECK(set.out == "keys of p: new (private key), old (secret, private key)\n");
  CHECK(daemon.asked().size() == 1);
  CHECK(daemon.last_body() == R"({"keys":[{"id":"first","private_key":"PEM"}]})");
  daemon.put("GET /v1/providers/p/keys", 200, kShared);
  CHECK(daemon.run({"key", "set", "p", "--add-private-key", pem}).exit_code == 0);
  CHECK(daemon.last_body() == R"({"keys":[{"id":"p.pem","private_key":"PEM"},{"id":"new"}]})");
  CHECK(daemon.run({"key", "set", "p", "--drop-key", "old", "--json"}).exit_code == 0);
  CHECK(daemon.last_body() == R"({"keys":[{"id":"new"}]})");
  CHECK(daemon.run({"key", "set", "p", "--drop-key", "other"}).exit_code == 1);
  CHECK(daemon.run({"key", "set", "p", "--key-file", folder.write("open", "x", 0644)}).exit_code == 1);
  CHECK(daemon.run({"key", "set", "p"}).exit_code == 2);
  CHECK(daemon.run({"key", "set"}).exit_code == 2);
}

TEST_CASE("rotate waits until every key is under the new master key") {
  FakeDaemon daemon;
  daemon.put("POST /v1/keys/rotate", 202, status_of(5, true));
  daemon.put("GET /v1/keys", 200, status_of(3, true));
  daemon.then("GET /v1/keys", 200, status_of(0, true));
  daemon.then("GET /v1/keys", 200, status_of(0, false));
  const ProgramResult result = daemon.run({"key", "rotate"});
  CHECK(result.exit_code == 0);
  CHECK(result.err == "");
  CHECK(daemon.asked().size() == 4);
  CHECK(result.out ==
        "master key        b2 (from a file)\n"
        "sealed keys       5\n"
        "under older keys  0\n");
}

TEST_CASE("rotate shows its progress on a terminal") {
  FakeDaemon daemon;
  daemon.put("POST /v1/keys/rotate", 202, status_of(4, true));
  daemon.put("GET /v1/keys", 200, status_of(0, false));
  const ProgramResult result = run_at_terminal({"key", "rotate", "--socket", daemon.address()}, "", "");
  CHECK(result.exit_code == 0);
  CHECK(has(result.out, "\r1 of 5 keys sealed again"));
}

TEST_CASE("rotate need not wait, and says when it was not finished") {
  FakeDaemon daemon;
  daemon.put("POST /v1/keys/rotate", 202, status_of(5, true));
  const ProgramResult begun = daemon.run({"key", "rotate", "--no-wait"});
  CHECK(begun.exit_code == 0);
  CHECK(has(begun.out, "under older keys  5, being sealed again\n"));
  CHECK(daemon.asked().size() == 1);
  daemon.put("GET /v1/keys", 200, status_of(2, false));
  const ProgramResult stuck = daemon.run({"key", "rotate", "--json"});
  CHECK(stuck.exit_code == 1);
  CHECK(stuck.out == status_of(2, false) + "\n");
  CHECK(has(stuck.err, "its log says why"));
  daemon.put("POST /v1/keys/rotate", 409, R"({"detail":"a rotation is under way"})");
  CHECK(daemon.run({"key", "rotate"}).err == "ackctl: a rotation is under way\n");
}

TEST_CASE("status tells the master key and what it seals") {
  FakeDaemon daemon;
  daemon.put("GET /v1/keys", 200, status_of(0, false));
  CHECK(has(daemon.run({"key", "status"}).out, "master key        b2 (from a file)\n"));
  CHECK(daemon.run({"key", "status", "--json"}).out == status_of(0, false) + "\n");
}

}  // namespace
}  // namespace ackd
