#include "crypto/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/check.h"

namespace ackd {
namespace {

struct FreeMd {
  void operator()(EVP_MD* md) const { EVP_MD_free(md); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// OpenSSL 3 looks an algorithm up by name at each use of EVP_sha256(), which costs a third of a short digest; fetched
// once it does not. The object is immutable after construction, which C++ makes safe for concurrent first callers.
class FetchedDigests {
 public:
  FetchedDigests() : md5_(fetch("MD5")), sha1_(fetch("SHA1")), sha256_(fetch("SHA256")), sm3_(fetch("SM3")) {}

  const EVP_MD* get(DigestKind kind) const {
    switch (kind) {
      case DigestKind::kMd5: return md5_.get();
      case DigestKind::kSha1: return sha1_.get();
      case DigestKind::kSha256: return sha256_.get();
      case DigestKind::kSm3: break;
    }
    return sm3_.get();
  }

 private:
  using Md = std::unique_ptr<EVP_MD, FreeMd>;
  static Md fetch(const char* name) { return Md(EVP_MD_fetch(nullptr, name, nullptr)); }

  Md md5_;
  Md sha1_;
  Md sha256_;
  Md sm3_;
};

const EVP_MD* fetched(DigestKind kind) {
  static const FetchedDigests digests;
  const EVP_MD* md = digests.get(kind);
  CHECK_THAT(md != nullptr, "OpenSSL offers no such digest; its configuration (FIPS mode?) must not switch it off");
  return md;
}

}  // namespace

std::string digest(DigestKind kind, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
  unsigned size = 0;
  // Made once: EVP_Digest() makes one each time. Three digests go into every delivery.
  static thread_local const std::unique_ptr<EVP_MD_CTX, FreeMd> context(EVP_MD_CTX_new());
  const bool done = context && EVP_DigestInit_ex(context.get(), fetched(kind), nullptr) == 1 &&
                    EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1 &&
                    EVP_DigestFinal_ex(context.get(), raw.data(), &size) == 1;
  CHECK_THAT(done, "a digest over memory cannot fail");
  return {reinterpret_cast<const char*>(raw.data()), size};
}

Hash sha256(std::string_view bytes) {
  const std::string raw = digest(DigestKind::kSha256, bytes);
  Hash hash{};
  std::copy(raw.begin(), raw.end(), hash.begin());
  return hash;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace ackd
