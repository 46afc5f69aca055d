// The daemon's list, page by page. The daemon looks at a bounded number of rows a call and may return a short or empty
// page with a cursor: an end is only where there is no cursor.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "ackctl/client.h"
#include "ackctl/document.h"

namespace ackd {

class ListPages {
 public:
  using Filters = std::vector<std::pair<std::string, std::string>>;

  // `filters` are the query parameters; those with an empty value are left out. At most `rows_max` rows come.
  ListPages(Client& client, Filters filters, std::size_t rows_max);

  bool ended() const { return ended_; }
  // True when the list was cut at rows_max and the daemon has more.
  bool cut() const { return cut_; }
  // REQUIRES: not ended(). The rows of the next page, possibly none.
  Result<std::vector<Document>> next();

 private:
  std::string path() const;

  Client& client_;
  Filters filters_;
  std::size_t rows_left_;
  std::string cursor_;
  bool ended_ = false;
  bool cut_ = false;
};

}  // namespace ackd
