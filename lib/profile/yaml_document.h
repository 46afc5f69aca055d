// A YAML file as a plain tree of texts, read defensively. Built on yaml-cpp's events, not on its nodes: nodes keep
// duplicate keys silently, read 010 as 8 and yes as true, and share subtrees through aliases. Nothing here interprets a
// scalar; yaml_section.h does that, strictly. yaml-cpp's exceptions end here.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ackd {

// Both counted from 1.
struct YamlPlace {
  int line = 1;
  int column = 1;
};

struct YamlNode {
  enum class Kind { kNothing, kScalar, kList, kMap };

  Kind kind = Kind::kNothing;  // kNothing: "key:" with no value, or null
  YamlPlace place;             // inside a map, the place of the key
  std::string key;             // inside a map
  std::string text;            // of a scalar
  std::vector<YamlNode> items;
};

inline constexpr std::size_t kYamlNodesMax = 10'000;
inline constexpr std::size_t kYamlDepthMax = 16;

// Refuses what is not UTF-8, more than `bytes_max` bytes, more than `nodes_max` values (a profile needs few, a long
// list of merchants many), more depth than the limit above, anchors, aliases, tags, duplicate keys, and a second
// document. Errors read "FILE:LINE:COLUMN: what is wrong".
Result<YamlNode> read_yaml(std::string_view text, const std::string& file, std::size_t bytes_max,
                           std::size_t nodes_max = kYamlNodesMax);

}  // namespace ackd
