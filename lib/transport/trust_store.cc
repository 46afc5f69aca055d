#include "transport/trust_store.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

namespace ackd {
namespace {

constexpr int kSecurityLevelMin = 2;

const char* hint_for(long verified) {
  switch (verified) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return "the merchant must renew it";
    case X509_V_ERR_CERT_NOT_YET_VALID: return "check the clock of this machine, else the merchant's certificate";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return "the certificate is for another host than the URL names";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return "nobody vouches for it; a private authority is named by the option tls_ca";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "its authority is not known here, or the server does not send the certificate between";
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK: return "it is too weak; the merchant must have a stronger one made";
    default: return "the merchant's server must have a certificate that browsers accept";
  }
}

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Bio reading(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

// A key under a passphrase is refused; OpenSSL would ask for it on the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

bool holds_certificate(const std::string& text) {
  const Bio bio = reading(text);
  const Certificate first(PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr), X509_free);
  ERR_clear_error();
  return first != nullptr;
}

bool belong_together(const ClientCertificate& own) {
  const Bio certificate_bio = reading(own.certificate);
  const Bio key_bio = reading(own.key.reveal());
  const Certificate certificate(PEM_read_bio_X509(certificate_bio.get(), nullptr, no_passphrase, nullptr), X509_free);
  const Key key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, no_passphrase, nullptr), EVP_PKEY_free);
  const bool matching = certificate && key && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  return matching;
}

}  // namespace

void require_strong_keys(SSL_CTX* context) {
  if (SSL_CTX_get_security_level(context) < kSecurityLevelMin) SSL_CTX_set_security_level(context, kSecurityLevelMin);
}

std::string words_for_certificate(long verified) {
  return fmt::format("certificate: {}; {}", X509_verify_cert_error_string(verified), hint_for(verified));
}

Status check_means(const EgressMeans& means) {
  for (const auto& [name, text] : means.authorities) {
    if (holds_certificate(text)) continue;
    return invalid(fmt::format("tls.authorities.{}: the file holds no certificate as PEM", name),
                   "tls.authorities." + name);
  }
  for (const auto& [name, own] : means.client_certificates) {
    if (belong_together(own)) continue;
    return invalid(
        fmt::format("tls.client_certificates.{}: certificate_file and key_file are not a certificate and its "
                    "key as PEM without a passphrase",
                    name),
        "tls.client_certificates." + name);
  }
  return Done{};
}

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
  SSL_CTX_set1_cert_store(context, store_.get());
  // The setter reports nothing; a context that kept another store would verify against the wrong certificates.
  return SSL_CTX_get_cert_store(context) == store_.get();
}

}  // namespace ackd
