// The index on disk. RocksDB lives behind this and nowhere else.
//
// Five column families, all of whose keys sort as bytes; numbers in keys are big-endian:
//
//   state    "format" -> kFormat as a decimal; "totals", "terms" -> index/totals.h; "segments" -> number{}, varints;
//            "transliteration" -> the rule of index/transliterator.h that tracks were read by; none: by none
//   live     source:u32 first_doc:u32     -> sized_record{}     tracks that no segment holds yet, one value per change
//   removed  source:u32 doc:u32           -> (empty)            tracks that are gone from a segment or a live one
//   pages    segment:u32 kind:byte number:u32 -> page check:u32 an immutable segment: index/segment.h
//   digests  as pages                                            other peers' digests: index/hosted_digests.h
//
//   sized_record := size:varint record                          index/records.h
//   check: the low half of XXH3-64 of the page. RocksDB checks what the disk returns; this checks that it is ours.
//
// 1. A change is one WriteBatch: all of it survives, or none. A segment's pages are ingested as one file first; then
// one
//    WriteBatch names it in "segments" and drops what it replaces. Pages of no segment named there are erased on open.
// 2. Sources and segments are numbered from one counter, and no number is given out twice while anything bears it.
// 3. Terms come from index/tokenizer.h and records from index/records.h: a change of either is a new kFormat.
//
// The write-ahead log is read with kTolerateCorruptedTailRecords: a torn last write is dropped, damage before it
// refuses the open (RocksDB's default drops both in silence). A last write that is whole by its length only is dropped as
// well (index/torn_tail.h). What looks torn and was acknowledged refuses the open (index/watermark.h). Every read verifies its checksum.
//
// On a full disk writing fails, reading goes on, and RocksDB tries again every five seconds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "index/storage.h"
#include "schema/result.h"

namespace rocksdb {
class FileSystem;
}

namespace earshot::index {

/// Format 1: records without kind, licence and publisher; segments of format 1 (index/segment.h). Both are read.
inline constexpr std::uint32_t kFormat = 2;

enum class Family : std::uint8_t { kState, kLive, kRemoved, kPages, kDigests };
inline constexpr std::size_t kFamilies = 5;

enum class PageKind : std::uint8_t { kHeader, kIds, kDictionary, kTerms, kPostings, kRecords, kContents, kNumbers };

struct StoreOptions {
  bool sync = true;
  std::size_t cache_bytes = 16u << 20;  // of RocksDB: write buffers, indexes of tables
  std::uint64_t disk_limit = 0;                // bytes of tables, beyond which writing pauses; 0: none
  std::shared_ptr<rocksdb::FileSystem> disk{};  // for tests: one that loses power or has no room
};

/// Changes that are written together.
class Batch {
 public:
  virtual ~Batch() = default;
  virtual void put(Family family, std::string_view key, std::string_view value) = 0;
  virtual void erase(Family family, std::string_view key) = 0;
  /// Everything whose key begins with this number.
  virtual void erase_all(Family family, std::uint32_t source) = 0;
};

struct PageId {
  std::uint32_t segment = 0;
  PageKind kind = PageKind::kHeader;
  std::uint32_t number = 0;
};

/// A page to be written, without its check.
struct NewPage {
  PageKind kind = PageKind::kHeader;
  std::uint32_t number = 0;
  std::string bytes;
};

/// Thread-safe. Every error is kDisk, or kCorrupt with what to do.
class Store {
 public:
  /// Opens or creates. Errors: kDisk, kCorrupt with what to do, kUnsupported for a newer format.
  static Result<std::unique_ptr<Store>> open(const std::filesystem::path& folder, const StoreOptions& options);
  virtual ~Store() = default;

  virtual std::unique_ptr<Batch> batch() = 0;
  /// All or nothing; durable on return when the store was opened with sync.
  virtual Result<void> write(std::unique_ptr<Batch> batch) = 0;

  virtual Result<std::optional<std::string>> get(Family family, std::string_view key) const = 0;

  /// Visits everything of a family in byte order, until `visit` returns false.
  using Visit = std::function<bool(std::string_view key, std::string_view value)>;
  virtual Result<void> scan(Family family, const Visit& visit) const = 0;

  /// As it was written, once more on every call: index/page_cache.h keeps pages.
  virtual Result<std::string> page(Family family, const PageId& id) const = 0;
  virtual Result<std::optional<std::string>> page_if_there(Family family, const PageId& id) const = 0;
  Result<std::string> page(const PageId& id) const { return page(Family::kPages, id); }
  /// Visits all pages of one segment, until `visit` returns false.
  using VisitPage = std::function<bool(const PageId& id, std::string_view bytes)>;
  virtual Result<void> scan_pages(Family family, std::uint32_t segment, const VisitPage& visit) const = 0;
  /// Numbers of which a family has pages, rising.
  virtual Result<std::vector<std::uint32_t>> segments_of(Family family) const = 0;
  /// All pages of one segment as one file, durable on return.
  virtual Result<void> ingest(Family family, std::uint32_t segment, std::vector<NewPage> pages) = 0;
  /// Erases pages of segments that are not among `segments`, which rise.
  virtual Result<void> erase_orphans(std::span<const std::uint32_t> segments) = 0;

  /// Moves the log into tables and drops erased data: slow, for compacting by hand.
  virtual Result<void> flush() = 0;
  virtual std::uint64_t bytes_on_disk() const = 0;
  virtual Storage storage() const = 0;

  /// Reads every block and every page past the caches. `go_on` hears of each page and ends it with false (kStopped).
  virtual Result<void> verify(const std::function<bool()>& go_on) const = 0;

  /// Adds a backup to those in `folder`, of what changed since the last one; the newest kBackupsKept stay.
  virtual Result<void> back_up(const std::filesystem::path& folder) = 0;

  /// A copy of this moment in `folder`, which must not exist: hard links where it can be, so it costs next to nothing.
  virtual Result<void> snapshot(const std::filesystem::path& folder) = 0;

  /// The error for bytes that were stored intact but make no sense.
  virtual tl::unexpected<Error> damaged(std::string_view what) const = 0;
};

inline constexpr unsigned kBackupsKept = 3;

/// Brings the newest backup of `backups` back into `folder`, which must be empty or absent. Errors: kNotFound (no backup
/// there), kCorrupt (its checksums are wrong), kDisk, kInvalid.
Result<void> restore_store(const std::filesystem::path& backups, const std::filesystem::path& folder);
std::string page_key(const PageId& id);

/// One page of a family, written with other changes.
void put_page(Batch& batch, Family family, const PageId& id, std::string bytes);

/// Big-endian, so that keys sort as numbers.
void put_u32(std::string& key, std::uint32_t number);
/// REQUIRES: at least four bytes.
std::uint32_t u32_at(std::string_view bytes);

}  // namespace earshot::index
