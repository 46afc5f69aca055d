// The parts of the configuration that say where ackd may connect to, and by what means: egress, hosts, dns and tls.
#pragma once

#include <string>
#include <vector>

#include "config/file_context.h"
#include "policy/egress.h"
#include "policy/egress_settings.h"
#include "profile/yaml_section.h"

namespace ackd {

// egress: ports, ranges and hosts.
EgressPolicy read_egress_policy(const YamlSection& root, YamlTrouble& trouble);

// What merchants' settings may name, with the files read: egress.proxies, tls.authorities, tls.client_certificates; and
// what everybody uses of it.
EgressMeans read_egress_means(const YamlSection& root, const FileContext& context);

// hosts: names that no name server is asked about.
std::map<std::string, std::vector<IpAddress>> read_pinned_hosts(const YamlSection& root, YamlTrouble& trouble);

// dns.servers: each "address", "address:port" or "[address]:port".
std::vector<std::string> read_dns_servers(const YamlSection& root, YamlTrouble& trouble);

// tls.ca_file, or empty for the system's.
std::string read_ca_file(const YamlSection& root, const FileContext& context);

}  // namespace ackd
