// Digests over bytes, and the text forms in which protocols put them on the wire. OpenSSL stays behind this header.
//
// MD5 and SHA-1 are here because the payment protocols prescribe them; ackd itself relies on SHA-256 only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/notification.h"

namespace ackd {

enum class DigestKind { kMd5, kSha1, kSha256, kSm3 };
enum class DigestForm { kHexUpper, kHexLower, kBase64 };

// The raw digest: 16, 20 or 32 bytes (SHA-256 and SM3). Safe to call from any thread.
std::string digest(DigestKind kind, std::string_view bytes);

// digest() with SHA-256 as the fixed-size value that records and requests are named by.
Hash sha256(std::string_view bytes);

// Raw bytes as text. Base64 is the padded standard alphabet on one line.
std::string to_text(std::string_view raw, DigestForm form);

// The reverse of to_text() for keys and signatures from outside. Hex takes either case; base64 takes the standard
// alphabet with or without padding. Errors say what is wrong without quoting the text, which may be a key.
Result<std::string> from_hex(std::string_view text);
Result<std::string> from_base64(std::string_view text);

// CRC-32 as zlib computes it (polynomial 0xEDB88320).
std::uint32_t crc32(std::string_view bytes);

// Whether two secrets or signatures are equal, in a time that depends on the lengths only, so that a sender of
// forgeries learns nothing from how long a refusal takes.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace ackd
