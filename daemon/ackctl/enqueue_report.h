// What `ackctl enqueue` says about each notification and at the end.
//
//                 standard output                         standard error
//   for people    one object or an array: each id and     each refusal: "line 7: the reason"
//                 state; then, and for NDJSON only, the   on a terminal: one line of progress, rewritten
//                 summary
//   --json        each result in a line, with "line" or   the same, and the summary
//                 "item" where there are several
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ackctl/document.h"
#include "ackctl/enqueue_batch.h"
#include "ackctl/progress_line.h"
#include "ackctl/verb.h"
#include "base/time.h"

namespace ackd {

class EnqueueReport {
 public:
  // The session must outlive the report.
  EnqueueReport(InputForm form, const Session& session);

  // `item` is the daemon's result: {"status", "id", "state", "duplicate"} or {"status", "problem"}.
  void recorded(std::uint64_t number, const Document& item);
  void refused(std::uint64_t number, const Document& item);
  // The same for what need not even be sent.
  void refused_as_too_long(std::uint64_t number, std::size_t limit);

  // Nothing goes on for a while. A person is told at once, a log once for each interruption.
  void waiting(std::string_view reason, Duration left);

  // Any other sentence, on a line of its own.
  void say(std::string_view message);

  // The summary.
  void finish();

  bool any_refused() const { return refused_ > 0; }

 private:
  void print_result(std::uint64_t number, const Document& item);
  void show_progress();
  std::string rate() const;
  std::string summary() const;

  InputForm form_;
  const Session& session_;
  ProgressLine progress_;
  BootTime began_;
  BootTime shown_;
  std::uint64_t recorded_ = 0;
  std::uint64_t duplicates_ = 0;
  std::uint64_t refused_ = 0;
  bool interrupted_ = false;
  std::string last_id_;  // as people see it
};

// Why one item of a batch was refused: the daemon's sentence, with the field at fault.
std::string refusal_of_item(const Document& item);

}  // namespace ackd
