// Opening files below a folder without ever leaving it: whatever symbolic links, "..", or renames somebody puts in the way
// meanwhile. openat2(2) with RESOLVE_BENEATH where the kernel has it (5.6), else one step at a time without following links.
#pragma once

#include <filesystem>
#include <utility>

#include "schema/result.h"

namespace earshot::node {

/// A file descriptor that closes itself.
class OpenFile {
 public:
  OpenFile() = default;
  explicit OpenFile(int number) : number_(number) {}
  OpenFile(OpenFile&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  OpenFile& operator=(OpenFile&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~OpenFile();
  int number() const { return number_; }

 private:
  int number_ = -1;
};

enum class Resolve : unsigned char { kByKernel, kStepByStep };

/// Opens a regular file for reading. `path` is below `root`, which itself may lie anywhere. Errors: kNotFound, kDenied (it leads
/// out, or over a link), kInvalid (no regular file, or not below root), kDisk.
Result<OpenFile> open_beneath(const std::filesystem::path& root, const std::filesystem::path& path,
                              Resolve resolve = Resolve::kByKernel);

}  // namespace earshot::node
