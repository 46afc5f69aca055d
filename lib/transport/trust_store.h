// The certificates that TLS peers are verified against, parsed once and shared by every connection of every shard.
//
// Left to itself libcurl 7.88 parses the bundle again for each connection (22 ms of the loop, when Debian's default
// certificate directory is set) or at best once per multi handle.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "base/result.h"

namespace ackd {

class TrustStore {
 public:
  // A file of PEM certificates. Fails when it cannot be read or holds none.
  static Result<TrustStore> load(const std::string& ca_file);
  // Makes this the store that connections of `context` verify against. It replaces whatever was there, and nothing weak
  // is accepted however lax the system's policy is.
  bool install(SSL_CTX* context) const;

 private:
  struct Closer {
    void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  };
  std::unique_ptr<X509_STORE, Closer> store_;
};

}  // namespace ackd
