// GET /metrics, read as Prometheus reads it.
#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "api/metrics_resource.h"
#include "api/prometheus_text.h"
#include "api_world.h"

namespace ackd::test {
namespace {

struct Scraped {
  std::map<std::string, std::string> types;  // by family
  std::set<std::string> helped;
  std::map<std::string, double> samples;  // by name with labels, as written
};

// Text format 0.0.4, strictly: HELP, then TYPE, then the samples of that family alone, each series once.
Scraped scrape(const std::string& text) {
  static const std::regex kComment("# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)");
  static const std::regex kSample(
      R"(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[a-z_]+="([^"\\\n]|\\.)*"(,[a-z_]+="([^"\\\n]|\\.)*")*\})? (-?[0-9.e+]+))");
  REQUIRE(text.ends_with('\n'));
  Scraped out;
  std::string family;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    std::smatch found;
    if (std::regex_match(line, found, kComment)) {
      if (found[1] == "HELP") {
        CHECK(out.helped.insert(found[2]).second);
        family = found[2];
      } else {
        CHECK(family == found[2]);
        CHECK(out.types.emplace(found[2], found[3]).second);
      }
      continue;
    }
    REQUIRE(std::regex_match(line, found, kSample));
    CHECK(found[1] == family);
    CHECK(out.samples.emplace(found[1].str() + found[2].str(), std::stod(found[6])).second);
  }
  return out;
}

TEST_CASE("a scrape has the record's counters and the engine's gauges, and no merchant") {
  ApiWorld world;
  CHECK(world.post("/v1/notifications", dhpay_notification("o1")).status == 201);
  world.engine.note_memory({50u << 20, 100u << 20});
  const ApiResponse response = world.get("/metrics");
  CHECK(response.status == 200);
  CHECK(*find_field(response.headers, "Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
  const Scraped scraped = scrape(response.body);
  CHECK(scraped.samples.at("ackd_lanes") == 1);
  CHECK(scraped.samples.at("ackd_hosts") == 1);
  CHECK(scraped.samples.at("ackd_batches_total") >= 1);
  CHECK(scraped.samples.at("ackd_disk_band{band=\"plenty\"}") == 1);
  CHECK(scraped.samples.at("ackd_disk_band{band=\"low\"}") == 0);
  CHECK(scraped.samples.at("ackd_build_info{version=\"1.2.3\"}") == 1);
  CHECK(scraped.samples.at("process_resident_memory_bytes") == 50u << 20);
  CHECK(scraped.samples.at("process_start_time_seconds") == doctest::Approx(1'767'225'600));
  CHECK(response.body.find("499800") == std::string::npos);
  for (const auto& each : scraped.types) {
    const auto& family = each.first;
    const auto& type = each.second;
    CAPTURE(family);
    CHECK(scraped.helped.count(family) == 1);
    CHECK((type == "counter") == family.ends_with("_total"));
  }
  CHECK(scraped.types.size() == scraped.helped.size());
}

TEST_CASE("every number of the record is there, also a large one") {
  OutboxCounts counts;
  counts.by_state = {1, 2, 3, 4, 5};
  counts.admitted = 9'007'199'254'740'991;
  counts.attempts = 6;
  counts.possibly_sent = 7;
  counts.silent_resends = 8;
  EngineStats engine;
  engine.clock_offset = Duration(-1'500);
  engine.disk = DiskBand::kCritical;
  engine.draining = true;
  const Scraped scraped = scrape(respond_with_metrics({"v", 1, {}}, counts, engine).body);
  CHECK(scraped.samples.at("ackd_notifications{state=\"pending\"}") == 1);
  CHECK(scraped.samples.at("ackd_notifications{state=\"cancelled\"}") == 5);
  CHECK(scraped.samples.at("ackd_notifications_admitted_total") == 9'007'199'254'740'991.0);
  CHECK(scraped.samples.at("ackd_attempts_total") == 6);
  CHECK(scraped.samples.at("ackd_attempts_possibly_sent_total") == 7);
  CHECK(scraped.samples.at("ackd_silent_resends_total") == 8);
  CHECK(scraped.samples.at("ackd_clock_offset_seconds") == -1.5);
  CHECK(scraped.samples.at("ackd_disk_band{band=\"critical\"}") == 1);
  CHECK(scraped.samples.at("ackd_draining") == 1);
}

TEST_CASE("labels are escaped") {
  const std::string text = to_prometheus_text({{"m", "h", MetricKind::kGauge, {{{{"l", "a\"b\\c\nd"}}, 1}}}});
  CHECK(text.find(R"(m{l="a\"b\\c\nd"} 1)") != std::string::npos);
  CHECK(scrape(text).samples.size() == 1);
}

}  // namespace
}  // namespace ackd::test
