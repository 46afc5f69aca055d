// The notifications of one request, as they stand in the input, and which of them still have no final answer. Bytes are
// passed on as they are: an amount of 12.30 must not be parsed and printed again on its way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ackd {

enum class InputForm {
  kObject,  // one notification, over any number of lines
  kArray,   // of notifications: one request, within the API's limits
  kLines,   // NDJSON: one notification a line, in any number
};

// From the first line that is not blank. A line that is a whole object by itself begins NDJSON, also when it is the
// only one; an object that goes on in the next line is a document.
InputForm form_of(std::string_view first_line);

// "line 7", "item 7"; empty for a single object. For sentences about one notification of the input.
std::string place_of(InputForm form, std::uint64_t number);

class EnqueueBatch {
 public:
  // A larger chunk of lines costs memory and a longer way back after a lost connection, and hardly saves anything.
  static constexpr std::size_t kLinesMax = 1'000;
  static constexpr std::size_t kBytesMax = 1u << 20;
  // What the API takes in one request: 16 MiB and 10,000 items.
  static const std::size_t kDocumentBytesMax;
  static const std::size_t kArrayItemsMax;

  // A document as it is: kObject, or kArray, which is cut into its items. What is no JSON is the daemon's to refuse.
  EnqueueBatch(InputForm form, std::string document);
  // An empty chunk of lines.
  EnqueueBatch() = default;

  InputForm form() const { return form_; }

  // REQUIRES: kLines, and all items open.
  void add_line(std::uint64_t number, std::string_view text);
  bool has_room_for(std::size_t bytes) const;

  // The numbers of the items without a final answer, in order: lines of the input, or places in the array from 1.
  std::size_t open() const { return items_.size(); }
  std::uint64_t number(std::size_t index) const { return items_[index].number; }

  // A request with the open items, in order.
  std::string_view body() const { return whole_ ? text_ : rest_; }

  // Only these items, by index in ascending order, stay open.
  void keep(const std::vector<std::size_t>& indexes);

 private:
  struct Item {
    std::uint64_t number = 0;
    std::size_t begin = 0;  // in text_
    std::size_t size = 0;
  };

  void cut_array();

  InputForm form_ = InputForm::kLines;
  std::string text_;
  std::vector<Item> items_;  // those that are open
  bool whole_ = true;        // all are open
  std::string rest_;         // the request otherwise
};

}  // namespace ackd
