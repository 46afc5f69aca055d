// What the loop's side of the inbox (inbox.h) pulls from: rows that were read ahead, and news of the source.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "inbox/inbox_source.h"
#include "inbox/mark_file.h"

namespace ackd {

// Rows that follow `after` in one source.
struct InboxChunk {
  std::string identity;
  std::int64_t after = 0;
  std::vector<SourceRow> rows;
  InboxMark mark;  // behind them
};

// The newest of what is known about the source.
struct InboxNews {
  std::string identity;  // of the file that is read now, or was read last; empty before the first
  std::int64_t newest = 0;
  std::optional<SourceTrouble> trouble;  // why nothing is read
  std::string mark_trouble;              // why the mark is not published; empty when it is
};

class InboxFeed {
 public:
  virtual ~InboxFeed() = default;
  // In order, each once.
  virtual std::optional<InboxChunk> take_chunk() = 0;
  virtual InboxNews news() = 0;
  // What is committed may be published.
  virtual void publish(PublishedMark published) = 0;
  // Forgets what was read of this source and not taken yet, and reads on behind the mark.
  virtual void read_again(const std::string& identity, const InboxMark& mark) = 0;
};

}  // namespace ackd
