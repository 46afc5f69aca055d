// Signatures with keys as OpenSSL holds them. For the files of this folder.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/evp_key.h"

namespace ackd {

// Both fail when the key does not fit the algorithm. SM2 mixes `user_id` into what is signed; others ignore it.
Result<std::string> sign_with(evp_pkey_st& key, Algorithm algorithm, std::string_view bytes, std::string_view user_id);
bool verifies_with(evp_pkey_st& key, Algorithm algorithm, std::string_view bytes, std::string_view signature,
                   std::string_view user_id);

}  // namespace ackd
