// Music for a machine that has none: short tunes of plain tones as tagged WAV files, the same bytes on every machine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "schema/result.h"

namespace earshot::cli {

/// Writes sixteen tunes into a folder and returns the files. Errors: kDisk.
Result<std::vector<std::filesystem::path>> write_tones(const std::filesystem::path& folder);

/// One tune of so many quarter seconds, 44 kB each second. Errors: kDisk.
Result<void> write_long_tune(const std::filesystem::path& file, std::uint32_t notes);

}  // namespace earshot::cli
