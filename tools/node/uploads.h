// Files that a person drops on the page: they come in pieces, lie hidden until they are whole, and then have their name
// in the folder of what was published. A page cannot tell the node a path, so it brings the bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "schema/result.h"
#include "tools/node/part_file.h"

namespace earshot::node {

/// Used by one thread.
class Uploads {
 public:
  /// At once; a page sends one after another. More: kExhausted.
  static constexpr std::size_t kMaxOpen = 16;
  /// Three hours of WAV. Larger: kInvalid.
  static constexpr std::uint64_t kMaxBytes = std::uint64_t{2} << 30;

  explicit Uploads(std::filesystem::path folder) : folder_(std::move(folder)) {}

  const std::filesystem::path& folder() const { return folder_; }

  /// Opens a file of `size` bytes; the number names it. Errors: kInvalid, kExhausted, kDisk.
  Result<std::uint64_t> begin(std::string_view name, std::uint64_t size);

  struct State {
    std::uint64_t received = 0;
    std::optional<std::filesystem::path> file;  // when it is whole
  };

  /// The piece that begins at `offset`, which must be what was received so far.
  /// Errors: kNotFound (no such upload), kInvalid (another offset, or too long), kDisk (the upload is given up).
  Result<State> add(std::uint64_t upload, std::uint64_t offset, std::string_view piece);

  /// Unknown numbers are no error.
  void give_up(std::uint64_t upload) { open_.erase(upload); }

 private:
  struct Upload {
    std::string name;
    std::uint64_t size = 0;
    std::uint64_t received = 0;
    std::unique_ptr<PartFile> file;
  };

  std::filesystem::path folder_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, Upload> open_;
};

}  // namespace earshot::node
