// What somebody needs of a content, and by when.
#pragma once

#include <cstdint>

#include "schema/time.h"

namespace earshot::stream {

struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t size = 0;
  bool operator==(const ByteRange&) const = default;
};

/// A part that is needed before the rest. From the end: `first` counts back from the content's last byte, so that a tail
/// can be wished for before anybody knows the length.
struct Wish {
  ByteRange range;
  Duration within{};  // from now; what is needed sooner is fetched first
  bool from_end = false;
  bool operator==(const Wish&) const = default;
};

/// What to do when all wishes are fulfilled.
enum class Rest : std::uint8_t { kFetch, kLeave };

}  // namespace earshot::stream
