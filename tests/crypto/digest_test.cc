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

TEST_CASE("SM3 gives the values of GM/T 0004, annex A") {
  CHECK(hex(DigestKind::kSm3, "abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
  std::string block;
  for (int i = 0; i < 16; ++i) block += "abcd";
  CHECK(hex(DigestKind::kSm3, block) == "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
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

TEST_CASE("hex of either case becomes the bytes again, anything else is refused with its place") {
  CHECK(*from_hex("000fF0Ff") == std::string("\x00\x0f\xf0\xff", 4));
  CHECK(from_hex("")->empty());
  CHECK(from_hex("abc").error().message == "hex has two digits a byte, but the text has 3 characters");
  CHECK(from_hex("0g").error().message == "character 2 is no hex digit");
  CHECK(from_hex("00 0").error().message == "character 3 is no hex digit");
  CHECK_FALSE(from_hex("0x"));
  CHECK_FALSE(from_hex("\xff\xff"));
}

TEST_CASE("base64 of every length becomes the bytes again, with and without padding") {
  std::string raw;
  for (int i = 0; i < 300; ++i) {
    std::string text = to_text(raw, DigestForm::kBase64);
    CHECK(*from_base64(text) == raw);
    while (text.ends_with('=')) text.pop_back();
    CHECK(*from_base64(text) == raw);
    raw.push_back(static_cast<char>(i * 37));
  }
}

TEST_CASE("what is not standard base64 is refused without being quoted") {
  for (const char* text : {"A", "AAAAA", "QQ=", "QUI==", "QQ===", "=", "==", "====", "QQ==QQ==", "Q=Q=", "AAAA="}) {
    CAPTURE(text);
    CHECK_FALSE(from_base64(text));
  }
  CHECK(from_base64("QUJD-_==").error().message == "character 5 is not in the standard base64 alphabet");
  CHECK_FALSE(from_base64("QU JD"));
  CHECK_FALSE(from_base64("QUJD\n"));
  CHECK_FALSE(from_base64(std::string_view("QU\0D", 4)));
  CHECK_FALSE(from_base64("\xc3\xa4QQ"));
}

TEST_CASE("crc32 gives the published check value and takes every byte") {
  CHECK(crc32("") == 0);
  CHECK(crc32("123456789") == 0xCBF43926);
  CHECK(crc32(std::string_view("\0\xff", 2)) == 0x6CDBFD72);
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
