// Digests over bytes, and the text forms in which protocols put them on the wire. OpenSSL stays behind this header.
//
// MD5 and SHA-1 are here because the payment protocols prescribe them; ackd itself relies on SHA-256 only.
#pragma once

#include <string>
#include <string_view>

#include "model/notification.h"

namespace ackd {

enum class DigestKind { kMd5, kSha1, kSha256 };
enum class DigestForm { kHexUpper, kHexLower, kBase64 };

// The raw digest: 16, 20 or 32 bytes. Safe to call from any thread.
std::string digest(DigestKind kind, std::string_view bytes);

// digest() with SHA-256 as the fixed-size value that records and requests are named by.
Hash sha256(std::string_view bytes);

// Raw bytes as text. Base64 is the padded standard alphabet on one line.
std::string to_text(std::string_view raw, DigestForm form);

// Whether two secrets or signatures are equal, in a time that depends on the lengths only, so that a sender of
// forgeries learns nothing from how long a refusal takes.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace ackd
