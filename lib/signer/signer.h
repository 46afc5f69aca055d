// Contract: turning fixed content into one signed request. Signing may be slow (RSA, SM2), so the engine asks and later
// pulls the result; an adapter may finish inside start().
//
// Adapters: signer/pool_signer.h (production), a fake in the simulator.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/http_request.h"
#include "model/ids.h"
#include "model/notification.h"

namespace ackd {

struct SignStart {
  Ticket ticket = 0;
  NotificationId id;
  LaneKey lane;              // names the merchant, whose key and URL are looked up at signing, so a changed one applies
  RevisionId revision;       // the profile text that was in force at admission
  std::string url;           // the notification's own URL, or empty
  std::string content;       // encode(Content)
  WallTime now;              // raw wall time, for protocol timestamps
  std::uint64_t random = 0;  // source of the nonce, where the protocol has one
};

struct SignedRequest {
  HttpRequest request;
  std::string key_id;
  std::string nonce;
  Hash request_hash{};  // SHA-256 of method, URL, headers and body
};

struct Signing {
  Ticket ticket = 0;
  Result<SignedRequest> signed_request;  // an error means NOT SENT and HELD: key or profile missing, rendering refused
};

class Signer {
 public:
  virtual ~Signer() = default;
  virtual bool room() const = 0;
  // REQUIRES: room(). Each start yields exactly one Signing.
  virtual void start(SignStart start) = 0;
  virtual std::vector<Signing> take_finished() = 0;
};

}  // namespace ackd
