// What a libcurl result means: the table from (result code, errno of the operating system, how far the transfer came)
// to TransferEnd. Total: every code has an end, also one that a later libcurl invents.
//
// A code alone is not an outcome: libcurl says "out of memory" when a peer sends a header line without end, and
// "unsupported protocol" for an answer that is not HTTP. Hence the phase.
#pragma once

#include <curl/curl.h>

#include "model/outcome.h"

namespace ackd {

struct CurlFacts {
  CURLcode code = CURLE_OK;
  int os_errno = 0;              // of the failed connect or socket call, 0 for none
  bool request_started = false;  // the connection (and TLS) stood and the request was begun on it
  bool headers_complete = false;
  bool uses_tls = false;
  bool has_route = true;  // of a failed connect: this machine has a way to the address (transport/local_route.h)
  bool via_proxy = false;
  bool reached_proxy = false;  // the connection to it stood
  int proxy_status = 0;        // of its answer to CONNECT, 0 for none
};

// Stops that ackd itself asked for (caps, bad framing, egress, abort) are known before libcurl's code is looked at and
// are not in this table; an unexplained CURLE_WRITE_ERROR is a broken transfer.
TransferEnd end_of(const CurlFacts& facts);

// True for failures after which another address of the same name may be tried: no byte was sent anywhere.
bool may_try_next_address(TransferEnd end);

}  // namespace ackd
