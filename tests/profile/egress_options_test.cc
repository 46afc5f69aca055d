#include "profile/egress_options.h"

#include <doctest/doctest.h>

#include "profile/merchant_options.h"
#include "profile/shipped_profiles.h"

namespace ackd {
namespace {

constexpr const char* kPin = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
constexpr std::int64_t kNowMs = 1'767'225'600'000;  // 2026-01-01T00:00:00Z

Merchant with(std::map<std::string, std::string> options) {
  Merchant merchant;
  merchant.provider = "dhpay";
  merchant.id = "499800";
  merchant.options = std::move(options);
  return merchant;
}

TEST_CASE("every profile has the options of a merchant's way out") {
  const Merchant merchant = with({{"egress_allow", "10.1.2.0/24 192.0.2.7"},
                                  {"egress_deny", "8.8.8.8"},
                                  {"egress_ports", "8443 9000-9001"},
                                  {"tls_ca", "bank"},
                                  {"tls_client_certificate", "platform"},
                                  {"tls_pin", std::string(kPin) + ";" + kPin},
                                  {"tls_unverified_until", "2026-02-01T00:00:00Z"},
                                  {"source_address", "198.51.100.7"},
                                  {"proxy", "none"}});
  CHECK(check_options(shipped_profile("dhpay"), merchant));
  const std::optional<EgressSettings> settings = egress_settings_of(merchant);
  REQUIRE(settings);
  CHECK(settings->rules.allow.size() == 2);
  CHECK(settings->rules.deny.size() == 1);
  CHECK(settings->rules.ports.size() == 2);
  CHECK(settings->authority == "bank");
  CHECK(settings->client_certificate == "platform");
  CHECK(settings->source_address == parse_ip("198.51.100.7").value());
  CHECK(settings->proxy == kNoProxy);
  CHECK_FALSE(egress_settings_of(with({{"window", "4"}})));
}

TEST_CASE("values that could not be kept to are refused, with the option's name") {
  const std::pair<const char*, const char*> wrong[] = {
      {"egress_allow", ""},
      {"egress_allow", "10.0.0.0/33"},
      {"egress_allow", "shop.example"},
      {"egress_deny", "1"},
      {"egress_ports", "0"},
      {"egress_ports", "80,443"},
      {"tls_ca", ""},
      {"tls_client_certificate", ""},
      {"tls_pin", "sha256//AAAA"},
      {"tls_pin", "md5//AAAA"},
      {"tls_pin", "pin.pem"},
      {"tls_unverified_until", "true"},
      {"tls_unverified_until", "0"},
      {"source_address", "eth0"},
      {"proxy", ""},
  };
  for (const auto& each : wrong) {
    const auto& name = each.first;
    const auto& value = each.second;
    const Status checked = check_options(shipped_profile("dhpay"), with({{name, value}}));
    REQUIRE_MESSAGE(!checked, name << "=" << value);
    CHECK(checked.error().field == std::string("options.") + name);
    CHECK(checked.error().message.find(name) != std::string::npos);
  }
  std::string many;
  for (int i = 0; i < 17; ++i) many += std::to_string(8'000 + i) + " ";
  CHECK_FALSE(check_options(shipped_profile("dhpay"), with({{"egress_ports", many}})));
}

TEST_CASE("what an option names must be in the configuration") {
  EgressMeans means;
  means.authorities["bank"] = "PEM";
  means.client_certificates["platform"] = {};
  means.proxies["dmz"] = {};
  CHECK(check_named(with({{"tls_ca", "bank"}, {"tls_client_certificate", "platform"}, {"proxy", "dmz"}}), means));
  CHECK(check_named(with({{"proxy", "none"}}), means));
  CHECK(check_named(with({}), means));
  for (const char* name : {"tls_ca", "tls_client_certificate", "proxy"}) {
    const Status checked = check_named(with({{name, "bnak"}}), means);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().field == std::string("options.") + name);
  }
}

TEST_CASE("a loosening holds until its moment, and none may be given for long") {
  const WallTime now{kNowMs};
  const auto until = [](const char* moment) { return with({{"tls_unverified_until", moment}}); };
  const auto is_loose = [&](const char* moment, WallTime at) {
    return is_unverified(*egress_settings_of(until(moment)), at);
  };
  CHECK(is_loose("2026-01-01T00:00:01Z", now));
  CHECK_FALSE(is_loose("2026-01-01T00:00:00Z", now));
  CHECK_FALSE(is_loose("2025-12-31T00:00:00Z", now));
  CHECK(is_loose("2026-04-01T00:00:00Z", now));
  CHECK(check_loosening(until("2026-04-01T00:00:00Z"), now));
  CHECK_FALSE(check_loosening(until("2026-04-01T00:00:01Z"), now));
  CHECK_FALSE(is_loose("9999-01-01T00:00:00Z", now));  // not even if it got onto the record
}

}  // namespace
}  // namespace ackd
