// Counts what this test program allocates. The definitions of new and delete stand in a file of their own, so that no
// compiler inlines one of the two.
#pragma once

#include <cstddef>

namespace earshot {

/// Bytes asked of operator new since the program started.
std::size_t allocated_bytes();

}  // namespace earshot
