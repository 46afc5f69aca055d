// The production signer. What signs with a digest takes microseconds and is done inside start(); what signs with a
// private key goes to threads of its own.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "model/merchant.h"
#include "profile/catalogue.h"
#include "signer/signer.h"
#include "signer/signing_threads.h"

namespace ackd {

// Signings finished inside start() that nobody has taken yet; beyond it room() is false.
inline constexpr std::size_t kFinishedSigningsMax = 4096;

// One for each processor, at most 8: signing is never more than a part of the machine's work.
std::size_t default_signing_threads();

class PoolSigner final : public Signer {
 public:
  // Both must outlive the signer. The directory is read inside start() only, so the loop may change it between calls;
  // the catalogue may grow, but a revision that it has must stay as it is. `wake` is called from other threads when
  // take_finished() has news that did not arise inside start().
  PoolSigner(const ProfileCatalogue& catalogue, const MerchantDirectory& merchants, std::function<void()> wake,
             std::size_t threads = default_signing_threads());

  // What waits when the signer goes is dropped: nothing of it was sent.
  bool room() const override { return finished_.size() < kFinishedSigningsMax && threads_.room(); }
  // Never blocks.
  void start(SignStart start) override;
  std::vector<Signing> take_finished() override;

 private:
  const ProfileCatalogue& catalogue_;
  const MerchantDirectory& merchants_;
  PrivateKeyCache no_keys_{1};     // render() wants one; what is signed inside start() takes no private key
  std::vector<Signing> finished_;  // inside start()
  SigningThreads threads_;
};

}  // namespace ackd
