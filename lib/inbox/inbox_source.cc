#include "inbox/inbox_source.h"

namespace ackd {

const char* name_of(InboxFault fault) {
  switch (fault) {
    case InboxFault::kMissing: return "missing";
    case InboxFault::kLocked: return "locked";
    case InboxFault::kUnreadable: return "unreadable";
    case InboxFault::kCorrupt: return "corrupt";
    case InboxFault::kNotAnInbox: return "not_an_inbox";
    case InboxFault::kSetBack: break;
  }
  return "set_back";
}

}  // namespace ackd
