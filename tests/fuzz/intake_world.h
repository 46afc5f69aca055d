// An intake that knows every shipped profile, with one merchant "m1" of each. Nothing in it is drawn or timed, so that
// equal texts make equal admissions.
#pragma once

#include <string>
#include <tuple>
#include <utility>

#include "base/rng.h"
#include "engine/intake.h"
#include "model/activation.h"
#include "profile/catalogue.h"

namespace ackd::fuzz {

inline constexpr IntakeTime kAt{EngineTime{1735704091000}, WallTime{1735704091000}};

class IntakeWorld {
 public:
  IntakeWorld() {
    std::int64_t revision = 0;
    auto sources = load_profiles(ACKD_SOURCE_DIR "/schedules", "");
    for (ProfileSource& source : *sources) {
      merchants_.put({source.profile.id, "m1", "https://m.example/n", {{"k1", Secret("0123456789abcdef"), {}}}, {}});
      catalogue_.set_current({++revision}, std::move(source.profile));
    }
  }

  const Intake& intake() const { return intake_; }

 private:
  struct SameNumber final : Rng {
    std::uint64_t next() override { return 0x0123456789abcdefULL; }
  };

  ProfileCatalogue catalogue_;
  MerchantDirectory merchants_;
  Activations activations_;
  SameNumber rng_;
  Intake intake_{catalogue_, merchants_, activations_, rng_};
};

inline bool equal(const Admission& a, const Admission& b) {
  const auto facts = [](const Admission& admission) {
    const Notification& n = admission.notification;
    return std::tie(n.lane.provider, n.lane.merchant, n.lane.origin, n.revision, n.type, n.subject, n.key, n.url,
                    n.content, n.tags, n.content_hash, n.admitted_at, n.not_before, n.probe, admission.held_reason);
  };
  return facts(a) == facts(b);
}

// Whether nothing in it is over what one notification may carry.
inline bool within_limits(const Admission& admission) {
  const Notification& n = admission.notification;
  return n.content.size() <= kContentBytesMax && n.lane.merchant.size() <= kNameBytesMax &&
         n.type.size() <= kNameBytesMax && n.key.size() <= kKeyBytesMax && n.subject.size() <= kKeyBytesMax &&
         n.url.size() <= kUrlBytesMax;
}

}  // namespace ackd::fuzz
