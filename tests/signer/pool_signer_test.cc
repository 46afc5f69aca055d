#include "signer/pool_signer.h"

#include <doctest/doctest.h>

#include <condition_variable>
#include <map>
#include <mutex>

#include "crypto/public_key.h"
#include "crypto/test_keys.h"

namespace ackd {
namespace {

// A provider whose notifications choose between a digest and a private key.
constexpr std::string_view kProfile = R"(
provider: chooser
title: Chooser
subject: [order]
request: {method: POST, encoding: form, content_type: application/x-www-form-urlencoded}
fields:
  - {name: order, required: true}
  - {name: algorithm, default: MD5, values: [MD5, RSA]}
  - {name: sign}
signature:
  field: sign
  form: hex_lower
  canonical: {separator: "&"}
  variants:
    - {when: {algorithm: RSA}, algorithm: rsa_sha256}
    - {algorithm: md5, canonical: {suffix: "&key={key}"}}
  source: {published: a test}
acknowledgement: {match: status_only, source: {published: a test}}
schedule: {delays: [1m], source: {published: a test}}
)";

constexpr std::chrono::seconds kDeadline{60};

// What the daemon's loop is in a test: it sleeps until it is woken.
class Bell {
 public:
  void ring() {
    const std::lock_guard lock(mutex_);
    ++rings_;
    changed_.notify_all();
  }
  // False when nothing rang since the last wait, until the deadline.
  bool wait() {
    std::unique_lock lock(mutex_);
    const bool rang = changed_.wait_for(lock, kDeadline, [this] { return rings_ > heard_; });
    heard_ = rings_;
    return rang;
  }
  int rings() const {
    const std::lock_guard lock(mutex_);
    return rings_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int rings_ = 0;
  int heard_ = 0;
};

struct Fixture {
  Fixture() {
    Result<Profile> profile = parse_profile(kProfile, "chooser.yaml");
    INFO((profile ? "" : profile.error().message));
    REQUIRE(profile);
    catalogue.set_current({1}, *std::move(profile));
    put("https://merchant.example/n", "secret", std::string(test_keys::kRsaPrivate));
  }

  void put(const std::string& url, const std::string& secret, const std::string& private_key) {
    Merchant merchant;
    merchant.provider = "chooser";
    merchant.id = "10002";
    merchant.url = url;
    merchant.keys = {{"key-7", Secret(secret), Secret(private_key)}};
    merchants.put(merchant);
  }

  SignStart start(Ticket ticket, const std::string& algorithm) const {
    SignStart start;
    start.ticket = ticket;
    start.lane = {"chooser", "10002", ""};
    start.revision = {1};
    start.content = encode(Content{{{"order", std::to_string(ticket)}, {"algorithm", algorithm}}, {}});
    return start;
  }

  // Inside start().
  Result<SignedRequest> sign_at_once(SignStart with) {
    signer.start(std::move(with));
    std::vector<Signing> finished = signer.take_finished();
    REQUIRE(finished.size() == 1);
    CHECK(finished[0].ticket == 5);
    return finished[0].signed_request;
  }

  std::string trouble(SignStart with) {
    const Result<SignedRequest> answer = sign_at_once(std::move(with));
    return answer ? "signed" : answer.error().message;
  }

  // Sleeps and takes, as the loop does, until `count` more have come. Fails on a ticket that comes twice.
  void take(std::size_t count) {
    const std::size_t wanted = taken.size() + count;
    while (true) {
      for (Signing& signing : signer.take_finished()) {
        REQUIRE(taken.emplace(signing.ticket, std::move(signing.signed_request)).second);
      }
      if (taken.size() >= wanted) return;
      REQUIRE(bell.wait());
    }
  }

  ProfileCatalogue catalogue;
  MerchantDirectory merchants;
  Bell bell;
  PoolSigner signer{catalogue, merchants, [this] { bell.ring(); }, 3};
  std::map<Ticket, Result<SignedRequest>> taken;
};

// Whether the body is the one of this ticket, with a signature of the test's own key.
bool rsa_signed(const Result<SignedRequest>& answer, Ticket ticket) {
  static const PublicKey key = *PublicKey::parse(test_keys::kRsaPublic, Algorithm::kRsaSha256);
  if (!answer) return false;
  const std::string& body = answer->request.body;
  const std::string wire = "order=" + std::to_string(ticket) + "&algorithm=RSA&sign=";
  if (!body.starts_with(wire)) return false;
  const std::string canonical = "algorithm=RSA&order=" + std::to_string(ticket);
  return key.verifies(Algorithm::kRsaSha256, canonical, *from_hex(body.substr(wire.size())), "");
}

TEST_CASE_FIXTURE(Fixture, "what signs with a digest is finished inside start and taken once") {
  const Result<SignedRequest> answer = sign_at_once(start(5, "MD5"));
  REQUIRE(answer);
  CHECK(answer->key_id == "key-7");
  CHECK(answer->request.method == "POST");
  CHECK(answer->request.url.text() == "https://merchant.example/n");
  const std::string signature =
      to_text(digest(DigestKind::kMd5, "algorithm=MD5&order=5&key=secret"), DigestForm::kHexLower);
  CHECK(answer->request.body == "order=5&algorithm=MD5&sign=" + signature);
  CHECK(signer.take_finished().empty());
  CHECK(bell.rings() == 0);
}

TEST_CASE_FIXTURE(Fixture, "what signs with a private key arrives after a wake") {
  signer.start(start(1, "RSA"));
  REQUIRE(bell.wait());
  const std::vector<Signing> finished = signer.take_finished();
  REQUIRE(finished.size() == 1);
  CHECK(finished[0].ticket == 1);
  CHECK(rsa_signed(finished[0].signed_request, 1));
  CHECK(finished[0].signed_request->request_hash == request_hash(finished[0].signed_request->request));
}

TEST_CASE_FIXTURE(Fixture, "a mixed load comes out once each, rightly signed, while merchants change") {
  constexpr Ticket kSigningsEach = 200;
  for (Ticket ticket = 0; ticket < 2 * kSigningsEach; ++ticket) {
    REQUIRE(signer.room());
    signer.start(start(ticket, ticket % 2 == 0 ? "RSA" : "MD5"));
    // The jobs that wait keep the merchant they were started with.
    if (ticket % 7 == 0) put("https://merchant.example/n", "secret", std::string(test_keys::kRsaPrivate));
  }
  take(2 * kSigningsEach);
  CHECK(taken.size() == 2 * kSigningsEach);
  for (const auto& each : taken) {
    const auto& ticket = each.first;
    const auto& answer = each.second;
    CAPTURE(ticket);
    CHECK((ticket % 2 == 0 ? rsa_signed(answer, ticket) : answer.ok()));
  }
}

TEST_CASE_FIXTURE(Fixture, "a private key that cannot be read fails each of its signings, by ticket") {
  put("https://merchant.example/n", "secret", "no key");
  for (Ticket ticket = 0; ticket < 20; ++ticket) signer.start(start(ticket, "RSA"));
  take(20);
  for (const auto& [ticket, answer] : taken) {
    REQUIRE_FALSE(answer);
    CHECK(answer.error().message.find("private key") != std::string::npos);
    CHECK(answer.error().message.find("no key") == std::string::npos);
  }
}

TEST_CASE_FIXTURE(Fixture, "room for private keys ends at the bound and comes back with what is taken") {
  for (Ticket ticket = 0; ticket < SigningThreads::kAwayMax; ++ticket) {
    REQUIRE(signer.room());
    signer.start(start(ticket, "RSA"));
  }
  // Even when all are signed by now: what nobody takes holds its place.
  CHECK_FALSE(signer.room());
  take(1);
  CHECK(signer.room());
  take(SigningThreads::kAwayMax - taken.size());
  CHECK(taken.size() == SigningThreads::kAwayMax);
}

TEST_CASE("while others wait to be signed, a wake brings several signatures") {
  constexpr std::size_t kThreads = 2;
  constexpr std::size_t kJobs = SigningThreads::kGathered * 10;
  Fixture fixture;
  Bell bell;
  PoolSigner signer(
      fixture.catalogue, fixture.merchants, [&bell] { bell.ring(); }, kThreads);
  for (Ticket ticket = 0; ticket < kJobs; ++ticket) signer.start(fixture.start(ticket, "RSA"));
  std::size_t taken = 0;
  while (taken < kJobs) {
    REQUIRE(bell.wait());
    taken += signer.take_finished().size();
  }
  // The first may have found nobody waiting, and so may the last of each thread.
  CHECK(bell.rings() <= static_cast<int>(1 + kJobs / SigningThreads::kGathered + kThreads));
}

TEST_CASE_FIXTURE(Fixture, "a signer that goes takes its queued work with it") {
  int rings = 0;
  {
    Bell own;
    PoolSigner leaving(
        catalogue, merchants, [&own] { own.ring(); }, 2);
    for (Ticket ticket = 0; ticket < SigningThreads::kAwayMax; ++ticket) leaving.start(start(ticket, "RSA"));
    REQUIRE(own.wait());
    rings = own.rings();
  }
  CHECK(rings == 1);  // nothing was taken, so nothing was news again
}

TEST_CASE("a signer that was never used ends at once") {
  const ProfileCatalogue catalogue;
  const MerchantDirectory merchants;
  const PoolSigner signer(catalogue, merchants, [] {});
  CHECK(signer.room());
  CHECK(default_signing_threads() >= 1);
  CHECK(default_signing_threads() <= 8);
}

TEST_CASE_FIXTURE(Fixture, "the request hash covers method, URL, headers and body") {
  const HttpRequest request = sign_at_once(start(5, "MD5"))->request;
  CHECK(sign_at_once(start(5, "MD5"))->request_hash == request_hash(request));
  REQUIRE(request.headers.size() == 1);
  CHECK(request_hash(request) == sha256("POST\nhttps://merchant.example/n\n" + request.headers[0].name + ": " +
                                        request.headers[0].value + "\n\n" + request.body));
  HttpRequest changed = request;
  changed.headers[0].value += " ";
  CHECK(request_hash(changed) != request_hash(request));
  changed = request;
  changed.body.back() = '!';
  CHECK(request_hash(changed) != request_hash(request));
}

TEST_CASE_FIXTURE(Fixture, "a changed URL or key of the merchant applies to the next signing") {
  const std::string before = sign_at_once(start(5, "MD5"))->request.body;
  put("https://new.example/n", "other", "");
  const Result<SignedRequest> answer = sign_at_once(start(5, "MD5"));
  CHECK(answer->request.url.host == "new.example");
  CHECK(answer->request.body != before);
}

TEST_CASE_FIXTURE(Fixture, "the notification's own URL wins over the merchant's") {
  SignStart with = start(5, "MD5");
  with.url = "http://own.example/x";
  CHECK(sign_at_once(with)->request.url.text() == "http://own.example/x");
}

TEST_CASE_FIXTURE(Fixture, "what is missing is said so that an operator can put it right") {
  SignStart with = start(5, "RSA");
  with.revision = {9};
  CHECK(trouble(with) == "the profile revision 9 of chooser is not loaded; restore its file, then release");
  with = start(5, "RSA");
  with.lane.merchant = "nobody";
  CHECK(trouble(with) == "merchant chooser/nobody is unknown; add it, then release");
  with = start(5, "RSA");
  with.content = "garbage";
  CHECK(trouble(with) == "the stored content cannot be read");
  put("", "secret", "");
  CHECK(trouble(start(5, "RSA")).find("has no URL") != std::string::npos);
  put("http://127.1/", "secret", "");
  CHECK(trouble(start(5, "RSA")).find("odd spelling") != std::string::npos);
  put("https://merchant.example/n", "", "");
  CHECK(trouble(start(5, "MD5")).find("has no key") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "room for digests ends at the bound and comes back when the finished are taken") {
  for (std::size_t i = 0; i < kFinishedSigningsMax; ++i) {
    REQUIRE(signer.room());
    SignStart with = start(i, "MD5");
    with.revision = {9};
    signer.start(with);
  }
  CHECK_FALSE(signer.room());
  CHECK(signer.take_finished().size() == kFinishedSigningsMax);
  CHECK(signer.room());
}

}  // namespace
}  // namespace ackd
