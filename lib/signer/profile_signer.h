// The signer for protocols whose signature is a digest: microseconds, so it renders inside start() and needs no thread.
#pragma once

#include <cstddef>

#include "model/merchant.h"
#include "profile/catalogue.h"
#include "signer/signer.h"

namespace ackd {

// Finished signings that nobody has taken yet; beyond it room() is false.
inline constexpr std::size_t kFinishedSigningsMax = 4096;

// SHA-256 over "method\nurl\n", one "name: value\n" for each header, "\n" and the body: what an attempt's record keeps
// to prove later which bytes were sent.
Hash request_hash(const HttpRequest& request);

class ProfileSigner final : public Signer {
 public:
  // Both must outlive the signer. They are read inside start() only, so the loop may change them between calls.
  ProfileSigner(const ProfileCatalogue& catalogue, const MerchantDirectory& merchants)
      : catalogue_(catalogue), merchants_(merchants) {}

  bool room() const override { return finished_.size() < kFinishedSigningsMax; }
  void start(SignStart start) override;
  std::vector<Signing> take_finished() override;

 private:
  Result<SignedRequest> sign(const SignStart& start) const;

  const ProfileCatalogue& catalogue_;
  const MerchantDirectory& merchants_;
  std::vector<Signing> finished_;
};

}  // namespace ackd
