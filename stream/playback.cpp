// Positions to wishes.
#include "stream/playback.h"

#include <algorithm>

namespace earshot::stream {

namespace {

constexpr std::uint64_t kSlice = 64 * 1024;

/// Slices with a deadline of their own; the rest of the window shares the last one.
constexpr std::uint64_t kTimedSlices = 16;

std::uint64_t bytes_per_second(std::uint32_t bit_rate) {
  return std::max<std::uint64_t>((bit_rate == 0 ? PlaybackOptions{}.bit_rate : bit_rate) / 8, 1000);
}

}  // namespace

std::shared_ptr<Playback> Playback::open(std::unique_ptr<Stream> stream, const PlaybackOptions& options) {
  std::shared_ptr<Playback> playback(new Playback(std::move(stream), options));
  const std::lock_guard lock(playback->mutex_);
  playback->tell_wishes();
  return playback;
}

Result<std::unique_ptr<Playback::Reader>> Playback::open_reader(std::uint64_t position) {
  const std::lock_guard lock(mutex_);
  if (readers_.size() >= kMaxReaders) return fail(ErrorCode::kExhausted, "{} readers are open on it", readers_.size());
  std::unique_ptr<Reader> reader(new Reader(shared_from_this(), position));
  readers_.push_back(reader.get());
  tell_wishes();
  return reader;
}

void Playback::moved(Reader& reader) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t to = reader.position_, from = reader.told_;
  if (to >= from && to - from < kSlice / 2) return;
  reader.told_ = to;
  tell_wishes();
}

void Playback::closed(const Reader& reader) {
  const std::lock_guard lock(mutex_);
  std::erase(readers_, &reader);
  tell_wishes();
}

void Playback::tell_wishes() {
  std::vector<Wish> wishes;
  const std::uint64_t rate = bytes_per_second(options_.bit_rate);
  for (const Reader* reader : readers_) wishes.push_back({{reader->told_, kSlice}, Duration(0)});
  // In time behind the readers' first slice, before their second.
  wishes.push_back({{0, options_.ends}, 1ms});
  wishes.push_back({{0, options_.ends}, 1ms, /*from_end=*/true});
  for (const Reader* reader : readers_) {
    const std::uint64_t window = std::max(options_.read_ahead, kSlice);
    for (std::uint64_t slice = 1; slice <= kTimedSlices && slice * kSlice < window; ++slice) {
      const std::uint64_t ahead = slice * kSlice;
      const bool last = slice == kTimedSlices;
      const Duration due(static_cast<std::int64_t>(ahead * 1'000'000 / rate));
      wishes.push_back({{reader->told_ + ahead, last ? window - ahead : std::min(kSlice, window - ahead)},
                        std::max<Duration>(due, 2ms)});
    }
  }
  stream_->want(wishes, Rest::kLeave);
}

Playback::Reader::~Reader() { playback_->closed(*this); }

void Playback::Reader::seek(std::uint64_t offset) {
  position_ = offset;
  playback_->moved(*this);
}

Result<std::size_t> Playback::Reader::read(std::span<std::uint8_t> into, Duration patience) {
  auto got = playback_->stream_->read(position_, into, patience);
  if (!got) return got;
  position_ += *got;
  playback_->moved(*this);
  return got;
}

}  // namespace earshot::stream
