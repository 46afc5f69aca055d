// What came of one attempt. A receiver's answer is data, never an Error.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "model/ids.h"
#include "model/notification.h"

namespace ackd {

// How a transfer ended, before anyone judged the answer. The transport maps its library's results onto these
// (transport/curl_result.h) and policy/judge.h turns them into an OutcomeClass. Stored by name, never by number.
enum class TransferEnd : std::uint8_t {
  kComplete,         // complete final headers and complete message
  kBodyCap,          // complete headers, body longer than the cap; the first bytes are kept
  kHeaderCap,        // header bytes or lines over the cap
  kNameNotFound,     // the name does not exist or has no address
  kConnectRefused,   // refused or reset while connecting
  kConnectTimeout,   // no connection within the connect timeout
  kHostUnreachable,  // the network said that the host cannot be reached
  kTlsFailed,        // handshake or certificate; no request byte was sent
  kTimeout,          // the total timeout, with the request sent in whole or in part
  kBroken,           // connection lost or message cut short after sending began
  kBadHttp,          // not HTTP, or framing that must not be trusted
  kAborted,          // given up by ourselves while draining
  // Ours: no byte reached the receiver's network, no attempt is used up.
  kEgressRefused,   // the egress policy forbids the address: HELD until an operator changes something
  kResolverFailed,  // our resolver did not answer
  kNoRoute,         // no route, no source address
  kOutOfResources,  // descriptors, ports, memory
  kProxyFailed,     // our configured proxy
  kRequestInvalid,  // the request could not be built or handed to the library
};
inline constexpr int kTransferEndCount = 18;

const char* name_of(TransferEnd end);  // "complete", "body_cap", ...

// Facts of one finished transfer. Which of them mean an acknowledgement is decided by policy/judge.h alone.
struct Transfer {
  Ticket ticket = 0;
  TransferEnd end = TransferEnd::kRequestInvalid;
  int status = 0;                   // the final status line's code, 0 when none arrived
  bool headers_complete = false;    // the blank line after the final status was seen
  std::string body;                 // at most the cap
  std::string content_type;         // as sent, at most 200 bytes
  std::int64_t retry_after_s = -1;  // a delta as sent, or -1; a date is already turned into a delta
  std::string peer;                 // "203.0.113.7:443", empty when never connected
  std::string detail;               // the library's or our own words about a failure
  int silent_resends = 0;           // requests that libcurl repeated by itself on a reused connection that broke
  Duration took{0};                 // from start to end
};

enum class OutcomeClass : std::uint8_t {
  kAcknowledged,  // exactly what the protocol asks for
  kRejected,      // a complete answer that is not the acknowledgement
  kUnknown,       // the request may have arrived; no complete answer
  kUnreachable,   // the receiver was never reached: refused, timed out, unresolvable, TLS
  kPossiblySent,  // in flight when the daemon was killed
  kNotSent,       // our own trouble: takes no attempt number
};

const char* name_of(OutcomeClass outcome);  // "acknowledged", "rejected", "unknown", ...

struct Outcome {
  OutcomeClass outcome = OutcomeClass::kUnknown;
  std::string reason;  // a sentence for `ackctl show`: why this is not the acknowledgement, near misses named
  bool hold = false;   // with kNotSent: waiting cannot help, an operator must act (egress, key, profile)
};

// The first bytes of an answer that are kept on the attempt for people.
inline constexpr std::size_t kExcerptBytesMax = 512;

// One attempt's permanent record.
struct Attempt {
  std::uint32_t number = 0;  // 1, 2, 3 ... of this notification
  OutcomeClass outcome = OutcomeClass::kUnknown;
  TransferEnd end = TransferEnd::kComplete;
  EngineTime started_at;
  EngineTime ended_at;
  int status = 0;
  std::string reason;
  std::string excerpt;  // first bytes of the answer's body
  std::string content_type;
  std::string peer;
  std::string key_id;   // which key signed
  Hash request_hash{};  // SHA-256 of method, URL, headers and body as sent
  WallTime signed_at;
  std::string nonce;
  std::uint32_t sends = 1;  // 1 + libcurl's silent resends
};

}  // namespace ackd
