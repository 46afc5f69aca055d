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

Status read_pause_end(const JsonValue& json, PauseMerchant& pause) {
  const JsonValue* until = json.find("until");
  const JsonValue* how_long = json.find("for");
  for (const JsonValue* given : {until, how_long}) {
    if (given == nullptr || given->kind == JsonKind::kString) continue;
    return invalid("must be a string", given == until ? "until" : "for");
  }
  if (until != nullptr && how_long != nullptr) return invalid("until and for exclude each other; send one", "for");
  if (until != nullptr) {
    const Result<std::int64_t> at = parse_rfc3339(until->text);
    if (!at) return invalid(at.error().message, "until");
    pause.until = WallTime{*at};
  }
  if (how_long != nullptr) {
    const Result<Duration> duration = parse_duration(how_long->text);
    if (!duration) return invalid(duration.error().message, "for");
    pause.how_long = *duration;
  }
  return Done{};
}

Status read_pause(std::string_view body, PauseMerchant& pause) {
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) return Done{};
  const Result<JsonValue> json = read_json(body);
  if (!json) return json.error();
  if (json->kind != JsonKind::kObject) {
    return invalid("the body is not an object; send {\"reason\": \"...\", \"for\": \"2h\"} or nothing");
  }
  const auto unknown = find_unknown_member(*json, {"reason", "until", "for"}, "this request");
  if (unknown) return *unknown;
  if (const Status read = read_reason(*json, pause.reason); !read) return read;
  return read_pause_end(*json, pause);
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
  PauseMerchant pause{std::move(name), paused, {}};
  if (!paused) {
    Result<std::string> reason = read_change_reason(body);
    if (!reason) return reason.error();
    pause.reason = *std::move(reason);
  } else if (const Status read = read_pause(body, pause); !read) {
    return read.error();
  }
  return MerchantRequest(std::move(pause));
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
