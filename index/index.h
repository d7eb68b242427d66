// Here is text: which tracks? An inverted index of one node's own track metadata, on RocksDB.
// This header is all that the rest of the house knows; the inside may change without it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "index/owners.h"
#include "index/storage.h"
#include "schema/ids.h"
#include "schema/result.h"
#include "schema/time.h"
#include "schema/track.h"

namespace earshot::index {

struct Found {
  Track track;
  std::uint32_t score = 0;  // BM25 x 1,000
  /// Number of the first track of the answer that is the same recording: the same artist and title, but for case and
  /// typography, and the same length to the second. Its own number when it is the first.
  std::uint32_t group = 0;
};

struct Answer {
  std::vector<Found> tracks;  // best first; ties: the shorter, then by artist, album and content id
  bool complete = true;       // false: the budget ran out, this is the best of what was seen
  bool with_typos = false;    // nothing matches as it was typed, these match with slips of the pen
};

/// Counts of a collection larger than this index, the network say, so that scores of several holders compare.
class WiderStatistics {
 public:
  virtual ~WiderStatistics() = default;
  virtual std::uint64_t tracks() const = 0;
  /// Sum of the weighted lengths of all tracks.
  virtual std::uint64_t total_length() const = 0;
  /// Tracks with a term; nothing when it is not known there.
  virtual std::optional<std::uint64_t> tracks_with(std::string_view term) const = 0;
};

struct SearchOptions {
  std::size_t limit = 20;
  Duration budget = 50ms;  // of this call's own time
  /// When nothing matches as typed: words match with one edit from four letters on, two from eight.
  bool typos = true;
  /// What to rank by in place of this index's own counts. Not owned.
  const WiderStatistics* statistics = nullptr;
};

/// Tracks in one add: a change is one write, whose memory this bounds to about 50 MB.
inline constexpr std::size_t kMaxTracksPerAdd = 65'536;

struct Stats {
  std::uint64_t tracks = 0;
  std::uint64_t terms = 0;  // distinct ones, estimated to 2 %
  std::uint64_t bytes_on_disk = 0;
};

/// Thread-safe: any number of searches beside one writer at a time (further writers wait).
class Index {
 public:
  struct Options {
    // Tracks are found by Latin spellings of other scripts, too. An index keeps to what it was made with.
    bool transliterate = false;
    // Opens an index that was made with another transliteration, so that visit() can read it; it takes no changes then.
    bool only_to_visit = false;
    bool sync = true;                     // every acknowledged change survives a power cut
    std::size_t cache_bytes = 32u << 20;  // half for pages of segments, half for RocksDB's write buffers and indexes
    std::size_t live_tracks = 65'536;     // held in memory, 670 bytes each, before they are sealed
    std::uint64_t disk_limit = 0;         // bytes of tables, beyond which writing pauses; 0: none
    // compact() makes segments of at most so many: merging takes 220 bytes of memory a track.
    std::uint64_t segment_tracks = 12u << 20;
  };

  /// Opens or creates. Errors: kDisk, kCorrupt (with what to do), kUnsupported for a newer format or when asked to
  /// transliterate without ICU, kInvalid for an index that was made with another transliteration than asked for.
  static Result<std::unique_ptr<Index>> open(const std::filesystem::path& folder, const Options& options);

  virtual ~Index() = default;

  /// Adds or replaces by content id, all or nothing, durable on return. Errors: kDisk, kCorrupt, kInvalid for an
  /// untidy track or more than kMaxTracksPerAdd.
  virtual Result<void> add(std::span<const Track> tracks) = 0;

  /// How many of these were there. Errors: kDisk.
  virtual Result<std::size_t> remove(std::span<const ContentId> contents) = 0;

  virtual Result<std::optional<Track>> find(const ContentId& content) const = 0;

  /// In the language of index/query_parser.h: words (all must match), "phrases", -exclusions, prefix*, OR, groups and
  /// filters such as year:1959..1965; or one content's id (schema/search.h). Errors: kInvalid with the column and how to mend it; kDisk, kCorrupt.
  virtual Result<Answer> search(std::string_view query, const SearchOptions& options) const = 0;

  virtual Stats stats() const = 0;

  /// Whether tracks are found by Latin spellings.
  virtual bool transliterates() const { return false; }

  /// How often the tracks have changed; rises with every change, 0 where nobody counts.
  virtual std::uint64_t generation() const { return 0; }

  /// Digests of other libraries, hosted beside this one; null where none can be. Lives as long as the index.
  virtual Owners* owners() { return nullptr; }

  /// Seals what is live and merges all segments into one, or into as few as Options::segment_tracks allows, which
  /// happens by itself in the background but not so thoroughly. Takes about 10 us a track; searches and changes go on meanwhile. Errors: kDisk, kCorrupt.
  virtual Result<void> compact() = 0;

  // For whoever runs it.

  virtual Storage storage() const = 0;

  /// Every track of one moment, in no order; `take` ends it with false. Errors: kDisk, kCorrupt.
  virtual Result<void> visit(const std::function<bool(const Track&)>& take) const = 0;

  /// Reads everything from the disk and checks it against checksums, and every track against the look-up of its id;
  /// the number of tracks. `go_on` hears of tracks checked and ends it with false. Errors: kDisk, kCorrupt, kStopped.
  virtual Result<std::uint64_t> verify(const std::function<bool(std::uint64_t)>& go_on) const = 0;

  /// Adds a backup to those in `folder`: what changed since the last one, with checksums; older than the third go.
  virtual Result<void> back_up(const std::filesystem::path& folder) = 0;

  /// A copy of this moment as an index of its own in `folder`, which must not exist; hard links on the same disk.
  virtual Result<void> snapshot(const std::filesystem::path& folder) = 0;

  /// Brings the newest backup back into `folder`, which must be empty or absent.
  /// Errors: kNotFound, kCorrupt, kDisk, kInvalid.
  static Result<void> restore(const std::filesystem::path& backups, const std::filesystem::path& folder);
};

}  // namespace earshot::index
