#include "transport/trust_store.h"

#include <fmt/format.h>
#include <openssl/err.h>

namespace ackd {
namespace {

// Keys of less than 112 bits (RSA below 2048) and signatures by SHA-1 are refused, whatever the system's policy
// permits.
constexpr int kSecurityLevelMin = 2;

}  // namespace

Result<TrustStore> TrustStore::load(const std::string& ca_file) {
  TrustStore trust;
  trust.store_.reset(X509_STORE_new());
  if (trust.store_ && X509_STORE_load_file(trust.store_.get(), ca_file.c_str()) == 1) {
    // What libcurl sets on a store of its own: an intermediate that the operator lists is trusted as it stands.
    X509_STORE_set_flags(trust.store_.get(), X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
    return trust;
  }
  const char* reason = ERR_reason_error_string(ERR_get_error());
  ERR_clear_error();
  return Error{ErrorCode::kIo,
               fmt::format("the trusted certificates in {} cannot be read ({}); install ca-certificates or set ca_file",
                           ca_file, reason == nullptr ? "no certificate inside" : reason),
               "ca_file"};
}

bool TrustStore::install(SSL_CTX* context) const {
  if (SSL_CTX_get_security_level(context) < kSecurityLevelMin) SSL_CTX_set_security_level(context, kSecurityLevelMin);
  SSL_CTX_set1_cert_store(context, store_.get());
  // The setter reports nothing; a context that kept another store would verify against the wrong certificates.
  return SSL_CTX_get_cert_store(context) == store_.get();
}

}  // namespace ackd
