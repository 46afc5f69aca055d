// How many bytes a receiver has sent on a connection, counted below libcurl.
//
// libcurl 7.88 drops without a word what comes in one packet with the head of an answer that has no body, and a line
// that begins with NUL together with all behind it. What comes later it leaves in the socket, where the next request on
// the kept connection takes it for its own answer (both measured). So the counts are compared when an answer ends: a
// connection on which more was sent than the answer had is not used again.
#pragma once

#include <curl/curl.h>
#include <openssl/ssl.h>

#include <cstdint>

namespace ackd {

// Makes the connections of `context` count what their records hold. False when memory is out.
bool count_records(SSL_CTX* context);

// All bytes that the receiver has sent so far, those included that libcurl has not read yet. Over TLS, `tls` is the
// connection's and the bytes are those in the records that OpenSSL has read: it may count too many (padding, old
// ciphers that hide the length), never too few. The most there is when the system does not tell.
std::uint64_t heard_on(curl_socket_t socket, const SSL* tls);

}  // namespace ackd
