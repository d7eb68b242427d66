// Who holds what in the demo: pure, so that a seed says it all.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "schema/random.h"
#include "schema/result.h"

namespace earshot::cli {

struct Song {
  std::filesystem::path file;
  std::string title;
  std::vector<std::size_t> holders;  // nodes
};

/// Gives every song to one node, and every fourth to two or three. Node 0, through which all others join, holds none,
/// so that it may be killed. REQUIRES: at least 3 nodes.
void spread(std::vector<Song>& songs, std::size_t nodes, Random& random);

/// Songs to spread: those of `music` when given, else what Debian's singularity-music (or another game) installed, else
/// tones written into `spare`. Titles come from the tags. Errors: kNotFound (no audio below `music`), kDisk.
Result<std::vector<Song>> find_songs(const std::filesystem::path& music, const std::filesystem::path& spare);

}  // namespace earshot::cli
