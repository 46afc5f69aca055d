#include "shipped_profiles.h"

#include <fstream>
#include <nlohmann/json.hpp>

namespace ackd {

std::string throwaway_private_key() {
  std::ifstream stream(ACKD_SOURCE_DIR "/tests/profile/vectors.json");
  for (const nlohmann::json& vector : nlohmann::json::parse(stream)) {
    if (vector["inputs"].contains("private_key_pem")) return vector["inputs"]["private_key_pem"];
  }
  return {};
}

}  // namespace ackd
