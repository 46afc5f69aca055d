// egress, hosts, dns and tls of the configuration, read through load_config().
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <string>

#include "config/config.h"
#include "temporary_folder.h"

namespace ackd {
namespace {

Result<Config> load(const TemporaryFolder& folder, const std::string& text) {
  return load_config(folder.write("config.yaml", text));
}

std::string error_of(const TemporaryFolder& folder, const std::string& text) {
  const auto config = load(folder, text);
  return config.ok() ? "(accepted)" : config.error().message;
}

TEST_CASE("without a word about it only the public web may be reached, and nothing is named") {
  const TemporaryFolder folder;
  const auto config = load(folder, "listen: \"127.0.0.1:8081\"\n");
  REQUIRE(config.ok());
  const EgressRules& rules = config->egress.rules;
  CHECK(rules.allow.empty());
  REQUIRE(rules.ports.size() == 2);
  CHECK(to_string(rules.ports[0]) == "80");
  CHECK(to_string(rules.ports[1]) == "443");
  REQUIRE(config->egress.own.size() == 1);
  CHECK(to_string(config->egress.own[0].address) == "127.0.0.1");
  CHECK(config->egress.own[0].port == 8081);
  CHECK(config->means.proxies.empty());
  CHECK(config->pinned_hosts.empty());
}

TEST_CASE("ranges, ports, hosts, proxies and pins are read") {
  const TemporaryFolder folder;
  const auto config = load(folder, R"(egress:
  allow: [10.0.0.0/8]
  deny: [10.1.0.0/16, "2606:4700::/32"]
  ports: [443, "8000-8999"]
  allow_hosts: ["*.Shop.Example"]
  deny_hosts: [bad.example]
  source_address: 198.51.100.7
  proxies: {dmz: "http://192.0.2.1:3128", six: "http://[2001:db8::1]:8080/"}
  proxy: dmz
hosts:
  shop.example: 203.0.113.7
  pay.example: [203.0.113.8, "2001:db8::8"]
)");
  REQUIRE_MESSAGE(config.ok(), (config.ok() ? "" : config.error().message));
  const EgressRules& rules = config->egress.rules;
  CHECK(to_string(rules.allow.at(0)) == "10.0.0.0/8");
  CHECK(rules.deny.size() == 2);
  CHECK(to_string(rules.ports.at(1)) == "8000-8999");
  CHECK(rules.allow_hosts.at(0) == "*.shop.example");
  CHECK(rules.deny_hosts.at(0) == "bad.example");
  CHECK(to_string(config->means.source_address.value()) == "198.51.100.7");
  CHECK(to_string(config->means.proxies.at("dmz")) == "192.0.2.1:3128");
  CHECK(to_string(config->means.proxies.at("six")) == "[2001:db8::1]:8080");
  CHECK(config->means.proxy == "dmz");
  CHECK(config->pinned_hosts.at("pay.example").size() == 2);
}

TEST_CASE("a client's key is read like a merchant's: its owner's alone") {
  const TemporaryFolder folder;
  folder.write("ca.pem", "CA");
  folder.write("client.pem", "CERTIFICATE");
  const std::string key = folder.write("client.key", "KEY\n");
  const std::string text =
      "tls:\n  authorities: {bank: ca.pem}\n"
      "  client_certificates: {platform: {certificate_file: client.pem, key_file: client.key}}\n";
  const auto config = load(folder, text);
  REQUIRE_MESSAGE(config.ok(), (config.ok() ? "" : config.error().message));
  CHECK(config->means.authorities.at("bank") == "CA");
  CHECK(config->means.client_certificates.at("platform").certificate == "CERTIFICATE");
  CHECK(config->means.client_certificates.at("platform").key.reveal() == "KEY");

  REQUIRE(::chmod(key.c_str(), 0644) == 0);
  CHECK(error_of(folder, text).find("tls.client_certificates.platform.key_file:") != std::string::npos);
}

TEST_CASE("what is wrong is refused with its place") {
  const TemporaryFolder folder;
  folder.write("c", "C");
  const std::pair<const char*, const char*> rows[] = {
      {"egress: {ports: [0]}\n", "config.yaml:1:18: egress.ports[0]: '0' is not a port"},
      {"egress: {ports: [\"90-80\"]}\n", "egress.ports[0]:"},
      {"egress: {deny: [here]}\n", "egress.deny[0]: 'here' is not a range"},
      {"egress: {allow_hosts: [\"http://x/\"]}\n", "egress.allow_hosts[0]:"},
      {"egress: {source_address: eth0}\n", "egress.source_address: 'eth0' is not an IP address"},
      {"egress: {proxies: {dmz: \"http://proxy.example:3128\"}}\n", "egress.proxies.dmz: write http://ADDRESS:PORT"},
      {"egress: {proxies: {dmz: \"https://192.0.2.1:3128\"}}\n", "egress.proxies.dmz: write http://ADDRESS:PORT"},
      {"egress: {proxies: {dmz: \"http://me:pw@192.0.2.1\"}}\n", "egress.proxies.dmz:"},
      {"egress: {proxies: {none: \"http://192.0.2.1\"}}\n", "stands for going through none"},
      {"egress: {proxy: dmz}\n", "egress.proxy: 'dmz' is not one of egress.proxies"},
      {"egress: {verify: false}\n", "egress.verify: this key is not known"},
      {"tls: {verify: false}\n", "tls.verify: this key is not known"},
      {"tls: {authorities: {bank: gone}}\n", "tls.authorities.bank: there is no file"},
      {"tls: {authorities: [c]}\n", "tls.authorities: must be a map"},
      {"tls: {client_certificates: {p: {certificate_file: c}}}\n", "client_certificates.p.key_file: is missing"},
      {"tls: {client_certificates: {p: {certificate_file: c, key_file: gone}}}\n", "p.key_file: cannot open"},
      {"hosts: {Shop.example: 203.0.113.7}\n", "hosts.Shop.example: is not a host's name"},
      {"hosts: {\"127.0.0.1\": 203.0.113.7}\n", "is not a host's name"},
      {"hosts: {shop.example: other.example}\n", "hosts.shop.example: 'other.example' is not an IP address"},
      {"hosts: {shop.example: []}\n", "must name 1 to 16 addresses"},
      {"hosts: [shop.example]\n", "hosts: must be a map"},
  };
  for (const auto& each : rows) {
    const auto& text = each.first;
    const auto& expected = each.second;
    CHECK_MESSAGE(error_of(folder, text).find(expected) != std::string::npos, text << error_of(folder, text));
  }
}

}  // namespace
}  // namespace ackd
