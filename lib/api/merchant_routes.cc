// The part of the API's table that is about merchants and keys.
#include <fmt/format.h>

#include "api/api.h"

namespace ackd {
namespace {

MerchantName merchant_of(const RouteMatch& found) {
  return {std::string(found.parameters.at(0)), std::string(found.parameters.at(1))};
}

}  // namespace

void Api::route_merchants(Ticket ticket, ApiRequest& request, const RouteMatch& found) {
  const auto provider = [&] { return std::string(found.parameters.front()); };
  switch (found.route->endpoint) {
    case Endpoint::kListMerchants: return finish(ticket, merchants_.list(request.query));
    case Endpoint::kShowMerchant: return finish(ticket, merchants_.show(merchant_of(found)));
    case Endpoint::kPutMerchant: return write(ticket, read_put_merchant(merchant_of(found), std::move(request.body)));
    case Endpoint::kRemoveMerchant: return write(ticket, read_remove_merchant(merchant_of(found), request.query));
    case Endpoint::kPauseMerchant:
    case Endpoint::kResumeMerchant: {
      const bool paused = found.route->endpoint == Endpoint::kPauseMerchant;
      return write(ticket, read_pause_merchant(merchant_of(found), paused, request.body));
    }
    case Endpoint::kProbeMerchant: return probe(ticket, merchant_of(found));
    case Endpoint::kOpenImport: return finish(ticket, writes_.imports().open(parts_.engine.now()));
    case Endpoint::kImportLines:
      return finish(ticket, writes_.imports().add_lines(provider(), std::move(request.body), parts_.engine.now()));
    case Endpoint::kCommitImport: return write(ticket, MerchantRequest(CommitImport{provider()}));
    case Endpoint::kDropImport: return finish(ticket, writes_.imports().drop(provider(), parts_.engine.now()));
    case Endpoint::kShowSharedKeys:
      return finish(ticket, respond_with_shared_keys(provider(), parts_.catalogue, parts_.merchants));
    case Endpoint::kPutSharedKeys: return write(ticket, read_put_shared_keys(provider(), std::move(request.body)));
    case Endpoint::kShowKeys:
      return finish(ticket, respond_with_keys(200, parts_.keys, parts_.engine, parts_.merchants));
    case Endpoint::kRotateKeys: return write(ticket, MerchantRequest(RotateKeys{}));
    default: CHECK_THAT(false, "route() sent a request here that is not about merchants");
  }
}

void Api::write(Ticket ticket, Result<MerchantRequest> request) {
  if (!request) return finish(ticket, respond_to_merchant_error(request.error()));
  std::optional<ApiResponse> response = writes_.start(ticket, *std::move(request));
  if (response) return finish(ticket, *std::move(response));
  waiting_.emplace(ticket, WaitingWrite{});
}

void Api::probe(Ticket ticket, const MerchantName& merchant) {
  if (const Status accepts = parts_.engine.accepts(1, 0); !accepts) {
    return finish(ticket, respond(problem_of(accepts.error())));
  }
  if (parts_.merchants.find_pause(merchant.provider, merchant.id) != nullptr) {
    return finish(ticket, respond(Problem{409,
                                          "conflict",
                                          fmt::format("merchant {0}/{1} is paused, so nothing is sent to it; `ackctl "
                                                      "merchant resume {0} {1}` first",
                                                      merchant.provider, merchant.id),
                                          {}}));
  }
  // Every request is a probe of its own: an operator asks again because the last answer was not the one wanted.
  const IntakeTime at{parts_.engine.now(), parts_.engine.wall()};
  Result<Admission> probe = parts_.intake.probe(merchant, fmt::format("{}-{}", at.now.ms, ticket), at);
  if (!probe) return finish(ticket, respond_to_unmade_probe(probe.error()));
  waiting_.emplace(ticket, WaitingProbe{merchant});
  parts_.engine.admit(ticket, {*std::move(probe)});
}

}  // namespace ackd
