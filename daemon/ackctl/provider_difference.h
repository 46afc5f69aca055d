// What an edit of a profile changes: in what it says, in the bytes of its examples, in its timetable. Pure.
#pragma once

#include <string>
#include <vector>

#include "ackctl/document.h"
#include "ackctl/terminal.h"
#include "profile/profile.h"

namespace ackd {

struct ProviderChange {
  std::string what;  // "field amount, LIMITS", "attempt 3 after", "example, body"
  std::string a;     // empty where A has none
  std::string b;
  bool is_bytes = false;  // of a request: shown where they part
};

// Facts in words, fields, timetable and sources of both; then the examples of A under both. Empty when nothing that is
// sent, awaited or shown differs.
std::vector<ProviderChange> changes_between(const Profile& a, const Profile& b);

std::string report_of(const std::vector<ProviderChange>& changes, const Terminal& terminal);
Document document_of(const std::vector<ProviderChange>& changes);

}  // namespace ackd
