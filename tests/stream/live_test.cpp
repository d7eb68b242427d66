// Live swarms joined by pipes in memory: what the injector appends, every listener reads; what anybody alters, nobody does.
#include <gmock/gmock.h>

#include <functional>

#include "stream/ppspp/live/live_swarm.h"
#include "tests/stream/content.h"
#include "tests/stream/datagram_network.h"

namespace earshot::stream::ppspp {
namespace {

using testing::Each;
using testing::Ge;

struct LivePeer {
  Endpoint endpoint;
  LiveSwarm swarm;
  bool alive = true;
  std::function<void(Bytes&)> alter;  // of what it sends: a liar
};

/// The transport is this network and nothing else: any duplex pipe would do.
class LiveNetwork final : public DatagramNetwork<LivePeer> {
 public:
  explicit LiveNetwork(std::uint64_t seed, std::uint64_t loss_percent = 0)
      : DatagramNetwork(Instant(10s)), seed_(seed), loss_percent_(loss_percent), random_(Random::stream(seed, 0, 1)) {}

  LivePeer& inject(const LiveSigner& signer, LiveConfig config = {}) { return add(LiveSwarm(signer, config, next_random())); }
  LivePeer& listen(const LiveKey& key, LiveConfig config = {}) { return add(LiveSwarm(key, config, next_random())); }
  void append(LivePeer& source, ByteView bytes) {
    source.swarm.append(now(), bytes, out_);
    carry_out(source);
  }

 private:
  Random next_random() const { return Random::stream(seed_, joined(), 2); }
  LivePeer& add(LiveSwarm swarm) { return join(std::unique_ptr<LivePeer>(new LivePeer{next_endpoint(), std::move(swarm), true, nullptr})); }
  void carry_out(LivePeer& peer) override {
    for (const Effect& effect : out_.effects) {
      const auto& sent = std::get<Send>(effect);
      const ByteView view = ByteView(out_.arena).subspan(sent.offset, sent.size);
      Bytes bytes(view.begin(), view.end());
      if (peer.alter) peer.alter(bytes);
      if (random_.chance(loss_percent_, 100)) continue;
      send(peer.endpoint, sent.to, std::move(bytes), 20ms + Duration(static_cast<std::int64_t>(random_.below(5000))));
    }
    out_.clear();
  }

  std::uint64_t seed_, loss_percent_;
  Random random_;
};

constexpr std::size_t kMunroBytes = 8 * 1024;

struct Live : testing::TestWithParam<LiveAlgorithm> {
  LiveSigner signer = LiveSigner::generate(GetParam());
  Bytes sound = random_bytes(5, 64 * kMunroBytes);
  ByteView munro_of_sound(std::size_t number) const { return ByteView(sound).subspan(number * kMunroBytes, kMunroBytes); }

  /// All that a listener has since it tuned in is what was sent.
  void expect_true_sound(const LiveSwarm& swarm) const {
    for (const ChunkRange& run : swarm.verified().ranges()) {
      for (std::uint64_t chunk = run.begin; chunk < run.end; ++chunk) {
        EXPECT_TRUE(std::ranges::equal(swarm.get(chunk), ByteView(sound).subspan(chunk * 1024, 1024))) << "chunk " << chunk;
      }
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Keys, Live, testing::Values(LiveAlgorithm::kEd25519, LiveAlgorithm::kEcdsaP256),
                         [](const auto& tested) { return tested.param == LiveAlgorithm::kEd25519 ? "Ed25519" : "EcdsaP256"; });

TEST_P(Live, TheIdIsTheKeyAndChecksWhatItSigned) {
  const auto key = LiveKey::from_swarm_id(signer.key().swarm_id());
  ASSERT_TRUE(key);
  EXPECT_EQ(key->swarm_id()[0], static_cast<std::uint8_t>(GetParam()));
  Bytes message = {1, 2, 3};
  Bytes signature = signer.sign(message);
  ASSERT_EQ(signature.size(), kSignatureSize);
  EXPECT_TRUE(key->verifies(message, signature));
  message[0] ^= 1;
  EXPECT_FALSE(key->verifies(message, signature));
  message[0] ^= 1;
  signature[40] ^= 1;
  EXPECT_FALSE(key->verifies(message, signature));
}

TEST_P(Live, AListenerReadsWhatTheInjectorAppends) {
  LiveNetwork network(1);
  auto& source = network.inject(signer);
  auto& listener = network.listen(signer.key());
  network.dial(listener, source);
  network.pass(1s);
  for (std::size_t i = 0; i < 20; ++i) {
    network.append(source, munro_of_sound(i));
    network.pass(500ms);
  }
  ASSERT_TRUE(network.run(5s, [&] { return listener.swarm.verified().contains_all({0, 160}); })) << listener.swarm.verified().size();
  EXPECT_EQ(listener.swarm.tuned_in(), 0u);
  expect_true_sound(listener.swarm);
}

TEST_P(Live, ThreeHopsInALine) {
  LiveNetwork network(2);
  LiveConfig alone;
  alone.pex = Pex::kOff;
  auto& source = network.inject(signer, alone);
  auto& middle = network.listen(signer.key(), alone);
  auto& far = network.listen(signer.key(), alone);
  network.dial(middle, source);
  network.dial(far, middle);
  network.pass(1s);
  for (std::size_t i = 0; i < 10; ++i) {
    network.append(source, munro_of_sound(i));
    network.pass(300ms);
  }
  ASSERT_TRUE(network.run(5s, [&] { return far.swarm.verified().contains_all({0, 80}); }));
  expect_true_sound(far.swarm);
}

TEST_P(Live, ALateListenerStartsAtTheNewestMunro) {
  LiveNetwork network(3);
  auto& source = network.inject(signer);
  for (std::size_t i = 0; i < 10; ++i) network.append(source, munro_of_sound(i));
  auto& listener = network.listen(signer.key());
  network.dial(listener, source);
  ASSERT_TRUE(network.run(5s, [&] { return listener.swarm.verified().contains_all({72, 80}); }));
  EXPECT_EQ(listener.swarm.tuned_in(), 72u);
  EXPECT_FALSE(listener.swarm.verified().contains(71));
}

TEST_P(Live, NothingOfAnUnsignedMunroIsShown) {
  LiveNetwork network(4);
  auto& source = network.inject(signer);
  auto& listener = network.listen(signer.key());
  network.dial(listener, source);
  network.append(source, munro_of_sound(0).first(5000));
  network.pass(3s);
  EXPECT_TRUE(source.swarm.verified().empty());
  EXPECT_TRUE(listener.swarm.verified().empty());
  network.append(source, munro_of_sound(0).subspan(5000));
  EXPECT_TRUE(network.run(3s, [&] { return listener.swarm.verified().size() == 8; }));
}

TEST_P(Live, ARelayThatAltersAByteIsRefusedAndTheStreamGoesOn) {
  LiveNetwork network(5);
  LiveConfig alone;
  alone.pex = Pex::kOff;
  auto& source = network.inject(signer, alone);
  auto& liar = network.listen(signer.key(), alone);
  auto& listener = network.listen(signer.key(), alone);
  liar.alter = [](Bytes& bytes) {
    if (bytes.size() > 1000) bytes[bytes.size() - 100] ^= 1;  // inside a chunk
  };
  network.dial(liar, source);
  network.dial(listener, liar);
  network.pass(1s);
  for (std::size_t i = 0; i < 30; ++i) {
    network.append(source, munro_of_sound(i));
    network.pass(200ms);
    if (i == 10) network.dial(listener, source);
  }
  EXPECT_TRUE(listener.swarm.banned().contains(liar.endpoint));
  ASSERT_TRUE(network.run(10s, [&] { return listener.swarm.verified().contains_all({96, 240}); }));
  expect_true_sound(listener.swarm);
}

TEST_P(Live, AMunroThatTheInjectorDidNotSignBansItsSender) {
  LiveNetwork network(6);
  auto& source = network.inject(signer);
  auto& liar = network.listen(signer.key());
  auto& listener = network.listen(signer.key());
  network.dial(liar, source);
  network.pass(1s);
  liar.alter = [](Bytes& bytes) {
    if (bytes.size() >= 120 && bytes.size() < 200) bytes.back() ^= 1;  // the end of a signature
  };
  network.dial(listener, liar);
  for (std::size_t i = 0; i < 5; ++i) {
    network.append(source, munro_of_sound(i));
    network.pass(500ms);
  }
  EXPECT_TRUE(listener.swarm.banned().contains(liar.endpoint));
  expect_true_sound(listener.swarm);
}

TEST_P(Live, TheWindowForgetsAndMemoryStays) {
  LiveNetwork network(7);
  LiveConfig config;
  config.discard_window = 64;
  auto& source = network.inject(signer, config);
  auto& listener = network.listen(signer.key(), config);
  network.dial(listener, source);
  network.pass(1s);
  for (std::size_t i = 0; i < 40; ++i) {
    network.append(source, munro_of_sound(i));
    network.pass(200ms);
  }
  network.pass(2s);
  EXPECT_EQ(source.swarm.verified().size(), 64u);
  EXPECT_LE(listener.swarm.verified().size(), 64u);
  EXPECT_TRUE(listener.swarm.verified().contains(319));
  EXPECT_TRUE(source.swarm.get(0).empty());
}

TEST_P(Live, LossesAreMended) {
  LiveNetwork network(8, /*loss_percent=*/10);
  auto& source = network.inject(signer);
  auto& listener = network.listen(signer.key());
  network.dial(listener, source);
  network.append(source, munro_of_sound(0));
  ASSERT_TRUE(network.run(20s, [&] { return listener.swarm.tuned_in().has_value(); }));
  for (std::size_t i = 1; i < 20; ++i) {
    network.append(source, munro_of_sound(i));
    network.pass(300ms);
  }
  ASSERT_TRUE(network.run(20s, [&] { return listener.swarm.verified().contains_all({8, 160}); }));
  expect_true_sound(listener.swarm);
}

/// Of whole crowds one kind of key is enough.
struct LiveCrowd : Live {};
INSTANTIATE_TEST_SUITE_P(Key, LiveCrowd, testing::Values(LiveAlgorithm::kEd25519));

TEST_P(LiveCrowd, TwentyListenersOfASourceThatSendsThreeStreams) {
  LiveNetwork network(9);
  LiveConfig three;
  three.slots = 3;
  auto& source = network.inject(signer, three);
  std::vector<LivePeer*> listeners;
  for (int i = 0; i < 20; ++i) {
    listeners.push_back(&network.listen(signer.key()));
    network.dial(*listeners.back(), source);
  }
  network.pass(2s);
  // Long enough for neighbours to be found; then what is measured.
  std::size_t next = 0;
  for (; next < 20; ++next) {
    network.append(source, munro_of_sound(next));
    network.pass(500ms);
  }
  const std::uint64_t sent = source.swarm.counters().chunks_sent;
  for (; next < 40; ++next) {
    network.append(source, munro_of_sound(next));
    network.pass(500ms);
  }
  EXPECT_LE(source.swarm.counters().chunks_sent - sent, 3u * 8 * 20 * 11 / 10);
  ASSERT_TRUE(network.run(8s, [&] {
    return std::all_of(listeners.begin(), listeners.end(), [](const auto* peer) { return peer->swarm.verified().contains_all({160, 320}); });
  }));
  for (const auto* peer : listeners) expect_true_sound(peer->swarm);
}

TEST_P(Live, APeerThatAnnouncesChunksOfNextYearCostsNothing) {
  LiveNetwork network(11);
  auto& source = network.inject(signer);
  auto& listener = network.listen(signer.key());
  source.alter = [](Bytes& bytes) {
    if (bytes.size() == 13 && bytes[4] == static_cast<std::uint8_t>(Kind::kHave)) std::fill(bytes.begin() + 9, bytes.end(), std::uint8_t{0xff});
  };
  network.dial(listener, source);
  network.pass(1s);
  for (std::size_t i = 0; i < 10; ++i) {
    network.append(source, munro_of_sound(i));
    network.pass(300ms);
  }
  EXPECT_TRUE(network.run(5s, [&] { return listener.swarm.verified().contains_all({0, 80}); }));
}

TEST_P(Live, AnUnprovenAddressIsNotSentMoreThanItSent) {
  LiveNetwork network(10);
  auto& source = network.inject(signer);
  auto& listener = network.listen(signer.key());
  network.append(source, munro_of_sound(0));
  network.dial(listener, source);
  network.pass(2s);
  EXPECT_GT(source.swarm.counters().unproven_in, 0u);
  EXPECT_LE(source.swarm.counters().unproven_out, source.swarm.counters().unproven_in);
}

}  // namespace
}  // namespace earshot::stream::ppspp
