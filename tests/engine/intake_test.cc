#include "engine/intake.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "fuzz/intake_world.h"

namespace ackd {
namespace {

IntakeRequest paid() {
  IntakeRequest request;
  request.provider = "payindex";
  request.merchant = "m1";
  request.fields = {{"memberid", "10002"},    {"orderid", "42"},        {"amount", "100.00"},
                    {"true_amount", "99.98"}, {"transaction_id", "T1"}, {"datetime", "20260301120000"},
                    {"returncode", "00"}};
  request.url = "https://b.example/n";
  request.not_before = WallTime{1'735'800'000'000};
  request.tags = {{"shop", "7"}, {"area", "x"}};
  return request;
}

std::string hash_of(const IntakeRequest& request) {
  static const fuzz::IntakeWorld world;
  const Result<Admission> admission = world.intake().admit(request, fuzz::kAt);
  REQUIRE_MESSAGE(admission.ok(), (admission ? "" : admission.error().message));
  return fmt::format("{:02x}", fmt::join(admission->notification.content_hash, ""));
}

// Another hash would make a conflict of every repeat of what is on record. This one was computed apart from ackd, by
// what model/content.h and the comment of content_hash() say.
TEST_CASE("the hash of what was said is what it was, for ever") {
  CHECK(hash_of(paid()) == "7b7bbb679caf3d7433ab4aa9e23771a29d6f86947a9d828bb1e8fbdacce9f7d5");
}

TEST_CASE("the order of fields and tags says nothing, everything else does") {
  IntakeRequest other = paid();
  std::ranges::reverse(other.fields);
  std::ranges::reverse(other.tags);
  CHECK(hash_of(other) == hash_of(paid()));
  const auto changed = [](auto change) {
    IntakeRequest request = paid();
    change(request);
    return hash_of(request);
  };
  CHECK(changed([](IntakeRequest& r) { r.fields[2].value = "100.0"; }) != hash_of(paid()));
  CHECK(changed([](IntakeRequest& r) { r.tags[0].value = "8"; }) != hash_of(paid()));
  CHECK(changed([](IntakeRequest& r) { r.url = "https://b.example/m"; }) != hash_of(paid()));
  CHECK(changed([](IntakeRequest& r) { r.not_before.reset(); }) != hash_of(paid()));
}

}  // namespace
}  // namespace ackd
