// A merchant is (provider, id): where its notifications go, what signs them, and how its server differs from the rule.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"

namespace ackd {

// What the platform signs with for this merchant: a secret that both know, a private key of the platform's own, or both
// (WeChat v3 seals with the one and signs with the other).
struct MerchantKey {
  std::string id;      // names the key on attempts and in logs; never the key itself
  Secret secret;       // as the protocol writes it: "whsec_...", hex, plain text
  Secret private_key;  // PEM, or the protocol's own text form
};

struct Merchant {
  std::string provider;
  std::string id;
  std::string url;  // canonical; empty where each notification brings its own
  // The first one signs. During a rotation there are more, and protocols that carry several signatures carry one of
  // each.
  std::vector<MerchantKey> keys;
  // What the profile lets a merchant choose ("ack_trim": "true"); names and values are checked against the profile.
  std::map<std::string, std::string> options;
};

// Every merchant known to this process. Lookups by (provider, id); references stay valid until the merchant is
// replaced.
class MerchantDirectory {
 public:
  void put(Merchant merchant);
  const Merchant* find(std::string_view provider, std::string_view id) const;
  std::size_t size() const { return merchants_.size(); }
  // By provider, then by id.
  std::vector<const Merchant*> all() const;
  // Up to `count` of them behind (provider, id), in the same order; from the first one when both are empty.
  std::vector<const Merchant*> following(std::string_view provider, std::string_view id, std::size_t count) const;

 private:
  std::map<std::string, Merchant> merchants_;
};

}  // namespace ackd
