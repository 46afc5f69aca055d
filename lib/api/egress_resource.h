// GET /v1/egress: what the configuration lets requests reach, and by what means.
// GET /v1/egress/check?url=...: what would become of a request there.
#pragma once

#include <string>
#include <vector>

#include "api/egress_checks.h"
#include "api/problem.h"
#include "model/content.h"
#include "model/merchant.h"

namespace ackd {

ApiResponse respond_with_egress(const EgressPolicy& policy, const EgressMeans& means);

// From the parameters url, or provider and merchant for that merchant's own URL, or all three for a URL of its
// notifications. A URL that is none is an error whose field is "url".
Result<EgressQuestion> read_egress_question(const Fields& parameters, const MerchantDirectory& merchants);

ApiResponse respond_with_finding(const EgressQuestion& question, const EgressFinding& finding, const EgressMeans& means,
                                 WallTime now);

}  // namespace ackd
