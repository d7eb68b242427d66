// Whole swarms over a bad network, in virtual time.
#include "stream/ppspp/swarm.h"

#include <gtest/gtest.h>

#include "tests/stream/swarm_network.h"

namespace earshot::stream::ppspp {
namespace {

/// Checks after a run that nobody was sent more than he paid for before his address was proven.
void expect_no_amplification(const std::vector<SimulatedPeer*>& peers) {
  for (const SimulatedPeer* peer : peers) {
    EXPECT_LE(peer->swarm.counters().unproven_out, peer->swarm.counters().unproven_in);
  }
}

TEST(Swarm, FetchesAContentFromOneSeeder) {
  for (const std::size_t size : {1u, 63u, 1024u, 1025u, 65536u, 70000u, 300000u}) {
    const Published published(random_bytes(size, size));
    SwarmNetwork network(1, {});
    auto& seeder = network.add(published.root);
    seeder.give_everything(published);
    auto& leecher = network.add(published.root);
    network.dial(leecher, seeder);
    ASSERT_TRUE(network.run(60s, [&] { return leecher.swarm.is_complete(); })) << size << " bytes";
    EXPECT_EQ(leecher.assembled(), published.content);
    EXPECT_EQ(leecher.swarm.size(), size);
    expect_no_amplification({&seeder, &leecher});
  }
}

TEST(Swarm, HasItsFirstChunkAfterTwoRoundTrips) {
  const Published published(random_bytes(2, 200000));
  SwarmNetwork network(1, {.delay = 20ms});
  auto& seeder = network.add(published.root);
  seeder.give_everything(published);
  auto& leecher = network.add(published.root);
  const Instant begin = network.now();
  network.dial(leecher, seeder);
  ASSERT_TRUE(network.run(1s, [&] { return leecher.swarm.verified().contains(0); }));
  EXPECT_EQ(network.now() - begin, Duration(80ms));
}

class LossySwarm : public testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(LossySwarm, OneSeederAndEightLeechersAllComplete) {
  const auto [loss, seed] = GetParam();
  const Published published(random_bytes(3, 700 * 1024 - 100));
  SwarmNetwork network(static_cast<std::uint64_t>(seed),
                       {.delay = 15ms, .jitter = 10ms, .loss_percent = static_cast<std::uint64_t>(loss), .repeat_percent = 10});
  auto& seeder = network.add(published.root);
  seeder.give_everything(published);
  std::vector<SimulatedPeer*> all = {&seeder};
  for (int i = 0; i < 8; ++i) all.push_back(&network.add(published.root));
  for (std::size_t i = 1; i < all.size(); ++i) {
    network.dial(*all[i], seeder);
    if (i > 1) network.dial(*all[i], *all[i - 1]);
  }
  const auto done = [&] { return std::all_of(all.begin(), all.end(), [](auto* peer) { return peer->swarm.is_complete(); }); };
  ASSERT_TRUE(network.run(10min, done)) << "seed " << seed;
  for (const SimulatedPeer* peer : all) EXPECT_EQ(peer->assembled(), published.content);
  expect_no_amplification(all);
}

INSTANTIATE_TEST_SUITE_P(Losses, LossySwarm,
                         testing::Combine(testing::Values(0, 1, 10, 30), testing::Values(1, 2, 3)),
                         [](const auto& param) {
                           return fmt::format("Loss{}Seed{}", std::get<0>(param.param), std::get<1>(param.param));
                         });

TEST(Swarm, BansALyingSeederAfterOneChunkAndKeepsNoWrongByte) {
  const Published published(random_bytes(4, 300000));
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    SwarmNetwork network(seed, {.delay = 10ms, .jitter = 5ms});
    auto& honest = network.add(published.root);
    honest.give_everything(published);
    auto& liar = network.add(published.root);
    liar.give_everything(published);
    Random random = Random::stream(seed, 1, 1);
    liar.lie = [&](std::uint64_t, Bytes& bytes) { bytes[random.below(bytes.size())] ^= 0x10; };
    auto& leecher = network.add(published.root);
    network.dial(leecher, liar);
    network.dial(leecher, honest);
    ASSERT_TRUE(network.run(60s, [&] { return leecher.swarm.is_complete(); }))
        << "seed " << seed << ": " << leecher.swarm.verified().size() << " of " << leecher.swarm.chunk_count();
    EXPECT_EQ(leecher.assembled(), published.content);
    EXPECT_EQ(leecher.swarm.counters().forged, 1u);
    EXPECT_NE(leecher.swarm.records().at(liar.endpoint).banned, "");
    EXPECT_EQ(leecher.swarm.records().at(liar.endpoint).bytes, 0u);
    EXPECT_EQ(leecher.swarm.records().at(honest.endpoint).banned, "");
  }
}

TEST(Swarm, GoesOnWithinAQuarterOfASecondWhenASourceDies) {
  const Published published(random_bytes(5, 4'000'000));
  SwarmNetwork network(1, {.delay = 2ms});
  auto& first = network.add(published.root);
  auto& second = network.add(published.root);
  first.give_everything(published);
  second.give_everything(published);
  auto& leecher = network.add(published.root);
  network.dial(leecher, first);
  network.dial(leecher, second);
  ASSERT_TRUE(network.run(10s, [&] { return leecher.swarm.verified().size() > 500; }));
  first.alive = false;
  std::uint64_t have = leecher.swarm.verified().first_gap({0, kMaxChunks}).begin;
  Instant last = network.now();
  Duration longest{0};
  ASSERT_TRUE(network.run(20s, [&] {
    const std::uint64_t prefix = leecher.swarm.verified().first_gap({0, kMaxChunks}).begin;
    if (prefix != have) {
      longest = std::max(longest, network.now() - last);
      last = network.now();
      have = prefix;
    }
    return leecher.swarm.is_complete();
  }));
  EXPECT_LE(longest, Duration(250ms));
}

TEST(Swarm, PartialHoldersServeWhatTheyHave) {
  const Published published(random_bytes(6, 200 * 1024));
  SwarmNetwork network(1, {});
  auto& odd = network.add(published.root);
  auto& even = network.add(published.root);
  ChunkSet first_half{{0, 70}}, second_half{{70, 200}};
  odd.give(published, first_half);
  even.give(published, second_half);
  auto& leecher = network.add(published.root);
  network.dial(leecher, odd);
  network.dial(leecher, even);
  ASSERT_TRUE(network.run(60s, [&] { return leecher.swarm.is_complete(); }));
  EXPECT_EQ(leecher.assembled(), published.content);
}

TEST(Swarm, LeechersFeedEachOther) {
  const Published published(random_bytes(7, 500 * 1024));
  SwarmNetwork network(1, {});
  auto& seeder = network.add(published.root);
  seeder.give_everything(published);
  auto& near = network.add(published.root);
  auto& far = network.add(published.root);
  network.dial(near, seeder);
  network.dial(far, near);
  ASSERT_TRUE(network.run(60s, [&] { return far.swarm.is_complete(); }));
  EXPECT_EQ(far.assembled(), published.content);
}

TEST(Swarm, FetchesTheWantedRangeFirst) {
  const Published published(random_bytes(8, 3'000'000));
  SwarmNetwork network(1, {});
  auto& seeder = network.add(published.root);
  seeder.give_everything(published);
  auto& leecher = network.add(published.root);
  Outbox out;
  leecher.swarm.want(network.now(), {{{2000, 2100}, network.now()}}, Rest::kFetch, out);
  network.dial(leecher, seeder);
  ASSERT_TRUE(network.run(60s, [&] { return leecher.swarm.verified().contains_all({2000, 2100}); }));
  EXPECT_LT(leecher.swarm.verified().size(), 1000u);
  EXPECT_FALSE(leecher.swarm.verified().contains(0));
  ASSERT_TRUE(network.run(60s, [&] { return leecher.swarm.is_complete(); }));
}

TEST(Swarm, APeerBehindARouterThatForgetsGoesOnUnderItsNewAddress) {
  const Published published(random_bytes(21, 3'000'000));
  SwarmNetwork network(1, {});
  auto& seeder = network.add(published.root);
  seeder.give_everything(published);
  auto& leecher = network.add(published.root);
  network.dial(leecher, seeder);
  ASSERT_TRUE(network.run(60s, [&] { return leecher.swarm.verified().size() > 500; }));
  leecher.endpoint.port = 7777;
  const Instant moved = network.now();
  ASSERT_TRUE(network.run(60s, [&] { return leecher.swarm.is_complete(); }));
  EXPECT_LT(network.now() - moved, Duration(10s));
  EXPECT_EQ(leecher.assembled(), published.content);
  EXPECT_TRUE(network.run(1s, [&] { return seeder.swarm.channels() == 0; })) << "the old channel went when the new one opened";
}

TEST(Swarm, WhoOnlyKnowsAChannelGetsOneGreetingForWhatItPaid) {
  const Published published(random_bytes(22, 300'000));
  SwarmNetwork network(1, {});
  auto& seeder = network.add(published.root);
  seeder.give_everything(published);
  auto& leecher = network.add(published.root);
  Bytes channel;
  network.on_send = [&](const SimulatedPeer& from, const Endpoint&, ByteView bytes) {
    if (&from == &leecher && destination_of(bytes) != kNoChannel) channel.assign(bytes.begin(), bytes.begin() + 4);
  };
  network.dial(leecher, seeder);
  ASSERT_TRUE(network.run(60s, [&] { return leecher.swarm.verified().size() > 10; }));
  const Endpoint stranger = *endpoint_from("10.9.9.9:9");
  std::uint64_t in = 0, answered = 0;
  network.on_send = [&](const SimulatedPeer&, const Endpoint& to, ByteView bytes) { answered += to == stranger ? bytes.size() : 0; };
  for (int i = 0; i < 100; ++i) {
    network.inject(seeder, stranger, channel);
    in += channel.size();
    EXPECT_LE(answered, in);
  }
  EXPECT_GT(answered, 0u);
}

TEST(Swarm, PeersTellEachOtherOfPeers) {
  const Published published(random_bytes(23, 2'000'000));
  SwarmNetwork network(1, {});
  auto& seeder = network.add(published.root);
  seeder.give_everything(published);
  auto& middle = network.add(published.root);
  auto& far = network.add(published.root);
  network.dial(middle, seeder);
  ASSERT_TRUE(network.run(60s, [&] { return middle.swarm.verified().size() > 100; }));
  network.dial(far, middle);
  ASSERT_TRUE(network.run(60s, [&] { return far.swarm.is_complete(); }));
  EXPECT_TRUE(far.swarm.records().contains(seeder.endpoint)) << "only the peer in the middle knew of the source";
}

TEST(Swarm, WithoutExchangeAPeerKnowsOnlyWhomItWasTold) {
  const Published published(random_bytes(24, 2'000'000));
  SwarmNetwork network(1, {});
  SwarmConfig alone;
  alone.pex = Pex::kOff;
  auto& seeder = network.add(published.root);
  seeder.give_everything(published);
  auto& middle = network.add(published.root);
  auto& far = network.add(published.root, alone);
  network.dial(middle, seeder);
  network.dial(far, middle);
  ASSERT_TRUE(network.run(60s, [&] { return far.swarm.is_complete(); }));
  EXPECT_FALSE(far.swarm.records().contains(seeder.endpoint));
}

TEST(Swarm, KeepsToTheUsersLimit) {
  const Published published(random_bytes(25, 2'000'000));
  SwarmNetwork network(1, {});
  auto& seeder = network.add(published.root);
  seeder.give_everything(published);
  seeder.allowance.upload = TokenBucket(200'000);
  auto& leecher = network.add(published.root);
  network.dial(leecher, seeder);
  const Instant begin = network.now();
  ASSERT_TRUE(network.run(60s, [&] { return leecher.swarm.is_complete(); }));
  EXPECT_GE(network.now() - begin, Duration(9s));
  EXPECT_LE(network.now() - begin, Duration(12s));
}

TEST(Swarm, TakesNoMoreThanTheUserLets) {
  const Published published(random_bytes(27, 2'000'000));
  SwarmNetwork network(1, {});
  auto& leecher = network.add(published.root);
  leecher.allowance.download = TokenBucket(200'000);
  for (int i = 0; i < 2; ++i) {
    auto& seeder = network.add(published.root);
    seeder.give_everything(published);
    network.dial(leecher, seeder);
  }
  const Instant begin = network.now();
  ASSERT_TRUE(network.run(60s, [&] { return leecher.swarm.is_complete(); }));
  EXPECT_GE(network.now() - begin, Duration(9s));
  EXPECT_LE(network.now() - begin, Duration(12s));
}

/// A player's first wishes of two sources that are limited: how long until head and tail are here.
std::optional<Duration> time_to_head_and_tail(const Published& published, std::uint64_t seed, NetworkFaults faults) {
  SwarmNetwork network(seed, faults);
  auto& leecher = network.add(published.root);
  Outbox out;
  leecher.swarm.want(network.now(), {{{0, 64}, network.now()}, {{0, 128}, network.now() + 1ms}, {{0, 128}, network.now() + 1ms, true},
                                     {{64, 8000}, network.now() + 2s}}, Rest::kLeave, out);
  for (int i = 0; i < 2; ++i) {
    auto& seeder = network.add(published.root);
    seeder.give_everything(published);
    seeder.allowance.upload = TokenBucket(3'000'000);
    network.dial(leecher, seeder);
  }
  const std::uint64_t count = published.chunk_count();
  const Instant begin = network.now();
  const bool here = network.run(20s, [&] {
    return leecher.swarm.verified().contains_all({0, 128}) && leecher.swarm.verified().contains_all({count - 128, count});
  });
  return here ? std::optional(network.now() - begin) : std::nullopt;
}

TEST(Swarm, HeadAndTailComeAtOnceFromSourcesThatAreLimited) {
  const Published published(random_bytes(28, 2'000'000));
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const auto time = time_to_head_and_tail(published, seed, {.delay = 100us, .jitter = 300us});
    ASSERT_TRUE(time) << "seed " << seed;
    EXPECT_LT(*time, Duration(300ms)) << "seed " << seed;
  }
}

TEST(Swarm, HeadAndTailComeThroughABadPathToo) {
  const Published published(random_bytes(29, 3'000'000));
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const NetworkFaults faults{.delay = 5ms, .jitter = seed % 2 == 0 ? 400ms : 20ms, .loss_percent = 5 * (seed % 4)};
    EXPECT_TRUE(time_to_head_and_tail(published, seed, faults)) << "seed " << seed;
  }
}

/// Seconds for a content over a path of 100 ms and 20 Mbit/s.
std::optional<double> seconds_over_a_radio_link(const Published& published, std::uint64_t loss_percent, std::uint64_t seed) {
  SwarmNetwork network(seed, {.delay = 45ms, .jitter = 10ms, .loss_percent = loss_percent, .bytes_per_second = 2'500'000});
  auto& seeder = network.add(published.root);
  seeder.give_everything(published);
  auto& leecher = network.add(published.root);
  network.dial(leecher, seeder);
  const Instant begin = network.now();
  const bool done = network.run(10min, [&] { return leecher.swarm.is_complete(); });
  return done ? std::optional(std::chrono::duration<double>(network.now() - begin).count()) : std::nullopt;
}

TEST(Swarm, ALongPathIsFilledAndLossThatIsNotCongestionDoesNotEmptyIt) {
  const Published published(random_bytes(30, 8'000'000));
  const auto clean = seconds_over_a_radio_link(published, 0, 1), lossy = seconds_over_a_radio_link(published, 10, 1);
  ASSERT_TRUE(clean && lossy);
  EXPECT_LT(*clean, 6) << "3.2 s is the path's own speed";
  EXPECT_LT(*lossy, 25) << "a window at its floor of 8 chunks would take 100 s";
}

TEST(Swarm, MorePeersThanSlotsAllComplete) {
  const Published published(random_bytes(26, 400'000));
  SwarmNetwork network(1, {});
  SwarmConfig config;
  config.upload_slots = 2;
  config.pex = Pex::kOff;
  auto& seeder = network.add(published.root, config);
  seeder.give_everything(published);
  seeder.allowance.upload = TokenBucket(100'000);
  std::vector<SimulatedPeer*> leechers;
  for (int i = 0; i < 6; ++i) {
    leechers.push_back(&network.add(published.root, config));
    network.dial(*leechers.back(), seeder);
  }
  ASSERT_TRUE(network.run(300s, [&] {
    return std::all_of(leechers.begin(), leechers.end(), [](const auto* peer) { return peer->swarm.is_complete(); });
  }));
}

TEST(Swarm, AsksEachChunkOfOneSourceOnly) {
  const Published published(random_bytes(9, 2'000'000));
  SwarmNetwork network(1, {.delay = 5ms});
  auto& leecher = network.add(published.root);
  for (int i = 0; i < 3; ++i) {
    auto& seeder = network.add(published.root);
    seeder.give_everything(published);
    network.dial(leecher, seeder);
  }
  ASSERT_TRUE(network.run(60s, [&] { return leecher.swarm.is_complete(); }));
  EXPECT_LE(leecher.swarm.counters().duplicates, published.chunk_count() / 20);
  for (const auto& [endpoint, record] : leecher.swarm.records()) EXPECT_GT(record.bytes, 200'000u) << to_string(endpoint);
}

TEST(Swarm, ResumesWithWhatItHad) {
  const Published published(random_bytes(10, 900 * 1024 + 5));
  SwarmNetwork network(1, {.loss_percent = 5});
  auto& seeder = network.add(published.root);
  seeder.give_everything(published);
  auto& leecher = network.add(published.root);
  leecher.give(published, {{0, 100}, {130, 131}, {400, 777}});
  network.dial(leecher, seeder);
  ASSERT_TRUE(network.run(60s, [&] { return leecher.swarm.is_complete(); }));
  EXPECT_EQ(leecher.assembled(), published.content);
  EXPECT_LE(seeder.swarm.counters().chunks_sent, 500u);
}

TEST(Swarm, BothSidesDiallingAtOnceShareOneChannel) {
  const Published published(random_bytes(11, 50000));
  SwarmNetwork network(1, {});
  auto& seeder = network.add(published.root);
  seeder.give_everything(published);
  auto& leecher = network.add(published.root);
  Outbox out;
  leecher.swarm.add_peer(network.now(), seeder.endpoint, out);
  const Bytes first(out.arena);
  out.clear();
  network.inject(seeder, leecher.endpoint, first);
  network.dial(leecher, seeder);
  ASSERT_TRUE(network.run(10s, [&] { return leecher.swarm.is_complete(); }));
  EXPECT_LE(seeder.swarm.channels(), 1u);
}

/// A seeder that has the content and says that there is more of it: the root is then the only peak.
TEST(Swarm, SeesThroughAClaimOfTooManyChunks) {
  const Published published(random_bytes(12, 100 * 1024));
  SwarmNetwork network(1, {.delay = 5ms});
  Published inflated = published;
  inflated.peaks = {{Bin(7, 0), published.root}};
  auto& liar = network.add(published.root);
  liar.give(inflated, {{0, 100}});
  auto& leecher = network.add(published.root);
  network.dial(leecher, liar);
  ASSERT_TRUE(network.run(20s, [&] { return leecher.swarm.chunk_count() == 128; }));
  auto& honest = network.add(published.root);
  honest.give_everything(published);
  network.dial(leecher, honest);
  network.dial(honest, leecher);
  ASSERT_TRUE(network.run(200s, [&] { return leecher.swarm.is_complete(); }))
      << leecher.swarm.verified().size() << " of " << leecher.swarm.chunk_count() << ", " << leecher.swarm.counters().unprovable
      << " unprovable, " << leecher.swarm.records().size() << " met, " << network.now().time_since_epoch().count();
  EXPECT_EQ(leecher.assembled(), published.content);
  EXPECT_NE(leecher.swarm.records().at(liar.endpoint).banned, "");
}

/// The 64 bytes under an inner node hash to that node: offered as a content of one chunk they would pass.
TEST(Swarm, RefusesTwoHashesAsAContent) {
  const Published published(random_bytes(13, 2048));
  Bytes pair;
  const auto levels = naive_levels(published.content);
  for (const auto& hash : levels[0]) pair.insert(pair.end(), hash.begin(), hash.end());
  ASSERT_EQ(sha256(pair), published.root);
  SwarmNetwork network(1, {});
  Published false_content(pair);
  auto& liar = network.add(published.root);
  liar.give_everything(false_content);
  auto& leecher = network.add(published.root);
  network.dial(leecher, liar);
  EXPECT_FALSE(network.run(20s, [&] { return leecher.swarm.verified().size() > 0; }));
  EXPECT_NE(leecher.swarm.records().at(liar.endpoint).banned, "");
}

TEST(Swarm, HoldsOnlySoManyHalfOpenChannels) {
  const Published published(random_bytes(14, 5000));
  SwarmNetwork network(1, {});
  auto& seeder = network.add(published.root);
  seeder.give_everything(published);
  auto& victim = network.add(published.root);
  Outbox out;
  victim.swarm.add_peer(network.now(), seeder.endpoint, out);
  const Bytes greeting(out.arena);
  Endpoint forged = victim.endpoint;
  for (int i = 0; i < 1000; ++i) {
    forged.port = static_cast<std::uint16_t>(10000 + i);
    network.inject(seeder, forged, greeting);
  }
  EXPECT_LE(seeder.swarm.channels(), 32u);
  EXPECT_LE(seeder.swarm.counters().unproven_out, seeder.swarm.counters().unproven_in);
  EXPECT_FALSE(network.run(30s, [&] { return seeder.swarm.channels() == 0 && network.now() > Instant(25s); }) &&
               seeder.swarm.channels() > 0);
  auto& leecher = network.add(published.root);
  network.dial(leecher, seeder);
  EXPECT_TRUE(network.run(10s, [&] { return leecher.swarm.is_complete(); }));
}

TEST(Swarm, TheSameSeedLeavesTheSameBytes) {
  const auto run = [] {
    const Published published(random_bytes(15, 400000));
    SwarmNetwork network(7, {.delay = 10ms, .jitter = 10ms, .loss_percent = 5, .repeat_percent = 5});
    auto& seeder = network.add(published.root);
    seeder.give_everything(published);
    auto& leecher = network.add(published.root);
    network.dial(leecher, seeder);
    Bytes all;
    network.on_send = [&](const SimulatedPeer&, const Endpoint&, ByteView bytes) { all.insert(all.end(), bytes.begin(), bytes.end()); };
    EXPECT_TRUE(network.run(60s, [&] { return leecher.swarm.is_complete(); }));
    return sha256(all);
  };
  EXPECT_EQ(run(), run());
}

}  // namespace
}  // namespace earshot::stream::ppspp
