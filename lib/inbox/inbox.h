// The platform's inbox on the loop: rows become admissions as posts do, and go to the engine a slice at a time.
//
//   platform's file -> InboxReader (thread) -> chunk -> admissions and errors -> slice -> Engine -> one transaction
//                           ^                                                                            |
//                           '------------------------- published mark <---------- commit ----------------'
//
// One slice is under way, and the next one is made meanwhile. When the engine does not accept (low disk, trouble,
// draining, too much waiting) nothing more is offered, and rows wait where they are safe: in the platform's file.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "api/inbox_control.h"
#include "engine/engine.h"
#include "engine/intake.h"
#include "events/events.h"
#include "inbox/inbox_feed.h"

namespace ackd {

class Inbox final : public InboxControl {
 public:
  // All must outlive the inbox. `source` is what operators call it: the file's path.
  Inbox(std::string source, Engine& engine, const Intake& intake, Events& events, InboxFeed& feed,
        const std::vector<InboxStanding>& standings);

  // After each Engine::turn. True when the engine was given something: it wants another turn at once.
  bool pump();

  InboxStatus status() const override;
  void rewind(Ticket ticket, std::int64_t to) override;
  void end_error(Ticket ticket, const InboxErrorName& error) override;
  std::vector<InboxControlAnswer> take_answers() override;

 private:
  // A slice, who waits for it, and what it weighs.
  struct Prepared {
    InboxSlice slice;
    std::size_t bytes = 0;
    Ticket ticket = 0;
  };
  // Of an operator: to end an error, or without one to rewind.
  struct Wish {
    Ticket ticket = 0;
    std::optional<InboxErrorName> error;
    std::int64_t to = 0;
  };

  void take_result();
  void take_news();
  void tell_trouble();
  void tell_source(const InboxNews& news);
  bool offer_wish();
  bool is_rewinding() const;
  void prepare_rows();
  Prepared prepare(InboxChunk chunk) const;
  bool offer_rows();
  void offer(Prepared prepared);
  void answer(Ticket ticket, Status done) { answers_.push_back({ticket, std::move(done)}); }
  InboxMark mark_of(const std::string& identity) const;
  // A source that is on record, or is about to be: what a wish's slice is of.
  std::string any_source() const;

  std::string source_;
  Engine& engine_;
  const Intake& intake_;
  Events& events_;
  InboxFeed& feed_;

  InboxMarks marks_;  // as committed
  std::uint64_t errors_ = 0;
  InboxNews news_;
  std::string told_;               // the kind of trouble that was told last; empty when it is over
  std::string waits_because_;      // empty while the engine accepts
  std::optional<Prepared> ready_;  // rows, not offered yet
  std::optional<Prepared> under_way_;
  std::deque<Wish> wishes_;
  std::vector<InboxControlAnswer> answers_;
};

}  // namespace ackd
