// The certificates that TLS peers are verified against, parsed once and shared by every connection of every shard.
//
// Left to itself libcurl 7.88 parses the bundle again for each connection (22 ms of the loop, when Debian's default
// certificate directory is set) or at best once per multi handle.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "base/result.h"
#include "policy/egress_settings.h"

namespace ackd {

// Certificates with keys or signatures below 112 bits of strength are refused (SHA-1, RSA under 2048 bits), also where
// the system's policy is laxer.
void require_strong_keys(SSL_CTX* context);

// Why a server's certificate was refused, for a person who can do something about it. `verified` is OpenSSL's X509_V_.
std::string words_for_certificate(long verified);

// Whether every set of certificates and every client certificate can be used. Errors name what is wrong in
// Error::field ("tls.authorities.NAME").
Status check_means(const EgressMeans& means);

class TrustStore {
 public:
  // A file of PEM certificates. Fails when it cannot be read or holds none.
  static Result<TrustStore> load(const std::string& ca_file);
  // Makes this the store that connections of `context` verify against. It replaces whatever was there.
  bool install(SSL_CTX* context) const;

 private:
  struct Closer {
    void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  };
  std::unique_ptr<X509_STORE, Closer> store_;
};

}  // namespace ackd
