// Signatures of ours judged by the openssl command, and its signatures by ours.
#include <doctest/doctest.h>

#include <vector>

#include "crypto/signing.h"
#include "openssl_command.h"

namespace ackd {
namespace {

// Texts that a protocol may sign: none, plain, every byte, more than a pipe holds.
std::vector<std::string> texts() {
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte.push_back(static_cast<char>(i));
  return {"a=1&b=2&key=\xd6\xd0", every_byte, std::string(100'000, 'x')};
}

PrivateKey private_key(const OpensslCommand& openssl, const std::string& file, Algorithm algorithm) {
  Result<PrivateKey> key = PrivateKey::parse(openssl.read(file), algorithm);
  INFO((key ? "" : key.error().message));
  REQUIRE(key);
  return *std::move(key);
}

PublicKey public_key(const OpensslCommand& openssl, const std::string& file, Algorithm algorithm) {
  Result<PublicKey> key = PublicKey::parse(openssl.read(file), algorithm);
  INFO((key ? "" : key.error().message));
  REQUIRE(key);
  return *std::move(key);
}

// One algorithm, and how the command signs "text" into "theirs" and verifies "ours" with "key.pem" and "public.pem".
struct Judged {
  Algorithm algorithm;
  std::string user_id;
  std::string sign;
  std::string verify;
};

Judged rsa(Algorithm algorithm, const std::string& digest) {
  return {algorithm, "", "dgst " + digest + " -sign key.pem -out theirs text",
          "dgst " + digest + " -verify public.pem -signature ours text"};
}

Judged sm2(const std::string& user_id) {
  const std::string rules = " -rawin -digest sm3 -pkeyopt distid:" + user_id + " -in text";
  return {Algorithm::kSm2Sm3, user_id, "pkeyutl -sign -inkey key.pem -out theirs" + rules,
          "pkeyutl -verify -pubin -inkey public.pem -sigfile ours" + rules};
}

Judged ed25519() {
  return {Algorithm::kEd25519, "", "pkeyutl -sign -inkey key.pem -rawin -in text -out theirs",
          "pkeyutl -verify -pubin -inkey public.pem -rawin -in text -sigfile ours"};
}

void judge(OpensslCommand& openssl, const Judged& rule) {
  const PrivateKey ours = private_key(openssl, "key.pem", rule.algorithm);
  const PublicKey theirs = public_key(openssl, "public.pem", rule.algorithm);
  for (const std::string& text : texts()) {
    openssl.write("text", text);
    const Result<std::string> signature = ours.sign(rule.algorithm, text, rule.user_id);
    REQUIRE(signature);
    openssl.write("ours", *signature);
    openssl.run(rule.verify);
    openssl.write("text", text + "!");
    CHECK_FALSE(openssl.succeeds(rule.verify));
    openssl.run(rule.sign);
    CHECK(theirs.verifies(rule.algorithm, text + "!", openssl.read("theirs"), rule.user_id));
    CHECK_FALSE(theirs.verifies(rule.algorithm, text, openssl.read("theirs"), rule.user_id));
  }
}

TEST_CASE("RSA signatures are the command's own, byte for byte, for keys of every usual length") {
  OpensslCommand openssl;
  for (const char* bits : {"1024", "2048", "3072", "4096"}) {
    openssl.run(std::string("genrsa -out key.pem ") + bits);
    openssl.run("pkey -in key.pem -pubout -out public.pem");
    judge(openssl, rsa(Algorithm::kRsaSha1, "-sha1"));
    judge(openssl, rsa(Algorithm::kRsaSha256, "-sha256"));
    const std::string text = openssl.read("text");
    CHECK(*private_key(openssl, "key.pem", Algorithm::kRsaSha256).sign(Algorithm::kRsaSha256, text, "") ==
          openssl.read("theirs"));
  }
}

TEST_CASE("SM2 signatures are judged equally on both sides, with the usual user id and with another") {
  OpensslCommand openssl;
  for (const char* generate : {"genpkey -algorithm SM2 -out key.pem", "ecparam -name SM2 -genkey -out key.pem",
                               "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:SM2 -out key.pem"}) {
    openssl.run(generate);
    openssl.run("pkey -in key.pem -pubout -out public.pem");
    judge(openssl, sm2(std::string(kSm2DefaultUserId)));
    judge(openssl, sm2("merchant@example.com"));
  }
}

TEST_CASE("an SM2 signature under one user id does not verify under another") {
  OpensslCommand openssl;
  openssl.run("genpkey -algorithm SM2 -out key.pem");
  openssl.run("pkey -in key.pem -pubout -out public.pem");
  openssl.write("text", "text");
  const PrivateKey key = private_key(openssl, "key.pem", Algorithm::kSm2Sm3);
  openssl.write("ours", *key.sign(Algorithm::kSm2Sm3, "text", "another"));
  openssl.run(sm2("another").verify);
  CHECK_FALSE(openssl.succeeds(sm2(std::string(kSm2DefaultUserId)).verify));
  const PublicKey judge_of_ours = public_key(openssl, "public.pem", Algorithm::kSm2Sm3);
  CHECK(judge_of_ours.verifies(Algorithm::kSm2Sm3, "text", openssl.read("ours"), "another"));
  CHECK_FALSE(judge_of_ours.verifies(Algorithm::kSm2Sm3, "text", openssl.read("ours"), kSm2DefaultUserId));
}

TEST_CASE("Ed25519 signatures are the command's own") {
  OpensslCommand openssl;
  openssl.run("genpkey -algorithm ED25519 -out key.pem");
  openssl.run("pkey -in key.pem -pubout -out public.pem");
  judge(openssl, ed25519());
}

TEST_CASE("digests and keyed digests are the command's own") {
  OpensslCommand openssl;
  for (const std::string& text : texts()) {
    openssl.write("text", text);
    const auto hex = [](const std::string& raw) { return to_text(raw, DigestForm::kHexLower) + " *text\n"; };
    CHECK(openssl.run("dgst -r -sm3 text") == hex(digest(DigestKind::kSm3, text)));
    CHECK(openssl.run("dgst -r -sha256 text") == hex(digest(DigestKind::kSha256, text)));
    const std::string keyed = " -mac HMAC -macopt key:secret text";
    CHECK(openssl.run("dgst -r -sm3" + keyed) == hex(keyed_digest(Algorithm::kHmacSm3, "secret", text)));
    CHECK(openssl.run("dgst -r -sha512" + keyed) == hex(keyed_digest(Algorithm::kHmacSha512, "secret", text)));
    CHECK(openssl.run("dgst -r -md5" + keyed) == hex(keyed_digest(Algorithm::kHmacMd5, "secret", text)));
  }
}

// Every file form in which a key of one pair may reach us.
void judge_forms(OpensslCommand& openssl, Algorithm algorithm, const std::vector<std::string>& private_forms,
                 const std::vector<std::string>& public_forms) {
  std::vector<PrivateKey> private_keys;
  std::vector<PublicKey> public_keys;
  for (const std::string& form : private_forms) {
    openssl.run(form + " -out converted");
    std::string text = openssl.read("converted");
    if (form.find(" -outform DER") != std::string::npos) text = to_text(text, DigestForm::kBase64);
    CAPTURE(form);
    Result<PrivateKey> key = PrivateKey::parse(text, algorithm);
    REQUIRE(key);
    private_keys.push_back(*std::move(key));
    Result<PublicKey> half = PublicKey::parse(text, algorithm);
    REQUIRE(half);
    public_keys.push_back(*std::move(half));
  }
  for (const std::string& form : public_forms) {
    openssl.run(form + " -out converted");
    std::string text = openssl.read("converted");
    if (form.find(" -outform DER") != std::string::npos) text = to_text(text, DigestForm::kBase64);
    CAPTURE(form);
    Result<PublicKey> key = PublicKey::parse(text, algorithm);
    REQUIRE(key);
    public_keys.push_back(*std::move(key));
    const Result<PrivateKey> refused = PrivateKey::parse(text, algorithm);
    REQUIRE_FALSE(refused);
  }
  for (const PrivateKey& key : private_keys) {
    const std::string signature = *key.sign(algorithm, "text", kSm2DefaultUserId);
    for (const PublicKey& half : public_keys) CHECK(half.verifies(algorithm, "text", signature, kSm2DefaultUserId));
  }
}

TEST_CASE("every form of an RSA key is read") {
  OpensslCommand openssl;
  openssl.run("genrsa -out key.pem 2048");
  openssl.run("req -x509 -key key.pem -subj /CN=test -out cert.pem");
  judge_forms(openssl, Algorithm::kRsaSha256,
              {"pkey -in key.pem", "rsa -traditional -in key.pem", "pkey -in key.pem -outform DER",
               "rsa -traditional -in key.pem -outform DER", "pkcs8 -topk8 -nocrypt -in key.pem"},
              {"pkey -in key.pem -pubout", "rsa -in key.pem -RSAPublicKey_out", "pkey -in key.pem -pubout -outform DER",
               "rsa -in key.pem -RSAPublicKey_out -outform DER", "x509 -in cert.pem", "x509 -in cert.pem -text"});
}

TEST_CASE("every form of an SM2 key is read") {
  OpensslCommand openssl;
  openssl.run("ecparam -name SM2 -genkey -out key.pem");
  openssl.run("req -x509 -key key.pem -sm3 -subj /CN=test -out cert.pem");
  judge_forms(openssl, Algorithm::kSm2Sm3,
              {"pkey -in key.pem", "ec -in key.pem", "pkey -in key.pem -outform DER", "ec -in key.pem -outform DER",
               "pkcs8 -topk8 -nocrypt -in key.pem"},
              {"pkey -in key.pem -pubout", "pkey -in key.pem -pubout -outform DER", "x509 -in cert.pem"});
}

TEST_CASE("every form of an Ed25519 key is read") {
  OpensslCommand openssl;
  openssl.run("genpkey -algorithm ED25519 -out key.pem");
  openssl.run("req -x509 -key key.pem -subj /CN=test -out cert.pem");
  judge_forms(openssl, Algorithm::kEd25519, {"pkey -in key.pem", "pkey -in key.pem -outform DER"},
              {"pkey -in key.pem -pubout", "pkey -in key.pem -pubout -outform DER", "x509 -in cert.pem"});
}

TEST_CASE("a key behind a password is refused at once and nobody is asked for it") {
  OpensslCommand openssl;
  openssl.run("genrsa -out key.pem 2048");
  for (const char* form :
       {"pkey -in key.pem -aes256 -passout pass:secret", "rsa -in key.pem -traditional -aes256 -passout pass:secret"}) {
    openssl.run(std::string(form) + " -out locked.pem");
    const Result<PrivateKey> key = PrivateKey::parse(openssl.read("locked.pem"), Algorithm::kRsaSha256);
    REQUIRE_FALSE(key);
    CHECK(key.error().message ==
          "the private key is encrypted with a password, which ackd has no place for; write it without one "
          "(openssl pkey -in FILE -out NEW)");
  }
  openssl.run("pkcs8 -topk8 -in key.pem -passout pass:secret -outform DER -out locked.der");
  const std::string text = to_text(openssl.read("locked.der"), DigestForm::kBase64);
  CHECK_FALSE(PrivateKey::parse(text, Algorithm::kRsaSha256));
}

TEST_CASE("a key of another type is refused by name") {
  OpensslCommand openssl;
  const auto trouble = [&](const std::string& generate, Algorithm algorithm) {
    openssl.run(generate + " -out key.pem");
    const Result<PrivateKey> key = PrivateKey::parse(openssl.read("key.pem"), algorithm);
    return key ? "taken" : key.error().message;
  };
  const std::string curve = "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256";
  CHECK(trouble(curve, Algorithm::kSm2Sm3) == "the key is of type EC; the signature needs SM2");
  CHECK(trouble("genpkey -algorithm SM2", Algorithm::kRsaSha1) == "the key is of type SM2; the signature needs RSA");
  CHECK(trouble("genpkey -algorithm RSA-PSS", Algorithm::kRsaSha256) ==
        "the key is of type RSA-PSS; the signature needs RSA");
  CHECK(trouble("genpkey -algorithm X25519", Algorithm::kEd25519) ==
        "the key is of type X25519; the signature needs ED25519");
  CHECK(trouble("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:768", Algorithm::kRsaSha256) ==
        "the RSA key has 768 bits; from 1024 to 8192 are allowed");
}

}  // namespace
}  // namespace ackd
