#include "crypto/private_key_cache.h"

#include <utility>

#include "base/check.h"
#include "crypto/digest.h"

namespace ackd {

PrivateKeyCache::PrivateKeyCache(std::size_t keys_max) : keys_max_(keys_max) {
  CHECK_THAT(keys_max > 0, "the key that get() returns must fit");
}

Result<const PrivateKey*> PrivateKeyCache::get(const Secret& text, Algorithm algorithm) {
  std::string name = digest(DigestKind::kSha256, text.reveal());
  name.push_back(static_cast<char>(algorithm));
  if (const auto found = by_name_.find(name); found != by_name_.end()) {
    newest_first_.splice(newest_first_.begin(), newest_first_, found->second);
    return &found->second->key;
  }
  Result<PrivateKey> key = PrivateKey::parse(text.reveal(), algorithm);
  if (!key) return key.error();
  if (newest_first_.size() == keys_max_) {
    by_name_.erase(newest_first_.back().name);
    newest_first_.pop_back();
  }
  newest_first_.push_front({std::move(name), *std::move(key)});
  by_name_.emplace(newest_first_.front().name, newest_first_.begin());
  return &newest_first_.front().key;
}

}  // namespace ackd
