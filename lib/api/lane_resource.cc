#include "api/lane_resource.h"

#include <optional>
#include <string>
#include <utility>

#include "api/explanation.h"
#include "api/parameters.h"

namespace ackd {
namespace {

using Json = nlohmann::ordered_json;

Json row_of(const LaneView& lane, EngineTime now) {
  Json row{{"provider", lane.key.provider}, {"merchant", lane.key.merchant}};
  if (!lane.key.origin.empty()) row["origin"] = lane.key.origin;
  row.update(to_json(lane, now));
  return row;
}

Json row_of(const HostView& host, EngineTime now) {
  Json row{{"host", host.origin},         {"lanes", host.lanes},     {"waiting", host.waiting},
           {"in_flight", host.in_flight}, {"ceiling", host.ceiling}, {"held_back", host.held_back}};
  add_rate(host.rate, "", now, row);
  return row;
}

}  // namespace

std::string cursor_of(const LaneKey& lane) {
  return lane.provider + "|" + lane.origin + "|" + lane.merchant;
}

std::optional<LaneKey> parse_lane_cursor(std::string_view text) {
  const std::size_t first = text.find('|');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = text.find('|', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  return LaneKey{std::string(text.substr(0, first)), std::string(text.substr(second + 1)),
                 std::string(text.substr(first + 1, second - first - 1))};
}

ApiResponse respond_with_lanes(const Engine& engine, const Fields& parameters) {
  const auto read =
      Parameters::read(parameters, {"provider", "merchant", "host", "limit", "cursor"}, "a list of lanes");
  if (!read) return respond(problem_of(read.error()));
  const Result<std::size_t> limit = read->limit(kLanesLimit, kLanesLimitMax);
  if (!limit) return respond(problem_of(limit.error()));
  std::optional<LaneKey> position;
  if (const std::string* cursor = read->find("cursor")) {
    position = parse_lane_cursor(*cursor);
    if (!position) return respond(problem_of(not_a_cursor()));
  }
  const LaneFilter filter{read->text("provider"), read->text("merchant"), read->text("host")};
  const LanesPage page = engine.lanes(filter, position, *limit);
  Json rows = Json::array();
  for (const LaneView& lane : page.lanes) rows.push_back(row_of(lane, engine.now()));
  Json body{{"lanes", std::move(rows)}, {"next_cursor", nullptr}};
  if (page.next_position) body["next_cursor"] = cursor_of(*page.next_position);
  return respond(200, body);
}

// A host's cursor begins with a slash, because the host without a name is one too.
ApiResponse respond_with_hosts(const Engine& engine, const Fields& parameters) {
  const auto read = Parameters::read(parameters, {"limit", "cursor"}, "a list of hosts");
  if (!read) return respond(problem_of(read.error()));
  const Result<std::size_t> limit = read->limit(kLanesLimit, kLanesLimitMax);
  if (!limit) return respond(problem_of(limit.error()));
  std::optional<std::string> position;
  if (const std::string* cursor = read->find("cursor")) {
    if (!cursor->starts_with('/')) return respond(problem_of(not_a_cursor()));
    position = cursor->substr(1);
  }
  const HostsPage page = engine.hosts(position, *limit);
  Json rows = Json::array();
  for (const HostView& host : page.hosts) rows.push_back(row_of(host, engine.now()));
  Json body{{"hosts", std::move(rows)}, {"next_cursor", nullptr}};
  if (page.next_position) body["next_cursor"] = "/" + *page.next_position;
  return respond(200, body);
}

}  // namespace ackd
