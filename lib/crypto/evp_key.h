// A key pair, or its public half, as OpenSSL holds it. For the files of this folder; the rest of ackd sees PrivateKey
// and PublicKey.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "crypto/algorithm.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY, named here so that its headers stay out of ours

namespace ackd {

struct EvpKeyDeleter {
  void operator()(evp_pkey_st* key) const;
};
using EvpKey = std::unique_ptr<evp_pkey_st, EvpKeyDeleter>;

// Why a key cannot be used with the algorithm: another type, a length outside the limits. Never quotes the key.
// REQUIRES: needs_private_key(algorithm).
Status fits(const evp_pkey_st& key, Algorithm algorithm);

// Empties OpenSSL's error queue of this thread and returns the reason of the oldest entry, where the trouble began. The
// reasons are constants of OpenSSL; the data that it adds is left out, for it may come from the key.
std::string take_openssl_reason();

}  // namespace ackd
