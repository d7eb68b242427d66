// Record pages: up to kRecordsPerPage track bodies (index/records.h) as they are stored, and as they are kept in
// memory.
//
//   stored   := zstd(columns)                    with the segment's dictionary, when it has one
//   columns  := n:byte size{n} artist{n} album{n} genre{n} title{n} publisher{n}      n has 0x80 added
//             | n:byte codec:byte{n} year{n} duration{n} bitrate{n} size{n} artist{n} album{n} genre{n} title{n}
//   artist, album, genre, title, publisher := 0x01 0x00 | byte{} 0x00      0x01: as in the record before
//   duration := seconds x 2 | milliseconds x 2 + 1
//   memory   := n:byte offset:u32{n + 1} (head body){n}   offsets from the start of the first head
//   head     := whatever the reader puts there (index/segment.h)
// The second form of columns is that of format 1, whose segments have no page of numbers. Integers are LEB128 varints;
// offsets are little-endian. Clean texts hold neither 0x00 nor 0x01.
//
// Rationale: like stands by like, so a dictionary of 64 KiB packs a track in about 20 bytes; a page in memory finds a
// record without a walk, and all of it side by side: what a search waits for is memory, once a place.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/track.h"

namespace earshot::index {

inline constexpr std::size_t kRecordsPerPage = 64;

/// Columns in the first form, as tracks come.
class ColumnsBuilder {
 public:
  /// REQUIRES: size() < kRecordsPerPage.
  void add(const Track& track);
  std::size_t size() const { return size_; }
  /// Of what was added, from the start again. REQUIRES: at least one track.
  std::string take();

 private:
  struct Texts {
    std::string column;
    std::string before;  // the last text of it
  };
  std::size_t size_ = 0;
  std::string sizes_;  // size_bytes of each
  std::array<Texts, 5> texts_;
};

/// Appends what is to stand before the body of a record; false when there is no such record.
using PutHead = std::function<bool(std::size_t i, std::string& out)>;

/// The form in memory; nothing for bytes that are no columns, or when `put_head` refuses.
std::optional<std::string> memory_of_columns(std::string_view columns, const PutHead& put_head);

/// Sets the numbers of the tracks of a page in the second form; false for bytes that are none.
bool read_numbers(std::string_view columns, std::span<Track> tracks);

/// One head and body of the form in memory; nothing when there are fewer.
std::optional<std::string_view> record_at(std::string_view memory, std::size_t i);

/// Samples of columns into a dictionary for them; empty for few.
std::string train_dictionary(std::span<const std::string> samples);

class ColumnPacker {
 public:
  ColumnPacker(std::string_view dictionary, int level);
  ~ColumnPacker();
  std::string pack(std::string_view columns);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// Thread-safe.
class ColumnUnpacker {
 public:
  explicit ColumnUnpacker(std::string_view dictionary);
  ~ColumnUnpacker();
  std::optional<std::string> unpack(std::string_view packed) const;

 private:
  struct Dictionary;
  std::unique_ptr<Dictionary> dictionary_;
};

}  // namespace earshot::index
