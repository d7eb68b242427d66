// Asking for memory before it is touched.
#pragma once

namespace earshot {

/// A hint that this address will be touched soon; it need not be valid. g++ 12 takes a function that does nothing but prefetch for one
/// without effect and drops calls to it when it can see into it; the empty statement is an effect.
inline void prefetch(const void* address) {
  __builtin_prefetch(address);
  asm volatile("");
}
inline void prefetch_to_write(const void* address) {
  __builtin_prefetch(address, 1);
  asm volatile("");
}

}  // namespace earshot
