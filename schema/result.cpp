// Names of the error codes, as the API and the command line print them.
#include "schema/result.h"

namespace earshot {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid: return "invalid";
    case ErrorCode::kNotFound: return "not_found";
    case ErrorCode::kUnreachable: return "unreachable";
    case ErrorCode::kDenied: return "denied";
    case ErrorCode::kTimedOut: return "timed_out";
    case ErrorCode::kStopped: return "stopped";
    case ErrorCode::kCorrupt: return "corrupt";
    case ErrorCode::kDisk: return "disk";
    case ErrorCode::kExhausted: return "exhausted";
    case ErrorCode::kUnsupported: return "unsupported";
  }
  return "unknown";
}

}  // namespace earshot
