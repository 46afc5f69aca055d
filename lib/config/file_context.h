// What every part of the configuration file is read with.
#pragma once

#include <filesystem>
#include <string>

#include "profile/yaml_section.h"

namespace ackd {

struct FileContext {
  std::string file;  // its name, for errors
  std::filesystem::path folder;
  YamlTrouble& trouble;

  // Relative paths count from the file's folder; an empty one stays empty.
  std::string resolve(const std::string& path) const {
    return path.empty() ? path : (folder / path).lexically_normal().string();
  }
};

}  // namespace ackd
