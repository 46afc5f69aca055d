#include "crypto/sealing.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "crypto/aes_gcm.h"
#include "crypto/digest.h"

namespace ackd {
namespace {

constexpr char kVersion = '\x01';
constexpr std::size_t kIdBytes = 8;
constexpr std::size_t kHeaderBytes = 1 + kIdBytes;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kLengthBytes = 4;

void append_length(std::string& out, std::size_t length) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>((length >> shift) & 0xffU));
}

void append_text(std::string& out, std::string_view text) {
  append_length(out, text.size());
  out.append(text);
}

std::string draw(Rng& rng, std::size_t bytes) {
  std::string out;
  while (out.size() < bytes) {
    std::uint64_t number = rng.next();
    for (int i = 0; i < 8 && out.size() < bytes; ++i, number >>= 8U) out.push_back(static_cast<char>(number & 0xffU));
  }
  return out;
}

std::string header_of(const MasterKey& master) {
  const Result<std::string> id = from_hex(master.id);
  CHECK_THAT(id && id->size() == kIdBytes, "a master key's id is hex of our own making");
  return std::string(1, kVersion) + *id;
}

std::string associated_data(std::string_view header, const KeyOwner& owner, std::string_view key_id) {
  std::string out(header);
  out.push_back(owner.merchant ? '\x01' : '\x00');
  append_text(out, owner.provider);
  append_text(out, owner.merchant.value_or(std::string_view()));
  append_text(out, key_id);
  return out;
}

Secret text_of(const MerchantKey& key) {
  std::string text;
  // Of its final size from the start: a string that grows leaves copies behind.
  text.reserve(kLengthBytes + key.secret.reveal().size() + key.private_key.reveal().size());
  append_text(text, key.secret.reveal());
  text.append(key.private_key.reveal());
  return Secret(std::move(text));
}

Result<MerchantKey> key_of(std::string_view key_id, std::string_view text) {
  std::size_t length = 0;
  if (text.size() < kLengthBytes) return Error{ErrorCode::kCorrupt, "the sealed key has no content", {}};
  for (std::size_t i = 0; i < kLengthBytes; ++i) length = length << 8U | static_cast<unsigned char>(text[i]);
  text.remove_prefix(kLengthBytes);
  if (length > text.size()) return Error{ErrorCode::kCorrupt, "the sealed key is cut off", {}};
  return MerchantKey{std::string(key_id), Secret(std::string(text.substr(0, length))),
                     Secret(std::string(text.substr(length)))};
}

std::string describe(const KeyOwner& owner, std::string_view key_id) {
  return owner.merchant ? fmt::format("key {} of merchant {}/{}", key_id, owner.provider, *owner.merchant)
                        : fmt::format("shared key {} of {}", key_id, owner.provider);
}

}  // namespace

MasterKey master_key_of(Secret bytes) {
  CHECK_THAT(bytes.reveal().size() == kMasterKeyBytes, "a master key of another length");
  const std::string raw = digest(DigestKind::kSha256, "ackd master key\n" + bytes.reveal());
  return {to_text(raw.substr(0, kIdBytes), DigestForm::kHexLower), std::move(bytes)};
}

MasterKey draw_master_key(Rng& rng) {
  return master_key_of(Secret(draw(rng, kMasterKeyBytes)));
}

KeyRing::KeyRing(std::vector<MasterKey> keys) : keys_(std::move(keys)) {
  CHECK_THAT(!keys_.empty(), "a ring without a key");
}

const MasterKey* KeyRing::find(std::string_view id) const {
  const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const MasterKey& key) { return key.id == id; });
  return found == keys_.end() ? nullptr : &*found;
}

void KeyRing::put_first(MasterKey key) {
  keys_.insert(keys_.begin(), std::move(key));
}

void KeyRing::drop_older() {
  keys_.erase(keys_.begin() + 1, keys_.end());
}

std::string seal_key(const KeyRing& ring, const KeyOwner& owner, const MerchantKey& key, Rng& rng) {
  const std::string header = header_of(ring.current());
  const std::string nonce = draw(rng, kNonceBytes);
  const Result<std::string> sealed = seal_aes_256_gcm(ring.current().bytes.reveal(), nonce,
                                                      associated_data(header, owner, key.id), text_of(key).reveal());
  CHECK_THAT(sealed, "key and nonce have the lengths that they were made with");
  return header + nonce + *sealed;
}

std::string master_of(std::string_view sealed) {
  if (sealed.size() < kHeaderBytes || sealed.front() != kVersion) return {};
  return to_text(sealed.substr(1, kIdBytes), DigestForm::kHexLower);
}

Result<MerchantKey> open_key(const KeyRing& ring, const KeyOwner& owner, std::string_view key_id,
                             std::string_view sealed) {
  const std::string id = master_of(sealed);
  if (id.empty() || sealed.size() < kHeaderBytes + kNonceBytes) {
    return Error{
        ErrorCode::kCorrupt, fmt::format("the {} is not in a form that this ackd knows", describe(owner, key_id)), {}};
  }
  const MasterKey* master = ring.find(id);
  if (master == nullptr) {
    return Error{ErrorCode::kNotFound,
                 fmt::format("the {} is sealed under master key {}, which is not among those that ackd was given; put "
                             "that key back beside the others",
                             describe(owner, key_id), id),
                 {}};
  }
  Result<std::string> text = open_aes_256_gcm(master->bytes.reveal(), sealed.substr(kHeaderBytes, kNonceBytes),
                                              associated_data(sealed.substr(0, kHeaderBytes), owner, key_id),
                                              sealed.substr(kHeaderBytes + kNonceBytes));
  if (!text) {
    return Error{ErrorCode::kCorrupt,
                 fmt::format("the {} does not open: its row was damaged, or belongs to another owner or name",
                             describe(owner, key_id)),
                 {}};
  }
  const Secret opened(*std::move(text));
  return key_of(key_id, opened.reveal());
}

}  // namespace ackd
