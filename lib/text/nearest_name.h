// "Did you mean": the known name that a mistyped one most likely stands for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ackd {

// Empty when none is near: at most a third of the letters may differ. Case does not count.
std::string nearest_name(std::string_view mistyped, const std::vector<std::string>& known);

// "; did you mean 'required'?", or nothing.
std::string did_you_mean(std::string_view mistyped, const std::vector<std::string>& known);

// "omit or send", "a, b or c".
std::string join_or(const std::vector<std::string>& names);

}  // namespace ackd
