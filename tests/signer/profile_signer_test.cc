#include "signer/profile_signer.h"

#include <doctest/doctest.h>

#include "crypto/digest.h"

namespace ackd {
namespace {

// A catalogue with one shipped profile at revision 1, and one merchant of it.
struct Fixture {
  Fixture() {
    const auto sources = load_profiles(ACKD_SOURCE_DIR "/schedules", "");
    REQUIRE(sources);
    for (const ProfileSource& source : *sources) {
      if (source.profile.id == "payindex") catalogue.set_current({1}, source.profile);
    }
    put("https://merchant.example/n", "secret");
  }

  void put(const std::string& url, const std::string& key) {
    Merchant merchant;
    merchant.provider = "payindex";
    merchant.id = "10002";
    merchant.url = url;
    merchant.key = {"key-7", Secret(key)};
    merchants.put(merchant);
  }

  SignStart start() const {
    SignStart start;
    start.ticket = 5;
    start.lane = {"payindex", "10002", ""};
    start.revision = {1};
    start.content = encode(Content{{{"orderid", "T1"}, {"amount", "1.00"}}, {}});
    return start;
  }

  Result<SignedRequest> sign(SignStart with) {
    signer.start(std::move(with));
    std::vector<Signing> finished = signer.take_finished();
    REQUIRE(finished.size() == 1);
    CHECK(finished[0].ticket == 5);
    return finished[0].signed_request;
  }

  std::string trouble(SignStart with) {
    const Result<SignedRequest> answer = sign(std::move(with));
    return answer ? "signed" : answer.error().message;
  }

  ProfileCatalogue catalogue;
  MerchantDirectory merchants;
  ProfileSigner signer{catalogue, merchants};
};

TEST_CASE_FIXTURE(Fixture, "a start becomes one signed request, taken once") {
  const Result<SignedRequest> answer = sign(start());
  REQUIRE(answer);
  CHECK(answer->key_id == "key-7");
  CHECK(answer->request.method == "POST");
  CHECK(answer->request.url.text() == "https://merchant.example/n");
  CHECK(answer->request.body.starts_with("orderid=T1&amount=1.00&sign="));
  CHECK(signer.take_finished().empty());
}

TEST_CASE_FIXTURE(Fixture, "the request hash covers method, URL, headers and body") {
  const HttpRequest request = sign(start())->request;
  CHECK(sign(start())->request_hash == request_hash(request));
  CHECK(request_hash(request) == sha256("POST\nhttps://merchant.example/n\nContent-Type: "
                                        "application/x-www-form-urlencoded; charset=utf-8\n\n" +
                                        request.body));
  HttpRequest changed = request;
  changed.headers[0].value += " ";
  CHECK(request_hash(changed) != request_hash(request));
  changed = request;
  changed.body.back() = '!';
  CHECK(request_hash(changed) != request_hash(request));
}

TEST_CASE_FIXTURE(Fixture, "a changed URL or key of the merchant applies to the next signing") {
  const std::string before = sign(start())->request.body;
  put("https://new.example/n", "other");
  const Result<SignedRequest> answer = sign(start());
  CHECK(answer->request.url.host == "new.example");
  CHECK(answer->request.body != before);
}

TEST_CASE_FIXTURE(Fixture, "the notification's own URL wins over the merchant's") {
  SignStart with = start();
  with.url = "http://own.example/x";
  CHECK(sign(with)->request.url.text() == "http://own.example/x");
}

TEST_CASE_FIXTURE(Fixture, "what is missing is said so that an operator can put it right") {
  SignStart with = start();
  with.revision = {9};
  CHECK(trouble(with) == "the profile revision 9 of payindex is not loaded; restore its file, then release");
  with = start();
  with.lane.merchant = "nobody";
  CHECK(trouble(with) == "merchant payindex/nobody is not configured; add it, then release");
  with = start();
  with.content = "garbage";
  CHECK(trouble(with) == "the stored content cannot be read");
  put("", "secret");
  CHECK(trouble(start()).find("has no URL") != std::string::npos);
  put("http://127.1/", "secret");
  CHECK(trouble(start()).find("odd spelling") != std::string::npos);
  put("https://merchant.example/n", "");
  CHECK(trouble(start()).find("has no key") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "room ends at the bound and comes back when the finished are taken") {
  for (std::size_t i = 0; i < kFinishedSigningsMax; ++i) {
    REQUIRE(signer.room());
    SignStart with = start();
    with.revision = {9};
    signer.start(with);
  }
  CHECK_FALSE(signer.room());
  CHECK(signer.take_finished().size() == kFinishedSigningsMax);
  CHECK(signer.room());
}

}  // namespace
}  // namespace ackd
