#include "api/request_resource.h"

#include <fmt/format.h>

#include "crypto/digest.h"
#include "model/content.h"
#include "profile/render.h"
#include "text/charset.h"
#include "text/url.h"

namespace ackd {
namespace {

Error not_found(std::string message) {
  return {ErrorCode::kNotFound, std::move(message), {}};
}

// Another one for every notification and millisecond; no attempt ever uses it.
std::string nonce_of(NotificationId id, WallTime now) {
  return nonce_from(static_cast<std::uint64_t>(id.value) * 1'000'003U + static_cast<std::uint64_t>(now.ms));
}

Result<HttpRequest> rendered_request(const Notification& notification, const ProfileCatalogue& catalogue,
                                     const MerchantDirectory& merchants, WallTime now) {
  const LaneKey& lane = notification.lane;
  const Profile* profile = catalogue.find(notification.revision);
  if (profile == nullptr)
    return not_found(fmt::format("the profile that {} was admitted under is not loaded", to_string(notification.id)));
  const Merchant* merchant = merchants.find(lane.provider, lane.merchant);
  if (merchant == nullptr) return not_found(fmt::format("merchant {}/{} is unknown", lane.provider, lane.merchant));
  const std::optional<Content> content = decode_content(notification.content);
  if (!content) return Error{ErrorCode::kCorrupt, "the stored content cannot be read", {}};
  const std::string& target = notification.url.empty() ? merchant->url : notification.url;
  if (target.empty()) {
    return not_found(
        fmt::format("merchant {}/{} has no URL, and the notification brings none", lane.provider, lane.merchant));
  }
  const Result<Url> url = parse_url(target);
  if (!url) return url.error();
  PrivateKeyCache keys;
  Merchant room;
  const Merchant& signing = merchants.as_signing(*merchant, room);
  Result<Rendered> rendered = render(*profile, {*content, signing, *url, now, nonce_of(notification.id, now)}, keys);
  if (!rendered) return rendered.error();
  return std::move(rendered->request);
}

}  // namespace

ApiResponse respond_with_request(const NotificationRecord& record, const ProfileCatalogue& catalogue,
                                 const MerchantDirectory& merchants, WallTime now) {
  const Notification& notification = record.notification;
  const Result<HttpRequest> request = rendered_request(notification, catalogue, merchants, now);
  if (!request) return respond(problem_of_notification(request.error()));
  nlohmann::ordered_json headers = nlohmann::ordered_json::object();
  for (const Field& header : request->headers) headers[header.name] = header.value;
  nlohmann::ordered_json body{{"id", to_string(notification.id)},
                              {"method", request->method},
                              {"url", request->url.text()},
                              {"headers", std::move(headers)}};
  if (is_valid_utf8(request->body)) {
    body["body"] = request->body;
  } else {
    body["body_base64"] = to_text(request->body, DigestForm::kBase64);
  }
  return respond(200, body);
}

}  // namespace ackd
