// Contract: the platform's inbox as the API shows and steers it. Implemented by inbox/inbox.h; answers are pulled like
// everything else.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/ids.h"
#include "outbox/slices.h"

namespace ackd {

enum class InboxState : std::uint8_t {
  kReading,  // what the platform writes is admitted as it comes
  kWaiting,  // ackd does not accept at the moment; rows wait in the platform's file
  kTrouble,  // the file cannot be read
  kOff,      // none is configured
};

struct InboxStatus {
  InboxState state = InboxState::kOff;
  std::string source;    // the file
  std::string identity;  // empty before it was read for the first time
  std::int64_t mark = 0;
  std::int64_t newest = 0;
  std::uint64_t errors = 0;  // rows on record as errors, of all sources
  std::string trouble;       // why it waits or cannot be read, or why the mark is not published
};

struct InboxControlAnswer {
  Ticket ticket = 0;
  Status done;  // after the commit
};

class InboxControl {
 public:
  virtual ~InboxControl() = default;
  virtual InboxStatus status() const = 0;

  // Each ticket gets exactly one answer, unless the process ends first.

  // Reads again from the row behind `to`; also how an operator accepts a file that was set back. Errors: kConflict
  // where rows would be skipped, kUnavailable before the file was read for the first time.
  virtual void rewind(Ticket ticket, std::int64_t to) = 0;
  // An operator has dealt with the row. kNotFound: it is no error.
  virtual void end_error(Ticket ticket, const InboxErrorName& error) = 0;
  virtual std::vector<InboxControlAnswer> take_answers() = 0;
};

}  // namespace ackd
