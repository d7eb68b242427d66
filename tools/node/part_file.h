// A file that is being written beside its final name, and names that no text of a stranger can turn into a path.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "schema/bytes.h"
#include "schema/result.h"

namespace earshot::node {

/// A readable name without separators, that is no hidden file and no option; "track" when nothing is left of it.
std::string tidy_file_name(std::string_view text);

/// Gone again unless it is kept.
class PartFile {
 public:
  /// Hidden, in `folder`, which is made when it is not there. Errors: kDisk.
  static Result<std::unique_ptr<PartFile>> create(const std::filesystem::path& folder);
  ~PartFile();

  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  const std::filesystem::path& path() const { return path_; }

  /// Errors: kDisk.
  Result<void> append(ByteView bytes);

  /// Gives the file its name: exactly `wanted`, or beside a file that is there already, with a number. Errors: kDisk.
  Result<std::filesystem::path> keep_as(const std::filesystem::path& wanted);

 private:
  PartFile(int descriptor, std::filesystem::path path) : descriptor_(descriptor), path_(std::move(path)) {}
  int descriptor_;
  std::filesystem::path path_;
};

}  // namespace earshot::node
