#include "config/network_sections.h"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

#include "config/key_file.h"
#include "policy/allowed_hosts.h"
#include "text/url.h"

namespace ackd {
namespace {

constexpr std::size_t kDnsServersMax = 8;
constexpr std::size_t kListedMax = 256;
constexpr std::size_t kPinnedMax = 4'096;
constexpr std::size_t kPinnedAddressesMax = 16;
constexpr std::uintmax_t kCertificatesBytesMax = 1u << 20;

// The files of the tls section, and the proxies, are read by name from the same two sections that other readers read.
std::optional<YamlSection> egress_section(const YamlSection& root, YamlTrouble& trouble) {
  if (root.find("egress") == nullptr) return std::nullopt;
  return YamlSection(*root.find("egress"), "egress",
                     {"allow", "deny", "ports", "allow_hosts", "deny_hosts", "source_address", "proxies", "proxy"},
                     trouble);
}

std::optional<YamlSection> tls_section(const YamlSection& root, YamlTrouble& trouble) {
  if (root.find("tls") == nullptr) return std::nullopt;
  return YamlSection(*root.find("tls"), "tls", {"ca_file", "authorities", "client_certificates"}, trouble);
}

// Every text of a list, parsed; a wrong one is reported.
template <class T>
std::vector<T> read_list(const YamlSection& section, const char* key, Result<T> (*parse)(std::string_view),
                         YamlTrouble& trouble) {
  std::vector<T> out;
  for (const YamlNode* node : section.items(key)) {
    const std::string path = fmt::format("{}[{}]", section.path_of(key), out.size());
    Result<T> item = parse(yaml_text(*node, path, trouble));
    if (!item) trouble.report(node->place, path, item.error().message);
    out.push_back(item ? *std::move(item) : T{});
  }
  if (out.size() > kListedMax) section.report(key, fmt::format("lists more than {}", kListedMax));
  return out;
}

// Calls for each entry of a map of names.
template <class OnEntry>
void for_each_name(const YamlSection& section, const char* key, OnEntry on_entry) {
  const YamlNode* node = section.find(key);
  if (node == nullptr) return;
  if (node->kind != YamlNode::Kind::kMap) return section.report(key, "must be a map of names");
  for (const YamlNode& item : node->items) on_entry(item, fmt::format("{}.{}", section.path_of(key), item.key));
}

Result<std::string> read_certificates(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return invalid(fmt::format("there is no file {}", path));
  if (std::filesystem::file_size(path, error) > kCertificatesBytesMax) {
    return invalid(fmt::format("{} is larger than {} bytes, the limit", path, kCertificatesBytesMax));
  }
  std::ifstream stream(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(stream), {});
  if (!stream) return invalid(fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  return text;
}

// "http://192.0.2.1:3128". Only an address, and nothing behind the port.
Result<SocketAddress> read_proxy(std::string_view text) {
  const Result<Url> url = parse_url(text);
  if (!url) return url.error();
  const Result<IpAddress> address = parse_ip(url->host);
  if (url->tls || !address || url->path != "/" || !url->query.empty()) {
    return invalid("write http://ADDRESS:PORT, with an address and not a name");
  }
  return SocketAddress{*address, url->port};
}

void read_authorities(const YamlSection& tls, const FileContext& context, EgressMeans& means) {
  for_each_name(tls, "authorities", [&](const YamlNode& item, const std::string& path) {
    Result<std::string> text = read_certificates(context.resolve(yaml_text(item, path, context.trouble)));
    if (!text) return context.trouble.report(item.place, path, text.error().message);
    means.authorities.emplace(item.key, *std::move(text));
  });
}

void read_client_certificates(const YamlSection& tls, const FileContext& context, EgressMeans& means) {
  for_each_name(tls, "client_certificates", [&](const YamlNode& item, const std::string& path) {
    const YamlSection section(item, path, {"certificate_file", "key_file"}, context.trouble);
    section.require("certificate_file");
    section.require("key_file");
    if (context.trouble.first()) return;
    Result<std::string> certificate = read_certificates(context.resolve(section.text("certificate_file")));
    if (!certificate) return section.report("certificate_file", certificate.error().message);
    Result<Secret> key = read_key_file(context.resolve(section.text("key_file")));
    if (!key) return section.report("key_file", key.error().message);
    means.client_certificates.emplace(item.key, ClientCertificate{*std::move(certificate), *std::move(key)});
  });
}

void read_proxies(const YamlSection& egress, YamlTrouble& trouble, EgressMeans& means) {
  for_each_name(egress, "proxies", [&](const YamlNode& item, const std::string& path) {
    const Result<SocketAddress> proxy = read_proxy(yaml_text(item, path, trouble));
    if (item.key == kNoProxy) return trouble.report(item.place, path, "stands for going through none; choose a name");
    if (!proxy) return trouble.report(item.place, path, proxy.error().message);
    means.proxies.emplace(item.key, *proxy);
  });
  means.proxy = egress.text("proxy");
  if (!means.proxy.empty() && !means.proxies.contains(means.proxy)) {
    egress.report("proxy", fmt::format("'{}' is not one of egress.proxies", means.proxy));
  }
}

// "192.0.2.53", "192.0.2.53:5353", "[2001:db8::53]:53".
bool is_dns_server(std::string_view text) {
  if (parse_ip(text)) return true;
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port == 0) return false;
  std::string_view host = text.substr(0, colon);
  if (!host.starts_with('[')) return host.find(':') == std::string_view::npos && parse_ip(host).ok();
  return host.ends_with(']') && parse_ip(host.substr(1, host.size() - 2)).ok();
}

// One address, or a list of them.
std::vector<IpAddress> read_addresses(const YamlNode& node, const std::string& path, YamlTrouble& trouble) {
  std::vector<IpAddress> addresses;
  const auto add = [&](const YamlNode& item) {
    const Result<IpAddress> address = parse_ip(yaml_text(item, path, trouble));
    if (!address) return trouble.report(item.place, path, address.error().message);
    addresses.push_back(*address);
  };
  if (node.kind == YamlNode::Kind::kList) {
    for (const YamlNode& item : node.items) add(item);
  } else {
    add(node);
  }
  if (addresses.empty() || addresses.size() > kPinnedAddressesMax) {
    trouble.report(node.place, path, fmt::format("must name 1 to {} addresses", kPinnedAddressesMax));
  }
  return addresses;
}

}  // namespace

EgressPolicy read_egress_policy(const YamlSection& root, YamlTrouble& trouble) {
  EgressPolicy policy;
  const std::optional<YamlSection> section = egress_section(root, trouble);
  if (!section) return policy;
  policy.rules.allow = read_list(*section, "allow", parse_cidr, trouble);
  policy.rules.deny = read_list(*section, "deny", parse_cidr, trouble);
  if (section->find("ports") != nullptr) policy.rules.ports = read_list(*section, "ports", parse_ports, trouble);
  policy.rules.allow_hosts = read_list(*section, "allow_hosts", read_host_pattern, trouble);
  policy.rules.deny_hosts = read_list(*section, "deny_hosts", read_host_pattern, trouble);
  return policy;
}

EgressMeans read_egress_means(const YamlSection& root, const FileContext& context) {
  EgressMeans means;
  if (const std::optional<YamlSection> egress = egress_section(root, context.trouble)) {
    read_proxies(*egress, context.trouble, means);
    if (const std::string text = egress->text("source_address"); !text.empty()) {
      const Result<IpAddress> address = parse_ip(text);
      if (!address) egress->report("source_address", address.error().message);
      if (address) means.source_address = *address;
    }
  }
  if (const std::optional<YamlSection> tls = tls_section(root, context.trouble)) {
    read_authorities(*tls, context, means);
    read_client_certificates(*tls, context, means);
  }
  return means;
}

std::map<std::string, std::vector<IpAddress>> read_pinned_hosts(const YamlSection& root, YamlTrouble& trouble) {
  std::map<std::string, std::vector<IpAddress>> pinned;
  for_each_name(root, "hosts", [&](const YamlNode& item, const std::string& path) {
    const Result<Url> url = parse_url("http://" + item.key + "/");
    const bool is_name = url && url->host == item.key && !parse_ip(item.key);
    if (!is_name) return trouble.report(item.place, path, "is not a host's name in lower case");
    pinned[item.key] = read_addresses(item, path, trouble);
  });
  if (pinned.size() > kPinnedMax) root.report("hosts", fmt::format("pins more than {} hosts, the limit", kPinnedMax));
  return pinned;
}

std::vector<std::string> read_dns_servers(const YamlSection& root, YamlTrouble& trouble) {
  if (root.find("dns") == nullptr) return {};
  const YamlSection section(*root.find("dns"), "dns", {"servers"}, trouble);
  std::vector<std::string> servers = section.texts("servers");
  for (const std::string& server : servers) {
    if (is_dns_server(server)) continue;
    section.report("servers", fmt::format("'{}' is not an address; write 192.0.2.53, 192.0.2.53:5353 or "
                                          "[2001:db8::53]:53",
                                          server));
  }
  if (servers.size() > kDnsServersMax) section.report("servers", fmt::format("more than {} servers", kDnsServersMax));
  return servers;
}

std::string read_ca_file(const YamlSection& root, const FileContext& context) {
  const std::optional<YamlSection> section = tls_section(root, context.trouble);
  if (!section) return {};
  std::string ca_file = context.resolve(section->text("ca_file"));
  std::error_code ignored;
  if (!ca_file.empty() && !std::filesystem::is_regular_file(ca_file, ignored)) {
    section->report("ca_file", fmt::format("there is no file {}", ca_file));
  }
  return ca_file;
}

}  // namespace ackd
