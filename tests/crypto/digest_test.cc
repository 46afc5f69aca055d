#include "crypto/digest.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

namespace ackd {
namespace {

std::string hex(DigestKind kind, std::string_view bytes) {
  return to_text(digest(kind, bytes), DigestForm::kHexLower);
}

TEST_CASE("the digests of the published test inputs are the published ones") {
  CHECK(hex(DigestKind::kMd5, "") == "d41d8cd98f00b204e9800998ecf8427e");
  CHECK(hex(DigestKind::kMd5, "abc") == "900150983cd24fb0d6963f7d28e17f72");
  CHECK(hex(DigestKind::kSha1, "abc") == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(hex(DigestKind::kSha256, "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("sha256 gives the same bytes as the digest of that kind") {
  const Hash hash = sha256("abc");
  CHECK(std::string(hash.begin(), hash.end()) == digest(DigestKind::kSha256, "abc"));
}

TEST_CASE("text forms keep every byte, NUL and 0xFF included") {
  const std::string raw("\x00\x0f\xf0\xff", 4);
  CHECK(to_text(raw, DigestForm::kHexUpper) == "000FF0FF");
  CHECK(to_text(raw, DigestForm::kHexLower) == "000ff0ff");
  CHECK(to_text(raw, DigestForm::kBase64) == "AA/w/w==");
  CHECK(to_text("", DigestForm::kBase64).empty());
  CHECK(to_text("foobar", DigestForm::kBase64) == "Zm9vYmFy");
}

TEST_CASE("constant-time comparison tells equal from different in any byte and length") {
  CHECK(equal_in_constant_time("", ""));
  CHECK(equal_in_constant_time("abc", "abc"));
  CHECK_FALSE(equal_in_constant_time("abc", "abd"));
  CHECK_FALSE(equal_in_constant_time("xbc", "abc"));
  CHECK_FALSE(equal_in_constant_time("abc", "abcd"));
}

TEST_CASE("many threads may digest at once") {
  std::vector<std::string> results(4);
  std::vector<std::thread> threads;
  for (std::string& result : results) {
    threads.emplace_back([&result] {
      for (int i = 0; i < 200; ++i) result = hex(DigestKind::kMd5, "abc");
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& result : results) CHECK(result == "900150983cd24fb0d6963f7d28e17f72");
}

}  // namespace
}  // namespace ackd
