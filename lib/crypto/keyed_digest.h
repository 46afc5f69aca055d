// HMAC (RFC 2104) over the digests that protocols use. OpenSSL stays behind this header.
#pragma once

#include <string>
#include <string_view>

#include "crypto/algorithm.h"

namespace ackd {

// The raw bytes: 16, 20, 32 (SHA-256 and SM3) or 64. Any key length will do, none included. Safe to call from any
// thread. REQUIRES: is_keyed_digest(algorithm).
std::string keyed_digest(Algorithm algorithm, std::string_view key, std::string_view bytes);

}  // namespace ackd
