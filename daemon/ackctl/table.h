// Tables for people: columns padded with blanks, nothing cut off, so that every cell can be copied and searched for.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ackctl/terminal.h"

namespace ackd {

// Rows are given out page by page, as the daemon's lists arrive: a million rows are never held. Widths only grow from
// page to page, and the head is written once.
class Table {
 public:
  Table(std::vector<std::string> head, const Terminal& terminal);

  // Missing cells are empty. Every cell is made printable here, whoever filled it.
  // REQUIRES: no more cells than columns.
  void add(std::vector<std::string> cells);
  // What was added since the last call, as text with line ends; the head before the first rows.
  std::string take();

 private:
  std::string line(const std::vector<std::string>& cells, bool is_head) const;

  std::vector<std::string> head_;
  const Terminal& terminal_;
  std::vector<std::size_t> widths_;
  std::vector<std::vector<std::string>> rows_;
  bool head_written_ = false;
};

}  // namespace ackd
