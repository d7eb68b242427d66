// The small files that make a node private and single: folders of one owner, the lock of a data folder, the API token.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "schema/result.h"

namespace earshot::node {

/// Creates a folder (and those above it) that only its owner may enter (0700). An existing one must be ours and closed
/// to others; ours but wider is closed. Errors: kDenied (someone else's), kDisk.
Result<void> make_private_folder(const std::filesystem::path& folder);

/// A new folder of the caller's own below the temporary folder, "earshot-PURPOSE-...", 0700. Whoever made it removes it. Errors: kDisk.
Result<std::filesystem::path> make_temporary_folder(std::string_view purpose);

/// Writes a file by a temporary one and a rename, mode 0600, so that readers see the old text or the new one, whole.
/// Errors: kDisk.
Result<void> write_private_file(const std::filesystem::path& file, std::string_view text);

/// At most `limit` bytes of a file. Errors: kNotFound, kDisk, kInvalid (larger).
Result<std::string> read_small_file(const std::filesystem::path& file, std::size_t limit);

/// 256 random bits in hexadecimal.
std::string random_token();

/// One node per data folder: an exclusive lock on `<folder>/lock`, let go when the process ends, however it ends.
class FolderLock {
 public:
  /// Errors: kExhausted when another process holds it, kDisk.
  static Result<FolderLock> take(const std::filesystem::path& folder);

  FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FolderLock& operator=(FolderLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~FolderLock();

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace earshot::node
