// Finding songs and dealing them out.
#include "tools/cli/demo_plan.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "index/tags.h"
#include "tools/cli/tones.h"
#include "tools/node/scanner.h"

namespace earshot::cli {

namespace fs = std::filesystem;

namespace {

// Enough for a share each, little enough to hash in a second or two.
constexpr std::size_t kMaxSongs = 48;

// Shorter files are noises of a game, not music.
constexpr std::uintmax_t kLeastBytes = 100'000;
constexpr std::uintmax_t kMostBytes = 20'000'000;

std::vector<fs::path> music_below(const fs::path& folder) {
  std::error_code error;
  const fs::path root = fs::canonical(folder, error);
  if (error) return {};
  std::vector<fs::path> files = node::walk_audio(root, {8, 10'000}).files;
  std::erase_if(files, [](const fs::path& file) {
    std::error_code ignored;
    const std::uintmax_t size = fs::file_size(file, ignored);
    return ignored || size < kLeastBytes || size > kMostBytes;
  });
  if (files.size() > kMaxSongs) files.resize(kMaxSongs);
  return files;
}

std::vector<fs::path> installed_music() {
  constexpr std::array<const char*, 2> kFolders = {"/usr/share/games/singularity/music", "/usr/share/games"};
  constexpr std::size_t kEnough = 6;
  for (const char* folder : kFolders) {
    std::vector<fs::path> files = music_below(folder);
    if (files.size() >= kEnough) return files;
  }
  return {};
}

}  // namespace

void spread(std::vector<Song>& songs, std::size_t nodes, Random& random) {
  std::vector<std::size_t> order(nodes - 1);
  std::iota(order.begin(), order.end(), std::size_t{1});
  std::size_t next = order.size();
  for (std::size_t i = 0; i < songs.size(); ++i) {
    const std::size_t copies = std::min<std::size_t>(i % 4 == 0 ? 2 + random.below(2) : 1, nodes - 2);
    while (songs[i].holders.size() < copies) {
      if (next == order.size()) {
        random.shuffle(std::span(order));
        next = 0;
      }
      const std::size_t node = order[next++];
      auto& holders = songs[i].holders;
      if (std::find(holders.begin(), holders.end(), node) == holders.end()) holders.push_back(node);
    }
  }
}

Result<std::vector<Song>> find_songs(const fs::path& music, const fs::path& spare) {
  std::vector<fs::path> files = music.empty() ? installed_music() : music_below(music);
  if (files.empty() && !music.empty()) return fail(ErrorCode::kNotFound, "no music below '{}'", music.string());
  if (files.empty()) {
    std::error_code error;
    fs::create_directories(spare, error);
    auto tones = write_tones(spare);
    if (!tones) return tl::unexpected(tones.error());
    files = std::move(*tones);
  }
  std::vector<Song> songs;
  for (const fs::path& file : files) {
    const auto track = index::read_tags(file);
    if (track) songs.push_back({file, track->title.empty() ? file.stem().string() : track->title, {}});
  }
  if (songs.empty()) return fail(ErrorCode::kNotFound, "none of {} files could be read as audio", files.size());
  return songs;
}

}  // namespace earshot::cli
