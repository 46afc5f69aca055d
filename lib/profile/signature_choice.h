// Which of a profile's ways to sign applies to one notification of one merchant.
#pragma once

#include "base/result.h"
#include "model/content.h"
#include "model/merchant.h"
#include "profile/profile.h"

namespace ackd {

// The first variant whose conditions hold. Fails, naming the field or option that decides, when none does: a value that
// nothing signs must not go out unsigned.
Result<const SignatureVariant*> choose_variant(const Profile& profile, const Merchant& merchant, const Fields& fields);

}  // namespace ackd
