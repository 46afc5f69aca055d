#include "ackctl/inbox_errors.h"

#include <fmt/format.h>

#include <map>
#include <set>

namespace ackd {
namespace {

std::string name_of(const Document& error) {
  return fmt::format("{}/{}", text_of(error, "source"), text_of(error, "row"));
}

// As given to its full name.
Result<std::map<std::string, std::string>> full_names(const std::vector<std::string>& rows, Client& client) {
  std::map<std::string, std::string> names;
  std::string present;
  for (const std::string& row : rows) {
    if (row.find('/') != std::string::npos) {
      names[row] = row;
      continue;
    }
    if (present.empty()) {
      const Result<Document> inbox = read_inbox_answer(client.get("/v1/inbox"));
      if (!inbox) return inbox.error();
      present = text_of(*inbox, "identity");
    }
    names[fmt::format("{}/{}", present, row)] = row;
  }
  return names;
}

}  // namespace

Result<Document> read_inbox_answer(const Result<DaemonAnswer>& answer) {
  if (!answer) return answer.error();
  if (answer->status / 100 == 2) return parse_document(answer->body, "the daemon's answer");
  return Error{answer->status == 404 ? ErrorCode::kNotFound : ErrorCode::kConflict, refusal_of(*answer), {}};
}

Result<std::vector<Document>> InboxErrorPages::next() {
  std::string path = "/v1/inbox/errors?limit=500";
  if (!cursor_.empty()) path += "&cursor=" + client_.escaped(cursor_);
  const Result<Document> page = read_inbox_answer(client_.get(path));
  if (!page) return page.error();
  std::vector<Document> errors;
  for (const Document& error : part_of(*page, "errors")) errors.push_back(error);
  cursor_ = text_of(*page, "next_cursor");
  ended_ = cursor_.empty();
  return errors;
}

Result<std::vector<Document>> find_inbox_errors(const InboxErrorSelection& selection, Client& client) {
  auto names = full_names(selection.rows, client);
  if (!names) return names.error();
  std::vector<Document> found;
  InboxErrorPages pages(client);
  while (!pages.ended() && (selection.all || !names->empty())) {
    auto page = pages.next();
    if (!page) return page.error();
    for (Document& error : *page) {
      if (names->erase(name_of(error)) > 0 || selection.all) found.push_back(std::move(error));
    }
  }
  if (names->empty()) return found;
  return Error{ErrorCode::kNotFound,
               fmt::format("row {} is no error; `ackctl inbox errors` lists those that are", names->begin()->second),
               {}};
}

}  // namespace ackd
