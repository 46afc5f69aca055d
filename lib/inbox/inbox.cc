#include "inbox/inbox.h"

#include <fmt/format.h>

#include <utility>

#include "inbox/inbox_row.h"

namespace ackd {

Inbox::Inbox(std::string source, Engine& engine, const Intake& intake, Events& events, InboxFeed& feed,
             const std::vector<InboxStanding>& standings)
    : source_(std::move(source)), engine_(engine), intake_(intake), events_(events), feed_(feed) {
  for (const InboxStanding& standing : standings) {
    marks_[standing.source] = {standing.mark, standing.mark_seal};
    errors_ += standing.errors;
  }
}

bool Inbox::pump() {
  take_result();
  take_news();
  if (offer_wish()) return true;
  prepare_rows();
  return offer_rows();
}

void Inbox::take_result() {
  const std::optional<InboxResult> result = engine_.take_inbox_result();
  if (!result) return;
  CHECK_THAT(under_way_, "the engine answered a slice that nobody offered");
  const auto [slice, bytes, ticket] = *std::exchange(under_way_, std::nullopt);
  const InboxMark mark{slice.mark, slice.mark_seal};
  marks_[slice.source] = mark;
  errors_ = result->errors;
  if (slice.source == news_.identity) feed_.publish({slice.source, mark.row});
  if (ticket == 0) return;
  if (slice.ended.empty()) feed_.read_again(slice.source, mark);
  if (slice.ended.empty() || result->ended.front().applied == Applied::kApplied) return answer(ticket, Done{});
  answer(ticket,
         Error{ErrorCode::kNotFound,
               fmt::format("row {} of inbox {} is no error", slice.ended.front().row, slice.ended.front().source),
               {}});
}

void Inbox::take_news() {
  InboxNews news = feed_.news();
  tell_source(news);
  news_ = std::move(news);
  tell_trouble();
}

// One kind of trouble may turn into another; each is told, and the end once.
void Inbox::tell_trouble() {
  std::string kind;
  if (!news_.mark_trouble.empty()) kind = "mark";
  if (news_.trouble) kind = name_of(news_.trouble->fault);
  if (kind == told_) return;
  events_.on(InboxTrouble{kind, news_.trouble ? news_.trouble->message : news_.mark_trouble, kind.empty()});
  told_ = kind;
}

void Inbox::tell_source(const InboxNews& news) {
  if (news.identity.empty() || news.identity == news_.identity) return;
  const bool is_known = marks_.contains(news.identity);
  const InboxMark mark = mark_of(news.identity);
  if (!news_.identity.empty() || (!is_known && !marks_.empty())) {
    events_.on(InboxReplaced{source_, news_.identity, news.identity, mark.row});
  }
  feed_.publish({news.identity, mark.row});
}

InboxMark Inbox::mark_of(const std::string& identity) const {
  const auto found = marks_.find(identity);
  return found == marks_.end() ? InboxMark{} : found->second;
}

// Of operators, one after the other, and before rows. They do not ask whether the engine accepts: what they write is
// small, and may be what ends a trouble.
bool Inbox::offer_wish() {
  if (wishes_.empty() || !engine_.inbox_room()) return false;
  const Wish wish = std::move(wishes_.front());
  wishes_.pop_front();
  Prepared prepared;
  prepared.ticket = wish.ticket;
  InboxSlice& slice = prepared.slice;
  slice.source = any_source();
  const InboxMark mark = mark_of(slice.source);
  slice.after = mark.row;
  slice.mark = mark.row;
  slice.mark_seal = mark.seal;
  if (wish.error) {
    slice.ended = {*wish.error};
  } else if (wish.to <= mark.row) {
    slice.mark = wish.to;
    slice.mark_seal.clear();
    // What was read ahead does not follow the new mark.
    if (ready_ && ready_->slice.source == slice.source) ready_.reset();
  } else {
    answer(wish.ticket, Error{ErrorCode::kConflict,
                              fmt::format("the inbox was read up to row {}; going on behind row {} would skip rows",
                                          mark.row, wish.to),
                              "to"});
    return false;
  }
  offer(std::move(prepared));
  return true;
}

bool Inbox::is_rewinding() const {
  return under_way_ && under_way_->ticket != 0 && under_way_->slice.ended.empty();
}

void Inbox::prepare_rows() {
  if (ready_ || is_rewinding()) return;
  if (std::optional<InboxChunk> chunk = feed_.take_chunk()) ready_ = prepare(*std::move(chunk));
}

Inbox::Prepared Inbox::prepare(InboxChunk chunk) const {
  const IntakeTime at{engine_.now(), engine_.wall()};
  Prepared prepared;
  prepared.slice.source = std::move(chunk.identity);
  prepared.slice.after = chunk.after;
  prepared.slice.mark = chunk.mark.row;
  prepared.slice.mark_seal = std::move(chunk.mark.seal);
  prepared.slice.rows.reserve(chunk.rows.size());
  for (SourceRow& row : chunk.rows) {
    prepared.slice.rows.push_back(read_inbox_row(std::move(row), intake_, at));
    const InboxRow& made = prepared.slice.rows.back();
    prepared.bytes += made.text.size() + (made.admission ? made.admission->notification.content.size() : 0);
  }
  return prepared;
}

bool Inbox::offer_rows() {
  if (!ready_) {
    // Nothing waits, so nobody has asked whether it would have to.
    waits_because_.clear();
    return false;
  }
  if (!engine_.inbox_room()) return false;
  const Status accepts = engine_.accepts(ready_->slice.rows.size(), ready_->bytes);
  waits_because_ = accepts ? std::string() : accepts.error().message;
  if (!accepts) return false;
  offer(*std::exchange(ready_, std::nullopt));
  return true;
}

void Inbox::offer(Prepared prepared) {
  engine_.offer_inbox(prepared.slice);
  // What is needed after the commit; the engine has the rows.
  prepared.slice.rows.clear();
  under_way_ = std::move(prepared);
}

InboxStatus Inbox::status() const {
  InboxStatus status;
  status.source = source_;
  status.identity = news_.identity;
  status.mark = mark_of(news_.identity).row;
  status.newest = news_.newest;
  status.errors = errors_;
  status.state = InboxState::kReading;
  status.trouble = news_.mark_trouble;
  if (!waits_because_.empty()) {
    status.state = InboxState::kWaiting;
    status.trouble = waits_because_;
  }
  if (news_.trouble) {
    status.state = InboxState::kTrouble;
    status.trouble = news_.trouble->message;
  }
  return status;
}

void Inbox::rewind(Ticket ticket, std::int64_t to) {
  if (!news_.identity.empty()) return wishes_.push_back({ticket, {}, to});
  answer(ticket, Error{ErrorCode::kUnavailable, "the inbox was not read yet, so there is nothing to rewind", {}});
}

void Inbox::end_error(Ticket ticket, const InboxErrorName& error) {
  if (!any_source().empty()) return wishes_.push_back({ticket, error, 0});
  answer(ticket, Error{ErrorCode::kNotFound, "the inbox was not read yet, so it has no errors", {}});
}

std::string Inbox::any_source() const {
  if (!news_.identity.empty() || marks_.empty()) return news_.identity;
  return marks_.begin()->first;
}

std::vector<InboxControlAnswer> Inbox::take_answers() {
  return std::exchange(answers_, {});
}

}  // namespace ackd
