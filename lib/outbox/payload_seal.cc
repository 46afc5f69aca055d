#include "outbox/payload_seal.h"

namespace ackd {
namespace {

class Fnv1a {
 public:
  void byte(unsigned char value) { hash_ = (hash_ ^ value) * 0x100000001b3ULL; }
  void number(std::int64_t value) {
    for (unsigned shift = 0; shift < 64; shift += 8) {
      byte(static_cast<unsigned char>(static_cast<std::uint64_t>(value) >> shift));
    }
  }
  void text(std::string_view value) {
    number(static_cast<std::int64_t>(value.size()));
    for (const char c : value) byte(static_cast<unsigned char>(c));
  }
  std::uint64_t hash() const { return hash_; }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

}  // namespace

std::int64_t payload_seal(LaneId lane, RevisionId revision, std::string_view subject, std::string_view url,
                          std::string_view content) {
  Fnv1a sealed;
  sealed.number(lane.value);
  sealed.number(revision.value);
  sealed.text(subject);
  sealed.text(url);
  sealed.text(content);
  const auto seal = static_cast<std::int64_t>(sealed.hash());
  return seal == 0 ? 1 : seal;
}

}  // namespace ackd
