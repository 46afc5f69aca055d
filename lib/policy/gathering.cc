#include "policy/gathering.h"

namespace ackd {

bool Gathering::waits(const Load& load, EngineTime now) {
  const bool worth_it = load.outcomes > 0 && load.outcomes < kEnough && load.in_flight >= kInFlightMin;
  if (worth_it && !load.hurries) {
    if (!until_) until_ = now + kFor;
    if (now < *until_) return true;
  }
  until_.reset();
  return false;
}

}  // namespace ackd
