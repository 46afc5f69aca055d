// A merchant is (provider, id): where its notifications go, what signs them, and how its server differs from the rule.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/secret.h"

namespace ackd {

struct MerchantKey {
  std::string id;  // names the key on attempts and in logs; never the key itself
  Secret secret;
};

struct Merchant {
  std::string provider;
  std::string id;
  std::string url;  // canonical; empty where each notification brings its own
  MerchantKey key;
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

 private:
  std::unordered_map<std::string, Merchant> merchants_;
};

}  // namespace ackd
