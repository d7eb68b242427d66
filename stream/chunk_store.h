// One content on disk: its bytes, and a sidecar that says which of them are verified and holds the tree that proves them.
// A content that is fetched lies in our folder, as NAME.part until it is whole and NAME then; a shared file is read from
// where it lies. What the sidecar claims is true after a kill or a power cut: bytes reach the disk before the claim.
//
//   sidecar  = header bitmap pages                     little-endian; a hole where nothing was written yet
//   header   = magic(16) version(u32) chunk-size(u32) root(32) chunk-count(u64) size(u64) state(u8) peak-count(u8)
//              device(u64) inode(u64) mtime-ns(i64) path-size(u16) path peak-hash(32)* zeros checksum(32)
//              4,096 bytes; checksum: SHA-256 of the rest of them
//   bitmap   = one bit a leaf of the tree, the lowest bit of a byte first; rounded up to 4,096 bytes
//   pages    = one tree page each 4,096 bytes (ppspp/merkle_tree.h): 127 hashes and 32 zeros
//
// size: 0 while the last chunk is missing. state: 0 fetching (the bitmap counts), 1 whole (device, inode, mtime and size
// say which file; when they no longer fit, the file has changed and nothing of the sidecar counts). Version 1; a sidecar
// of another version, a damaged one, or one whose peaks do not lead to its root counts as absent.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

#include "schema/bytes.h"
#include "schema/ids.h"
#include "schema/result.h"
#include "stream/ppspp/effect.h"
#include "stream/ppspp/swarm.h"

namespace earshot::stream {

/// A file descriptor that closes itself.
class File {
 public:
  File() = default;
  explicit File(int fd) : fd_(fd) {}
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~File();

  int fd() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// Which file, and in which state: enough to notice that someone wrote to it.
struct FileMark {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t mtime_ns = 0;
  bool operator==(const FileMark&) const = default;
};

class ChunkStore {
 public:
  /// Bytes of a chunk (RFC 7574 section 8.1 recommends 1,024; our content ids are defined by it).
  static constexpr std::uint32_t kChunkSize = 1024;

  /// Opens what is there of a content in our folder, or starts with nothing. Errors: kDisk.
  static Result<std::unique_ptr<ChunkStore>> fetch(const std::filesystem::path& folder, const Digest32& root);

  /// Opens a file that was hashed before. Errors: kNotFound, kCorrupt (the file has changed, or the sidecar is no good).
  static Result<std::unique_ptr<ChunkStore>> shared(const std::filesystem::path& sidecar);

  /// Hashes a file into a sidecar, or recalls what the sidecar says when the file is unchanged. `progress`: as
  /// Engine::share. Errors: kNotFound, kInvalid (no regular file, empty, or 64 bytes long, which merkle_tree.h explains),
  /// kExhausted (larger than kMaxChunks), kDisk, kStopped, kCorrupt (it changes while it is read).
  static Result<Digest32> hash(const std::filesystem::path& file, const std::filesystem::path& sidecar,
                               const std::function<bool(std::uint64_t)>& progress);

  /// A hashed file has another path: its sidecar too, and says so. False when the sidecar does not fit that file.
  static bool moved(const std::filesystem::path& sidecar, const std::filesystem::path& to_sidecar,
                    const std::filesystem::path& to);

  const Digest32& root() const { return root_; }
  /// What was there when it was opened; empty peaks: nothing.
  const ppspp::Possession& possession() const { return possession_; }
  /// Possession is handed on, not kept twice.
  void forget_possession() { possession_ = {}; }

  // Called by the thread that owns the store.

  /// REQUIRES: before the first keep.
  Result<void> sized(const ppspp::Sized& sized);
  /// Takes a verified chunk; it is readable after flush().
  Result<void> keep(std::uint64_t chunk, ByteView bytes);
  Result<void> keep_page(std::uint64_t index, const ppspp::TreePage& page);
  Result<void> flush();
  /// Gives a whole content its name. REQUIRES: all chunks kept and flushed.
  Result<void> complete();
  Result<ppspp::TreePage> page(std::uint64_t index) const;

  // Called by any thread.

  /// Reads bytes at an offset, as many as there are. Errors: kDisk, kCorrupt (a shared file has changed).
  Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into) const;
  /// Makes what was flushed before this call survive a power cut. One caller at a time.
  Result<void> sync();
  std::filesystem::path file() const;

 private:
  struct Header {
    Digest32 root{};
    std::uint64_t size = 0;
    bool whole = false;
    FileMark mark;
    std::string path;  // of a shared file; empty: in our folder
    std::vector<ppspp::Node> peaks;

    Bytes encode() const;
    static std::optional<Header> decode(ByteView bytes);
    std::uint64_t chunk_count() const { return peaks.empty() ? 0 : peaks.back().bin.chunks().end; }
  };

  explicit ChunkStore(const Digest32& root) : root_(root) {}

  static std::optional<Header> read_header(const File& sidecar);
  Result<void> write_header(const Header& header);
  std::uint64_t page_offset(std::uint64_t index) const;
  Result<void> load_possession();
  Result<void> load_bitmap();
  Result<void> write_bitmap(const ppspp::ChunkSet& chunks);
  Result<void> changed() const;

  Digest32 root_;
  std::filesystem::path folder_;  // empty: a shared file
  File data_;
  File sidecar_;
  ppspp::Possession possession_;

  // Owner's: what was kept and not yet written, one run.
  std::uint64_t run_begin_ = 0;
  Bytes run_;

  mutable std::mutex mutex_;
  Header header_;               // guarded by mutex_
  ppspp::ChunkSet unsynced_;    // guarded by mutex_: written, not yet claimed in the bitmap
  bool header_changed_ = false;  // guarded by mutex_
  Bytes bitmap_;                // sync()'s only
};

}  // namespace earshot::stream
