// The live part of `earshot demo --stream`: one source that sends three streams at most, twenty listeners that pass the sound on to each
// other, one of whom comes late, and one who is dealt altered bytes.
#pragma once

#include <functional>
#include <string>

#include "schema/result.h"

namespace earshot::cli {

/// What is told: for scripts, for people.
using Tell = std::function<void(const std::string& json, const std::string& sentence)>;

/// Errors: kCorrupt (a listener heard other bytes), kInvalid (a promise was not kept, and which), kStopped, those of the sockets.
Result<void> live_story(const Tell& tell);

}  // namespace earshot::cli
