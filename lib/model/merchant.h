// A merchant is (provider, id): where its notifications go, what signs them, and how its server differs from the rule.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "base/time.h"
#include "model/activation.h"

namespace ackd {

// What the platform signs with for this merchant: a secret that both know, a private key of the platform's own, or both
// (WeChat v3 seals with the one and signs with the other).
struct MerchantKey {
  std::string id;      // names the key on attempts and in logs; never the key itself
  Secret secret;       // as the protocol writes it: "whsec_...", hex, plain text
  Secret private_key;  // PEM, or the protocol's own text form
  friend bool operator==(const MerchantKey&, const MerchantKey&) = default;
};

// Who said so, and so where it is changed: the configuration file, or the record by way of the API.
enum class MerchantSource : std::uint8_t { kConfiguration, kRecord };

struct Merchant {
  std::string provider;
  std::string id;
  std::string url;  // canonical; empty where each notification brings its own
  // The first one signs. During a rotation there are more, and protocols that carry several signatures carry one of
  // each.
  std::vector<MerchantKey> keys;
  // What the profile lets a merchant choose ("ack_trim": "true"); names and values are checked against the profile.
  std::map<std::string, std::string> options;
  std::vector<std::string> hosts{};  // that a notification's own URL may name (policy/allowed_hosts.h); empty for any
  std::string contact{};             // whom to call; free text
  MerchantSource source = MerchantSource::kConfiguration;
  std::uint32_t version = 0;  // grows by one with every change on record; 0 of the configuration
  EngineTime changed_at{};
};

// What ingest does with a notification for a merchant that nobody has told ackd about: refuse it, or admit it as HELD
// until the merchant is added.
enum class UnknownMerchant : std::uint8_t { kRefuse, kHold };

// Every merchant known to this process, the keys that a provider's merchants share, and who is paused. References stay
// valid until what they refer to is replaced or removed.
//
// It never runs ahead of the record: whoever changes it has seen the commit.
class MerchantDirectory {
 public:
  MerchantDirectory() = default;
  // Moved, references stay valid. A copy's index would point into the original.
  MerchantDirectory(MerchantDirectory&&) = default;
  MerchantDirectory& operator=(MerchantDirectory&&) = default;

  void put(Merchant merchant);
  // Nothing happens when there is none.
  void remove(std::string_view provider, std::string_view id);
  const Merchant* find(std::string_view provider, std::string_view id) const;
  std::size_t size() const { return merchants_.size(); }
  // Grows with every put() and remove(): equal numbers mean that nothing has changed between.
  std::uint64_t changes() const { return changes_; }
  // Keys that are on record, and so sealed: the merchants' own and the shared ones.
  std::size_t sealed_keys() const;
  // By provider, then by id.
  std::vector<const Merchant*> all() const;
  // Up to `count` of them behind (provider, id), in the same order; from the first one when both are empty.
  std::vector<const Merchant*> following(std::string_view provider, std::string_view id, std::size_t count) const;

  // --- Keys that all merchants of a provider share. What a merchant's own keys leave out (any secret, or any private
  // key) is taken from them, so that a platform's one private key is in memory once. ---

  void share(std::string_view provider, std::vector<MerchantKey> keys);  // replaces; none removes
  const std::vector<MerchantKey>& shared_keys(std::string_view provider) const;
  std::vector<std::string_view> providers_with_shared_keys() const;
  // The shared keys that fill what this merchant's own leave out.
  std::vector<const MerchantKey*> filling_keys(const Merchant& merchant) const;
  // The merchant as it signs: itself where nothing has to be filled, which is the usual case and copies nothing; else a
  // copy with what is missing, made in `room`.
  const Merchant& as_signing(const Merchant& merchant, Merchant& room) const;

  // --- Merchants to whom nothing is sent because an operator said so, whether they are known or not. ---

  struct Pause {
    std::string reason;               // may be empty
    std::optional<EngineTime> until;  // when it is to end by itself
  };
  void pause(MerchantName merchant, Pause pause);
  void resume(const MerchantName& merchant);
  // nullptr of one that is not paused.
  const Pause* find_pause(std::string_view provider, std::string_view id) const;
  // When the next pause is to end; whoever changes the record then resumes those that it names.
  std::optional<EngineTime> next_pause_end() const;
  std::vector<MerchantName> pauses_ended_by(EngineTime now, std::size_t count) const;

 private:
  using NameView = std::pair<std::string_view, std::string_view>;
  struct ByName {
    using is_transparent = void;
    static NameView name(const Merchant& merchant) { return {merchant.provider, merchant.id}; }
    static NameView name(const MerchantName& merchant) { return {merchant.provider, merchant.id}; }
    static NameView name(const NameView& view) { return view; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return name(a) < name(b);
    }
  };
  struct HashOfName {
    using is_transparent = void;
    std::size_t operator()(const NameView& view) const {
      const std::hash<std::string_view> hash;
      return hash(view.first) * 31 + hash(view.second);
    }
    std::size_t operator()(const Merchant* merchant) const { return operator()(ByName::name(*merchant)); }
  };
  struct SameName {
    using is_transparent = void;
    bool operator()(const Merchant* a, const Merchant* b) const { return ByName::name(*a) == ByName::name(*b); }
    bool operator()(const NameView& view, const Merchant* merchant) const { return view == ByName::name(*merchant); }
  };

  std::uint64_t changes_ = 0;
  std::size_t own_sealed_keys_ = 0;
  // A set, because a map would hold every name twice. Beside it an index of it by name: every delivery looks its
  // merchant up several times.
  std::set<Merchant, ByName> merchants_;
  std::unordered_set<const Merchant*, HashOfName, SameName> places_;
  std::map<std::string, std::vector<MerchantKey>, std::less<>> shared_;
  std::map<MerchantName, Pause, ByName> paused_;
  std::set<std::pair<EngineTime, MerchantName>> pause_ends_;
};

}  // namespace ackd
