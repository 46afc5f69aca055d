// Everything that changes merchants and keys over the API, one at a time: the next is looked at once the one before is
// committed. So each is checked against what is really there, a key that is to be kept is never an older one, and
// nothing is sealed under a master key that a rotation is about to drop. One takes a commit; for many there is the
// import.
//
//   PUT, DELETE   /v1/merchants/{provider}/{id}
//   POST          /v1/merchants/{provider}/{id}/pause, /resume
//   PUT           /v1/providers/{provider}/keys
//   POST          /v1/merchant-imports, .../{id}/lines, .../{id}/commit; DELETE .../{id}
//   POST          /v1/keys/rotate
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "api/merchant_codec.h"
#include "api/merchant_imports.h"
#include "api/merchant_resource.h"
#include "api/problem.h"
#include "config/master_keys.h"
#include "engine/engine.h"

namespace ackd {

// What a request asks for, read as far as that goes without knowing what is there.
struct RemoveMerchant {
  MerchantName name;
  std::optional<std::uint32_t> version;
};
struct PauseMerchant {
  MerchantName name;
  bool paused = true;
  std::string reason;
  std::optional<WallTime> until{};  // by itself; one of these at most
  std::optional<Duration> how_long{};
};
struct PutSharedKeys {
  std::string provider;
  std::vector<MerchantKey> keys;
};
struct CommitImport {
  std::string id;
};
struct RotateKeys {};
using MerchantRequest =
    std::variant<MerchantDraft, RemoveMerchant, PauseMerchant, PutSharedKeys, CommitImport, RotateKeys>;

class MerchantWrites {
 public:
  // All must outlive it.
  struct Parts {
    Engine& engine;
    const ProfileCatalogue& catalogue;
    const MerchantDirectory& merchants;
    const EgressMeans& means;
    MasterKeys& keys;
    Rng& rng;
    const MerchantResource& shown;
    std::string config_file;  // for telling where else a merchant is changed
  };
  explicit MerchantWrites(Parts parts)
      : parts_(std::move(parts)),
        there_{parts_.catalogue, parts_.merchants, parts_.means, parts_.engine},
        imports_(there_, parts_.keys.ring(), parts_.rng) {}

  MerchantImports& imports() { return imports_; }

  // The answer where there is one at once. Otherwise the request waits for its turn and then for its commit.
  std::optional<ApiResponse> start(Ticket ticket, MerchantRequest request);
  // The engine's answer to the request under way.
  ApiResponse respond(const ItemAnswer& answer);
  // Starts the next one that waits. Returns the answers of those that needed no commit.
  struct Finished {
    Ticket ticket = 0;
    ApiResponse response;
  };
  std::vector<Finished> go_on();
  // go_on() has handed the engine work that nothing else will ask for.
  bool wants_turn() const { return has_begun_; }

 private:
  struct Queued {
    Ticket ticket = 0;
    MerchantRequest request;
  };
  // For answering the one under way.
  struct Removed {
    MerchantName name;
  };
  struct Shared {
    std::string provider;
  };
  using UnderWay = std::variant<MerchantName, Removed, Shared, ImportCounts>;

  std::optional<ApiResponse> begin(Ticket ticket, MerchantDraft& draft);
  std::optional<ApiResponse> begin(Ticket ticket, RemoveMerchant& removal);
  std::optional<ApiResponse> begin(Ticket ticket, PauseMerchant& pause);
  std::optional<ApiResponse> begin(Ticket ticket, PutSharedKeys& put);
  std::optional<ApiResponse> begin(Ticket ticket, CommitImport& commit);
  std::optional<ApiResponse> begin(Ticket ticket, RotateKeys& rotate);
  std::optional<Problem> refuse_configured(const MerchantName& name) const;
  std::optional<ApiResponse> hand_over(Ticket ticket, MerchantWrite write, UnderWay under_way);

  Parts parts_;
  MerchantSurroundings there_;
  MerchantImports imports_;
  std::deque<Queued> queued_;
  std::optional<UnderWay> under_way_;
  bool has_begun_ = false;
};

// Reading what a request asks for; an error's answer is problem_of_merchant().
Result<MerchantRequest> read_put_merchant(MerchantName name, std::string body);
Result<MerchantRequest> read_remove_merchant(MerchantName name, const Fields& query);
Result<MerchantRequest> read_pause_merchant(MerchantName name, bool paused, std::string_view body);
Result<MerchantRequest> read_put_shared_keys(std::string provider, std::string body);

// What is wrong with a field is 422: the JSON was fine, what it says cannot be.
ApiResponse respond_to_merchant_error(const Error& error);

// GET /v1/keys, and the answer to a rotation: which master key seals, how much is sealed, and how far a rotation is.
ApiResponse respond_with_keys(int status, const MasterKeys& keys, const Engine& engine,
                              const MerchantDirectory& merchants);
// GET /v1/providers/{provider}/keys
ApiResponse respond_with_shared_keys(const std::string& provider, const ProfileCatalogue& catalogue,
                                     const MerchantDirectory& merchants);

}  // namespace ackd
