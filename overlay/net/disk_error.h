// What the files of this folder say when the disk refuses.
#pragma once

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "schema/result.h"

namespace earshot::overlay::net {

/// kDisk, with what was done, to which file, and why it failed: errno.
inline tl::unexpected<Error> disk_error(std::string_view doing, const std::filesystem::path& path) {
  return fail(ErrorCode::kDisk, "{} {}: {}", doing, path.string(), std::strerror(errno));
}

}  // namespace earshot::overlay::net
