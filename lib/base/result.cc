#include "base/result.h"

namespace ackd {

const char* name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid: return "invalid";
    case ErrorCode::kTooLarge: return "too_large";
    case ErrorCode::kNotFound: return "not_found";
    case ErrorCode::kConflict: return "conflict";
    case ErrorCode::kOverloaded: return "overloaded";
    case ErrorCode::kUnavailable: return "unavailable";
    case ErrorCode::kStorageFull: return "storage_full";
    case ErrorCode::kIo: return "io";
    case ErrorCode::kCorrupt: return "corrupt";
  }
  return "unknown";
}

}  // namespace ackd
