// Reading one map of a YAML file key by key, strictly: unknown keys are refused with the nearest known one, a number is
// decimal digits, a flag is true or false, a duration has its unit. The first thing wrong is kept and everything after
// it yields fallbacks, so that a reader is a straight list of keys and asks once at its end.
#pragma once

#include <array>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "profile/yaml_document.h"
#include "text/nearest_name.h"

namespace ackd {

// The first trouble of one file.
class YamlTrouble {
 public:
  explicit YamlTrouble(std::string file) : file_(std::move(file)) {}

  // Becomes "FILE:LINE:COLUMN: PATH: MESSAGE"; ignored when there is an earlier one.
  void report(YamlPlace place, const std::string& path, const std::string& message);
  const std::optional<Error>& first() const { return first_; }

 private:
  std::string file_;
  std::optional<Error> first_;
};

// One word of a closed list and what it stands for.
template <class Value>
struct YamlChoice {
  const char* word;
  Value value;
};

// Holds references to the node and the trouble, which must outlive it.
class YamlSection {
 public:
  // `path` is empty for the file's outermost map. Reports a node that is not a map, and keys that are not in `known`.
  YamlSection(const YamlNode& node, std::string path, std::vector<std::string> known, YamlTrouble& trouble);

  // The value of a key, or nullptr. REQUIRES: `key` is one of `known`, here and below.
  const YamlNode* find(std::string_view key) const;
  std::string path_of(std::string_view key) const;
  void report(std::string_view key, const std::string& message) const;
  void require(std::string_view key) const;

  std::string text(std::string_view key, std::string fallback = {}) const;
  bool flag(std::string_view key, bool fallback) const;
  std::size_t number(std::string_view key, std::size_t fallback, std::size_t least, std::size_t most) const;
  Duration duration(std::string_view key, Duration fallback, Duration most) const;
  std::vector<std::string> texts(std::string_view key) const;  // a list of texts
  std::vector<const YamlNode*> items(std::string_view key) const;

  template <class Value, std::size_t kCount>
  Value choice(std::string_view key, Value fallback, const std::array<YamlChoice<Value>, kCount>& choices) const {
    if (find(key) == nullptr) return fallback;
    const std::string word = text(key);
    std::vector<std::string> words;
    for (const auto& choice : choices) {
      if (word == choice.word) return choice.value;
      words.emplace_back(choice.word);
    }
    report(key, "'" + word + "' is not known; write " + join_or(words));
    return fallback;
  }

 private:
  const YamlNode& node_;
  std::string path_;
  YamlTrouble& trouble_;
};

// The same rules for a value that stands in a list.
std::string yaml_text(const YamlNode& node, const std::string& path, YamlTrouble& trouble);
Duration yaml_duration(const YamlNode& node, const std::string& path, Duration most, YamlTrouble& trouble);

}  // namespace ackd
