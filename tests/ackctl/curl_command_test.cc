// `ackctl show --curl`: a command that a shell takes apart into exactly the bytes that ackd would send.
#include "ackctl/curl_command.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <string>

#include "fake_daemon.h"
#include "temporary_folder.h"

namespace ackd {
namespace {

// What bash makes of the text as words of a command line.
std::string through_bash(const TemporaryFolder& folder, const std::string& script) {
  const std::string file = folder.write("script", script);
  std::FILE* pipe = popen(("bash " + file).c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string out;
  std::array<char, 4096> chunk;
  while (const std::size_t read = std::fread(chunk.data(), 1, chunk.size(), pipe)) out.append(chunk.data(), read);
  CHECK(pclose(pipe) == 0);
  return out;
}

TEST_CASE("a shell gives every word back as it was") {
  const TemporaryFolder folder;
  std::string all_bytes;
  for (int byte = 1; byte < 256; ++byte) all_bytes.push_back(static_cast<char>(byte));
  for (const std::string& word :
       {std::string("plain"), std::string(), std::string("it's $HOME `id` \"x\" \\ !"), std::string("a\nb\t7"),
        std::string("\xE6\x94\xAF\xE4\xBB\x98"), std::string("\x1b[2J1"), std::string("\xD6\xA7"),
        std::string("'; rm -rf x"), std::string("~"), all_bytes}) {
    CAPTURE(shell_word(word));
    CHECK(through_bash(folder, "printf %s " + shell_word(word)) == word);
  }
  CHECK(shell_word("order=1") == "order=1");
  CHECK(shell_word("a b") == "'a b'");
  CHECK(shell_word("a\x1b") == "$'a\\033'");
  CHECK(shell_word("\xE2\x80\xAE") == "$'\\342\\200\\256'");  // reverses the line on a terminal
}

// Runs the command with a `curl` that only shows what it was given.
std::string given_to_curl(const TemporaryFolder& folder, const Document& request) {
  return through_bash(folder,
                      "curl() { printf '<%s>' \"$@\"; case \" $* \" in *@-*) cat;; esac; }\n" + curl_command(request));
}

TEST_CASE("the command carries method, headers, body and URL") {
  const TemporaryFolder folder;
  const Document post = {{"method", "POST"},
                         {"url", "https://m.example/n?a[1]=b&c=d"},
                         {"headers", {{"Content-Type", "text/plain; charset=UTF-8"}}},
                         {"body", "@it's=1&x=\n"}};
  CHECK(given_to_curl(folder, post) ==
        "<--include><--globoff><--path-as-is><--request><POST><--header><Content-Type: text/plain; charset=UTF-8>"
        "<--data-raw><@it's=1&x=\n><https://m.example/n?a[1]=b&c=d>");
  const Document get = {
      {"method", "GET"}, {"url", "https://m.example/n?x=%20"}, {"headers", Document::object()}, {"body", ""}};
  CHECK(given_to_curl(folder, get) ==
        "<--include><--globoff><--path-as-is><--request><GET><https://m.example/n?x=%20>");
}

TEST_CASE("a body that no argument can hold goes through standard input") {
  const TemporaryFolder folder;
  const std::string body(200'000, 'x');
  const Document large = {{"method", "POST"}, {"url", "https://m/"}, {"headers", Document::object()}, {"body", body}};
  CHECK(given_to_curl(folder, large).ends_with("<--data-binary><@-><https://m/>" + body));
  const Document binary = {
      {"method", "POST"}, {"url", "https://m/"}, {"headers", Document::object()}, {"body_base64", "AP8="}};
  CHECK(given_to_curl(folder, binary).ends_with(std::string("<@-><https://m/>\0\xFF", 18)));
}

TEST_CASE("show --curl asks for the request and warns that it is genuine") {
  FakeDaemon daemon;
  daemon.put("GET /v1/notifications/7/request", 200,
             R"({"id":"7","method":"GET","url":"https://m.example/n?order=1","headers":{}})");
  const ProgramResult text = daemon.run({"show", "7", "--curl"});
  CHECK(text.exit_code == 0);
  CHECK(text.out ==
        "# Notification 7, signed just now. Running this sends the merchant a genuine notification.\n"
        "curl --include --globoff --path-as-is --request GET \\\n"
        "  'https://m.example/n?order=1'\n");
  CHECK(has(daemon.run({"show", "7", "--curl", "--json"}).out, "\"method\":\"GET\""));
  daemon.put("GET /v1/notifications/8/request", 422, R"({"detail":"merchant dhpay/m has no key"})");
  CHECK(daemon.run({"show", "8", "--curl"}).exit_code == 1);
}

}  // namespace
}  // namespace ackd
