// merchant import and export against a scripted daemon.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "ackctl/merchant_import.h"
#include "fake_daemon.h"
#include "temporary_folder.h"

namespace ackd {
namespace {

constexpr const char* kLines = "POST /v1/merchant-imports/i1/lines";
const std::vector<std::string> kFromInput = {"merchant", "import", "-"};

FakeDaemon& with_import(FakeDaemon& daemon) {
  daemon.put("POST /v1/merchant-imports", 201, R"({"id":"i1"})");
  daemon.put(kLines, 200, R"({"lines":1,"errors":[]})");
  daemon.put("POST /v1/merchant-imports/i1/commit", 200, R"({"added":3,"changed":2,"unchanged":1})");
  daemon.put("DELETE /v1/merchant-imports/i1", 200, R"({"dropped":true})");
  return daemon;
}

// The bodies of the requests for lines, in order.
std::vector<std::string> chunks(FakeDaemon& daemon) {
  const std::vector<std::string> asked = daemon.asked();
  const std::vector<std::string> bodies = daemon.bodies();
  std::vector<std::string> found;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (asked[i] == kLines) found.push_back(bodies[i]);
  }
  return found;
}

std::string merchant_line(std::size_t number) {
  return fmt::format(R"({{"provider":"p","id":"m{}","url":"https://a.example/{}"}})", number, std::string(1'000, 'x'));
}

TEST_CASE("an import sends the lines as they are, commits once and says what became of them") {
  FakeDaemon daemon;
  with_import(daemon);
  const std::string text = "{\"provider\":\"p\",\"id\":\"a\",\"x\":1.50}\n\n \r\n{\"provider\":\"p\",\"id\":\"b\"}";
  const ProgramResult result = daemon.run(kFromInput, text);
  CHECK(result.exit_code == 0);
  CHECK(result.err == "");
  CHECK(result.out == "3 added, 2 changed, 1 unchanged\n");
  const std::vector<std::string> asked = {"POST /v1/merchant-imports", kLines, "POST /v1/merchant-imports/i1/commit"};
  CHECK(daemon.asked() == asked);
  CHECK(daemon.content_types()[1] == "application/x-ndjson");
  CHECK(chunks(daemon)[0] == "{\"provider\":\"p\",\"id\":\"a\",\"x\":1.50}\n{\"provider\":\"p\",\"id\":\"b\"}\n");
  CHECK(daemon.run({"merchant", "import", "-", "--json"}, text).out == "{\"added\":3,\"changed\":2,\"unchanged\":1}\n");
}

TEST_CASE("lines go in chunks that the daemon takes, none of them cut") {
  FakeDaemon daemon;
  with_import(daemon);
  std::string text;
  for (std::size_t i = 0; i < 500; ++i) text += merchant_line(i) + "\n";
  const TemporaryFolder folder;
  CHECK(daemon.run({"merchant", "import", folder.write("all.ndjson", text, 0644)}).exit_code == 0);
  CHECK(daemon.last_body().empty());
  const std::vector<std::string> sent = chunks(daemon);
  CHECK(sent.size() == 3);
  std::string joined;
  for (const std::string& chunk : sent) {
    CHECK(chunk.size() <= 200 * 1024);
    CHECK(chunk.ends_with("\"}\n"));
    joined += chunk;
  }
  CHECK(joined == text);
}

TEST_CASE("an import shows on a terminal how far it is, and the result in that place") {
  FakeDaemon daemon;
  with_import(daemon);
  std::string text;
  for (std::size_t i = 0; i < 400; ++i) text += merchant_line(i) + "\n";
  const TemporaryFolder folder;
  const ProgramResult result =
      run_at_terminal({"merchant", "import", folder.write("all.ndjson", text), "--socket", daemon.address()}, "", "");
  CHECK(result.exit_code == 0);
  CHECK(has(result.out, "\r195 merchants sent, 48 %"));
  CHECK(has(result.out, "\r3 added, 2 changed, 1 unchanged"));
}

TEST_CASE("an import that is refused on its way is dropped, with the daemon's words") {
  FakeDaemon daemon;
  with_import(daemon).put("POST /v1/merchant-imports/i1/commit", 409, R"({"detail":"another import took its place"})");
  const ProgramResult late = daemon.run(kFromInput, "{}\n");
  CHECK(late.exit_code == 1);
  CHECK(late.err == "ackctl: another import took its place\n");
  daemon.put(kLines, 413, R"({"detail":"too much at once"})");
  const ProgramResult refused = daemon.run(kFromInput, "{}\n");
  CHECK(refused.exit_code == 1);
  CHECK(refused.err == "ackctl: too much at once\n");
  CHECK(daemon.asked().back() == "DELETE /v1/merchant-imports/i1");
}

TEST_CASE("errors name the line of the file across chunks and blank lines, and nothing is committed") {
  FakeDaemon daemon;
  with_import(daemon);
  // 194 of these lines fit into the first chunk.
  std::string text = "\n";
  for (std::size_t i = 1; i <= 300; ++i) text += merchant_line(i) + "\n" + (i == 250 ? "\n\n" : "");
  daemon.put(kLines, 200, R"({"lines":195,"errors":[{"line":3,"field":"url","detail":"url: is not a URL"}]})");
  daemon.then(kLines, 200,
              R"({"lines":300,"errors":[{"line":250,"field":"keys[0].secret","detail":"is too long"},
                                         {"line":251,"field":"","detail":"is not JSON"}]})");
  const ProgramResult result = daemon.run(kFromInput, text);
  CHECK(result.exit_code == 1);
  CHECK(result.out == "");
  CHECK(result.err ==
        "ackctl: line 4: url: is not a URL\n"
        "ackctl: line 251: keys[0].secret: is too long\n"
        "ackctl: line 254: is not JSON\n"
        "ackctl: nothing was changed: 3 wrong lines\n");
  CHECK(daemon.asked().back() == "DELETE /v1/merchant-imports/i1");
  CHECK(chunks(daemon).size() == 2);
  daemon.put(kLines, 200, R"({"lines":1,"errors":[{"line":1,"field":"id","detail":"is missing"}]})");
  CHECK(daemon.run({"merchant", "import", "-", "--json"}, "{}\n").out ==
        "{\"errors\":[{\"line\":1,\"field\":\"id\",\"detail\":\"is missing\"}]}\n");
}

TEST_CASE("key files are read where the lines name them, beside the file of lines") {
  FakeDaemon daemon;
  with_import(daemon);
  const TemporaryFolder folder;
  folder.write("keys/a", "secret a\n");
  folder.write("keys/b.pem", "pem b\n");
  const std::string lines =
      folder.write("lines.ndjson", R"({"id":"1","keys":[{"id":"k","key_file":"keys/a"}],"url":"u"})"
                                   "\n"
                                   R"({"id":"2","keys":[{"private_key_file":"keys/b.pem","key_file":"keys/a"}]})"
                                   "\n"
                                   R"({"id":"3","key_file":"keys/a"})"
                                   "\n"
                                   R"({"id":"4","private_key_file":"keys/b.pem","key_id":"pair"})"
                                   "\n");
  CHECK(daemon.run({"merchant", "import", lines}).exit_code == 0);
  CHECK(chunks(daemon)[0] == R"({"id":"1","keys":[{"id":"k","secret":"secret a"}],"url":"u"})"
                             "\n"
                             R"({"id":"2","keys":[{"id":"a","secret":"secret a","private_key":"pem b"}]})"
                             "\n"
                             R"({"id":"3","keys":[{"id":"a","secret":"secret a"}]})"
                             "\n"
                             R"({"id":"4","keys":[{"id":"pair","private_key":"pem b"}]})"
                             "\n");
}

TEST_CASE("a line whose key file cannot be used is one of the wrong lines") {
  FakeDaemon daemon;
  with_import(daemon);
  const TemporaryFolder folder;
  folder.write("open", "secret", 0644);
  const std::string lines =
      folder.write("lines.ndjson", R"({"id":"1"})"
                                   "\n"
                                   R"({"id":"2","keys":[{"id":"k"},{"id":"j","key_file":"open"}]})"
                                   "\n"
                                   R"({"id":"3","private_key_file":"none"})"
                                   "\n"
                                   R"({"id":"4","key_file":"open","keys":[]})"
                                   "\n"
                                   R"({"id":"5"})"
                                   "\n");
  daemon.put(kLines, 200, R"({"lines":2,"errors":[{"line":2,"field":"provider","detail":"is missing"}]})");
  const ProgramResult result = daemon.run({"merchant", "import", lines});
  CHECK(result.exit_code == 1);
  CHECK(has(result.err, "line 2: keys[1].key_file: the key file " + folder.file("open") + " has mode 0644"));
  CHECK(has(result.err, "line 3: private_key_file: cannot open the key file " + folder.file("none")));
  CHECK(has(result.err, "line 4: key_file: stands beside keys"));
  CHECK(has(result.err, "line 5: provider: is missing\n"));
  CHECK(has(result.err, "4 wrong lines"));
  CHECK(chunks(daemon)[0] == "{\"id\":\"1\"}\n{\"id\":\"5\"}\n");
}

TEST_CASE("a dry run has every line checked and drops the import") {
  FakeDaemon daemon;
  with_import(daemon);
  const ProgramResult result = daemon.run({"merchant", "import", "-", "--dry-run"}, "{}\n{}\n");
  CHECK(result.exit_code == 0);
  CHECK(result.out == "2 merchants could be imported; nothing was changed\n");
  const std::vector<std::string> asked = {"POST /v1/merchant-imports", kLines, "DELETE /v1/merchant-imports/i1"};
  CHECK(daemon.asked() == asked);
  CHECK(daemon.run({"merchant", "import", "-", "--dry-run", "--json"}, "{}\n").out ==
        "{\"dry_run\":true,\"merchants\":1}\n");
}

TEST_CASE("an import of nothing, of an endless line, or of a file that is not there is refused") {
  FakeDaemon daemon;
  with_import(daemon);
  const ProgramResult empty = daemon.run(kFromInput, "\n\n");
  CHECK(empty.exit_code == 1);
  CHECK(has(empty.err, "there is no merchant in it"));
  CHECK(daemon.asked().back() == "DELETE /v1/merchant-imports/i1");
  const ProgramResult endless = daemon.run(kFromInput, "{}\n" + std::string(1 << 20, ' ') + "{}");
  CHECK(endless.exit_code == 1);
  CHECK(has(endless.err, "line 2: the line has more than 204799 bytes"));
  CHECK(daemon.run({"merchant", "import", "/nonexistent/lines"}).exit_code == 1);
  CHECK(daemon.run({"merchant", "import"}).exit_code == 2);
  CHECK(run_ackctl({"merchant", "import", "-"}, "{}\n").exit_code == 3);
}

TEST_CASE("reading stops at the hundredth wrong line") {
  FakeDaemon daemon;
  with_import(daemon);
  std::string text;
  for (int i = 0; i < 500; ++i) text += "{\"key_file\":\"/nonexistent/key\"}\n";
  const ProgramResult result = daemon.run(kFromInput, text);
  CHECK(result.exit_code == 1);
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 101);
  CHECK(has(result.err, "100 wrong lines; there may be more"));
}

TEST_CASE("an export holds what import takes, all pages, and neither keys nor what the configuration file has") {
  FakeDaemon daemon;
  const std::string path = "GET /v1/merchants?limit=1000&provider=p&source=record";
  daemon.put(path, 200,
             R"({"merchants":[{"provider":"p","id":"a","source":"record","version":2,"url":"https://a.example/",
                 "hosts":["a.example"],"contact":"Ann","options":{"x":"1"},"state":"active",
                 "keys":[{"id":"k","parts":["secret"]}],"shared_keys":["s"]}],"next_cursor":"p/a"})");
  daemon.put(path + "&cursor=p%2Fa", 200,
             R"({"merchants":[{"provider":"p","id":"b","url":"","hosts":[],"contact":"","options":{}}],
                 "next_cursor":null})");
  const ProgramResult result = daemon.run({"merchant", "export", "--provider", "p"});
  CHECK(result.exit_code == 0);
  CHECK(result.out == R"({"provider":"p","id":"a","url":"https://a.example/","hosts":["a.example"],)"
                      R"("contact":"Ann","options":{"x":"1"}})"
                      "\n"
                      R"({"provider":"p","id":"b"})"
                      "\n");
}

TEST_CASE("a line that names no key file is not touched, whatever it is") {
  for (const std::string line : {R"({"a":1.50,"a":2})", "nonsense", R"(["key_file"])", R"({"x":"key_file"})"}) {
    const Result<std::string> same = with_keys_read(line, "");
    REQUIRE(same);
    CHECK(*same == line);
  }
}

}  // namespace
}  // namespace ackd
