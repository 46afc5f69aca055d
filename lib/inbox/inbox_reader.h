// The thread that reads the source ahead of the loop and publishes the mark: whatever the platform's file does, and
// however slow its disk is, the loop does not wait for it.
//
// It looks at the source every `look_every`, and at once when there is more and room for it. At most kChunksAhead
// chunks wait for the loop, so memory does not depend on the backlog.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "inbox/inbox_feed.h"
#include "outbox/slices.h"

namespace ackd {

struct InboxReaderOptions {
  std::string mark_file;
  SourceBounds bounds;
  Duration look_every{20};
  Duration look_every_in_trouble{200};
  // Locked for a moment is the platform at work.
  Duration locked_max{3'000};
};

class InboxReader final : public InboxFeed {
 public:
  // Reads behind the marks of `standings`. `wake` is called from the thread when there is news; it must be quick and
  // must not call back. The clock must outlive the reader, and is asked from its thread.
  InboxReader(InboxReaderOptions options, std::unique_ptr<InboxSource> source,
              const std::vector<InboxStanding>& standings, Clock& clock, std::function<void()> wake);
  ~InboxReader() override;
  InboxReader(const InboxReader&) = delete;
  InboxReader& operator=(const InboxReader&) = delete;

  std::optional<InboxChunk> take_chunk() override;
  InboxNews news() override;
  void publish(PublishedMark published) override;
  void read_again(const std::string& identity, const InboxMark& mark) override;

 private:
  static constexpr std::size_t kChunksAhead = 2;

  void read_until_stopped();
  void publish_mark();
  bool has_room();
  // Whether to look again at once.
  bool look();
  std::optional<SourceTrouble> trouble_of(const SourceLook& look);
  bool keep(SourceLook look, std::uint64_t reading);
  void wait(Duration at_most);

  const InboxReaderOptions options_;
  const std::unique_ptr<InboxSource> source_;
  Clock& clock_;
  const std::function<void()> wake_;

  // The thread's own.
  std::optional<BootTime> locked_since_;
  std::optional<PublishedMark> published_;
  bool in_trouble_ = false;

  std::mutex mutex_;
  std::condition_variable changed_;
  // All guarded by mutex_.
  InboxMarks marks_;           // behind what was read, taken or not
  std::uint64_t reading_ = 0;  // grows with read_again(), so that a look from before it is dropped
  std::deque<InboxChunk> chunks_;
  InboxNews news_;
  std::optional<PublishedMark> to_publish_;
  bool roused_ = false;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace ackd
