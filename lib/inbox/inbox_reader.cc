#include "inbox/inbox_reader.h"

#include <fmt/format.h>

namespace ackd {

InboxReader::InboxReader(InboxReaderOptions options, std::unique_ptr<InboxSource> source,
                         const std::vector<InboxStanding>& standings, Clock& clock, std::function<void()> wake)
    : options_(std::move(options)), source_(std::move(source)), clock_(clock), wake_(std::move(wake)) {
  for (const InboxStanding& standing : standings) marks_[standing.source] = {standing.mark, standing.mark_seal};
  thread_ = std::thread([this] { read_until_stopped(); });
}

InboxReader::~InboxReader() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

std::optional<InboxChunk> InboxReader::take_chunk() {
  std::optional<InboxChunk> chunk;
  {
    const std::lock_guard lock(mutex_);
    if (chunks_.empty()) return std::nullopt;
    chunk = std::move(chunks_.front());
    chunks_.pop_front();
    roused_ = true;
  }
  changed_.notify_one();
  return chunk;
}

InboxNews InboxReader::news() {
  const std::lock_guard lock(mutex_);
  return news_;
}

void InboxReader::publish(PublishedMark published) {
  {
    const std::lock_guard lock(mutex_);
    to_publish_ = std::move(published);
    roused_ = true;
  }
  changed_.notify_one();
}

void InboxReader::read_again(const std::string& identity, const InboxMark& mark) {
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(chunks_, [&](const InboxChunk& chunk) { return chunk.identity == identity; });
    marks_[identity] = mark;
    ++reading_;
    roused_ = true;
  }
  changed_.notify_one();
}

void InboxReader::read_until_stopped() {
  while (true) {
    publish_mark();
    const bool again = has_room() && look();
    if (!again) wait(in_trouble_ ? options_.look_every_in_trouble : options_.look_every);
    const std::lock_guard lock(mutex_);
    if (stopping_) break;
  }
  publish_mark();
}

void InboxReader::publish_mark() {
  std::optional<PublishedMark> mark;
  {
    const std::lock_guard lock(mutex_);
    mark = to_publish_;
  }
  if (!mark || mark == published_) return;
  const Status written = write_mark_file(options_.mark_file, *mark);
  if (written) published_ = mark;
  const std::string trouble = written ? std::string() : written.error().message;
  {
    const std::lock_guard lock(mutex_);
    if (news_.mark_trouble == trouble) return;
    news_.mark_trouble = trouble;
  }
  wake_();
}

bool InboxReader::has_room() {
  const std::lock_guard lock(mutex_);
  return chunks_.size() < kChunksAhead;
}

bool InboxReader::look() {
  InboxMarks marks;
  std::uint64_t reading = 0;
  {
    const std::lock_guard lock(mutex_);
    marks = marks_;
    reading = reading_;
  }
  SourceLook seen = source_->look(marks, options_.bounds);
  const bool more = seen.more;
  if (keep(std::move(seen), reading)) wake_();
  return more;
}

// Nothing for a lock that may be over in a moment.
std::optional<SourceTrouble> InboxReader::trouble_of(const SourceLook& look) {
  const bool locked = look.trouble && look.trouble->fault == InboxFault::kLocked;
  const BootTime now = clock_.now().boot;
  if (!locked) locked_since_.reset();
  if (locked && !locked_since_) locked_since_ = now;
  in_trouble_ = look.trouble && (!locked || now - *locked_since_ >= options_.locked_max);
  return in_trouble_ ? look.trouble : std::nullopt;
}

// Whether the loop has something to learn.
bool InboxReader::keep(SourceLook look, std::uint64_t reading) {
  InboxNews news{look.identity, look.newest, trouble_of(look), {}};
  const std::lock_guard lock(mutex_);
  if (reading != reading_) return false;
  news.mark_trouble = news_.mark_trouble;
  const bool is_news = news.identity != news_.identity || news.trouble != news_.trouble ||
                       news.newest != news_.newest || !look.rows.empty();
  news_ = std::move(news);
  if (look.rows.empty()) return is_news;
  InboxMark& mark = marks_[look.identity];
  InboxChunk chunk{look.identity, mark.row, std::move(look.rows), {}};
  mark = {chunk.rows.back().row, look.seal};
  chunk.mark = mark;
  chunks_.push_back(std::move(chunk));
  return true;
}

void InboxReader::wait(Duration at_most) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, at_most, [this] { return roused_ || stopping_; });
  roused_ = false;
}

}  // namespace ackd
