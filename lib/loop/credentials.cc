#include "loop/credentials.h"

#include <cstdlib>

namespace ackd {

std::string credentials_folder() {
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  return folder == nullptr ? std::string() : std::string(folder);
}

}  // namespace ackd
