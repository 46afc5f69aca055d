// Which URL of a merchant has proved itself: it acknowledged a probe, a simulated notification signed with the
// merchant's real key. Protocols that ask for it (`activation:` in the profile) hold a merchant's notifications until
// then, and again when the URL is changed.
#pragma once

#include <compare>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace ackd {

struct MerchantName {
  std::string provider;
  std::string id;
  friend auto operator<=>(const MerchantName&, const MerchantName&) = default;
};

struct Activation {
  MerchantName merchant;
  std::string url;  // the merchant's own URL that acknowledged, as it was when the probe was sent
  EngineTime at;
  friend bool operator==(const Activation&, const Activation&) = default;
};

// What the record knows about activation when it is opened.
struct ActivationRecord {
  std::vector<Activation> activations;  // the newest of each merchant
  std::vector<MerchantName> awaiting;   // merchants with notifications that are held until their activation
};

// The newest activation of every merchant. It never runs ahead of the record: whoever puts into it has seen the commit.
class Activations {
 public:
  Activations() = default;
  explicit Activations(const std::vector<Activation>& recorded);

  void put(Activation activation);
  // Nothing for a merchant that never acknowledged a probe. Valid until the merchant's next put().
  const Activation* find(std::string_view provider, std::string_view merchant) const;
  std::size_t size() const { return by_merchant_.size(); }

 private:
  std::map<MerchantName, Activation> by_merchant_;
};

}  // namespace ackd
