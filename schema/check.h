// CHECK is for our own mistakes, stays on in release builds, and never judges a peer's bytes.
#pragma once

namespace earshot {

/// Prints the broken invariant with its place to stderr and aborts.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace earshot

#define EARSHOT_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::earshot::check_failed(#condition, __FILE__, __LINE__))
