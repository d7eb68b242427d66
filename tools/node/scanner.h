// Folders into tracks: walks what a person shares, reads tags, lets the engine hash and serve each file, and tells the
// index. Remembers what is shared, so that a restart offers it again and what has gone is taken out.
//
// Rules
//  1. Nothing outside a shared folder is ever served: symbolic links inside it are not followed, whatever they point
//  at,
//     and counted. The shared path itself may be one; it is resolved once, when it is shared.
//  2. A walk is bounded in depth and in files; what lies beyond is left out and the report says so.
//  3. A file that cannot be read or is no audio never stops a scan.
//     Files are opened beneath the shared folder (tools/node/beneath.h), so that nobody swaps one for a link meanwhile.
//  5. A file that is as it was (device, inode, size and time of change) is neither read nor hashed again, wherever in the
//     shares it is now. Its tags are read again when it changed, its old content is forgotten.
//  4. Names that start with a dot are skipped: they are other programs' business.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "index/index.h"
#include "schema/result.h"
#include "schema/track.h"
#include "stream/engine.h"
#include "tools/node/tag_message.h"

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
  std::uint64_t unchanged = 0;  // neither read nor hashed again
  std::uint64_t moved = 0;      // the same file by another path
  std::uint64_t retagged = 0;   // other tags, the same sound
  std::uint64_t copies = 0;     // files of this share that sound like another one of a different content
  std::uint64_t bytes = 0;
  bool complete = true;
};

struct ShareRow {
  std::filesystem::path path;
  std::uint64_t tracks = 0;
};

/// Which file, and in which state: enough to notice that someone wrote to it.
struct FileMark {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t mtime_ns = 0;
  auto operator<=>(const FileMark&) const = default;
};

/// scan() runs on one thread at a time (the worker's); shares() may be asked from any.
class Scanner {
 public:
  /// Reads an open file that is called so.
  using TagReader = std::function<Result<AudioFile>(int descriptor, const std::filesystem::path&)>;
  /// Called now and then; false gives up: what was done stays done.
  using OnProgress = std::function<bool(const ScanProgress&)>;

  /// `record` remembers the shares; it is read here. Engine and index must outlive the scanner.
  Scanner(index::Index& index, stream::Engine& engine, TagReader read_tags, std::filesystem::path record);

  /// Calls back at the start of every scan, before it looks, from the thread that scans. Before the first scan.
  void when_scanning(std::function<void(const std::filesystem::path& root)> told) { when_scanning_ = std::move(told); }

  /// Shares a folder or a file, or brings an earlier share up to date. Errors: kNotFound, kInvalid, kStopped, kDisk.
  Result<ScanReport> scan(const std::filesystem::path& path, const OnProgress& on_progress);

  std::vector<ShareRow> shares() const;

  struct Place {
    std::filesystem::path root;  // the share, or the folder of a shared file
    std::filesystem::path file;
  };
  /// Where a content lies that is shared. Looks at every file: 30 ms for a million.
  std::optional<Place> place_of(const ContentId& content) const;

  /// Copies that differ in their tags alone have one sound: the one content by which all of them go. Others go by themselves.
  /// As of the last scan.
  ContentId recording_of(const ContentId& content) const;

  /// Of the scan that runs now.
  std::optional<ScanProgress> progress() const;

 private:
  struct Known {
    ContentId content;
    FileMark mark;
    std::optional<Digest32> sound;
  };
  /// A share's files are those below its path.
  using Files = std::map<std::filesystem::path, Known>;
  using OnHashed = std::function<bool(std::uint64_t)>;

  Result<ScanReport> scan_root(const std::filesystem::path& root, const OnProgress& on_progress);
  Result<void> add_file(const std::filesystem::path& root, const std::filesystem::path& file, ScanReport& report,
                        const OnHashed& hashed);
  Result<bool> recognise(const std::filesystem::path& file, const FileMark& mark, ScanReport& report,
                         const OnHashed& hashed);
  Result<void> read_file(int descriptor, const std::filesystem::path& file, const FileMark& mark, ScanReport& report,
                         const OnHashed& hashed);
  void find_lost();
  template <class Counts, class Take>
  void each_copy(const Counts& counts, const Take& take) const;
  std::uint64_t count_copies(const std::filesystem::path& root) const;
  void find_copies();
  Result<std::uint64_t> remove_gone(const std::filesystem::path& root, const Walk& walk);
  Result<void> flush();
  void recall();
  void recall_line(std::string_view line);
  Result<void> remember() const;

  index::Index& index_;
  stream::Engine& engine_;
  TagReader read_tags_;
  std::filesystem::path record_;
  std::function<void(const std::filesystem::path&)> when_scanning_;
  std::vector<Track> batch_;  // read, not yet in the index
  std::map<FileMark, std::filesystem::path> lost_;  // known files that are not where they were, by their mark
  std::set<ContentId> replaced_;                    // contents that files had before they changed
  mutable std::mutex mutex_;
  std::vector<std::filesystem::path> roots_;  // guarded by mutex_
  Files files_;                               // guarded by mutex_
  std::map<ContentId, ContentId> copies_;     // to the first of the same sound, by path; guarded by mutex_
  std::optional<ScanProgress> progress_;      // guarded by mutex_
};

}  // namespace earshot::node
