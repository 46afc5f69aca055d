#include "transport/heard_bytes.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <openssl/tls1.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <new>

namespace ackd {
namespace {

// Of what a record holds besides the application's bytes, the least that its cipher can add.
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kExplicitNonceBytes = 8;  // of AES-GCM in TLS 1.2
constexpr std::size_t kInnerTypeBytes = 1;      // in TLS 1.3
constexpr std::size_t kRecordHeaderBytes = 5;

struct Records {
  std::uint64_t bytes = 0;   // of the application, in the records that have arrived
  std::uint64_t newest = 0;  // of the record whose inner type is not known yet (TLS 1.3)
};

int records_index() {
  static const int index = SSL_get_ex_new_index(
      0, nullptr,
      +[](void*, void*, CRYPTO_EX_DATA* data, int at, long, void*) {
        CRYPTO_set_ex_data(data, at, new (std::nothrow) Records());
      },
      nullptr, +[](void*, void* records, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<Records*>(records); });
  return index;
}

Records* records_of(const SSL* tls) {
  return static_cast<Records*>(SSL_get_ex_data(tls, records_index()));
}

std::size_t least_overhead(const SSL* tls) {
  if (SSL_version(tls) == TLS1_3_VERSION) return kTagBytes + kInnerTypeBytes;
  const SSL_CIPHER* cipher = SSL_get_current_cipher(tls);
  const int kind = cipher == nullptr ? NID_undef : SSL_CIPHER_get_cipher_nid(cipher);
  if (kind == NID_aes_128_gcm || kind == NID_aes_256_gcm) return kTagBytes + kExplicitNonceBytes;
  return kind == NID_chacha20_poly1305 ? kTagBytes : 0;
}

// OpenSSL shows each record's header before it is deciphered and, in TLS 1.3, where all records pretend to be the
// application's, its real type afterwards.
void on_message(int written, int, int kind, const void* bytes, std::size_t count, SSL* tls, void*) {
  Records* const records = records_of(tls);
  if (written != 0 || records == nullptr) return;
  const auto* const byte = static_cast<const unsigned char*>(bytes);
  const bool tls13 = SSL_version(tls) == TLS1_3_VERSION;
  if (kind == SSL3_RT_HEADER && count >= kRecordHeaderBytes && byte[0] == SSL3_RT_APPLICATION_DATA) {
    const std::size_t length = static_cast<std::size_t>(byte[3]) << 8U | byte[4];
    records->newest = length - std::min(length, least_overhead(tls));
    if (!tls13) records->bytes += records->newest;
  } else if (kind == SSL3_RT_INNER_CONTENT_TYPE && count > 0 && byte[0] == SSL3_RT_APPLICATION_DATA) {
    records->bytes += records->newest;
  }
}

}  // namespace

bool count_records(SSL_CTX* context) {
  SSL_CTX_set_msg_callback(context, on_message);
  return records_index() >= 0;
}

std::uint64_t heard_on(curl_socket_t socket, const SSL* tls) {
  if (tls != nullptr) {
    const Records* const records = records_of(tls);
    return records == nullptr ? UINT64_MAX : records->bytes;
  }
  tcp_info info{};
  socklen_t size = sizeof info;
  const bool known = getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
                     size >= offsetof(tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received;
  return known ? info.tcpi_bytes_received : UINT64_MAX;
}

}  // namespace ackd
