// How far changes were acknowledged, kept beside the database: so that a change which was promised and is gone is noticed.
//
//   file := sequence:u64 check:u64        little-endian; check: XXH3-64 of the first eight bytes
//
// Rationale: a write-ahead log whose last records claim more bytes than the file has is a torn write to RocksDB, and it
// drops them without a word. One flipped bit in the length of a record within the last 32 KiB looks just so, and takes
// every later change with it. The sequence number of the last acknowledged change cannot fall, so what was recovered is
// compared with it.
//
// It is written after the log was synced and is not synced itself: after a power cut it may be old, never too new. One
// that is damaged or absent says nothing.
#pragma once

#include <cstdint>
#include <filesystem>

namespace earshot::index {

class Watermark {
 public:
  /// Opens `folder`/acknowledged, or makes it. Without it (a full disk) nothing is noticed, and nothing else changes.
  explicit Watermark(const std::filesystem::path& folder);
  ~Watermark();
  Watermark(const Watermark&) = delete;
  Watermark& operator=(const Watermark&) = delete;

  /// What was written last; 0: unknown.
  std::uint64_t read() const;
  void write(std::uint64_t sequence);

  /// For databases whose changes need not survive a power cut.
  static void remove(const std::filesystem::path& folder);

 private:
  int descriptor_;
};

}  // namespace earshot::index
