// Reading the text of a key, as people paste it into configuration files. For the files of this folder.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "crypto/evp_key.h"

namespace ackd {

// An RSA key of 8,192 bits has 6.4 KB of PEM; a certificate with its chain does not belong here.
inline constexpr std::size_t kKeyTextBytesMax = 16 * 1024;

// The half of a pair that is wanted. The public half may come out of a private key's text too.
enum class KeyHalf { kPrivate, kPublic };

// See PrivateKey::parse and PublicKey::parse for the forms. The key fits the algorithm and has the wanted half. Nothing
// ever asks for a password: an encrypted key is refused. Errors never quote the text.
Result<EvpKey> read_key(std::string_view text, KeyHalf half, Algorithm algorithm);

}  // namespace ackd
