// A folder of its own for a target that needs files, in memory where there is such a place, since a disk would be all
// that is waited for. Removed when the program ends.
#pragma once

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/check.h"

namespace ackd::fuzz {

class FuzzFolder {
 public:
  FuzzFolder() {
    const std::filesystem::path memory("/dev/shm");
    const bool has_memory = std::filesystem::is_directory(memory);
    std::string pattern =
        ((has_memory ? memory : std::filesystem::temp_directory_path()) / "ackd_fuzz_XXXXXX").string();
    CHECK_THAT(::mkdtemp(pattern.data()) != nullptr, "a temporary folder can be made");
    path_ = pattern;
  }
  ~FuzzFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  FuzzFolder(const FuzzFolder&) = delete;
  FuzzFolder& operator=(const FuzzFolder&) = delete;

  std::string file(const std::string& name) const { return path_ + "/" + name; }

  // Mode 0600. Returns its path.
  std::string write(const std::string& name, std::string_view bytes) const {
    std::filesystem::create_directories(std::filesystem::path(file(name)).parent_path());
    std::ofstream(file(name), std::ios::binary | std::ios::trunc) << bytes;
    CHECK_THAT(::chmod(file(name).c_str(), 0600) == 0, "a file's mode can be set");
    return file(name);
  }

 private:
  std::string path_;
};

}  // namespace ackd::fuzz
