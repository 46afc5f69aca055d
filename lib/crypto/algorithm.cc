#include "crypto/algorithm.h"

#include "base/check.h"
#include "crypto/digest.h"

namespace ackd {

bool is_plain_digest(Algorithm algorithm) {
  return algorithm >= Algorithm::kMd5 && algorithm <= Algorithm::kSm3;
}

bool is_keyed_digest(Algorithm algorithm) {
  return algorithm >= Algorithm::kHmacMd5 && algorithm <= Algorithm::kHmacSm3;
}

bool needs_private_key(Algorithm algorithm) {
  return algorithm >= Algorithm::kRsaSha1;
}

std::string plain_digest(Algorithm algorithm, std::string_view bytes) {
  CHECK_THAT(is_plain_digest(algorithm), "only a digest needs nothing but the text");
  switch (algorithm) {
    case Algorithm::kMd5: return digest(DigestKind::kMd5, bytes);
    case Algorithm::kSha1: return digest(DigestKind::kSha1, bytes);
    case Algorithm::kSha256: return digest(DigestKind::kSha256, bytes);
    default: return digest(DigestKind::kSm3, bytes);
  }
}

}  // namespace ackd
