#include "ackctl/table.h"

#include <algorithm>
#include <utility>

#include "ackctl/printable.h"
#include "base/check.h"

namespace ackd {

Table::Table(std::vector<std::string> head, const Terminal& terminal) : head_(std::move(head)), terminal_(terminal) {
  for (const std::string& title : head_) widths_.push_back(columns_of(title));
}

void Table::add(std::vector<std::string> cells) {
  CHECK_THAT(cells.size() <= head_.size(), "a row has more cells than the table has columns");
  cells.resize(head_.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    cells[i] = printable(cells[i]);
    widths_[i] = std::max(widths_[i], columns_of(cells[i]));
  }
  rows_.push_back(std::move(cells));
}

std::string Table::take() {
  std::string out;
  if (!rows_.empty() && !head_written_) out += line(head_, true);
  head_written_ = head_written_ || !rows_.empty();
  for (const auto& row : rows_) out += line(row, false);
  rows_.clear();
  return out;
}

std::string Table::line(const std::vector<std::string>& cells, bool is_head) const {
  std::string out;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    out += is_head ? terminal_.paint(Ink::kFaint, cells[i]) : terminal_.paint_state(cells[i]);
    if (i + 1 < cells.size()) out.append(widths_[i] - columns_of(cells[i]) + 2, ' ');
  }
  // Blanks at the end of a line are noise to everyone who copies it.
  out.erase(out.find_last_not_of(' ') + 1);
  return out + "\n";
}

}  // namespace ackd
