// GET /v1/notifications/{id}/request: the request that an attempt would send now, for looking at it and for trying it
// by hand.
#pragma once

#include "api/problem.h"
#include "base/time.h"
#include "model/merchant.h"
#include "outbox/queries.h"
#include "profile/catalogue.h"

namespace ackd {

// {"id","method","url","headers":{...},"body"}, or "body_base64" where the body is not UTF-8: rendered under the
// revision of admission, signed at `now` with the merchant's key of today. Whoever sends it sends a genuine
// notification. Values that lists and `show` hide are in it, because they are in the request; the canonical text is
// not, because it may hold the key. A private key signs right here: people ask rarely, and only for one at a time.
ApiResponse respond_with_request(const NotificationRecord& record, const ProfileCatalogue& catalogue,
                                 const MerchantDirectory& merchants, WallTime now);

}  // namespace ackd
