// A value that must never be printed. It has no stream operator and no formatter on purpose; the one way to its bytes
// is reveal(), which is easy to search for. The bytes are wiped wherever the secret leaves memory: when it is
// destroyed, replaced, or moved to another place (a short string's bytes stay behind in the one it was moved from).
#pragma once

#include <string>
#include <utility>

namespace ackd {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string bytes) : bytes_(std::move(bytes)) { wipe(bytes); }
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) { wipe(other.bytes_); }
  // What was here before goes with `other`, which wipes it.
  Secret& operator=(Secret other) noexcept {
    bytes_.swap(other.bytes_);
    return *this;
  }
  ~Secret() { wipe(bytes_); }

  const std::string& reveal() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }
  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  static void wipe(std::string& bytes) {
    bytes.resize(bytes.capacity());
    // volatile keeps the compiler from dropping stores to memory that is about to be freed.
    volatile char* at = bytes.data();
    for (std::size_t i = 0; i < bytes.size(); ++i) at[i] = 0;
    bytes.clear();
  }

  std::string bytes_;
};

}  // namespace ackd
