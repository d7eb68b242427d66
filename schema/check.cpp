// The end of a process that found a mistake of its own.
#include "schema/check.h"

#include <cstdio>
#include <cstdlib>

namespace earshot {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, condition);
  std::abort();
}

}  // namespace earshot
