#include "api/merchant_resource.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "api/merchant_codec.h"
#include "base/decimal.h"
#include "text/json_reader.h"
#include "text/nearest_name.h"

namespace ackd {
namespace {

using Json = nlohmann::ordered_json;

struct MerchantFilter {
  std::string provider;
  std::string state;
  std::string source;
  MerchantName after;  // the last one of the page before
  std::size_t limit = kMerchantsLimit;
};

Status read_limit(const std::string& text, std::size_t& out) {
  out = parse_decimal<std::size_t>(text).value_or(0);
  if (out >= 1 && out <= kMerchantsLimitMax) return Done{};
  return invalid(fmt::format("limit is a number from 1 to {}", kMerchantsLimitMax), "limit");
}

Status read_choice(const Field& parameter, const std::vector<std::string>& choices, std::string& out) {
  out = parameter.value;
  if (std::find(choices.begin(), choices.end(), out) != choices.end()) return Done{};
  return invalid(fmt::format("{} is one of {}", parameter.name, join_or(choices)), parameter.name);
}

const char* name_of(MerchantSource source) {
  return source == MerchantSource::kRecord ? "record" : "configuration";
}

Status read_parameter(const Field& parameter, MerchantFilter& filter) {
  if (parameter.name == "provider") {
    filter.provider = parameter.value;
    return Done{};
  }
  if (parameter.name == "limit") return read_limit(parameter.value, filter.limit);
  if (parameter.name == "state") return read_choice(parameter, {"active", "paused", "unverified"}, filter.state);
  if (parameter.name == "source") return read_choice(parameter, {"record", "configuration"}, filter.source);
  if (parameter.name != "cursor") {
    const std::string name = shortened(parameter.name);
    return invalid(fmt::format("a list of merchants has no parameter '{}'; it takes provider, state, source, limit or "
                               "cursor",
                               name),
                   name);
  }
  std::optional<MerchantName> after = parse_merchant_name(parameter.value);
  if (!after) return invalid("the cursor is not one that a list gave", "cursor");
  filter.after = std::move(*after);
  return Done{};
}

Result<MerchantFilter> read_filter(const Fields& parameters) {
  MerchantFilter filter;
  for (auto parameter = parameters.begin(); parameter != parameters.end(); ++parameter) {
    const bool repeated = std::any_of(parameters.begin(), parameter,
                                      [&](const Field& earlier) { return earlier.name == parameter->name; });
    const std::string name = shortened(parameter->name);
    if (repeated) return invalid(fmt::format("the parameter '{}' is given twice; give it once", name), name);
    if (const Status read = read_parameter(*parameter, filter); !read) return read.error();
  }
  return filter;
}

}  // namespace

ApiResponse MerchantResource::list(const Fields& parameters) const {
  const Result<MerchantFilter> filter = read_filter(parameters);
  if (!filter) return respond(problem_of(filter.error()));
  const MerchantName start = filter->after.provider.empty() ? MerchantName{filter->provider, {}} : filter->after;
  const bool filtered = !filter->state.empty() || !filter->source.empty();
  // One more than asked for says whether another page follows.
  const std::size_t looked_at_max = filtered ? kMerchantsScanMax : filter->limit;
  Json rows = Json::array();
  const Merchant* last = nullptr;
  Json next = nullptr;
  std::size_t looked_at = 0;
  for (const Merchant* merchant : merchants_.following(start.provider, start.id, looked_at_max + 1)) {
    if (!filter->provider.empty() && merchant->provider != filter->provider) break;
    if (rows.size() == filter->limit || looked_at++ == looked_at_max) {
      next = last->provider + "/" + last->id;
      break;
    }
    last = merchant;
    const bool wanted = (filter->state.empty() || filter->state == state_of(*merchant)) &&
                        (filter->source.empty() || filter->source == name_of(merchant->source));
    if (wanted) rows.push_back(describe(*merchant));
  }
  return respond(200, {{"merchants", std::move(rows)}, {"next_cursor", std::move(next)}});
}

ApiResponse MerchantResource::show(const MerchantName& merchant) const {
  const Merchant* found = merchants_.find(merchant.provider, merchant.id);
  if (found != nullptr) return respond(200, describe(*found));
  return respond(Problem{404,
                         "not_found",
                         fmt::format("provider '{}' has no merchant '{}'; GET /v1/merchants lists them",
                                     shortened(merchant.provider), shortened(merchant.id)),
                         {}});
}

// What an operator said stands before what ackd found out.
const char* MerchantResource::state_of(const Merchant& merchant) const {
  if (merchants_.find_pause(merchant.provider, merchant.id) != nullptr) return "paused";
  return gate_.blocks(merchant.provider, merchant.id) ? "unverified" : "active";
}

Json MerchantResource::describe(const Merchant& merchant) const {
  Json json{{"provider", merchant.provider},
            {"id", merchant.id},
            {"source", name_of(merchant.source)},
            {"version", merchant.version},
            {"url", merchant.url},
            {"hosts", merchant.hosts},
            {"contact", merchant.contact},
            {"options", Json::object()},
            {"state", state_of(merchant)},
            {"activation_required", gate_.applies_to(merchant.provider)},
            {"activated", nullptr}};
  for (const auto& [name, value] : merchant.options) json["options"][name] = value;
  if (const MerchantDirectory::Pause* pause = merchants_.find_pause(merchant.provider, merchant.id)) {
    json["pause_reason"] = pause->reason;
    if (pause->until) json["paused_until"] = format_rfc3339(pause->until->ms);
  }
  if (const Activation* activation = activations_.find(merchant.provider, merchant.id)) {
    json["activated"] = {{"url", activation->url}, {"at", format_rfc3339(activation->at.ms)}};
  }
  const bool blocked = gate_.blocks(merchant.provider, merchant.id);
  if (blocked) json["reason"] = gate_.reason(merchant.provider, merchant.id);
  json["keys"] = keys_json(merchant.keys);
  json["shared_keys"] = Json::array();
  for (const MerchantKey* key : merchants_.filling_keys(merchant)) json["shared_keys"].push_back(key->id);
  if (merchant.changed_at.ms > 0) json["changed_at"] = format_rfc3339(merchant.changed_at.ms);
  return json;
}

std::optional<MerchantName> parse_merchant_name(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size()) return std::nullopt;
  return MerchantName{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
}

ApiResponse respond_to_unmade_probe(const Error& error) {
  Problem problem = problem_of(error);
  if (error.code == ErrorCode::kInvalid || error.code == ErrorCode::kTooLarge) problem.status = 422;
  return respond(problem);
}

ApiResponse respond_to_probe(const MerchantName& merchant, const ItemAnswer& answer) {
  if (!answer) return respond(problem_of(answer.error()));
  const std::string id = to_string(answer->id);
  if (answer->applied == Applied::kApplied) {
    return respond(
        201,
        {{"id", id}, {"state", name_of(answer->state)}, {"provider", merchant.provider}, {"merchant", merchant.id}});
  }
  const Problem problem{409,
                        "conflict",
                        fmt::format("another probe of merchant {}/{} is under way: {}; wait for its outcome, or "
                                    "`ackctl cancel {}`",
                                    merchant.provider, merchant.id, id, id),
                        {}};
  Json body = to_json(problem);
  body["id"] = id;
  ApiResponse response = respond(409, body);
  response.headers = respond(problem).headers;
  return response;
}

}  // namespace ackd
