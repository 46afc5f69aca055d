// Contract: what would become of a request to a URL, found out without sending one. Implemented by
// transport/egress_checker.h; findings are pulled like everything else.
#pragma once

#include <string>
#include <vector>

#include "model/http_request.h"
#include "model/ids.h"
#include "policy/egress.h"
#include "policy/egress_settings.h"

namespace ackd {

struct EgressQuestion {
  Url url;
  std::optional<EgressSettings> settings;  // of the merchant that is asked for; nothing: as for everybody
};

struct CheckedAddress {
  IpAddress address;
  EgressVerdict verdict;
};

struct EgressFinding {
  enum class Lookup {
    kNotNeeded,  // refused by the URL alone
    kFound,      // the addresses are there: literal, pinned, or from the name servers
    kNotFound,   // there is no such host
    kFailed,     // no name server answered
  };
  Ticket ticket = 0;
  EgressVerdict verdict;  // allowed also where the host was not found: the policy has nothing against it
  Lookup lookup = Lookup::kNotNeeded;
  std::string detail;  // the resolver's words, where it found nothing
  std::vector<CheckedAddress> addresses;
};

class EgressChecks {
 public:
  virtual ~EgressChecks() = default;
  virtual bool room() const = 0;
  // REQUIRES: room(). Each ticket gets exactly one finding, unless the process ends first.
  virtual void start(Ticket ticket, EgressQuestion question) = 0;
  virtual std::vector<EgressFinding> take_findings() = 0;
};

}  // namespace ackd
