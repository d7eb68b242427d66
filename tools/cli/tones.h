// Music for a machine that has none: short tunes of plain tones as tagged WAV files, the same bytes on every machine.
#pragma once

#include <filesystem>
#include <vector>

#include "schema/result.h"

namespace earshot::cli {

/// Writes sixteen tunes into a folder and returns the files. Errors: kDisk.
Result<std::vector<std::filesystem::path>> write_tones(const std::filesystem::path& folder);

}  // namespace earshot::cli
