// The openssl command as an independent judge: a process of its own in a temporary folder, which signs what we verify
// and verifies what we signed.
#pragma once

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "temporary_folder.h"

namespace ackd {

class OpensslCommand {
 public:
  // Whether `openssl ARGUMENTS`, run inside the folder, ends well. What it says is in `said`.
  bool succeeds(const std::string& arguments) {
    const std::string command = "cd '" + folder_.path() + "' && openssl " + arguments + " 2>&1 </dev/null";
    std::FILE* pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    said.clear();
    char buffer[4096];
    for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) said.append(buffer, n);
    const int status = ::pclose(pipe);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

  // REQUIREs that it ends well and returns what it said.
  const std::string& run(const std::string& arguments) {
    const bool well = succeeds(arguments);
    INFO("openssl " << arguments << ": " << said);
    REQUIRE(well);
    return said;
  }

  void write(const std::string& name, std::string_view bytes) const { folder_.write(name, std::string(bytes)); }
  std::string read(const std::string& name) const {
    std::ifstream file(folder_.file(name), std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
  }

  std::string said;

 private:
  TemporaryFolder folder_;
};

}  // namespace ackd
