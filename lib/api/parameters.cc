#include "api/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/decimal.h"
#include "text/json_reader.h"
#include "text/nearest_name.h"

namespace ackd {

Result<Parameters> Parameters::read(const Fields& fields, const std::vector<std::string>& known,
                                    std::string_view what) {
  for (auto field = fields.begin(); field != fields.end(); ++field) {
    const std::string name = shortened(field->name);
    if (std::find(known.begin(), known.end(), field->name) == known.end()) {
      const std::string hint = did_you_mean(name, known);
      return invalid(
          fmt::format("{} has no parameter '{}'{}", what, name, hint.empty() ? "; it takes " + join_or(known) : hint),
          name);
    }
    const bool repeated =
        std::any_of(fields.begin(), field, [&](const Field& earlier) { return earlier.name == field->name; });
    if (repeated) return invalid(fmt::format("the parameter '{}' is given twice; give it once", name), name);
  }
  return Parameters(fields);
}

std::string Parameters::text(std::string_view name) const {
  const std::string* value = find(name);
  return value == nullptr ? std::string() : *value;
}

Result<std::size_t> Parameters::limit(std::size_t fallback, std::size_t most) const {
  const std::string* value = find("limit");
  if (value == nullptr) return fallback;
  const std::size_t limit = parse_decimal<std::size_t>(*value).value_or(0);
  if (limit >= 1 && limit <= most) return limit;
  return invalid(fmt::format("limit '{}' is not a number from 1 to {}", shortened(*value), most), "limit");
}

Error not_a_cursor() {
  return invalid("the cursor is not one that a list returned; pass next_cursor back as it is", "cursor");
}

}  // namespace ackd
