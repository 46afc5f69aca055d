// One way to look at a received signature, complete and changeable: verification.cc tries the rule's own, and
// verification_causes.cc what else may have been signed.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "profile/received_request.h"
#include "profile/rendering.h"

namespace ackd {

// One key's signature, as it was found in the place of all.
struct FoundSignature {
  std::string text;    // without what `each` writes around it
  std::string key_id;  // where the protocol names it; or empty
};

struct Trial {
  Rendering rendering;
  SignatureVariant how;
  std::vector<MerchantKey> keys;
  std::string body;  // what {body} stands for
  std::vector<FoundSignature> found;
  bool holds_public = false;  // private_key of `keys` holds a public key in truth
};

// What stands in the signature's place, taken apart. Texts of another scheme are left aside, as merchants do: a
// platform that changes its algorithm sends both for a while.
std::vector<FoundSignature> find_signatures(const Profile& profile, const SignatureVariant& how,
                                            const std::string& place);

// Parsed public keys, or public halves; parsing costs more than verifying.
class PublicKeys {
 public:
  // The reference is valid as long as this object.
  const Result<PublicKey>& get(const Trial& trial, const MerchantKey& key);

 private:
  struct Entry {
    Secret text;
    Algorithm algorithm;
    bool holds_public;
    Result<PublicKey> key;
  };
  std::deque<Entry> entries_;  // few; a deque keeps their addresses
};

// The first key that verifies one of the found signatures, or nullptr. Fails when no key can be used at all.
Result<const MerchantKey*> judge(const Trial& trial, PublicKeys& public_keys);

// The same over bytes that are given.
Result<bool> verifies(const Trial& trial, const MerchantKey& key, const std::string& bytes, PublicKeys& public_keys);

// With what else the signature would be right, as ends of the sentence "the signature is right ...". At most a few.
// `other_keys` are those that the rule itself does not try.
std::vector<std::string> likely_causes(const Trial& asked, const ReceivedContent& received,
                                       const std::vector<MerchantKey>& other_keys, PublicKeys& public_keys);

}  // namespace ackd
