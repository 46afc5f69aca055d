#include "ackctl/enqueue_batch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/ingest.h"
#include "base/check.h"
#include "text/json_extent.h"

namespace ackd {

const std::size_t EnqueueBatch::kDocumentBytesMax = kIngestBytesMax;
const std::size_t EnqueueBatch::kArrayItemsMax = kIngestItemsMax;

InputForm form_of(std::string_view first_line) {
  const std::size_t first = skip_json_blanks(first_line, 0);
  if (first == first_line.size()) return InputForm::kLines;
  if (first_line[first] == '[') return InputForm::kArray;
  if (first_line[first] != '{') return InputForm::kLines;
  // A comma behind a whole value ends it; behind an open one it is inside.
  const std::string ended = std::string(first_line) + ',';
  return json_value_end(ended, first) == first_line.size() ? InputForm::kLines : InputForm::kObject;
}

std::string place_of(InputForm form, std::uint64_t number) {
  switch (form) {
    case InputForm::kObject: break;
    case InputForm::kArray: return fmt::format("item {}", number);
    case InputForm::kLines: return fmt::format("line {}", number);
  }
  return {};
}

EnqueueBatch::EnqueueBatch(InputForm form, std::string document) : form_(form), text_(std::move(document)) {
  CHECK_THAT(form != InputForm::kLines, "lines are added one by one");
  if (form == InputForm::kArray) {
    cut_array();
  } else {
    items_.push_back({1, 0, text_.size()});
  }
}

void EnqueueBatch::cut_array() {
  std::size_t at = skip_json_blanks(text_, skip_json_blanks(text_, 0) + 1);
  // One more than the limit is enough to be refused.
  while (at < text_.size() && text_[at] != ']' && items_.size() <= kArrayItemsMax) {
    const std::size_t end = json_value_end(text_, at);
    items_.push_back({items_.size() + 1, at, end - at});
    if (end == text_.size() || text_[end] == ']') return;
    at = skip_json_blanks(text_, end + 1);
  }
}

void EnqueueBatch::add_line(std::uint64_t number, std::string_view text) {
  CHECK_THAT(form_ == InputForm::kLines && whole_, "a line is added to a chunk that is on its way");
  items_.push_back({number, text_.size(), text.size()});
  text_.append(text);
  text_ += '\n';
}

bool EnqueueBatch::has_room_for(std::size_t bytes) const {
  return items_.empty() || (items_.size() < kLinesMax && text_.size() + bytes < kBytesMax);
}

void EnqueueBatch::keep(const std::vector<std::size_t>& indexes) {
  if (indexes.size() == items_.size()) return;
  std::vector<Item> kept;
  for (const std::size_t index : indexes) kept.push_back(items_[index]);
  items_ = std::move(kept);
  whole_ = false;
  rest_ = form_ == InputForm::kArray ? "[" : "";
  for (const Item& item : items_) {
    if (form_ == InputForm::kArray && item.begin != items_.front().begin) rest_ += ',';
    rest_.append(text_, item.begin, item.size);
    if (form_ == InputForm::kLines) rest_ += '\n';
  }
  if (form_ == InputForm::kArray) rest_ += ']';
}

}  // namespace ackd
