// A bulk import while its lines come in: read, checked and sealed line by line, so that its commit has nothing left to
// refuse but what was changed meanwhile.
//
//   open -> lines ... lines -> commit     all of them in force, or none
//      '--------'------------> dropped    by its client, by a newer import, or after ten minutes without a word
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "api/merchant_codec.h"
#include "api/problem.h"
#include "base/rng.h"
#include "base/time.h"
#include "crypto/sealing.h"
#include "engine/merchant_write.h"
#include "model/merchant.h"
#include "profile/catalogue.h"

namespace ackd {

inline constexpr std::size_t kImportMerchantsMax = 100'000;
// A few milliseconds' work; the loop stands still for no more.
inline constexpr std::size_t kImportBodyBytesMax = 256 * 1024;
inline constexpr std::size_t kImportErrorsNamed = 100;
inline constexpr Duration kImportIdleMax = std::chrono::minutes(10);

struct ImportCounts {
  std::size_t added = 0;
  std::size_t changed = 0;
  std::size_t unchanged = 0;
};

class MerchantImports {
 public:
  // All must outlive it.
  MerchantImports(const MerchantSurroundings& there, const KeyRing& keys, Rng& rng)
      : there_(there), merchants_(there.merchants), keys_(keys), rng_(rng) {}

  ApiResponse open(EngineTime now);
  ApiResponse add_lines(std::string_view id, std::string body, EngineTime now);
  ApiResponse drop(std::string_view id, EngineTime now);
  // Forgets an import that its client has left behind.
  void expire(EngineTime now);

  // What the import comes to; it is closed then. An error leaves it open: lines that were refused, or a merchant that
  // is not what it was when its line was read.
  struct Ready {
    MerchantsPut put;
    ImportCounts counts;
  };
  Result<Ready> take(std::string_view id, EngineTime now);

 private:
  // What a merchant was when its line was read, on which the line's checks rest.
  struct Seen {
    MerchantName name;
    std::uint32_t version = 0;
  };
  struct Import {
    std::string id;
    std::string master;  // what its keys are sealed under
    std::uint64_t directory_changes = 0;
    EngineTime last_word;
    std::size_t lines = 0;
    std::size_t refused = 0;
    std::string first_refusal;
    MerchantsPut put;
    std::vector<Seen> seen;
    std::unordered_set<std::string> names;
    ImportCounts counts;
  };

  Import* find(std::string_view id, EngineTime now);
  Status add_line(std::string_view line);
  void stage(Merchant merchant);
  Status check_unchanged(const Import& import) const;

  MerchantSurroundings there_;
  const MerchantDirectory& merchants_;
  const KeyRing& keys_;
  Rng& rng_;
  std::optional<Import> import_;
};

}  // namespace ackd
