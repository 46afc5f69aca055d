#include "api/egress_resource.h"

#include <fmt/format.h>

#include <utility>

#include "api/parameters.h"
#include "profile/egress_options.h"
#include "text/url.h"

namespace ackd {
namespace {

using Json = nlohmann::ordered_json;

Json ranges_json(const std::vector<Cidr>& ranges) {
  Json json = Json::array();
  for (const Cidr& range : ranges) json.push_back(to_string(range));
  return json;
}

Json ports_json(const std::vector<PortRange>& ports) {
  Json json = Json::array();
  for (const PortRange& range : ports) json.push_back(to_string(range));
  return json;
}

template <class Map>
Json names_json(const Map& map) {
  Json json = Json::array();
  for (const auto& [name, value] : map) json.push_back(name);
  return json;
}

const char* name_of(EgressFinding::Lookup lookup) {
  switch (lookup) {
    case EgressFinding::Lookup::kNotNeeded: return "not_needed";
    case EgressFinding::Lookup::kFound: return "found";
    case EgressFinding::Lookup::kNotFound: return "not_found";
    case EgressFinding::Lookup::kFailed: return "failed";
  }
  return "failed";
}

// How the request would leave, where it is not simply from here to there.
Json way_json(const EgressQuestion& question, const EgressMeans& means, WallTime now) {
  static const EgressSettings kNone;
  const EgressSettings& settings = question.settings ? *question.settings : kNone;
  Json way = Json::object();
  if (const SocketAddress* proxy = proxy_for(question.settings, means)) way["proxy"] = to_string(*proxy);
  const auto source = settings.source_address ? settings.source_address : means.source_address;
  if (source) way["source_address"] = to_string(*source);
  if (!settings.authority.empty()) way["tls_ca"] = settings.authority;
  if (!settings.client_certificate.empty()) way["tls_client_certificate"] = settings.client_certificate;
  if (!settings.pinned_keys.empty()) way["tls_pin"] = settings.pinned_keys;
  if (is_unverified(settings, now)) way["unverified_until"] = format_rfc3339(settings.unverified_until->ms);
  return way;
}

}  // namespace

ApiResponse respond_with_egress(const EgressPolicy& policy, const EgressMeans& means) {
  Json proxies = Json::object();
  for (const auto& [name, proxy] : means.proxies) proxies[name] = to_string(proxy);
  Json own = Json::array();
  for (const SocketAddress& door : policy.own) own.push_back(to_string(door));
  return respond(200, {{"allow", ranges_json(policy.rules.allow)},
                       {"deny", ranges_json(policy.rules.deny)},
                       {"ports", ports_json(policy.rules.ports)},
                       {"allow_hosts", policy.rules.allow_hosts},
                       {"deny_hosts", policy.rules.deny_hosts},
                       {"own_listeners", std::move(own)},
                       {"source_address", means.source_address ? to_string(*means.source_address) : std::string()},
                       {"proxy", means.proxy},
                       {"proxies", std::move(proxies)},
                       {"authorities", names_json(means.authorities)},
                       {"client_certificates", names_json(means.client_certificates)}});
}

Result<EgressQuestion> read_egress_question(const Fields& parameters, const MerchantDirectory& merchants) {
  const auto read = Parameters::read(parameters, {"url", "provider", "merchant"}, "a check");
  if (!read) return read.error();
  EgressQuestion question;
  std::string text = read->text("url");
  if (read->find("provider") != nullptr || read->find("merchant") != nullptr) {
    const Merchant* merchant = merchants.find(read->text("provider"), read->text("merchant"));
    if (merchant == nullptr) {
      return Error{ErrorCode::kNotFound,
                   fmt::format("there is no merchant {}/{}", read->text("provider"), read->text("merchant")),
                   {}};
    }
    question.settings = egress_settings_of(*merchant);
    if (text.empty()) text = merchant->url;
  }
  if (text.empty()) return invalid("names no URL; give url, or a merchant that has one", "url");
  Result<Url> url = parse_url(text);
  if (!url) return url.error();
  question.url = *std::move(url);
  return question;
}

ApiResponse respond_with_finding(const EgressQuestion& question, const EgressFinding& finding, const EgressMeans& means,
                                 WallTime now) {
  Json addresses = Json::array();
  for (const CheckedAddress& checked : finding.addresses) {
    addresses.push_back({{"address", to_string(checked.address)},
                         {"allowed", checked.verdict.allowed},
                         {"reason", checked.verdict.reason}});
  }
  Json body{{"url", question.url.text()},
            {"host", question.url.host},
            {"port", question.url.port},
            {"allowed", finding.verdict.allowed},
            {"reason", finding.verdict.reason},
            {"lookup", name_of(finding.lookup)},
            {"detail", finding.detail},
            {"addresses", std::move(addresses)},
            {"way", way_json(question, means, now)}};
  return respond(200, body);
}

}  // namespace ackd
