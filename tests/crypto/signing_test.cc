#include "crypto/signing.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "test_keys.h"

namespace ackd {
namespace {

using namespace test_keys;

std::string raw(std::string_view hex) {
  return *from_hex(hex);
}

std::string base64(const std::string& bytes) {
  return to_text(bytes, DigestForm::kBase64);
}

PrivateKey private_key(std::string_view text, Algorithm algorithm) {
  Result<PrivateKey> key = PrivateKey::parse(text, algorithm);
  INFO((key ? "" : key.error().message));
  REQUIRE(key);
  return *std::move(key);
}

PublicKey public_key(std::string_view text, Algorithm algorithm) {
  Result<PublicKey> key = PublicKey::parse(text, algorithm);
  INFO((key ? "" : key.error().message));
  REQUIRE(key);
  return *std::move(key);
}

template <class Key>
std::string trouble(std::string_view text, Algorithm algorithm) {
  const Result<Key> key = Key::parse(text, algorithm);
  return key ? "taken" : key.error().message;
}

TEST_CASE("RSA gives the signatures of the worked protocol examples and verifies them") {
  struct Vector {
    Algorithm algorithm;
    std::string text;
    std::string signature;
  };
  const std::vector<Vector> vectors{
      {Algorithm::kRsaSha1,
       "merchantAcctId=1001153656201&version=v2.0&language=1&signType=4&payType=10&bankId=ICBC&orderId=T2025"
       "0101120000001&orderTime=20250101120000&orderAmount=1234&dealId=57000001&bankDealId=250101120001&deal"
       "Time=20250101120130&payAmount=1234&fee=5&ext1=abc&ext2=def&payResult=10",
       "G8zMDK+TWeUDALaRLaNr9b8KuuuuiDwA/bsEQmUUHZx60xaSc9tkoZUzEkGbVCQQwSVwERy8gEfOVciArGMm88qW4eHL9P+N2uqf"
       "M9uHbKMVg2Ud9kch4GpbjuExGNOLBsnE8uK2n7BeL6Pqw2uo5w4y2LwO1jcOv4wgN6i8RKpOIJ7rUT7H+S5fnlZpCr6JsyiNsiuX"
       "f4tQD1BW0hL+Bg0DEqaTNTnN5EeIVgxrzZI7Jitd8NbZ3oVTfJc4azdDQhfMjjCd4dUUOe15NAiFxKI2STPYoIMyd/E5tQPFiTak"
       "9CZt2hNakuIs3n26WpekTdD9iSFxrNgLgAcT65rzMg=="},
      {Algorithm::kRsaSha256,
       "app_id=2014072300007148&buyer_logon_id=159****5620&charset=utf-8&notify_id=ac05099524730693a8b330c5e"
       "cf72da9786&notify_time=2025-01-01 12:01:31&notify_type=trade_status_sync&out_trade_no=T2025010112000"
       "0001&receipt_amount=12.34&subject=test&total_amount=12.34&trade_no=2025010121001004680200000001&trad"
       "e_status=TRADE_SUCCESS&version=1.0",
       "UV6PkcinlLO491r4W/NggwI0BMSZJSefrg1pZlQuPvQLcWEAvjexfxwNy24ZeST/gmBpLbv16t11ITDHNPir+ebtASloCg8w7Qca"
       "ATj2oyTdLVbnQ13A57ClP4FfXzRrzOiUxeYh9zK/o3LOuKsOAOiy2xRm5FpAulgYlgzA4HK/HxAlaqP5Ha0D2N/pszGd5ksg/m5u"
       "dl9n1wcIquh0wH8VN7a6sQlWwXulsMuT5x+eStsl6YSnH2k12wdf2ARCOXLOqeFxf0EconesPqySSlLl6zhNcgLOFJwuME77wGqE"
       "fEYi41Jwu0taOhcetW36cUKkaAR2k6nBZ0wsOPRKag=="},
      {Algorithm::kRsaSha256, "69cd13f0-d67a-11e5-baa3-778b53f4ae55|2016-02-18T20:01:35Z|0EH40505U7160970P|2513960184",
       "R8tphmplZQua/L32nudLcy+s/7CRQI0tEo9pBpz0QLWMW4Km6BxuozbFtgsGCoTeD/Bqtkn1Fjgb8qyJEFqshnvQbOnLlWQJnYVR"
       "QCjXQSrK4rFjT2eQyrrNu3p0gzYhObkrR3thrQz5xftZAcw6/eXnRXZDtBHDU3muZ0Wqi20BL+Oxniur7kD5Cepq0WSBZMsPvU+G"
       "AwWAaw/zgby3cEra4FytG5YEo7HiufAnVQ09W6jDH1xLiew4/hDL+fiQOh7PEoOLvR4bDMgZHZ8hlz8qTuEg2n9NBpzDp/i60BeT"
       "pgVufYpTJQntYPktVjDXgfGj2mApqaVUH6Vv8MUZzQ=="},
  };
  for (const Vector& vector : vectors) {
    const PrivateKey key = private_key(kRsaPrivate, vector.algorithm);
    CHECK(base64(*key.sign(vector.algorithm, vector.text, "")) == vector.signature);
    for (const std::string_view text : {kRsaPublic, kRsaCertificate, kRsaPrivate}) {
      const PublicKey half = public_key(text, vector.algorithm);
      CHECK(half.verifies(vector.algorithm, vector.text, *from_base64(vector.signature), ""));
      CHECK_FALSE(half.verifies(vector.algorithm, vector.text + " ", *from_base64(vector.signature), ""));
    }
  }
}

TEST_CASE("a signature that a provider published verifies: RSA over the hex text of a digest") {
  const std::string text =
      "accessType=0&bizType=000201&certId=68759663125&encoding=UTF-8&merId=777290058110048&orderId=20160309"
      "145206&signMethod=01&txnSubType=00&txnTime=20160309145206&txnType=00&version=5.0.0";
  const std::string signature =
      "k0lrWgeLK/x+8ajj15QCYfmdQxZSKBjXUJN0bLt17rp87ptogxWgHAAq7EUt8RlEbxD6GaRngwtdLGiy6are45Gj1dBLJBtW2841"
      "WIq4Ywzx3oK6538Kfh9ll91GJcZJGYz8LuJoZfii7HFPlpl1ZsPZbbdKP6WFVHNMnGnL9nk9QSa+ihXGpyK/y1FA42AJpfc/TT3B"
      "V6C/xpoEhXzVckHnniVnCpLdGnPfZOd76wK/a+ALNmniwUZmMj9uNPwnONIIwL/FqrqQinQArolW/rcIt9NL7qKvQujM+dRvd1fb"
      "oAHI5bZC3ktVPB0s5QFfsRhSRFghVi4RHOzL8ZG/VQ==";
  const std::string signed_text = to_text(digest(DigestKind::kSha1, text), DigestForm::kHexLower);
  const PublicKey key = public_key(kPublishedRsaPublic, Algorithm::kRsaSha1);
  CHECK(key.verifies(Algorithm::kRsaSha1, signed_text, *from_base64(signature), ""));
  CHECK_FALSE(key.verifies(Algorithm::kRsaSha256, signed_text, *from_base64(signature), ""));
  CHECK_FALSE(key.verifies(Algorithm::kRsaSha1, text, *from_base64(signature), ""));
}

TEST_CASE("Ed25519 gives the signatures of RFC 8032") {
  const PrivateKey first = private_key(base64(raw(kEd25519Seed1)), Algorithm::kEd25519);
  CHECK(to_text(*first.sign(Algorithm::kEd25519, "", ""), DigestForm::kHexLower) ==
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
  const PrivateKey second = private_key(base64(raw(kEd25519Seed2)), Algorithm::kEd25519);
  const std::string signature = *second.sign(Algorithm::kEd25519, "\x72", "");
  CHECK(to_text(signature, DigestForm::kHexLower) ==
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  const PublicKey half = public_key(base64(raw(kEd25519Public2)), Algorithm::kEd25519);
  CHECK(half.verifies(Algorithm::kEd25519, "\x72", signature, ""));
  CHECK_FALSE(half.verifies(Algorithm::kEd25519, "\x73", signature, ""));
}

TEST_CASE("the SM2 signature that GM/T 0003.5 works out verifies under its user id only") {
  const PublicKey key = public_key(base64(raw(kSm2Public)), Algorithm::kSm2Sm3);
  // SEQUENCE of r and s; both have their highest bit set, so each has a leading zero byte.
  const std::string signature =
      raw("3046022100f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
          "022100b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa");
  CHECK(key.verifies(Algorithm::kSm2Sm3, "message digest", signature, kSm2DefaultUserId));
  CHECK_FALSE(key.verifies(Algorithm::kSm2Sm3, "message digest", signature, ""));
  CHECK_FALSE(key.verifies(Algorithm::kSm2Sm3, "message digest", signature, "1234567812345679"));
  CHECK_FALSE(key.verifies(Algorithm::kSm2Sm3, "message digest!", signature, kSm2DefaultUserId));
}

TEST_CASE("an Ed25519 key is read with its public half, with a prefix and broken into lines") {
  const std::string seed = raw(kEd25519Seed1);
  const std::string point = raw(kEd25519Public1);
  const std::string signature = *private_key(base64(seed), Algorithm::kEd25519).sign(Algorithm::kEd25519, "t", "");
  const std::string pair = base64(seed + point);
  for (const std::string& text : {base64(seed + point), "whsk_" + base64(seed), "whsk_" + pair, " " + pair + "\n",
                                  pair.substr(0, 40) + "\r\n" + pair.substr(40), "whsk_" + pair.substr(0, 86)}) {
    CHECK(*private_key(text, Algorithm::kEd25519).sign(Algorithm::kEd25519, "t", "") == signature);
    if (text.size() > 60)
      CHECK(public_key(text, Algorithm::kEd25519).verifies(Algorithm::kEd25519, "t", signature, ""));
  }
  for (const std::string& text : {base64(point), "whpk_" + base64(point), "whsk_" + base64(seed)}) {
    CHECK(public_key(text, Algorithm::kEd25519).verifies(Algorithm::kEd25519, "t", signature, ""));
  }
}

TEST_CASE("an Ed25519 key whose halves do not belong together, or which is a public one, is refused") {
  CHECK(trouble<PrivateKey>(base64(raw(kEd25519Seed1) + raw(kEd25519Public2)), Algorithm::kEd25519) ==
        "the private key is damaged: the last 32 of its 64 bytes are not the public key of the first 32");
  CHECK(trouble<PrivateKey>("whpk_" + base64(raw(kEd25519Public1)), Algorithm::kEd25519) ==
        "the key is a public one (whpk_); a private one is needed");
  CHECK(trouble<PrivateKey>(base64(raw(kEd25519Seed1).substr(1)), Algorithm::kEd25519)
            .starts_with("the private key cannot be read"));
}

TEST_CASE("a private key whose public half is another's is refused") {
  // PKCS#8 of SM2 with the private number 1 and the public key of another.
  const std::string der =
      raw("308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420"
          "0000000000000000000000000000000000000000000000000000000000000001a144034200"
          "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
          "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13");
  CHECK(trouble<PrivateKey>(base64(der), Algorithm::kSm2Sm3) ==
        "the private key is damaged: its public half does not verify what it signs");
}

TEST_CASE("a damaged RSA private key never signs anything that does not verify") {
  const std::string der = *from_base64([] {
    std::string text(kRsaPrivate.substr(kRsaPrivate.find('\n')));
    text.resize(text.find("-----END"));
    std::erase(text, '\n');
    return text;
  }());
  const PublicKey half = public_key(kRsaPublic, Algorithm::kRsaSha256);
  for (std::size_t i = 0; i < der.size(); i += 61) {
    std::string changed = der;
    changed[i] = static_cast<char>(changed[i] ^ 4);
    const Result<PrivateKey> key = PrivateKey::parse(base64(changed), Algorithm::kRsaSha256);
    if (!key) continue;
    // OpenSSL makes up for damaged shortcuts (p, q, dP ...) with d.
    CHECK(half.verifies(Algorithm::kRsaSha256, "t", *key->sign(Algorithm::kRsaSha256, "t", ""), ""));
  }
}

// A PKCS#1 public key with a modulus of so many bits.
std::string rsa_public_of_bits(std::size_t bits) {
  const auto number = [](const std::string& bytes) {
    const auto size = static_cast<unsigned>(bytes.size());
    return std::string{2, static_cast<char>(0x82), static_cast<char>(size >> 8), static_cast<char>(size)} + bytes;
  };
  std::string modulus(bits / 8 + 1, '\x55');
  modulus[0] = '\0';
  modulus[1] = '\x80';
  const std::string body = number(modulus) + number(std::string("\x01\x00\x01", 3));
  return base64(
      std::string{0x30, static_cast<char>(0x82), static_cast<char>(body.size() >> 8), static_cast<char>(body.size())} +
      body);
}

TEST_CASE("RSA keys are taken from 1024 to 8192 bits") {
  CHECK(trouble<PublicKey>(rsa_public_of_bits(1016), Algorithm::kRsaSha1) ==
        "the RSA key has 1016 bits; from 1024 to 8192 are allowed");
  CHECK(trouble<PublicKey>(rsa_public_of_bits(1024), Algorithm::kRsaSha1) == "taken");
  CHECK(trouble<PublicKey>(rsa_public_of_bits(8192), Algorithm::kRsaSha1) == "taken");
  CHECK(trouble<PublicKey>(rsa_public_of_bits(8200), Algorithm::kRsaSha1) ==
        "the RSA key has 8200 bits; from 1024 to 8192 are allowed");
}

TEST_CASE("a public key in place of a private one is refused in words") {
  const std::string told = "the text holds a public key; a private key is needed";
  CHECK(trouble<PrivateKey>(kRsaPublic, Algorithm::kRsaSha256) == told);
  CHECK(trouble<PrivateKey>(base64(raw(kSm2Public)), Algorithm::kSm2Sm3) == told);
  CHECK_FALSE(PrivateKey::parse(kRsaCertificate, Algorithm::kRsaSha256));
}

TEST_CASE("a PEM key keeps its meaning with foreign line ends and loses it without any") {
  std::string text(kRsaPrivate);
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) text.insert(at, 1, '\r');
  CHECK(trouble<PrivateKey>("\xef\xbb\xbf" + text, Algorithm::kRsaSha256) == "taken");
  text = kRsaPrivate;
  std::ranges::replace(text, '\n', ' ');
  CHECK(trouble<PrivateKey>(text, Algorithm::kRsaSha256) ==
        "the private key cannot be read; write PEM with its line breaks (in YAML behind '|'), or base64 of DER");
}

TEST_CASE("what is no key is refused and never quoted") {
  const std::string secret = "S3cr3tS3cr3t";
  std::vector<std::string> texts{secret,
                                 secret + "!",
                                 "-----BEGIN PRIVATE KEY-----",
                                 "-----BEGIN PRIVATE KEY-----\n" + secret + "\n-----END PRIVATE KEY-----\n",
                                 "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
                                 "-----BEGIN CERTIFICATE-----\n" + secret + "\n-----END CERTIFICATE-----\n",
                                 "-----BEGIN " + secret + "-----\nQUJD\n-----END " + secret + "-----\n",
                                 std::string("\0\1\2", 3) + secret,
                                 "\xff\xfe" + secret};
  for (std::size_t size = 0; size < kRsaPrivate.size() - 2; size += 113) {
    texts.emplace_back(kRsaPrivate.substr(0, size));
  }
  for (const std::string& text : texts) {
    CAPTURE(text);
    for (const Algorithm algorithm : {Algorithm::kRsaSha1, Algorithm::kSm2Sm3, Algorithm::kEd25519}) {
      const std::string told = trouble<PrivateKey>(text, algorithm);
      CHECK(told != "taken");
      CHECK(told.find(secret) == std::string::npos);
      CHECK(trouble<PublicKey>(text, algorithm) != "taken");
    }
  }
  CHECK(trouble<PrivateKey>(" \n", Algorithm::kRsaSha1) == "the private key is empty");
}

TEST_CASE("a text over the limit is refused before anything reads it") {
  CHECK(trouble<PrivateKey>(std::string(100 * 1024, 'A'), Algorithm::kRsaSha256) ==
        "the private key's text has 102400 bytes; the limit is 16384");
  CHECK(PublicKey::parse(std::string(100 * 1024, 'A'), Algorithm::kEd25519).error().code == ErrorCode::kTooLarge);
  const std::string padded = std::string(kRsaPrivate) + std::string(16 * 1024 - kRsaPrivate.size(), '\n');
  CHECK(trouble<PrivateKey>(padded, Algorithm::kRsaSha256) == "taken");
  CHECK(trouble<PrivateKey>(padded + "\n", Algorithm::kRsaSha256) != "taken");
}

TEST_CASE("a key is not used for an algorithm of another type") {
  const PrivateKey key = private_key(kRsaPrivate, Algorithm::kRsaSha256);
  CHECK(key.sign(Algorithm::kRsaSha1, "t", ""));
  const Result<std::string> signature = key.sign(Algorithm::kSm2Sm3, "t", "");
  REQUIRE_FALSE(signature);
  CHECK(signature.error().message == "the key is of type RSA; the signature needs SM2");
  const PublicKey half = public_key(kRsaPublic, Algorithm::kRsaSha256);
  CHECK_FALSE(half.verifies(Algorithm::kEd25519, "t", *key.sign(Algorithm::kRsaSha1, "t", ""), ""));
}

TEST_CASE("a signature of any other length or content does not verify") {
  const PublicKey rsa = public_key(kRsaPublic, Algorithm::kRsaSha256);
  const PublicKey sm2 = public_key(base64(raw(kSm2Public)), Algorithm::kSm2Sm3);
  const PublicKey ed25519 = public_key(base64(raw(kEd25519Public1)), Algorithm::kEd25519);
  for (const std::size_t size : {0U, 1U, 63U, 64U, 65U, 255U, 256U, 257U, 100'000U}) {
    for (const char filler : {'\0', '\x30', '\xff'}) {
      const std::string junk(size, filler);
      CHECK_FALSE(rsa.verifies(Algorithm::kRsaSha256, "t", junk, ""));
      CHECK_FALSE(sm2.verifies(Algorithm::kSm2Sm3, "t", junk, kSm2DefaultUserId));
      CHECK_FALSE(ed25519.verifies(Algorithm::kEd25519, "t", junk, ""));
    }
  }
}

TEST_CASE("an SM2 user id may be empty or long, up to its limit") {
  const PrivateKey key = private_key(kSm2Private, Algorithm::kSm2Sm3);
  const PublicKey half = public_key(kSm2Private, Algorithm::kSm2Sm3);
  for (const std::size_t size : {0U, 1U, 8190U}) {
    const std::string user_id(size, 'u');
    const Result<std::string> signature = key.sign(Algorithm::kSm2Sm3, "t", user_id);
    REQUIRE(signature);
    CHECK(half.verifies(Algorithm::kSm2Sm3, "t", *signature, user_id));
  }
  CHECK_FALSE(key.sign(Algorithm::kSm2Sm3, "t", std::string(8191, 'u')));
}

void sign_from_four_threads(std::string_view text, Algorithm algorithm) {
  const PrivateKey key = private_key(text, algorithm);
  const PublicKey half = public_key(text, algorithm);
  std::vector<std::size_t> verified(4);
  std::vector<std::thread> threads;
  for (std::size_t& count : verified) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        const std::string bytes = "text " + std::to_string(i);
        const Result<std::string> signature = key.sign(algorithm, bytes, kSm2DefaultUserId);
        if (signature && half.verifies(algorithm, bytes, *signature, kSm2DefaultUserId)) ++count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(std::ranges::count(verified, 20U) == 4);
}

TEST_CASE("four threads sign and verify with one key at once") {
  sign_from_four_threads(kRsaPrivate, Algorithm::kRsaSha256);
  sign_from_four_threads(kSm2Private, Algorithm::kSm2Sm3);
  sign_from_four_threads("whsk_" + base64(raw(kEd25519Seed1)), Algorithm::kEd25519);
}

}  // namespace
}  // namespace ackd
