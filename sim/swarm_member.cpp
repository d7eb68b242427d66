// Players over swarms.
#include "sim/swarm_member.h"

#include <algorithm>
#include <cstring>

#include "schema/check.h"
#include "schema/random.h"
#include "stream/ppspp/live/live_swarm.h"
#include "stream/ppspp/sha256.h"
#include "stream/ppspp/swarm.h"

namespace earshot::sim {

namespace {

using namespace stream::ppspp;

constexpr std::uint64_t kChunk = 1024;
constexpr std::uint64_t kEnd = 64;  // chunks of head and tail that a player looks at first

/// The part of a player that both kinds share: sound runs while its chunks are here.
class Player {
 public:
  explicit Player(const SwarmSettings& settings, Instant joined)
      : joined_(joined), chunks_per_second_(settings.bit_rate / 8 / kChunk), buffer_(settings.buffer) {}

  /// `ahead`: chunks in a row from the place that is played; `rest`: what is left of the content.
  void step(Instant now, std::uint64_t ahead, std::uint64_t rest) {
    if (rest == 0) return;
    const std::uint64_t needed = playing_ ? chunks_in(kPlayStep) : chunks_in(buffer_);
    if (ahead < std::min(needed, rest)) {
      if (playing_) ++listening.stalls;
      if (listening.start) listening.stalled += kPlayStep;
      playing_ = false;
      return;
    }
    if (!listening.start) listening.start = now - joined_;
    playing_ = true;
    listening.played += kPlayStep;
    position += std::min(chunks_in(kPlayStep), rest);
  }
  std::uint64_t chunks_in(Duration time) const {
    return std::max<std::uint64_t>(chunks_per_second_ * static_cast<std::uint64_t>(time.count()) / 1'000'000, 1);
  }
  Instant joined() const { return joined_; }

  Listening listening;
  std::uint64_t position = 0;  // the next chunk to be played

 private:
  Instant joined_;
  std::uint64_t chunks_per_second_;
  Duration buffer_;
  bool playing_ = false;
};

class VodMember final : public SwarmMember {
 public:
  VodMember(const SwarmSettings& settings, const SharedContent& content, bool seeds, std::uint64_t seed, Instant joined)
      : content_(content), seeds_(seeds), ids_(Random::stream(seed, 0, 2)), swarm_(content.root, config(settings, seeds), ids_),
        player_(settings, joined) {
    if (!seeds) return;
    Possession possession{content.peaks, content.bytes.size(), {}, {}};
    const std::uint64_t count = content.peaks.back().bin.chunks().end;
    possession.verified.insert({0, count});
    for (const auto& [index, page] : content.pages) {
      if (index >= TreeShape(count).low_pages()) possession.pages.emplace_back(index, page);
    }
    swarm_.restore(possession);
  }

  void receive(Instant now, const Endpoint& from, ByteView datagram, Outbox& out) override { swarm_.receive(now, from, datagram, out); }
  void loaded(Instant now, const Load& load, Outbox& out) override {
    const std::size_t begin = load.chunks.begin * kChunk;
    const std::size_t end = std::min<std::size_t>(load.chunks.end * kChunk, content_.bytes.size());
    const auto page = content_.pages.find(load.chunks.begin / kPageChunks);
    swarm_.loaded(now, load, {ByteView(content_.bytes).subspan(begin, end - begin), page == content_.pages.end() ? nullptr : &page->second}, out);
  }
  void tick(Instant now, Outbox& out) override {
    swarm_.tick(now, out);
    if (!seeds_ && !player_.listening.whole && swarm_.is_complete()) player_.listening.whole = now - player_.joined();
  }
  void add_peer(Instant now, const Endpoint& endpoint, Outbox& out) override { swarm_.add_peer(now, endpoint, out); }
  void leave(Instant now, Outbox& out) override { swarm_.leave(now, out); }
  Instant next_deadline() const override { return swarm_.next_deadline(); }

  void play(Instant now, Outbox& out) override {
    if (seeds_) return;
    const std::uint64_t count = swarm_.chunk_count();
    const ChunkRange ahead = swarm_.verified().around(player_.position);
    if (count > 0) player_.step(now, ahead.empty() ? 0 : ahead.end - player_.position, count - std::min(count, player_.position));
    if (swarm_.is_complete()) return;
    const std::uint64_t at = player_.position, second = player_.chunks_in(1s);
    std::vector<ChunkWish> wishes = {{{at, at + 2 * second}, now}, {{0, kEnd}, now + 1s}, {{0, kEnd}, now + 1s, /*from_end=*/true}};
    for (std::uint64_t ahead_s = 2; ahead_s < 12; ahead_s += 2) {
      wishes.push_back({{at + ahead_s * second, at + (ahead_s + 2) * second}, now + Duration(1s) * static_cast<std::int64_t>(ahead_s)});
    }
    swarm_.want(now, std::move(wishes), stream::Rest::kFetch, out);
  }
  const Listening& listening() const override { return player_.listening; }

 private:
  static SwarmConfig config(const SwarmSettings& settings, bool seeds) {
    SwarmConfig config;
    if (seeds) config.upload_slots = settings.source_slots;
    return config;
  }

  const SharedContent& content_;
  bool seeds_;
  ChannelIds ids_;
  Swarm swarm_;
  Player player_;
};

constexpr std::uint64_t kNtpBegin = std::uint64_t{3'900'000'000} << 32;  // some day; only differences matter

LiveConfig live_config(const SwarmSettings& settings) {
  LiveConfig config;
  config.slots = settings.source_slots;
  config.discard_window = 256;  // 16 s at 128 kbit/s: 256 KiB a peer
  config.ntp_at_zero = kNtpBegin;
  return config;
}

class LiveMember : public SwarmMember {
 public:
  LiveMember(const SwarmSettings& settings, LiveSwarm swarm, Instant joined) : swarm_(std::move(swarm)), player_(settings, joined) {}

  void receive(Instant now, const Endpoint& from, ByteView datagram, Outbox& out) override { swarm_.receive(now, from, datagram, out); }
  void loaded(Instant, const Load&, Outbox&) override {}
  void tick(Instant now, Outbox& out) override { swarm_.tick(now, out); }
  void add_peer(Instant now, const Endpoint& endpoint, Outbox& out) override { swarm_.add_peer(now, endpoint, out); }
  void leave(Instant now, Outbox& out) override { swarm_.leave(now, out); }
  Instant next_deadline() const override { return swarm_.next_deadline(); }
  const Listening& listening() const override { return player_.listening; }

 protected:
  LiveSwarm swarm_;
  Player player_;
};

/// Each chunk opens with the time at which it was appended.
class LiveSource final : public LiveMember {
 public:
  LiveSource(const SwarmSettings& settings, const LiveSigner& signer, std::uint64_t seed, Instant joined)
      : LiveMember(settings, LiveSwarm(signer, live_config(settings), Random::stream(seed, 0, 2)), joined) {}

  void play(Instant now, Outbox& out) override {
    Bytes chunk(kChunk);
    const std::int64_t time = now.time_since_epoch().count();
    std::memcpy(chunk.data(), &time, sizeof time);
    for (std::uint64_t i = 0; i < player_.chunks_in(kPlayStep); ++i) swarm_.append(now, chunk, out);
  }
};

class LiveListener final : public LiveMember {
 public:
  LiveListener(const SwarmSettings& settings, const LiveKey& key, std::uint64_t seed, Instant joined)
      : LiveMember(settings, LiveSwarm(key, config(settings), Random::stream(seed, 0, 2)), joined) {}

  void play(Instant now, Outbox&) override {
    if (!swarm_.tuned_in()) return;
    player_.position = std::max(player_.position, *swarm_.tuned_in());
    ChunkRange ahead = swarm_.verified().around(player_.position);
    // What is older than the window is gone: the player goes on where sound is.
    if (ahead.empty() && player_.position + 256 < swarm_.end_of_stream() && !swarm_.verified().empty()) {
      player_.position = swarm_.verified().ranges().back().begin;
      ahead = swarm_.verified().around(player_.position);
    }
    if (!ahead.empty() && ++steps_ % 4 == 0) {
      std::int64_t appended = 0;
      std::memcpy(&appended, swarm_.get(player_.position).data(), sizeof appended);
      player_.listening.delays.push_back(now.time_since_epoch() - Duration(appended));
    }
    player_.step(now, ahead.empty() ? 0 : ahead.end - player_.position, std::uint64_t{1} << 40);
  }

 private:
  static LiveConfig config(const SwarmSettings& settings) {
    LiveConfig config = live_config(settings);
    config.slots = LiveConfig{}.slots;
    return config;
  }
  std::uint64_t steps_ = 0;
};

}  // namespace

SharedContent SharedContent::drawn(std::uint64_t seed, std::uint64_t chunks) {
  SharedContent content;
  Random random = Random::stream(seed, 0, 77);
  content.bytes.resize(chunks * kChunk - 100);
  for (std::size_t at = 0; at + sizeof(std::uint64_t) <= content.bytes.size(); at += 64) {
    const std::uint64_t word = random.next();
    std::memcpy(content.bytes.data() + at, &word, sizeof word);
  }
  TreeBuilder builder(chunks, [&](std::uint64_t index, const TreePage& page) -> Result<void> {
    content.pages[index] = page;
    return {};
  });
  for (std::uint64_t chunk = 0; chunk < chunks; ++chunk) {
    const ByteView view = ByteView(content.bytes).subspan(chunk * kChunk);
    EARSHOT_CHECK(builder.add(sha256(view.first(std::min<std::size_t>(view.size(), kChunk)))).has_value());
  }
  content.root = builder.finish().value();
  const TreeShape shape(chunks);
  for (const Bin bin : stream::ppspp::peaks(chunks)) {
    if (bin == shape.root()) {
      content.peaks.push_back({bin, content.root});
      continue;
    }
    const auto place = shape.place(bin);
    content.peaks.push_back({bin, content.pages.at(place.page).nodes[place.slot]});
  }
  return content;
}

std::unique_ptr<SwarmMember> vod_member(const SwarmSettings& settings, const SharedContent& content, bool seeds, std::uint64_t seed, Instant joined) {
  return std::make_unique<VodMember>(settings, content, seeds, seed, joined);
}
std::unique_ptr<SwarmMember> live_source(const SwarmSettings& settings, const LiveSigner& signer, std::uint64_t seed, Instant joined) {
  return std::make_unique<LiveSource>(settings, signer, seed, joined);
}
std::unique_ptr<SwarmMember> live_listener(const SwarmSettings& settings, const LiveKey& key, std::uint64_t seed, Instant joined) {
  return std::make_unique<LiveListener>(settings, key, seed, joined);
}

}  // namespace earshot::sim
