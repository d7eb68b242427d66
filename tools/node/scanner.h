// Folders into tracks: walks what a person shares, reads tags, lets the engine hash and serve each file, and tells the
// index. Remembers what is shared, so that a restart offers it again and what has gone is taken out.
//
// Rules
//  1. Nothing outside a shared folder is ever served: symbolic links inside it are not followed, whatever they point
//  at,
//     and counted. The shared path itself may be one; it is resolved once, when it is shared.
//  2. A walk is bounded in depth and in files; what lies beyond is left out and the report says so.
//  3. A file that cannot be read or is no audio never stops a scan.
//  4. Names that start with a dot are skipped: they are other programs' business.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "index/index.h"
#include "schema/result.h"
#include "schema/track.h"
#include "stream/engine.h"

namespace earshot::node {

struct WalkLimits {
  std::size_t depth = 16;
  std::size_t files = 1'000'000;
};

struct Walk {
  std::vector<std::filesystem::path> files;  // regular files that look like audio, in the order of their names
  std::size_t other_files = 0;               // regular files of another kind
  std::size_t symlinks = 0;                  // not followed
  bool complete = true;                      // false: a limit was reached or a folder could not be read
};

/// Everything below `root` (a folder, or one file) that looks like audio. REQUIRES: root has no symbolic link in it.
Walk walk_audio(const std::filesystem::path& root, const WalkLimits& limits);

struct ScanProgress {
  std::filesystem::path file;  // the one at work
  std::uint64_t files = 0;     // done
  std::uint64_t of = 0;
  std::uint64_t bytes = 0;  // hashed or recalled
};

struct ScanReport {
  std::filesystem::path path;
  std::uint64_t files = 0;   // that look like audio
  std::uint64_t tracks = 0;  // shared
  std::uint64_t other_files = 0;
  std::uint64_t symlinks = 0;
  std::uint64_t failed = 0;   // unreadable or not audio after all
  std::uint64_t removed = 0;  // were shared, are gone
  std::uint64_t bytes = 0;
  bool complete = true;
};

struct ShareRow {
  std::filesystem::path path;
  std::uint64_t tracks = 0;
};

/// scan() runs on one thread at a time (the worker's); shares() may be asked from any.
class Scanner {
 public:
  using TagReader = std::function<Result<Track>(const std::filesystem::path&)>;
  /// Called now and then; false gives up: what was done stays done.
  using OnProgress = std::function<bool(const ScanProgress&)>;

  /// `record` remembers the shares; it is read here. Engine and index must outlive the scanner.
  Scanner(index::Index& index, stream::Engine& engine, TagReader read_tags, std::filesystem::path record);

  /// Shares a folder or a file, or brings an earlier share up to date. Errors: kNotFound, kInvalid, kStopped, kDisk.
  Result<ScanReport> scan(const std::filesystem::path& path, const OnProgress& on_progress);

  std::vector<ShareRow> shares() const;

 private:
  /// By file: its content. A share's files are those below its path.
  using Files = std::map<std::filesystem::path, ContentId>;

  Result<void> add_file(const std::filesystem::path& file, ScanReport& report,
                        const std::function<bool(std::uint64_t)>& hashed);
  Result<std::uint64_t> remove_gone(const std::filesystem::path& root, const Walk& walk);
  Result<void> flush();
  void recall();
  Result<void> remember() const;

  index::Index& index_;
  stream::Engine& engine_;
  TagReader read_tags_;
  std::filesystem::path record_;
  std::vector<Track> batch_;  // read, not yet in the index
  mutable std::mutex mutex_;
  std::vector<std::filesystem::path> roots_;  // guarded by mutex_
  Files files_;                               // guarded by mutex_
};

}  // namespace earshot::node
