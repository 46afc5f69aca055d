// What `ackctl verify` says. Pure, so that tests compare texts.
#pragma once

#include <optional>
#include <string>

#include "ackctl/document.h"
#include "ackctl/terminal.h"
#include "profile/verification.h"

namespace ackd {

// The verdict, why, where the canonical texts part if the platform's own is known, likely causes, notes, and the fields
// as they arrived; those that the profile calls sensitive are hidden.
std::string report_of(const Profile& profile, const Verification& verification,
                      const std::optional<std::string>& platform_text, const Terminal& terminal);

// {"verified","provider","place","signature","expected","key_id","canonical","subject","fields","why","causes","notes"}
// and, where the platform's own text is known, "signed_text_verifies" and "parts_at". Nothing is hidden.
Document document_of(const Profile& profile, const Verification& verification,
                     const std::optional<std::string>& platform_text);

}  // namespace ackd
