#include "ackctl/list_pages.h"

#include <fmt/format.h>

#include <algorithm>

#include "ackctl/daemon_answer.h"
#include "outbox/queries.h"

namespace ackd {

ListPages::ListPages(Client& client, Filters filters, std::size_t rows_max)
    : client_(client), filters_(std::move(filters)), rows_left_(rows_max) {}

std::string ListPages::path() const {
  std::string out = fmt::format("/v1/notifications?limit={}", std::min(rows_left_, kListLimitMax));
  for (const auto& [name, value] : filters_) {
    if (!value.empty()) out += fmt::format("&{}={}", name, client_.escaped(value));
  }
  if (!cursor_.empty()) out += "&cursor=" + client_.escaped(cursor_);
  return out;
}

Result<std::vector<Document>> ListPages::next() {
  const auto document = document_of(client_.get(path()));
  if (!document) return document.error();
  std::vector<Document> rows;
  for (const Document& row : part_of(*document, "notifications")) rows.push_back(row);
  rows_left_ -= std::min(rows_left_, rows.size());
  cursor_ = text_of(*document, "next_cursor");
  cut_ = rows_left_ == 0 && !cursor_.empty();
  ended_ = rows_left_ == 0 || cursor_.empty();
  return rows;
}

}  // namespace ackd
