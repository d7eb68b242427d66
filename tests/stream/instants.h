// Instants of tests, by the second.
#pragma once

#include <cstdint>

#include "schema/time.h"

namespace earshot::stream::ppspp {

constexpr Instant at(std::int64_t seconds) { return Instant(Duration(seconds * 1'000'000)); }

}  // namespace earshot::stream::ppspp
