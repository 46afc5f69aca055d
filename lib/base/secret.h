// A value that must never be printed. It has no stream operator and no formatter on purpose; the one way to its bytes
// is reveal(), which is easy to search for. The bytes are wiped when the secret is destroyed.
#pragma once

#include <string>
#include <utility>

namespace ackd {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string bytes) : bytes_(std::move(bytes)) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  Secret(Secret&&) = default;
  Secret& operator=(Secret&&) = default;
  ~Secret() { wipe(); }

  const std::string& reveal() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }

 private:
  void wipe() {
    // volatile keeps the compiler from dropping stores to memory that is about to be freed.
    volatile char* bytes = bytes_.data();
    for (std::size_t i = 0; i < bytes_.size(); ++i) bytes[i] = 0;
  }

  std::string bytes_;
};

}  // namespace ackd
