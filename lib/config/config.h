// The daemon's configuration, validated as a whole before anything is opened: a daemon that starts with half of what
// its operator wrote is worse than one that does not start. Every limit has a default, a unit and a maximum.
// config.yaml.example explains every key to operators.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "config/listen_address.h"
#include "model/merchant.h"
#include "policy/egress.h"
#include "policy/egress_settings.h"
#include "policy/rate_limit.h"
#include "profile/catalogue.h"

namespace ackd {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

struct LogConfig {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kText;
};

struct SchedulesConfig {
  std::string folder = ACKD_SCHEDULES_DIR;
  std::string overrides;  // local files that win over shipped ones of the same name; empty for none
};

// How much is sent at once. The maxima are what a machine can be asked for, not what is wise.
struct DeliveryConfig {
  std::size_t lane_window = 16;
  std::size_t lane_window_first = 4;
  std::size_t host_ceiling = 64;
  std::size_t transfers_max = 1'024;
  std::size_t unsettled_max = 4'096;
  std::size_t page_bytes_max = 32u << 20;
  std::size_t admissions_queued_max = 50'000;
  std::size_t admission_bytes_queued_max = 64u << 20;
  DeliveryRates rates;                // at which requests may start
  std::size_t suspend_hosts_min = 5;  // that fail before sending may be suspended; 0: it never is
};

// What ingest lets in. The rates are each client's own. Zero for no limit; a burst of zero is one second's worth.
struct IngestConfig {
  UnknownMerchant unknown_merchants = UnknownMerchant::kRefuse;
  std::size_t requests_per_second = 0;
  std::size_t requests_burst = 0;
  std::size_t notifications_per_second = 0;
  std::size_t notifications_burst = 0;
  std::size_t connections_max = 1'024;
  std::size_t body_bytes_in_flight_max = 64u << 20;  // of all requests that are being read or answered
  // Of the whole process; above it ingest answers 503. 0 for none; not given: four fifths of what it may have.
  std::optional<std::uint64_t> memory_bytes_max;
};

// The platform's transactional inbox. Without a file there is none.
struct InboxConfig {
  std::string sqlite;     // the platform's database
  std::string mark_file;  // <data_dir>/inbox.mark when not given
};

struct DiskConfig {
  std::uint64_t low_bytes = 256ULL << 20;      // ingest answers 503 below it
  std::uint64_t critical_bytes = 64ULL << 20;  // nothing new is sent below it
  std::uint64_t ballast_bytes = 8ULL << 20;    // given back when the disk is full
};

// A merchant with where it stands in the file ("config.yaml:12: merchants[3]"), for errors found later.
struct ConfiguredMerchant {
  Merchant merchant;
  std::string place;
};

struct Config {
  std::string file;  // as it was named
  std::string data_dir = "/var/lib/ackd";
  std::string listen;                  // the unix socket's path; <data_dir>/ackd.sock when not given
  std::vector<TcpAddress> listen_tcp;  // on loopback; none by default
  unsigned node = 0;
  LogConfig log;
  SchedulesConfig schedules;
  EgressPolicy egress;
  EgressMeans means;                                           // with the files read
  std::map<std::string, std::vector<IpAddress>> pinned_hosts;  // that no name server is asked about
  DeliveryConfig delivery;
  IngestConfig ingest;
  InboxConfig inbox;
  DiskConfig disk;
  Duration drain_timeout{30'000};
  std::string master_key_file;           // what seals merchants' keys at rest; <data_dir>/master.key when not given
  std::vector<std::string> dns_servers;  // empty for the system's
  std::string ca_file;                   // empty for the system's
  std::vector<ConfiguredMerchant> merchants;
};

// Reads and checks the file and the key files it names. Relative paths count from the file's folder. Errors read
// "config.yaml:12: merchants[3].url: what is wrong and what to do".
Result<Config> load_config(const std::string& path);

// What load_config() cannot know: every merchant's provider exists, its options are ones the provider's profile has,
// and what they name is there.
Status check_merchants(const Config& config, const ProfileCatalogue& catalogue);
// No merchant's loosening lasts for too long from `now` on.
Status check_loosenings(const Config& config, WallTime now);

}  // namespace ackd
