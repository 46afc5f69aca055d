#include "model/merchant.h"

namespace ackd {
namespace {

// A unit separator cannot occur in a provider's name, so two parts never run into each other; and it sorts before every
// character that can.
std::string index_of(std::string_view provider, std::string_view id) {
  std::string index;
  index.reserve(provider.size() + 1 + id.size());
  index.append(provider).push_back('\x1f');
  index.append(id);
  return index;
}

}  // namespace

void MerchantDirectory::put(Merchant merchant) {
  std::string index = index_of(merchant.provider, merchant.id);
  merchants_.insert_or_assign(std::move(index), std::move(merchant));
}

const Merchant* MerchantDirectory::find(std::string_view provider, std::string_view id) const {
  const auto found = merchants_.find(index_of(provider, id));
  return found == merchants_.end() ? nullptr : &found->second;
}

std::vector<const Merchant*> MerchantDirectory::all() const {
  return following({}, {}, merchants_.size());
}

std::vector<const Merchant*> MerchantDirectory::following(std::string_view provider, std::string_view id,
                                                          std::size_t count) const {
  std::vector<const Merchant*> out;
  const bool from_first = provider.empty() && id.empty();
  auto next = from_first ? merchants_.begin() : merchants_.upper_bound(index_of(provider, id));
  for (; next != merchants_.end() && out.size() < count; ++next) out.push_back(&next->second);
  return out;
}

}  // namespace ackd
