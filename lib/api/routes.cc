#include "api/routes.h"

#include <algorithm>
#include <array>
#include <optional>

namespace ackd {
namespace {

constexpr std::array<Route, 45> kRoutes{{
    {"POST", "/v1/notifications", Endpoint::kIngest},
    {"GET", "/v1/notifications", Endpoint::kListNotifications},
    {"GET", "/v1/notifications/{id}", Endpoint::kShowNotification},
    {"GET", "/v1/notifications/{id}/why", Endpoint::kExplainNotification},
    {"GET", "/v1/notifications/{id}/request", Endpoint::kRequestOfNotification},
    {"POST", "/v1/notifications/{id}/retry", Endpoint::kChangeNotification},
    {"POST", "/v1/notifications/{id}/cancel", Endpoint::kChangeNotification},
    {"POST", "/v1/notifications/{id}/hold", Endpoint::kChangeNotification},
    {"POST", "/v1/notifications/{id}/release", Endpoint::kChangeNotification},
    {"POST", "/v1/notifications/{id}/resend", Endpoint::kChangeNotification},
    {"POST", "/v1/jobs", Endpoint::kStartJob},
    {"GET", "/v1/jobs", Endpoint::kListJobs},
    {"GET", "/v1/jobs/{id}", Endpoint::kShowJob},
    {"POST", "/v1/jobs/{id}/stop", Endpoint::kStopJob},
    {"GET", "/v1/merchants", Endpoint::kListMerchants},
    {"POST", "/v1/merchants/{provider}/{merchant}/probe", Endpoint::kProbeMerchant},
    {"POST", "/v1/merchants/{provider}/{merchant}/pause", Endpoint::kPauseMerchant},
    {"POST", "/v1/merchants/{provider}/{merchant}/resume", Endpoint::kResumeMerchant},
    {"GET", "/v1/merchants/{provider}/{merchant}", Endpoint::kShowMerchant},
    {"PUT", "/v1/merchants/{provider}/{merchant}", Endpoint::kPutMerchant},
    {"DELETE", "/v1/merchants/{provider}/{merchant}", Endpoint::kRemoveMerchant},
    {"POST", "/v1/merchant-imports", Endpoint::kOpenImport},
    {"POST", "/v1/merchant-imports/{id}/lines", Endpoint::kImportLines},
    {"POST", "/v1/merchant-imports/{id}/commit", Endpoint::kCommitImport},
    {"DELETE", "/v1/merchant-imports/{id}", Endpoint::kDropImport},
    {"GET", "/v1/providers", Endpoint::kListProviders},
    {"GET", "/v1/providers/{provider}", Endpoint::kShowProvider},
    {"GET", "/v1/providers/{provider}/timetable", Endpoint::kTimetable},
    {"GET", "/v1/lanes", Endpoint::kListLanes},
    {"GET", "/v1/hosts", Endpoint::kListHosts},
    {"GET", "/v1/egress", Endpoint::kShowEgress},
    {"GET", "/v1/egress/check", Endpoint::kCheckEgress},
    {"GET", "/v1/providers/{provider}/keys", Endpoint::kShowSharedKeys},
    {"PUT", "/v1/providers/{provider}/keys", Endpoint::kPutSharedKeys},
    {"GET", "/v1/keys", Endpoint::kShowKeys},
    {"POST", "/v1/keys/rotate", Endpoint::kRotateKeys},
    {"GET", "/v1/stats", Endpoint::kStats},
    {"GET", "/metrics", Endpoint::kMetrics},
    {"POST", "/v1/clock/confirm", Endpoint::kConfirmClock},
    {"GET", "/v1/inbox", Endpoint::kShowInbox},
    {"POST", "/v1/inbox/rewind", Endpoint::kRewindInbox},
    {"GET", "/v1/inbox/errors", Endpoint::kListInboxErrors},
    {"DELETE", "/v1/inbox/errors/{source}/{row}", Endpoint::kEndInboxError},
    {"GET", "/healthz", Endpoint::kHealth},
    {"GET", "/readyz", Endpoint::kReadiness},
}};

// Takes `count` characters off the front of `rest`.
std::string_view take(std::string_view& rest, std::size_t count) {
  const std::string_view front = rest.substr(0, count);
  rest.remove_prefix(count);
  return front;
}

// The parameters of a path that has the pattern's form, or nothing.
std::optional<std::vector<std::string_view>> match(std::string_view pattern, std::string_view path) {
  std::vector<std::string_view> parameters;
  while (!pattern.empty()) {
    const std::string_view fixed = take(pattern, std::min(pattern.find('{'), pattern.size()));
    if (!path.starts_with(fixed)) return std::nullopt;
    path.remove_prefix(fixed.size());
    if (pattern.empty()) break;
    const std::string_view name = take(pattern, pattern.find('}') + 1);
    std::size_t end = std::min(path.find('/'), path.size());
    if (name == "{merchant}") {
      if (!path.ends_with(pattern)) return std::nullopt;
      end = path.size() - pattern.size();
    }
    if (end == 0) return std::nullopt;
    parameters.push_back(take(path, end));
  }
  if (!path.empty()) return std::nullopt;
  return parameters;
}

}  // namespace

std::span<const Route> routes() {
  return kRoutes;
}

RouteMatch find_route(std::string_view method, std::string_view path) {
  if (method == "HEAD") method = "GET";
  RouteMatch found;
  for (const Route& route : kRoutes) {
    std::optional<std::vector<std::string_view>> parameters = match(route.path, path);
    if (!parameters) continue;
    if (found.route == nullptr && route.method == method) {
      found.route = &route;
      found.parameters = std::move(*parameters);
    }
    if (!found.allowed.empty()) found.allowed += ", ";
    found.allowed += route.method;
  }
  return found;
}

}  // namespace ackd
