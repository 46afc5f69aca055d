// merchant add, set and rm against a scripted daemon: what they send, what they refuse, what they ask.
#include <doctest/doctest.h>

#include "fake_daemon.h"
#include "temporary_folder.h"

namespace ackd {
namespace {

constexpr const char* kMerchant = "/v1/merchants/p/m";
constexpr const char* kPresent =
    R"({"provider":"p","id":"m","source":"record","version":7,"url":"https://a.example/","hosts":["a.example"],
        "contact":"Ann","options":{"charset":"gbk","ack_trim":"true"},"state":"active","activated":null,
        "keys":[{"id":"k2","parts":["secret"]},{"id":"k1","parts":["secret"]}],"shared_keys":[]})";
// What a PUT that changes nothing would send, up to the member that each test is about.
constexpr const char* kUnchanged = R"({"url":"https://a.example/","hosts":["a.example"],"contact":"Ann",)"
                                   R"("options":{"charset":"gbk","ack_trim":"true"})";

FakeDaemon& with_merchant(FakeDaemon& daemon) {
  daemon.put(std::string("GET ") + kMerchant, 200, kPresent);
  daemon.put(std::string("PUT ") + kMerchant, 200, kPresent);
  return daemon;
}

// The body of the one PUT that `merchant set p m` sends with these words.
std::string put_by_set(FakeDaemon& daemon, std::vector<std::string> words) {
  words.insert(words.begin(), {"merchant", "set", "p", "m"});
  const ProgramResult result = daemon.run(words);
  CHECK(result.err == "");
  CHECK(result.exit_code == 0);
  CHECK(daemon.asked().back() == "PUT /v1/merchants/p/m");
  return daemon.last_body();
}

TEST_CASE("add sends what is named, keys under their file's name or their own, and that nothing may be there") {
  FakeDaemon daemon;
  const TemporaryFolder folder;
  daemon.put("PUT /v1/merchants/p/m%201", 201, kPresent);
  const ProgramResult bare = daemon.run({"merchant", "add", "p", "m 1"});
  CHECK(bare.exit_code == 0);
  CHECK(daemon.last_body() == R"({"version":0})");
  CHECK(daemon.content_types().back() == "application/json");
  const ProgramResult full = daemon.run({"merchant",
                                         "add",
                                         "p",
                                         "m 1",
                                         "--url",
                                         "https://a.example/",
                                         "--host",
                                         "a.example",
                                         "--host",
                                         "b.example",
                                         "--contact",
                                         "Ann",
                                         "--option",
                                         "x=1=2",
                                         "--key-file",
                                         folder.write("k-2026", "first\n"),
                                         "--key-file",
                                         "old=" + folder.write("b=c", "second"),
                                         "--private-key-file",
                                         folder.write("rsa.pem", "PEM\nPEM\n")});
  CHECK(full.exit_code == 0);
  CHECK(daemon.last_body() ==
        R"({"url":"https://a.example/","hosts":["a.example","b.example"],"contact":"Ann","options":{"x":"1=2"},)"
        R"("keys":[{"id":"k-2026","secret":"first","private_key":"PEM\nPEM"},{"id":"old","secret":"second"}],)"
        R"("version":0})");
  CHECK(has(full.out, "merchant p/m  active\n"));
  CHECK_FALSE(has(full.out + full.err, "second"));
}

TEST_CASE("private keys stand alone, join the secret of their place, or the key that they name") {
  FakeDaemon daemon;
  const TemporaryFolder folder;
  daemon.put("PUT /v1/merchants/p/m", 201, kPresent);
  const std::string pem = folder.write("rsa.pem", "PEM");
  const std::string secret = folder.write("s", "secret");
  CHECK(daemon.run({"merchant", "add", "p", "m", "--private-key-file", pem}).exit_code == 0);
  CHECK(daemon.last_body() == R"({"keys":[{"id":"rsa.pem","private_key":"PEM"}],"version":0})");
  daemon.run({"merchant", "add", "p", "m", "--key-file", "b=" + secret, "--private-key-file", "a=" + pem});
  CHECK(daemon.last_body() == R"({"keys":[{"id":"b","secret":"secret"},{"id":"a","private_key":"PEM"}],"version":0})");
  daemon.run({"merchant", "add", "p", "m", "--key", "k=-", "--private-key-file", "k=" + pem}, "typed\n");
  CHECK(daemon.last_body() == R"({"keys":[{"id":"k","secret":"typed","private_key":"PEM"}],"version":0})");
  const ProgramResult twice = daemon.run({"merchant", "add", "p", "m", "--key-file", secret, "--key-file", secret});
  CHECK(twice.exit_code == 1);
  CHECK(has(twice.err, "two keys are named 's'; tell them apart by ID=FILE"));
}

TEST_CASE("a merchant that is there already is not replaced by add") {
  FakeDaemon daemon;
  daemon.put("PUT /v1/merchants/p/m", 409, R"({"detail":"merchant p/m is there, with version 7","field":"version"})");
  const ProgramResult result = daemon.run({"merchant", "add", "p", "m"});
  CHECK(result.exit_code == 1);
  CHECK(has(result.err, "is there, with version 7"));
  CHECK(has(result.err, "`ackctl merchant set` changes"));
}

TEST_CASE("a refusal names the field") {
  FakeDaemon daemon;
  daemon.put("PUT /v1/merchants/p/m", 422, R"({"detail":"no such option","field":"options.x"})");
  CHECK(daemon.run({"merchant", "add", "p", "m", "--option", "x=1"}).err == "ackctl: options.x: no such option\n");
  CHECK(daemon.run({"merchant", "add", "p", "m", "--option", "x"}).exit_code == 2);
}

TEST_CASE("set sends the whole merchant with only what is named changed, and the version that it saw") {
  FakeDaemon daemon;
  with_merchant(daemon);
  const std::string end = R"(,"version":7})";
  CHECK(put_by_set(daemon, {"--url", "https://b.example/"}) ==
        R"({"url":"https://b.example/","hosts":["a.example"],"contact":"Ann",)"
        R"("options":{"charset":"gbk","ack_trim":"true"},"version":7})");
  CHECK(has(put_by_set(daemon, {"--no-url"}), R"({"url":"","hosts":["a.example"])"));
  CHECK(has(put_by_set(daemon, {"--host", "c.example"}), R"("hosts":["c.example"],"contact":"Ann")"));
  CHECK(has(put_by_set(daemon, {"--no-hosts"}), R"("hosts":[],"contact":"Ann")"));
  CHECK(has(put_by_set(daemon, {"--contact", ""}), R"("contact":"","options")"));
  CHECK(has(put_by_set(daemon, {"--option", "charset=utf-8", "--option", "n=1", "--unset-option", "ack_trim"}),
            R"("options":{"charset":"utf-8","n":"1"},"version":7})"));
  CHECK(put_by_set(daemon, {"--contact", "Ann"}) == kUnchanged + end);
}

TEST_CASE("set rotates keys: a new one in front, the first so far second, and one that is dropped") {
  FakeDaemon daemon;
  const TemporaryFolder folder;
  with_merchant(daemon);
  const std::string file = folder.write("k3", "third\n");
  const std::string begin = std::string(kUnchanged) + R"(,"keys":)";
  const std::string end = R"(,"version":7})";
  CHECK(put_by_set(daemon, {"--add-key", file}) == begin + R"([{"id":"k3","secret":"third"},{"id":"k2"}])" + end);
  CHECK(put_by_set(daemon, {"--add-private-key", "pair=" + file}) ==
        begin + R"([{"id":"pair","private_key":"third"},{"id":"k2"}])" + end);
  CHECK(put_by_set(daemon, {"--add-key", file, "--add-private-key", file, "--drop-key", "k2"}) ==
        begin + R"([{"id":"k3","secret":"third","private_key":"third"},{"id":"k1"}])" + end);
  CHECK(put_by_set(daemon, {"--drop-key", "k1"}) == begin + R"([{"id":"k2"}])" + end);
  CHECK(put_by_set(daemon, {"--drop-key", "k1", "--drop-key", "k2"}) == begin + "[]" + end);
  CHECK(put_by_set(daemon, {"--key-file", file}) == begin + R"([{"id":"k3","secret":"third"}])" + end);
}

TEST_CASE("set refuses a rotation that cannot be meant") {
  FakeDaemon daemon;
  const TemporaryFolder folder;
  with_merchant(daemon);
  const std::string file = folder.write("k2", "second");
  const auto refusal = [&](std::vector<std::string> words, int exit_code) {
    words.insert(words.begin(), {"merchant", "set", "p", "m"});
    const ProgramResult result = daemon.run(words);
    CHECK(result.exit_code == exit_code);
    return result.err;
  };
  CHECK(has(refusal({"--add-key", file}, 1), "there is a key 'k2' already"));
  CHECK(has(refusal({"--add-key", file, "--drop-key", "k2"}, 1), "there is a key 'k2' already"));
  CHECK(has(refusal({"--drop-key", "k9"}, 1), "no key 'k9' to drop"));
  CHECK(has(refusal({"--add-key", "a=" + file, "--add-private-key", "b=" + file}, 1), "one key at a time"));
  CHECK(has(refusal({"--unset-option", "other"}, 1), "p/m has no option 'other' to unset"));
  refusal({"--add-key", file, "--key-file", file}, 2);
  refusal({"--url", "https://b.example/", "--no-url"}, 2);
  refusal({"--host", "b.example", "--no-hosts"}, 2);
  refusal({"--option", "novalue"}, 2);
  CHECK(has(refusal({}, 2), "nothing to set is named"));
  for (const std::string& request : daemon.asked()) CHECK(request == "GET /v1/merchants/p/m");
}

TEST_CASE("a change by somebody else in between is told apart from a merchant that cannot be changed here") {
  FakeDaemon daemon;
  with_merchant(daemon).put("PUT /v1/merchants/p/m", 409, R"({"detail":"the version is 8"})");
  const ProgramResult late = daemon.run({"merchant", "set", "p", "m", "--no-url"});
  CHECK(late.exit_code == 1);
  CHECK(has(late.err, "the version is 8\n"));
  CHECK(has(late.err, "p/m was changed by somebody else"));
  daemon.put("GET /v1/merchants/p/m", 200, R"({"source":"configuration","version":0,"url":"https://a.example/"})");
  daemon.put("PUT /v1/merchants/p/m", 409, R"({"detail":"merchant p/m stands in config.yaml; change it there"})");
  const ProgramResult fixed = daemon.run({"merchant", "set", "p", "m", "--no-url"});
  CHECK(fixed.err == "ackctl: merchant p/m stands in config.yaml; change it there\n");
  CHECK(daemon.run({"merchant", "set", "p", "nobody", "--no-url"}).exit_code == 1);
  CHECK(run_ackctl({"merchant", "set", "p", "m", "--no-url"}).exit_code == 3);
}

TEST_CASE("rm asks at a terminal, and elsewhere only does what --yes confirms") {
  FakeDaemon daemon;
  with_merchant(daemon).put("DELETE /v1/merchants/p/m", 200, R"({"removed":true})");
  const ProgramResult unasked = daemon.run({"merchant", "rm", "p", "m"}, "y\n");
  CHECK(unasked.exit_code == 2);
  CHECK(has(unasked.err, "write --yes"));
  CHECK(daemon.asked().empty());
  CHECK(daemon.run({"merchant", "rm", "p", "m", "--yes"}).out == "merchant p/m removed\n");
  CHECK(daemon.asked() == std::vector<std::string>{"DELETE /v1/merchants/p/m"});
  CHECK(daemon.last_body().empty());
  CHECK(daemon.run({"merchant", "rm", "p", "m", "--yes", "--json"}).out == "{\"removed\":true}\n");
  CHECK(daemon.run({"merchant", "rm", "p", "nobody", "--yes"}).exit_code == 1);
}

TEST_CASE("rm removes the version that it has shown, after a yes and nothing else") {
  FakeDaemon daemon;
  with_merchant(daemon).put("DELETE /v1/merchants/p/m?version=7", 200, R"({"removed":true})");
  const std::vector<std::string> words = {"merchant", "rm", "p", "m", "--socket", daemon.address()};
  for (const char* no : {"\n", "n\n", "yellow\n"}) {
    const ProgramResult kept = run_at_terminal(words, "[y/N]", no);
    CHECK(kept.exit_code == 1);
    CHECK(has(kept.out, "Remove merchant p/m (https://a.example/)?"));
    CHECK(has(kept.out, "p/m stays"));
  }
  CHECK(daemon.asked().back() == "GET /v1/merchants/p/m");
  for (const char* yes : {"y\n", "yes\n"}) {
    CHECK(run_at_terminal(words, "[y/N]", yes).exit_code == 0);
    CHECK(daemon.asked().back() == "DELETE /v1/merchants/p/m?version=7");
  }
}

}  // namespace
}  // namespace ackd
