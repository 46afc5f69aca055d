// Parsed private keys, because parsing a key costs more than signing with it.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/private_key.h"

namespace ackd {

// Keeps the keys that were used last. Not safe for use by two threads at once: each thread of the signer has its own.
class PrivateKeyCache {
 public:
  // REQUIRES: keys_max > 0.
  explicit PrivateKeyCache(std::size_t keys_max = 256);
  // Entries refer to each other, so a cache stays where it is.
  PrivateKeyCache(const PrivateKeyCache&) = delete;
  PrivateKeyCache& operator=(const PrivateKeyCache&) = delete;

  // The pointer is valid until the next call. A text that cannot be parsed is not remembered.
  Result<const PrivateKey*> get(const Secret& text, Algorithm algorithm);
  std::size_t size() const { return by_name_.size(); }

 private:
  struct Entry {
    std::string name;  // SHA-256 of the text and the algorithm: the text itself is not kept
    PrivateKey key;
  };
  std::size_t keys_max_;
  std::list<Entry> newest_first_;
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_name_;  // by the entry's own name
};

}  // namespace ackd
