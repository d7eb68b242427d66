// Which tracks of an answer are one recording: the same artist and title, but for case and typography (`normalized` of
// index/described.h), and the same length to the second.
#pragma once

#include <span>

#include "index/index.h"

namespace earshot::index {

/// Sets Found::group of each.
void group_recordings(std::span<Found> tracks);

}  // namespace earshot::index
