#include "config/config.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "config/key_file.h"
#include "temporary_folder.h"

namespace ackd {
namespace {

namespace fs = std::filesystem;

Result<Config> load(const TemporaryFolder& folder, const std::string& text) {
  return load_config(folder.write("config.yaml", text));
}

std::string error_of(const TemporaryFolder& folder, const std::string& text) {
  const auto config = load(folder, text);
  return config.ok() ? "(accepted)" : config.error().message;
}

const std::string kMerchant = "merchants:\n  - provider: dhpay\n    id: m1\n    key_file: k\n";

TEST_CASE("a nearly empty file has every default") {
  const TemporaryFolder folder;
  const auto config = load(folder, "data_dir: d\n");
  REQUIRE(config.ok());
  CHECK(config->data_dir == folder.file("d"));
  CHECK(config->listen == folder.file("d/ackd.sock"));
  CHECK(config->drain_timeout == Duration(30'000));
  CHECK(config->delivery.lane_window == 16);
  CHECK(config->delivery.lane_window_first == 4);
  CHECK(config->delivery.suspend_hosts_min == 5);
  CHECK(config->disk.low_bytes == 256u << 20);
  CHECK(config->merchants.empty());
}

TEST_CASE("an inbox names the platform's file, and never ackd's own") {
  const TemporaryFolder folder;
  CHECK(load(folder, "data_dir: d\n")->inbox.sqlite.empty());
  const auto config = load(folder, "data_dir: d\ninbox: {sqlite: p.db}\n");
  REQUIRE(config.ok());
  CHECK(config->inbox.sqlite == folder.file("p.db"));
  CHECK(config->inbox.mark_file == folder.file("d/inbox.mark"));
  CHECK(load(folder, "inbox: {sqlite: /p.db, mark_file: m/mark}\n")->inbox.mark_file == folder.file("m/mark"));
  CHECK(error_of(folder, "inbox: {}\n").find("inbox.sqlite") != std::string::npos);
  CHECK(error_of(folder, "inbox: {sqlite: \"\"}\n").find("inbox.sqlite") != std::string::npos);
  CHECK(error_of(folder, "data_dir: d\ninbox: {sqlite: d/outbox.db}\n").find("own outbox") != std::string::npos);
  CHECK(error_of(folder, "inbox: {sqlite: p.db, poll: 1s}\n").find("poll") != std::string::npos);
}

TEST_CASE("rates are read, those of hosts by scheme, name and port") {
  const TemporaryFolder folder;
  const auto config = load(folder, R"(
delivery:
  lane_rate: 5
  lane_rate_burst: 10
  host_rate: 7
  host_rates:
    https://shop.example: {rate: 20, burst: 40}
    http://127.0.0.1:8080: {rate: 0}
)");
  REQUIRE(config.ok());
  const DeliveryRates& rates = config->delivery.rates;
  CHECK(rates.lane == Rate{5, 10});
  CHECK(rates.host == Rate{7, 0});
  CHECK(rates.of_host("https://shop.example:443") == Rate{20, 40});
  CHECK(rates.of_host("http://127.0.0.1:8080").none());
  CHECK(rates.of_host("http://shop.example:80") == Rate{7, 0});
}

TEST_CASE("values, sizes, durations and relative paths are read") {
  const TemporaryFolder folder;
  folder.write("k", "secret\n");
  const auto config = load(folder, R"(
listen: /run/x.sock
node: 7
log: {level: warning, format: json}
schedules: {folder: s, overrides: /o}
egress: {allow: [127.0.0.0/8, "::1"]}
delivery: {lane_window: 1, lane_window_first: 3, page_memory: 2 MiB}
disk: {low: 1GiB, critical: 512KiB, ballast: 0}
drain_timeout: 90s
dns: {servers: [192.0.2.1, "192.0.2.1:5353", "[2001:db8::1]:53", "2001:db8::2"]}
merchants:
  - {provider: dhpay, id: "010", url: "HTTPS://Shop.Example", key_file: k, options: {ack_trim: "true"}}
)");
  REQUIRE_MESSAGE(config.ok(), (config.ok() ? "" : config.error().message));
  CHECK(config->listen == "/run/x.sock");
  CHECK(config->log.level == LogLevel::kWarning);
  CHECK(config->log.format == LogFormat::kJson);
  CHECK(config->schedules.folder == folder.file("s"));
  CHECK(config->schedules.overrides == "/o");
  CHECK(config->egress.rules.allow.size() == 2);
  CHECK(config->delivery.page_bytes_max == 2u << 20);
  CHECK(config->disk.ballast_bytes == 0);
  CHECK(config->dns_servers.size() == 4);
  REQUIRE(config->merchants.size() == 1);
  const Merchant& merchant = config->merchants[0].merchant;
  CHECK(merchant.id == "010");
  CHECK(merchant.url == "https://shop.example/");
  CHECK(merchant.keys.front().secret.reveal() == "secret");
  CHECK(merchant.keys.front().id == "k");
  CHECK(merchant.options.at("ack_trim") == "true");
}

TEST_CASE("sending may never be suspended, or only for many hosts") {
  const TemporaryFolder folder;
  CHECK(load(folder, "delivery: {suspend_hosts_min: 0}\n")->delivery.suspend_hosts_min == 0);
  CHECK(load(folder, "delivery: {suspend_hosts_min: 10000}\n")->delivery.suspend_hosts_min == 10'000);
  CHECK(error_of(folder, "delivery: {suspend_hosts_min: 10001}\n")
            .find("delivery.suspend_hosts_min: '10001' is not a whole number from 0 to 10000") != std::string::npos);
}

TEST_CASE("the limit of memory is not given, none, or a size") {
  const TemporaryFolder folder;
  CHECK_FALSE(load(folder, "ingest: {}\n")->ingest.memory_bytes_max);
  CHECK(load(folder, "ingest: {memory_max: 0}\n")->ingest.memory_bytes_max == 0);
  CHECK(load(folder, "ingest: {memory_max: 2GiB}\n")->ingest.memory_bytes_max == 2ULL << 30);
}

TEST_CASE("the API listens on TCP of loopback beside its socket") {
  const TemporaryFolder folder;
  const auto single = load(folder, "data_dir: d\nlisten: 127.0.0.1:8081\n");
  REQUIRE(single.ok());
  CHECK(single->listen == folder.file("d/ackd.sock"));
  REQUIRE(single->listen_tcp.size() == 1);
  CHECK(to_string(single->listen_tcp[0]) == "127.0.0.1:8081");
  const auto several = load(folder, "listen: [\"[::1]:8081\", x.sock, 127.0.0.2:9]\n");
  REQUIRE(several.ok());
  CHECK(several->listen == folder.file("x.sock"));
  REQUIRE(several->listen_tcp.size() == 2);
  CHECK(to_string(several->listen_tcp[0]) == "[::1]:8081");
  CHECK(load(folder, "listen: /run/a:b.sock\n")->listen == "/run/a:b.sock");
}

TEST_CASE("errors name file, line and field, and what to do") {
  const TemporaryFolder folder;
  folder.write("k", "secret");
  struct Row {
    std::string text;
    std::string expected;
  };
  const std::vector<Row> rows{
      {"lsten: x\n", "config.yaml:1:1: lsten: this key is not known; did you mean 'listen'?"},
      {"node: 1\nnode: 2\n", "config.yaml:2:1: the key 'node' is already given in line 1"},
      {"listen: 0.0.0.0:8081\n",
       "config.yaml:1:1: listen: '0.0.0.0:8081' is not an address of loopback: the API has no tokens"},
      {"listen: [\"[::]:8081\"]\n", "is not an address of loopback"},
      {"listen: 192.0.2.1:8081\n", "is not an address of loopback"},
      {"listen: localhost:8081\n", "is not an address of loopback"},
      {"listen: \":8081\"\n", "is not an address of loopback"},
      {"listen: 8081\n", "is not an address of loopback"},
      {"listen: 127.0.0.1:99999\n", "has no port from 0 to 65535"},
      {"listen: \"127.0.0.1:\"\n", "has no port from 0 to 65535"},
      {"listen: [a.sock, b.sock]\n", "names two unix sockets"},
      {"ingest: {requests_burst: 5}\n", "ingest.requests_burst: means nothing without requests_per_second"},
      {"ingest: {memory_max: 2TiB}\n", "ingest.memory_max: '2TiB' is not a size from 0 to 1024GiB"},
      {"ingest: {body_memory: 1MiB}\n", "'1MiB' is not a size from 16MiB to 8GiB"},
      {"log:\n  level: loud\n", "config.yaml:2:3: log.level: 'loud' is not known"},
      {"node: 1024\n", "config.yaml:1:1: node: '1024' is not a whole number from 0 to 1023"},
      {"node: 010\n", "node: '010'"},
      {"delivery: {lane_window: 0}\n", "delivery.lane_window: '0' is not a whole number from 1 to 4096"},
      {"delivery: {lane_rate: 1000001}\n", "delivery.lane_rate: '1000001' is not a whole number from 0 to 1000000"},
      {"delivery: {host_rate_burst: 2}\n", "delivery.host_rate_burst: means nothing without host_rate"},
      {"delivery: {host_rates: 5}\n", "delivery.host_rates: must be a map of hosts"},
      {"delivery: {host_rates: {shop.example: {rate: 1}}}\n", "is not a host; write https://shop.example"},
      {"delivery: {host_rates: {\"https://shop.example/x\": {rate: 1}}}\n",
       "is not a host; write https://shop.example"},
      {"delivery: {host_rates: {\"https://shop.example\": {burst: 1}}}\n", "burst: means nothing without rate"},
      {"delivery: {page_memory: 64MB}\n", "delivery.page_memory: '64MB' is not a size from 1MiB to 8GiB"},
      {"delivery: {page_memory: 9GiB}\n", "'9GiB' is not a size"},
      {"delivery: {page_memory: 99999999999999999999GiB}\n", "is not a size"},
      {"delivery: {unsettled_max: 10}\n", "delivery.unsettled_max: 10 is less than transfers_max, 1024"},
      {"disk: {low: 1MiB}\n", "disk.critical: 64MiB is more than low, 1MiB"},
      {"drain_timeout: 11m\n", "drain_timeout: '11m' is more than the limit of 10m"},
      {"drain_timeout: 30\n", "drain_timeout: '30' is not a duration"},
      {"egress:\n  allow:\n    - 10.0.0.0/99\n", "config.yaml:3:7: egress.allow[0]:"},
      {"dns: {servers: [dns.example]}\n", "dns.servers: 'dns.example' is not an address"},
      {"dns: {servers: [\"192.0.2.1:0\"]}\n", "dns.servers: '192.0.2.1:0' is not an address"},
      {"tls: {ca_file: none.pem}\n", "tls.ca_file: there is no file"},
      {"merchants: {a: b}\n", "merchants: must be a list"},
      {"merchants:\n  - id: m\n    key_file: k\n", "config.yaml:2:5: merchants[0].provider: is missing"},
      {"merchants:\n  - provider: p\n    id: m\n", "merchants[0].key_file: is missing"},
      {kMerchant + "    url: ftp://x/\n", "config.yaml:5:5: merchants[0].url:"},
      {kMerchant + "    key: inline\n", "merchants[0].key: this key is not known"},
      {kMerchant + "  - provider: dhpay\n    id: m1\n    key_file: k\n",
       "config.yaml:5:5: merchants[1]: merchant m1 of dhpay is already given in line 2"},
      {"merchants:\n  - {provider: p, id: m, key_file: gone}\n", "merchants[0].key_file: cannot open the key file"},
      {"- a\n", "config.yaml:1:"},
      {"", "config.yaml:1:1: the file is empty"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK_MESSAGE(error_of(folder, row.text).find(row.expected) != std::string::npos, error_of(folder, row.text));
  }
  CHECK(load_config(folder.file("none.yaml")).error().code == ErrorCode::kNotFound);
}

TEST_CASE("a merchant may have a private key, and several keys during a rotation") {
  const TemporaryFolder folder;
  folder.write("old", "o");
  folder.write("new", "n");
  folder.write("pem", "p");
  const auto keys_of = [&](const std::string& lines) {
    const auto config =
        load_config(folder.write("config.yaml", "merchants:\n  - {provider: p, id: m, " + lines + "}\n"));
    REQUIRE_MESSAGE(config.ok(), (config.ok() ? "" : config.error().message));
    return config->merchants[0].merchant.keys;
  };
  const auto both = keys_of("key_file: old, private_key_file: pem");
  REQUIRE(both.size() == 1);
  CHECK(both[0].id == "old");
  CHECK(both[0].secret.reveal() == "o");
  CHECK(both[0].private_key.reveal() == "p");
  CHECK(keys_of("private_key_file: pem")[0].id == "pem");
  const auto rotating = keys_of("keys: [{key_file: new, key_id: k2}, {key_file: old}]");
  REQUIRE(rotating.size() == 2);
  CHECK(rotating[0].id == "k2");
  CHECK(rotating[1].secret.reveal() == "o");
  const auto refused = [&](const std::string& lines) {
    return error_of(folder, "merchants:\n  - {provider: p, id: m, " + lines + "}\n");
  };
  CHECK(refused("keys: []").find("must name 1 to 4 keys") != std::string::npos);
  CHECK(refused("keys: [{key_id: k}]").find("merchants[0].keys[0].key_file: is missing") != std::string::npos);
  CHECK(refused("key_file: old, keys: [{key_file: new}]").find("stands beside keys") != std::string::npos);
}

TEST_CASE("hosts, contact, the master key's file and what to do with unknown merchants are read") {
  const TemporaryFolder folder;
  folder.write("k", "secret\n");
  const auto plain = load(folder, "data_dir: d\n");
  REQUIRE(plain.ok());
  CHECK(plain->master_key_file == folder.file("d/master.key"));
  CHECK(plain->ingest.unknown_merchants == UnknownMerchant::kRefuse);
  CHECK(plain->file == folder.file("config.yaml"));
  const auto config = load(folder, kMerchant + R"(    hosts: [A.example, "*.b.example"]
    contact: call us
ingest: {unknown_merchants: hold}
master_key_file: keys/master
)");
  REQUIRE_MESSAGE(config.ok(), config.error().message);
  CHECK(config->merchants.at(0).merchant.hosts == std::vector<std::string>{"a.example", "*.b.example"});
  CHECK(config->merchants.at(0).merchant.contact == "call us");
  CHECK(config->master_key_file == folder.file("keys/master"));
  CHECK(config->ingest.unknown_merchants == UnknownMerchant::kHold);
  CHECK(error_of(folder, kMerchant + "    hosts: [\"https://a.example\"]\n").find("hosts") != std::string::npos);
  CHECK(error_of(folder, "ingest: {unknown_merchants: keep}\n").find("hold") != std::string::npos);
}

TEST_CASE("a key file that others can use is refused") {
  const TemporaryFolder folder;
  for (const mode_t good : {0600U, 0400U, 0700U}) CHECK(read_key_file(folder.write("k", "x", good)).ok());
  for (const mode_t bad : {0640U, 0604U, 0620U, 0602U, 0644U, 0610U, 0601U}) {
    CAPTURE(bad);
    const auto key = read_key_file(folder.write("k", "x", bad));
    REQUIRE_FALSE(key.ok());
    CHECK(key.error().message.find("chmod 600") != std::string::npos);
  }
}

TEST_CASE("a symbolic link is followed, and the rules hold for its target") {
  const TemporaryFolder folder;
  const std::string target = folder.write("target", "x", 0600);
  const std::string link = folder.file("link");
  REQUIRE(::symlink(target.c_str(), link.c_str()) == 0);
  CHECK(read_key_file(link).ok());
  REQUIRE(::chmod(target.c_str(), 0644) == 0);
  CHECK_FALSE(read_key_file(link).ok());
}

TEST_CASE("one newline at the end of a key is dropped, and nothing else") {
  const TemporaryFolder folder;
  const auto key = [&](const std::string& text) { return read_key_file(folder.write("k", text))->reveal(); };
  CHECK(key("abc") == "abc");
  CHECK(key("abc\n") == "abc");
  CHECK(key("abc\r\n") == "abc");
  CHECK(key("abc\n\n") == "abc\n");
  CHECK(key(" a b ") == " a b ");
  CHECK(key(std::string(kKeyFileBytesMax, 'k')).size() == kKeyFileBytesMax);
}

TEST_CASE("what cannot be a key is refused") {
  const TemporaryFolder folder;
  CHECK_FALSE(read_key_file(folder.write("k", "")).ok());
  CHECK_FALSE(read_key_file(folder.write("k", "\n")).ok());
  CHECK(read_key_file(folder.write("k", std::string(kKeyFileBytesMax + 1, 'k'))).error().code == ErrorCode::kTooLarge);
  CHECK_FALSE(read_key_file(folder.path()).ok());
  const std::string pipe = folder.file("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_FALSE(read_key_file(pipe).ok());
}

TEST_CASE("the example loads, and its merchants fit the shipped profiles") {
  const TemporaryFolder folder;
  std::ifstream example(ACKD_SOURCE_DIR "/config.yaml.example");
  const std::string text(std::istreambuf_iterator<char>(example), {});
  for (const char* key :
       {"dhpay-499800.key", "payindex-shop-7.key", "apiv3.key", "platform.pem", "hooks-new.key", "hooks-old.key"}) {
    folder.write(std::string("keys/") + key, "secret");
  }
  const auto config = load(folder, text);
  REQUIRE_MESSAGE(config.ok(), (config.ok() ? "" : config.error().message));
  CHECK(config->merchants.size() == 4);

  auto sources = load_profiles(ACKD_SOURCE_DIR "/schedules", "");
  REQUIRE(sources.ok());
  ProfileCatalogue catalogue;
  std::int64_t number = 0;
  for (ProfileSource& source : *sources) catalogue.set_current({++number}, std::move(source.profile));
  const Status checked = check_merchants(*config, catalogue);
  CHECK_MESSAGE(checked.ok(), (checked.ok() ? "" : checked.error().message));

  Config wrong = *config;
  wrong.merchants[0].merchant.provider = "dhpays";
  CHECK(check_merchants(wrong, catalogue).error().message.find("did you mean 'dhpay'?") != std::string::npos);
  wrong = *config;
  wrong.merchants[1].merchant.options["ack_trim"] = "perhaps";
  CHECK(check_merchants(wrong, catalogue).error().message.find("config.yaml:") == 0);
}

TEST_CASE("ten thousand merchants load") {
  const TemporaryFolder folder;
  folder.write("k", "secret");
  std::string text = "merchants:\n";
  for (int i = 0; i < 10'000; ++i) text += "  - {provider: dhpay, id: m" + std::to_string(i) + ", key_file: k}\n";
  const auto config = load(folder, text);
  REQUIRE(config.ok());
  CHECK(config->merchants.size() == 10'000);
}

}  // namespace
}  // namespace ackd
