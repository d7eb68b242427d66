// Tracks and folders for the tests of this folder.
#pragma once

#include <filesystem>
#include <string>

#include "schema/track.h"
#include "tests/temporary_folder.h"

namespace earshot::index {

/// A content id whose digest begins with `number`, big-endian.
ContentId content(std::uint32_t number);

/// track(7, "So What | Miles Davis | Kind of Blue | jazz | 1959"); missing fields stay empty.
Track track(std::uint32_t number, const std::string& drawn);

/// The real rows, when they lie beside the source tree; empty otherwise.
std::filesystem::path shared_data(const std::string& file);

/// A whole file, unpacked when its name ends in .zst.
std::string contents_of(const std::filesystem::path& file);

}  // namespace earshot::index
