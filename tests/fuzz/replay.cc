// Runs a fuzz target over kept inputs: every file of the folders given, whole, cut short and with single bytes changed.
// It finds again what fuzzing once found, on any machine and in seconds.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "target.h"

// In timed.cc; libFuzzer calls the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t kVariantsOfEach = 16;

void run(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

std::string read(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// Steps through the file, so that equal inputs give equal runs.
void run_variants(const std::string& bytes) {
  const std::size_t step = std::max<std::size_t>(1, bytes.size() / kVariantsOfEach);
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    run(bytes.substr(0, at));
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    run(changed);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t files = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      if (!entry.is_regular_file()) continue;
      const std::string bytes = read(entry.path());
      run(bytes);
      run_variants(bytes);
      ++files;
    }
  }
  std::printf("replayed %zu inputs and their variants, the slowest in %.1f ms\n", files, ackd::fuzz::slowest_ms());
  return files > 0 ? 0 : 1;
}
