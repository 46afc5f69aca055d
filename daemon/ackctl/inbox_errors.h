// The rows of the platform's inbox that could not be admitted, page by page, and which of them a verb is about.
#pragma once

#include <string>
#include <vector>

#include "ackctl/client.h"
#include "ackctl/document.h"
#include "base/result.h"

namespace ackd {

// The document of a 2xx answer; any other answer as an error with the daemon's words (kNotFound for 404).
Result<Document> read_inbox_answer(const Result<DaemonAnswer>& answer);

class InboxErrorPages {
 public:
  explicit InboxErrorPages(Client& client) : client_(client) {}

  bool ended() const { return ended_; }
  // REQUIRES: not ended().
  Result<std::vector<Document>> next();

 private:
  Client& client_;
  std::string cursor_;
  bool ended_ = false;
};

// Which errors: all, or those that `rows` name, "ROW" of the file that is read now or "SOURCE/ROW" of any.
struct InboxErrorSelection {
  std::vector<std::string> rows;
  bool all = false;
};

// The errors with their texts. A name that is no error is kNotFound.
Result<std::vector<Document>> find_inbox_errors(const InboxErrorSelection& selection, Client& client);

}  // namespace ackd
