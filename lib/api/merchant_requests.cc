#include <fmt/format.h>

#include "api/merchant_writes.h"
#include "api/notification_resource.h"
#include "base/decimal.h"
#include "model/outcome.h"
#include "text/json_reader.h"

namespace ackd {
namespace {

constexpr std::size_t kBodyBytesMax = 256 * 1024;

// The text's errors name no value, and the tree's secrets are moved out of it; the body itself is wiped by its owner.
Result<JsonValue> read_body(const Secret& body) {
  if (body.reveal().size() > kBodyBytesMax) {
    return Error{ErrorCode::kTooLarge,
                 fmt::format("the body has {} bytes; the limit is {}", body.reveal().size(), kBodyBytesMax),
                 {}};
  }
  return read_json(body.reveal());
}

Error unknown_provider(const std::string& provider) {
  return {ErrorCode::kNotFound,
          fmt::format("there is no provider '{}'; GET /v1/providers lists them", shortened(provider)),
          {}};
}

}  // namespace

Result<MerchantRequest> read_put_merchant(MerchantName name, std::string text) {
  const Secret body(std::move(text));
  Result<JsonValue> json = read_body(body);
  if (!json) return json.error();
  Result<MerchantDraft> draft = read_merchant_draft(*json, NamedBy::kPath, std::move(name));
  if (!draft) return draft.error();
  return MerchantRequest(*std::move(draft));
}

Result<MerchantRequest> read_remove_merchant(MerchantName name, const Fields& query) {
  RemoveMerchant removal{std::move(name), std::nullopt};
  for (const Field& parameter : query) {
    const auto version = parse_decimal<std::uint32_t>(parameter.value);
    if (parameter.name != "version" || removal.version || !version) {
      return invalid("removing a merchant takes one parameter, version: the whole number that was shown",
                     shortened(parameter.name));
    }
    removal.version = version;
  }
  return MerchantRequest(std::move(removal));
}

Result<MerchantRequest> read_pause_merchant(MerchantName name, bool paused, std::string_view body) {
  Result<std::string> reason = read_change_reason(body);
  if (!reason) return reason.error();
  return MerchantRequest(PauseMerchant{std::move(name), paused, *std::move(reason)});
}

Result<MerchantRequest> read_put_shared_keys(std::string provider, std::string text) {
  const Secret body(std::move(text));
  Result<JsonValue> json = read_body(body);
  if (!json) return json.error();
  Result<std::vector<MerchantKey>> keys = read_shared_keys(*json);
  if (!keys) return keys.error();
  return MerchantRequest(PutSharedKeys{std::move(provider), *std::move(keys)});
}

ApiResponse respond_to_merchant_error(const Error& error) {
  Problem problem = problem_of(error);
  if (error.code == ErrorCode::kInvalid && !error.field.empty()) problem.status = 422;
  return respond(problem);
}

ApiResponse respond_with_keys(int status, const MasterKeys& keys, const Engine& engine,
                              const MerchantDirectory& merchants) {
  return respond(status, {{"master_key", keys.ring().current().id},
                          {"source", keys.source() == MasterKeys::Source::kFile ? "file" : "credential"},
                          {"sealed", merchants.sealed_keys()},
                          {"sealed_with_older", engine.reseals_left()},
                          {"rotating", engine.resealing()}});
}

ApiResponse respond_with_shared_keys(const std::string& provider, const ProfileCatalogue& catalogue,
                                     const MerchantDirectory& merchants) {
  if (catalogue.current(provider) == nullptr) return respond(problem_of(unknown_provider(provider)));
  return respond(200, {{"provider", provider}, {"keys", keys_json(merchants.shared_keys(provider))}});
}

}  // namespace ackd
