#include "policy/egress.h"

#include <doctest/doctest.h>

namespace ackd {
namespace {

bool allowed(std::string_view text, const EgressPolicy& policy = {}) {
  const Result<IpAddress> address = parse_ip(text);
  REQUIRE_MESSAGE(address.ok(), text);
  return judge_address(policy, nullptr, *address, 443).allowed;
}

EgressPolicy allowing(std::initializer_list<const char*> ranges) {
  EgressPolicy policy;
  for (const char* range : ranges) policy.rules.allow.push_back(parse_cidr(range).value());
  return policy;
}

TEST_CASE("addresses of the public Internet are allowed") {
  for (const char* text : {"1.1.1.1", "8.8.8.8", "126.255.255.255", "128.0.0.1", "172.15.255.255", "172.32.0.1",
                           "100.63.255.255", "100.128.0.1", "168.63.129.15", "198.17.255.255", "198.20.0.1",
                           "223.255.255.255", "2606:4700::1111", "2400:3200::1", "2003::1", "2001:200::1"}) {
    CHECK_MESSAGE(allowed(text), text);
  }
}

TEST_CASE("every special range is refused at both of its ends") {
  for (const char* text : {"127.0.0.1",
                           "127.255.255.255",
                           "0.0.0.0",
                           "0.255.255.255",
                           "10.0.0.0",
                           "10.255.255.255",
                           "172.16.0.0",
                           "172.31.255.255",
                           "192.168.0.0",
                           "192.168.255.255",
                           "169.254.0.0",
                           "169.254.169.254",
                           "169.254.170.2",
                           "169.254.255.255",
                           "168.63.129.16",
                           "100.64.0.0",
                           "100.100.100.200",
                           "100.127.255.255",
                           "192.0.0.0",
                           "192.0.0.192",
                           "192.0.0.255",
                           "192.0.2.1",
                           "198.51.100.1",
                           "203.0.113.255",
                           "192.88.99.1",
                           "198.18.0.0",
                           "198.19.255.255",
                           "224.0.0.1",
                           "239.255.255.255",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "fc00::",
                           "fdff:ffff::1",
                           "fd00:ec2::254",
                           "fe80::1",
                           "febf::1",
                           "fec0::1",
                           "feff::1",
                           "ff02::1",
                           "2001:db8::1",
                           "3fff::1",
                           "3fff:fff::1",
                           "100::1",
                           "5f00::1",
                           "2001:1ff::1",
                           "4000::1",
                           "1::1",
                           "8000::1"}) {
    CHECK_MESSAGE(!allowed(text), text);
  }
}

TEST_CASE("an IPv4 address inside an IPv6 one is refused in every form") {
  for (const char* text : {"::ffff:127.0.0.1", "::ffff:7f00:1", "::127.0.0.1", "::ffff:0:127.0.0.1",
                           "64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe", "2002:7f00:1::", "2001:0:7f00:1::"}) {
    CHECK_MESSAGE(!allowed(text), text);
  }
  CHECK(allowed("::ffff:8.8.8.8"));
}

TEST_CASE("the allow list wins, and only for what it names") {
  const EgressPolicy policy = allowing({"127.0.0.1", "10.1.0.0/16", "fd00::/8"});
  CHECK(allowed("127.0.0.1", policy));
  CHECK(allowed("::ffff:127.0.0.1", policy));
  CHECK(!allowed("127.0.0.2", policy));
  CHECK(allowed("10.1.255.255", policy));
  CHECK(!allowed("10.2.0.0", policy));
  CHECK(allowed("fd12::1", policy));
  CHECK(!allowed("fc12::1", policy));
  CHECK(!allowed("::1", policy));
}

TEST_CASE("a prefix that does not end at a byte is compared bit by bit") {
  const Cidr range = parse_cidr("172.16.0.0/12").value();
  CHECK(range.prefix_bits == 108);
  CHECK(contains(range, parse_ip("172.31.255.255").value()));
  CHECK(!contains(range, parse_ip("172.32.0.0").value()));
  CHECK(contains(parse_cidr("0.0.0.0/0").value(), parse_ip("9.9.9.9").value()));
  CHECK(!contains(parse_cidr("0.0.0.0/0").value(), parse_ip("2606::1").value()));
  CHECK(contains(parse_cidr("::1").value(), parse_ip("::1").value()));
}

TEST_CASE("a refusal names the address, the range and what to do") {
  CHECK(judge_address({}, nullptr, parse_ip("127.0.0.1").value(), 443).reason ==
        "127.0.0.1 is loopback (127.0.0.0/8); list it under egress.allow to permit it");
  CHECK(judge_address({}, nullptr, parse_ip("fe80::1").value(), 443).reason ==
        "fe80::1 is link-local (fe80::/10); list it under egress.allow to permit it");
}

TEST_CASE("spellings that other parsers accept as an address are none") {
  for (const char* text : {"127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.1.", " 127.0.0.1", "", "[::1]",
                           "fe80::1%lo", "1.2.3.4/8", "localhost"}) {
    CHECK_MESSAGE(!parse_ip(text).ok(), text);
  }
  CHECK(!parse_ip(std::string_view("127.0.0.1\0x", 11)).ok());
}

TEST_CASE("bad ranges are refused") {
  for (const char* text : {"10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8x", "::/129", "ten/8", "/8", ""}) {
    CHECK_MESSAGE(!parse_cidr(text).ok(), text);
  }
}

TEST_CASE("only the ports of the web are called, and those that are listed") {
  EgressPolicy policy;
  const auto allowed_port = [&](std::uint16_t port, const EgressRules* merchants = nullptr) {
    return judge_target(policy, merchants, "shop.example", port).allowed;
  };
  CHECK(allowed_port(80));
  CHECK(allowed_port(443));
  const std::uint16_t others[] = {1, 22, 25, 79, 81, 442, 444, 8443, 65535};
  for (const std::uint16_t port : others) CHECK_FALSE(allowed_port(port));
  CHECK(judge_target(policy, nullptr, "shop.example", 22).reason ==
        "port 22 is not among egress.ports; list it there to permit it");

  EgressRules merchants;
  merchants.ports = {{8443, 8445}};
  CHECK_FALSE(allowed_port(8442, &merchants));
  CHECK(allowed_port(8443, &merchants));
  CHECK(allowed_port(8445, &merchants));
  CHECK_FALSE(allowed_port(8446, &merchants));
  policy.rules.ports = {{8000, 8001}};
  CHECK_FALSE(allowed_port(443));
  CHECK(allowed_port(8001));
}

TEST_CASE("what is denied stays denied, whoever allows it") {
  EgressPolicy policy = allowing({"10.0.0.0/8"});
  policy.rules.deny = {parse_cidr("10.1.0.0/16").value(), parse_cidr("1.1.1.0/24").value()};
  EgressRules merchants;
  merchants.allow = {parse_cidr("10.1.2.0/24").value(), parse_cidr("192.168.7.0/24").value()};
  merchants.deny = {parse_cidr("8.8.8.8").value()};
  const auto with_merchant = [&](const char* text) {
    return judge_address(policy, &merchants, parse_ip(text).value(), 443).allowed;
  };
  CHECK(allowed("10.2.0.1", policy));
  CHECK_FALSE(allowed("10.1.0.1", policy));
  CHECK_FALSE(allowed("1.1.1.1", policy));
  CHECK_FALSE(allowed("::ffff:1.1.1.1", policy));
  CHECK(allowed("1.1.2.1", policy));
  CHECK_FALSE(with_merchant("10.1.2.3"));
  CHECK(with_merchant("192.168.7.9"));
  CHECK_FALSE(allowed("192.168.7.9", policy));
  CHECK_FALSE(with_merchant("8.8.8.8"));
  CHECK(allowed("8.8.8.8", policy));
}

TEST_CASE("hosts are allowed and denied by name, label by label") {
  EgressPolicy policy;
  const auto allowed_host = [&](const char* host) { return judge_target(policy, nullptr, host, 443).allowed; };
  policy.rules.deny_hosts = {"metadata.example", "*.internal.example"};
  CHECK(allowed_host("shop.example"));
  CHECK_FALSE(allowed_host("metadata.example"));
  CHECK(allowed_host("x.metadata.example"));
  CHECK_FALSE(allowed_host("a.b.internal.example"));
  CHECK(allowed_host("internal.example"));
  policy.rules.allow_hosts = {"*.example"};
  CHECK(allowed_host("shop.example"));
  CHECK_FALSE(allowed_host("metadata.example"));
  CHECK_FALSE(allowed_host("shop.example.attacker.test"));
  CHECK_FALSE(allowed_host("notexample"));
  CHECK_FALSE(allowed_host("1.1.1.1"));
}

TEST_CASE("ackd's own listeners are refused whatever is allowed") {
  EgressPolicy policy = allowing({"127.0.0.0/8", "0.0.0.0/8", "::1", "::"});
  policy.own = {{parse_ip("127.0.0.1").value(), 8081}, {parse_ip("::1").value(), 8082}};
  const auto allowed_at = [&](const char* text, std::uint16_t port) {
    return judge_address(policy, nullptr, parse_ip(text).value(), port).allowed;
  };
  for (const char* text : {"127.0.0.1", "0.0.0.0", "::", "::ffff:127.0.0.1"}) CHECK_FALSE(allowed_at(text, 8081));
  CHECK_FALSE(allowed_at("::1", 8082));
  CHECK(allowed_at("127.0.0.1", 8080));
  CHECK(allowed_at("127.0.0.2", 8081));
  CHECK(allowed_at("::1", 8081));
}

TEST_CASE("ports are a number or a range of them") {
  CHECK(to_string(parse_ports("443").value()) == "443");
  CHECK(to_string(parse_ports("8000-8999").value()) == "8000-8999");
  for (const char* text :
       {"", "0", "65536", "80,443", "-80", "80-", "90-80", "80-80-80", " 80", "http", "+80", "0-9"}) {
    CHECK_MESSAGE(!parse_ports(text).ok(), text);
  }
}

TEST_CASE("addresses print as people write them") {
  CHECK(to_string(parse_ip("::ffff:1.2.3.4").value()) == "1.2.3.4");
  CHECK(to_string(parse_ip("2001:DB8:0::7").value()) == "2001:db8::7");
}

}  // namespace
}  // namespace ackd
