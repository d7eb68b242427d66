// System calls that a process gives up for good (seccomp, Linux): every one but a few, or a few of them.
#pragma once

#include <span>

namespace earshot::node {

/// From now on any other call ends the process. False when the kernel has no seccomp, or the machine is none that we know.
/// REQUIRES: fewer than 250 calls.
bool allow_only(std::span<const long> calls);

/// From now on these calls fail with EPERM, in this thread and in those that it starts, and in their children. False as above.
/// REQUIRES: fewer than 250 calls.
bool forbid(std::span<const long> calls);

}  // namespace earshot::node
