// Draft 10, which the libswift family speaks: exchanges from fixtures/, both directions, content on demand and live. A swarm plays
// our side; what it sends must be the fixture's bytes, and every datagram reads and writes the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "stream/ppspp/live/live_swarm.h"
#include "tests/stream/content.h"
#include "tests/stream/fixture.h"
#include "tests/stream/sent_datagrams.h"

namespace earshot::stream::ppspp {
namespace {

const WireFormat kDraft10{Addressing::kChunk32, 1024, 20, kSignatureSize};

void expect_rewritten(const Bytes& datagram) {
  Bytes again;
  DatagramWriter writer(again, *destination_of(datagram), kDraft10, 60'000);
  MessageReader reader(datagram, kDraft10);
  while (const auto message = reader.next()) EXPECT_TRUE(writer.add(*message));
  EXPECT_FALSE(reader.malformed());
  EXPECT_EQ(to_hex(again), to_hex(datagram));
}

/// Plays a fixture to a swarm: says the lines to us, and expects those from us in between.
class Exchange {
 public:
  std::map<std::string, std::string> known = {{"$ours", ""}};
  Outbox out;
  Instant now{10s};
  std::function<void(const Effect&)> carry_out = [](const Effect&) {};

  template <class AnySwarm>
  void play(AnySwarm& swarm, const std::string& name) {
    for (const Line& line : fixture(name)) {
      collect();
      if (line.to_us) {
        const Bytes datagram = bytes_of(line.hex(known));
        expect_rewritten(datagram);
        swarm.receive(now, kPeer, datagram, out);
        collect();
        if (swarm.next_deadline() <= now) swarm.tick(now, out);
        collect();
        continue;
      }
      ASSERT_FALSE(sent_.empty()) << "nothing was sent where the fixture says " << line.words.substr(0, 80);
      const Bytes datagram = sent_.front();
      sent_.pop_front();
      if (const auto handshake = leading_handshake(datagram)) known["$ours"] = to_hex(ByteView(datagram).subspan(5, 4));
      if (line.words.find("$signature") != std::string::npos) known["$signature"] = to_hex(ByteView(datagram).last(kSignatureSize));
      expect_rewritten(datagram);
      ASSERT_EQ(to_hex(datagram), line.hex(known));
    }
  }

  /// Time passes until the peer is greeted in its dialect.
  template <class AnySwarm>
  void be_silent_to_the_rfc(AnySwarm& swarm) {
    swarm.add_peer(now, kPeer, out);
    for (int rfc = 0; rfc < 2; ++rfc) {
      collect();
      ASSERT_EQ(sent_.size(), 1u);
      EXPECT_EQ(leading_handshake(sent_.front()).value().options.chunk_size, 1024u) << "the RFC's handshake comes first";
      sent_.clear();
      now = swarm.next_deadline();
      swarm.tick(now, out);
    }
  }

 private:
  void collect() {
    for (Bytes& datagram : sent_datagrams(out, carry_out)) sent_.push_back(std::move(datagram));
  }

  std::deque<Bytes> sent_;
};

struct Draft10 : testing::Test {
  static Bytes sound() {
    Bytes bytes(2148);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i % 251);
    return bytes;
  }
  static SwarmConfig config() {
    SwarmConfig draft10;
    draft10.hash = MerkleHash::kSha1;
    return draft10;
  }
  static LiveConfig live_config() {
    LiveConfig draft10;
    draft10.chunks_per_munro = 2;
    draft10.discard_window = 0xffffffff;
    draft10.ntp_at_zero = (std::uint64_t{2'208'988'800} + 1'700'000'000 - 10) << 32;
    return draft10;
  }
  static Bytes live_chunk(std::size_t i) {
    Bytes bytes(1024);
    for (std::size_t j = 0; j < bytes.size(); ++j) bytes[j] = static_cast<std::uint8_t>(7 * i + j);
    return bytes;
  }

  Published published{sound(), MerkleHash::kSha1};
  ChannelIds ids{Random::stream(1, 2, 3)};
  Exchange exchange;
};

TEST_F(Draft10, APeerFetchesAContentFromUs) {
  Swarm swarm(published.root, config(), ids);
  Possession possession;
  possession.peaks = published.peaks;
  possession.verified.insert({0, 3});
  possession.size = published.content.size();
  swarm.restore(possession);
  exchange.carry_out = [&](const Effect& effect) {
    if (const auto* load = std::get_if<Load>(&effect)) {
      ASSERT_EQ(load->chunks.begin, 0u);
      swarm.loaded(exchange.now, *load, {published.content, &published.pages.at(0)}, exchange.out);
    }
  };
  exchange.play(swarm, "draft10_vod_peer_fetches");
  EXPECT_EQ(swarm.counters().chunks_sent, 3u);
  EXPECT_EQ(swarm.channels(), 0u) << "the peer said good-bye";
}

TEST_F(Draft10, WeFetchAContentFromAPeerThatIsSilentToTheRfc) {
  Swarm swarm(published.root, config(), ids);
  exchange.be_silent_to_the_rfc(swarm);
  Bytes fetched;
  exchange.carry_out = [&](const Effect& effect) {
    if (const auto* keep = std::get_if<Keep>(&effect)) fetched.insert(fetched.end(), keep->bytes.begin(), keep->bytes.end());
  };
  exchange.play(swarm, "draft10_vod_peer_serves");
  EXPECT_TRUE(swarm.is_complete());
  EXPECT_EQ(fetched, published.content);
}

TEST_F(Draft10, WeListenToALivePeerThatIsSilentToTheRfc) {
  const auto lines = fixture("draft10_live_peer_injects");
  const std::string key_at = "0200410d";
  const auto at = lines.at(0).words.find(key_at);
  ASSERT_NE(at, std::string::npos);
  const auto key = LiveKey::from_swarm_id(bytes_of(lines[0].words.substr(at + 6, 130)));
  ASSERT_TRUE(key);
  LiveConfig config = live_config();
  config.chunks_per_munro = 8;  // the stream's own is learnt
  LiveSwarm swarm(*key, config, Random::stream(1, 2, 3));
  exchange.be_silent_to_the_rfc(swarm);
  exchange.play(swarm, "draft10_live_peer_injects");
  EXPECT_EQ(swarm.dialect(), Dialect::kDraft10);
  EXPECT_TRUE(std::ranges::equal(swarm.get(0), live_chunk(0)));
  EXPECT_TRUE(std::ranges::equal(swarm.get(1), live_chunk(1)));
  EXPECT_EQ(swarm.counters().forged, 0u);
}

TEST_F(Draft10, APeerListensToOurLiveStream) {
  const LiveSigner signer = LiveSigner::generate(LiveAlgorithm::kEcdsaP256);
  LiveConfig config = live_config();
  config.dialect = Dialect::kDraft10;
  LiveSwarm swarm(signer, config, Random::stream(1, 2, 3));
  for (std::size_t i = 0; i < 2; ++i) swarm.append(exchange.now, live_chunk(i), exchange.out);
  swarm.tick(exchange.now, exchange.out);
  exchange.known["$key"] = to_hex(signer.key().swarm_id());
  exchange.play(swarm, "draft10_live_peer_listens");
  const Digest32 left = chunk_hash(MerkleHash::kSha1, live_chunk(0)), right = chunk_hash(MerkleHash::kSha1, live_chunk(1));
  const Digest32 munro = parent_hash(MerkleHash::kSha1, left, right);
  const Bytes signature = bytes_of(exchange.known.at("$signature"));
  EXPECT_TRUE(signer.key().verifies(ByteView(munro).first(20), signature)) << "it covers the hash, and nothing else";
}

TEST_F(Draft10, AnAlteredLiveChunkGetsThePeerBanned) {
  auto lines = fixture("draft10_live_peer_injects");
  const auto key = LiveKey::from_swarm_id(bytes_of(lines[0].words.substr(lines[0].words.find("0200410d") + 6, 130)));
  LiveSwarm swarm(*key, live_config(), Random::stream(1, 2, 3));
  exchange.be_silent_to_the_rfc(swarm);
  const std::string ours = to_hex(ByteView(exchange.out.arena).subspan(5, 4));
  exchange.out.clear();
  for (const Line& line : lines) {
    if (!line.to_us) continue;
    Bytes datagram = bytes_of(line.hex({{"$ours", ours}}));
    if (datagram.size() > 1000) datagram.back() ^= 1;
    swarm.receive(exchange.now, kPeer, datagram, exchange.out);
    if (swarm.next_deadline() <= exchange.now) swarm.tick(exchange.now, exchange.out);
    exchange.out.clear();
  }
  EXPECT_EQ(swarm.counters().bans, 1u);
  EXPECT_TRUE(swarm.get(0).empty());
}

TEST_F(Draft10, ASwarmOfSha256IsNeverGreetedInIt) {
  const Published modern(sound());
  Swarm swarm(modern.root, {}, ids);
  swarm.add_peer(exchange.now, kPeer, exchange.out);
  for (int dial = 0; dial < 8 && swarm.next_deadline() < kNever; ++dial) {
    exchange.now = swarm.next_deadline();
    swarm.tick(exchange.now, exchange.out);
  }
  for (const Effect& effect : exchange.out.effects) {
    const auto& send = std::get<Send>(effect);
    EXPECT_TRUE(leading_handshake(ByteView(exchange.out.arena).subspan(send.offset, send.size)).value().options.chunk_size);
  }
  EXPECT_GE(exchange.out.effects.size(), 4u);
}

}  // namespace
}  // namespace earshot::stream::ppspp
