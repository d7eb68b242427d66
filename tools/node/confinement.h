// What a running node gives up, so that whoever takes it over does not get the rest of the machine:
//
//  1. Writing outside its own folders, the shared ones and a few more (Landlock). Reading stays, because any folder may be shared
//     while it runs. Rationale: a program is taken over for good by what it writes (start-up files, keys, other programs).
//  2. System calls that no node makes and that attackers like: other processes' memory, mounts, kernel modules, key rings (seccomp).
//  3. Core dumps, which would hold its key.
//
// A kernel that cannot do one of them leaves that one out; what stands is told. Threads that were started before keep their rights,
// so it comes first.
#pragma once

#include <filesystem>
#include <span>
#include <string>

namespace earshot::node {

struct Confinement {
  bool writes = false;  // Landlock
  bool calls = false;   // seccomp
};

/// For this thread and all that it starts. Folders that are not there count for nothing.
Confinement confine(std::span<const std::filesystem::path> writable);

/// "landlock seccomp", "landlock", "seccomp" or "none".
std::string to_string(const Confinement& confinement);

}  // namespace earshot::node
