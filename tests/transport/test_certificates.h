// A certificate authority and server contexts, made anew for each test run.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <type_traits>

#include "crypto/digest.h"
#include "policy/egress_settings.h"

namespace ackd::test {

struct OpensslFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, OpensslFree>;
using Certificate = std::unique_ptr<X509, OpensslFree>;
using ServerContext = std::unique_ptr<SSL_CTX, OpensslFree>;

class Authority {
 public:
  Authority() : key_(EVP_EC_gen("P-256")) {
    certificate_ = issue("test authority", key_.get(), "", -3'600, 86'400);
    char path[] = "/tmp/ackd-test-ca-XXXXXX";
    FILE* file = fdopen(mkstemp(path), "w");
    PEM_write_X509(file, certificate_.get());
    fclose(file);
    file_ = path;
  }
  ~Authority() { unlink(file_.c_str()); }

  const std::string& file() const { return file_; }
  std::string pem() const { return pem_of(certificate_.get()); }

  // A certificate of a client, with its key.
  ClientCertificate client() const {
    const Key key(EVP_EC_gen("P-256"));
    const Certificate certificate = issue("client", key.get(), "DNS:client", -3'600, 86'400);
    return {pem_of(certificate.get()), Secret(pem_of(key.get()))};
  }
  // Makes the server refuse clients without a certificate of this authority.
  void ask_for_client(SSL_CTX* context) const {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate_.get());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }

  // A server whose certificate names `host`, valid from and until these seconds from now.
  ServerContext server(const std::string& host, long from_s = -3'600, long until_s = 86'400) const {
    const Key key(EVP_EC_gen("P-256"));
    return context_of(issue("server", key.get(), "DNS:" + host, from_s, until_s), key);
  }

  // A server whose key is too short, or whose certificate is signed with a digest that can be forged.
  ServerContext weak_server(const std::string& host, bool weak_key) const {
    const Key key(weak_key ? EVP_RSA_gen(1024) : EVP_EC_gen("P-256"));
    const EVP_MD* const digest = weak_key ? EVP_sha256() : EVP_sha1();
    return context_of(issue("server", key.get(), "DNS:" + host, -3'600, 86'400, digest), key);
  }

 private:
  static ServerContext context_of(const Certificate& certificate, const Key& key) {
    ServerContext context(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_set_security_level(context.get(), 0);
    SSL_CTX_use_certificate(context.get(), certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), key.get());
    return context;
  }

  Certificate issue(const char* name, EVP_PKEY* subject, const std::string& alternative, long from_s, long until_s,
                    const EVP_MD* digest = EVP_sha256()) const {
    Certificate certificate(X509_new());
    X509* const raw = certificate.get();
    X509_set_version(raw, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(raw), from_s + until_s);
    X509_gmtime_adj(X509_getm_notBefore(raw), from_s);
    X509_gmtime_adj(X509_getm_notAfter(raw), until_s);
    X509_set_pubkey(raw, subject);
    set_name(X509_get_subject_name(raw), name);
    set_name(X509_get_issuer_name(raw), "test authority");
    const bool is_authority = alternative.empty();
    add_extension(raw, NID_basic_constraints, is_authority ? "critical,CA:TRUE" : "CA:FALSE");
    if (!is_authority) add_extension(raw, NID_subject_alt_name, alternative.c_str());
    X509_sign(raw, key_.get(), digest);
    return certificate;
  }

  template <class Thing>
  static std::string pem_of(Thing* thing) {
    BIO* const bio = BIO_new(BIO_s_mem());
    if constexpr (std::is_same_v<Thing, X509>) {
      PEM_write_bio_X509(bio, thing);
    } else {
      PEM_write_bio_PrivateKey(bio, thing, nullptr, nullptr, 0, nullptr, nullptr);
    }
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio, &text);
    std::string out(text, static_cast<std::size_t>(size));
    BIO_free(bio);
    return out;
  }

  static void set_name(X509_NAME* name, const char* text) {
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(text), -1, -1, 0);
  }

  static void add_extension(X509* certificate, int kind, const char* value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }

  Key key_;
  Certificate certificate_;
  std::string file_;
};

// "sha256//BASE64" of the server's public key.
inline std::string pin_of(SSL_CTX* context) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(SSL_CTX_get0_certificate(context)), &der);
  const std::string bytes(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return "sha256//" + to_text(digest(DigestKind::kSha256, bytes), DigestForm::kBase64);
}

}  // namespace ackd::test
