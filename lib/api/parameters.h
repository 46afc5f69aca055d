// The parameters of a request's query, as resources read them: known ones, each at most once.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/content.h"

namespace ackd {

class Parameters {
 public:
  // `what` names what takes them in the sentence: "a list of lanes". A parameter that is not in `known`, or that is
  // given twice, is refused: what is not understood must not silently widen an answer.
  static Result<Parameters> read(const Fields& fields, const std::vector<std::string>& known, std::string_view what);

  // Nothing when it was not given.
  const std::string* find(std::string_view name) const { return find_field(fields_, name); }
  // Empty when it was not given.
  std::string text(std::string_view name) const;
  // The parameter `limit`, from 1 to `most`; `fallback` when it was not given.
  Result<std::size_t> limit(std::size_t fallback, std::size_t most) const;

 private:
  explicit Parameters(Fields fields) : fields_(std::move(fields)) {}

  Fields fields_;
};

// Of every list's `cursor`.
Error not_a_cursor();

}  // namespace ackd
