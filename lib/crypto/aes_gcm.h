// AES-256-GCM, with which one protocol seals a part of its message. OpenSSL stays behind this header.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace ackd {

// The ciphertext followed by the 16-byte tag. Fails when the key has not 32 bytes or the nonce not 12. A nonce must
// never serve two plaintexts under one key: who calls draws it at random.
Result<std::string> seal_aes_256_gcm(std::string_view key, std::string_view nonce, std::string_view associated_data,
                                     std::string_view plaintext);

// Fails when the key, the nonce, the associated data or a byte of the ciphertext is not what it was sealed with,
// without saying which.
Result<std::string> open_aes_256_gcm(std::string_view key, std::string_view nonce, std::string_view associated_data,
                                     std::string_view sealed);

}  // namespace ackd
