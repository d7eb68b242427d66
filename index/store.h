// The index on disk. RocksDB lives here and nowhere else.
//
// Five column families, all of whose keys sort as bytes; numbers in keys are big-endian:
//
//   state      "format" -> kFormat as a decimal; "totals", "terms" -> index/totals.h
//   live       doc:u32                  -> record      tracks added since the last segment was sealed
//   records    segment:u32 doc:u16      -> record      sealed tracks
//   contents   digest:byte{8} segment:u32 doc:u16 -> (empty)     which sealed tracks may have this content id
//   postings   term 0x00 segment:u32    -> postings    sealed tracks that hold the term
//
// 1. A change is one WriteBatch: all of it survives, or none.
// 2. Inside a segment, documents are numbered in the order of their content ids. Rationale: answers with equal scores
//    are ordered by content id, and scores of short texts tie by the thousand; so a tie costs no read inside a segment.
// 3. A sealed segment only ever loses tracks: its postings are rewritten without them, so counts are always exact.
// 4. Terms come from index/tokenizer.h and records from index/records.h: a change of either is a new kFormat.
//
// The write-ahead log is read with kTolerateCorruptedTailRecords: a torn last write is dropped, damage before it refuses
// the open (RocksDB's default drops both in silence). Every read verifies its checksum.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/result.h"

namespace earshot::index {

inline constexpr std::uint32_t kFormat = 1;

enum class Family : std::uint8_t { kState, kLive, kRecords, kContents, kPostings };
inline constexpr std::size_t kFamilies = 5;

/// Bytes of a content id's digest that lead a key of `contents`: those of one library differ in them almost always, and
/// where they do not, the records tell.
inline constexpr std::size_t kContentPrefix = 8;

struct StoreOptions {
  bool sync = true;
  std::size_t cache_bytes = 32u << 20;
};

/// Changes that are written together.
class Batch {
 public:
  virtual ~Batch() = default;
  virtual void put(Family family, std::string_view key, std::string_view value) = 0;
  virtual void erase(Family family, std::string_view key) = 0;
};

/// The store as it was at one moment. Thread-safe. Every error is kDisk, or kCorrupt with what to do.
class View {
 public:
  virtual ~View() = default;

  virtual Result<std::optional<std::string>> get(Family family, std::string_view key) const = 0;

  /// One entry for each key.
  virtual Result<std::vector<std::optional<std::string>>> get_all(Family family, std::span<const std::string> keys) const = 0;

  /// Visits what begins with `prefix`, in byte order, until `visit` returns false.
  using Visit = std::function<bool(std::string_view key, std::string_view value)>;
  virtual Result<void> scan(Family family, std::string_view prefix, const Visit& visit) const = 0;

  /// The error for bytes that were stored intact but make no sense.
  virtual tl::unexpected<Error> damaged(std::string_view what) const = 0;
};

class Store {
 public:
  /// Opens or creates. Errors: kDisk, kCorrupt with what to do, kUnsupported for a newer format.
  static Result<std::unique_ptr<Store>> open(const std::filesystem::path& folder, const StoreOptions& options);
  virtual ~Store() = default;

  /// All or nothing; durable on return when the store was opened with sync.
  virtual Result<void> write(std::unique_ptr<Batch> batch) = 0;
  virtual std::unique_ptr<Batch> batch() = 0;
  virtual std::shared_ptr<const View> view() = 0;
  virtual std::uint64_t bytes_on_disk() const = 0;
};

/// Big-endian, so that keys sort as numbers.
void put_u32(std::string& key, std::uint32_t number);
void put_u16(std::string& key, std::uint16_t number);
/// REQUIRES: at least four (two) bytes.
std::uint32_t u32_at(std::string_view bytes);
std::uint16_t u16_at(std::string_view bytes);

}  // namespace earshot::index
