// Every path and method of the API, in one table: what is dispatched, what a 405 allows, and what a test compares with
// packaging/openapi.json.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ackd {

enum class Endpoint {
  kIngest,
  kListNotifications,
  kShowNotification,
  kExplainNotification,
  kRequestOfNotification,
  kChangeNotification,
  kStartJob,
  kListJobs,
  kShowJob,
  kStopJob,
  kListMerchants,
  kShowMerchant,
  kPutMerchant,
  kRemoveMerchant,
  kProbeMerchant,
  kPauseMerchant,
  kResumeMerchant,
  kOpenImport,
  kImportLines,
  kCommitImport,
  kDropImport,
  kShowSharedKeys,
  kPutSharedKeys,
  kShowKeys,
  kRotateKeys,
  kListProviders,
  kShowProvider,
  kTimetable,
  kListLanes,
  kListHosts,
  kShowEgress,
  kCheckEgress,
  kStats,
  kMetrics,
  kConfirmClock,
  kShowInbox,
  kRewindInbox,
  kListInboxErrors,
  kEndInboxError,
  kHealth,
  kReadiness,
};

// In a path, `{name}` stands for one segment; `{merchant}`, a merchant's id, for one or more, because the id may hold
// slashes. The first route that matches is the one.
struct Route {
  std::string_view method;
  std::string_view path;
  Endpoint endpoint;
};

std::span<const Route> routes();

struct RouteMatch {
  const Route* route = nullptr;              // of the method asked for; HEAD is a GET whose body is left out
  std::vector<std::string_view> parameters;  // views into the path, in order
  std::string allowed;                       // "GET, POST" where the path exists; empty where it does not
};

RouteMatch find_route(std::string_view method, std::string_view path);

}  // namespace ackd
