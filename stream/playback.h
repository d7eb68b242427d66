// A content as a player needs it: verified bytes in order, from any place, for several readers at once. Works on every
// engine: it only turns reading positions into wishes.
//
// Rules
//  1. Before all else each reader's next 64 KiB, then the content's head and tail: what tells a player format and length
//     lies there, and a player that waits for its index plays nothing.
//  2. From there on each reader's position wishes for what lies ahead, second by second at the content's bit rate, each
//     slice due when it will be played. At most `read_ahead` bytes: a player asks for "everything from here" and then
//     stops reading when it is paused.
//  3. A seek moves the reader's wishes; what only the old position needed is given up.
// Wishes are told again when a reader has moved by half a slice, so that a byte-wise reader costs nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "schema/result.h"
#include "stream/engine.h"

namespace earshot::stream {

struct PlaybackOptions {
  std::uint32_t bit_rate = 320'000;           // bits a second; sets deadlines, and 0 means the default
  std::uint64_t ends = 128 * 1024;            // of head and tail each: the Ogg that was measured wants its last 70 kB
  std::uint64_t read_ahead = 16 * 1024 * 1024;  // a minute of lossless sound
};

class Playback : public std::enable_shared_from_this<Playback> {
 public:
  /// Readers at once. More: open_reader fails with kExhausted.
  static constexpr std::size_t kMaxReaders = 32;

  /// One position in the content. Not thread-safe; different readers are. Closing (destroying) withdraws its wishes.
  class Reader {
   public:
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    std::uint64_t position() const { return position_; }
    void seek(std::uint64_t offset);
    /// Copies what follows, waiting for at least one byte until `patience` is over (0: does not wait), and moves on.
    /// 0: the end. Errors: as Stream::read.
    Result<std::size_t> read(std::span<std::uint8_t> into, Duration patience);

   private:
    friend class Playback;
    Reader(std::shared_ptr<Playback> playback, std::uint64_t position)
        : playback_(std::move(playback)), position_(position), told_(position) {}

    std::shared_ptr<Playback> playback_;
    std::uint64_t position_;
    std::uint64_t told_;  // position that the wishes know; guarded by the playback's mutex
  };

  /// Starts with head and tail: opening ahead of need is a prefetch.
  static std::shared_ptr<Playback> open(std::unique_ptr<Stream> stream, const PlaybackOptions& options);

  /// Errors: kExhausted.
  Result<std::unique_ptr<Reader>> open_reader(std::uint64_t position);

  void add_providers(std::span<const Endpoint> providers) { stream_->add_providers(providers); }
  Status status() const { return stream_->status(); }

 private:
  Playback(std::unique_ptr<Stream> stream, const PlaybackOptions& options)
      : stream_(std::move(stream)), options_(options) {}

  void moved(Reader& reader);
  void closed(const Reader& reader);
  /// REQUIRES: mutex_ is held.
  void tell_wishes();

  const std::unique_ptr<Stream> stream_;
  const PlaybackOptions options_;
  std::mutex mutex_;
  std::vector<Reader*> readers_;  // guarded by mutex_
};

}  // namespace earshot::stream
