#include "api/merchant_resource.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "text/json_reader.h"

namespace ackd {
namespace {

using Json = nlohmann::ordered_json;

struct MerchantFilter {
  std::string provider;
  MerchantName after;  // the last one of the page before
  std::size_t limit = kMerchantsLimit;
};

Status read_limit(const std::string& text, std::size_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error == std::errc() && end == text.data() + text.size() && out >= 1 && out <= kMerchantsLimitMax) return Done{};
  return invalid(fmt::format("limit is a number from 1 to {}", kMerchantsLimitMax), "limit");
}

Status read_parameter(const Field& parameter, MerchantFilter& filter) {
  if (parameter.name == "provider") {
    filter.provider = parameter.value;
    return Done{};
  }
  if (parameter.name == "limit") return read_limit(parameter.value, filter.limit);
  if (parameter.name != "cursor") {
    const std::string name = shortened(parameter.name);
    return invalid(fmt::format("a list of merchants has no parameter '{}'; it takes provider, limit or cursor", name),
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
  // One more than asked for says whether another page follows.
  std::vector<const Merchant*> found = merchants_.following(start.provider, start.id, filter->limit + 1);
  if (!filter->provider.empty()) {
    std::erase_if(found, [&](const Merchant* merchant) { return merchant->provider != filter->provider; });
  }
  const bool more = found.size() > filter->limit;
  if (more) found.pop_back();
  Json rows = Json::array();
  for (const Merchant* merchant : found) rows.push_back(describe(*merchant));
  Json body{{"merchants", std::move(rows)}, {"next_cursor", nullptr}};
  if (more) body["next_cursor"] = found.back()->provider + "/" + found.back()->id;
  return respond(200, body);
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

Json MerchantResource::describe(const Merchant& merchant) const {
  const bool blocked = gate_.blocks(merchant.provider, merchant.id);
  Json json{{"provider", merchant.provider},
            {"id", merchant.id},
            {"url", merchant.url},
            {"state", blocked ? "unverified" : "active"},
            {"activation_required", gate_.applies_to(merchant.provider)},
            {"activated", nullptr}};
  if (const Activation* activation = activations_.find(merchant.provider, merchant.id)) {
    json["activated"] = {{"url", activation->url}, {"at", format_rfc3339(activation->at.ms)}};
  }
  if (blocked) json["reason"] = gate_.reason(merchant.provider, merchant.id);
  json["keys"] = Json::array();
  for (const MerchantKey& key : merchant.keys) json["keys"].push_back(key.id);
  json["options"] = Json::object();
  for (const auto& [name, value] : merchant.options) json["options"][name] = value;
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
