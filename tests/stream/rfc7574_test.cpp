// RFC 7574, section by section, on the wire: a hand-made peer speaks to a Swarm. Where we leave the text, the test says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stream/ppspp/swarm.h"
#include "tests/stream/content.h"
#include "tests/stream/sent_datagrams.h"

namespace earshot::stream::ppspp {
namespace {

constexpr ChannelId kTheirs{0x11223344};

Options full_options(const Digest32& root) {
  Options options;
  options.version = 1;
  options.minimum_version = 1;
  options.swarm_id = root;
  options.integrity = 1;
  options.merkle_hash = 2;
  options.addressing = 2;
  options.chunk_size = 1024;
  return options;
}

Bytes datagram(ChannelId to, const std::vector<Message>& messages) {
  Bytes bytes;
  DatagramWriter writer(bytes, to, {}, 60000);
  for (const Message& message : messages) EXPECT_TRUE(writer.add(message));
  return bytes;
}

/// A swarm and what it does, for a test that plays the other side.
class Rfc7574 : public testing::Test {
 protected:
  void seed() {
    Possession possession;
    possession.peaks = published.peaks;
    possession.verified.insert({0, published.chunk_count()});
    possession.size = published.content.size();
    for (const auto& [index, page] : published.pages) {
      if (index >= TreeShape(published.chunk_count()).low_pages()) possession.pages.emplace_back(index, page);
    }
    swarm.restore(possession);
  }

  /// What the swarm sends in answer, tick included.
  std::vector<Bytes> hear(ByteView bytes, const Endpoint& from = kPeer) {
    swarm.receive(now, from, bytes, out);
    if (swarm.next_deadline() <= now) swarm.tick(now, out);
    return sent();
  }

  std::vector<Bytes> sent() {
    return sent_datagrams(out, [&](const Effect& effect) {
      if (std::holds_alternative<Keep>(effect)) ++kept;
      const auto* load = std::get_if<Load>(&effect);
      if (load == nullptr) return;
      const ByteView content(published.content);
      const std::size_t begin = load->chunks.begin * 1024;
      const std::size_t end = std::min<std::size_t>(load->chunks.end * 1024, content.size());
      const auto page = published.pages.find(load->chunks.begin / kPageChunks);
      swarm.loaded(now, *load, {content.subspan(begin, end - begin), page == published.pages.end() ? nullptr : &page->second}, out);
    });
  }

  static std::vector<Message> messages(const Bytes& bytes) {
    std::vector<Message> all;
    MessageReader reader(bytes, {});
    while (auto message = reader.next()) all.push_back(*message);
    EXPECT_FALSE(reader.malformed());
    return all;
  }

  /// Opens a channel as the initiator and returns the swarm's channel id.
  ChannelId open() {
    const auto reply = hear(datagram(kNoChannel, {Handshake{kTheirs, full_options(published.root)}}));
    EXPECT_EQ(reply.size(), 1u);
    return leading_handshake(reply.at(0)).value().source;
  }

  /// The swarm dials us and we answer; returns its channel id.
  ChannelId be_dialled(const std::vector<Message>& and_say = {}) {
    swarm.add_peer(now, kPeer, out);
    const ChannelId ours = leading_handshake(sent().at(0)).value().source;
    auto options = full_options(published.root);
    options.minimum_version.reset();
    options.swarm_id.reset();
    std::vector<Message> all = {Handshake{kTheirs, options}};
    all.insert(all.end(), and_say.begin(), and_say.end());
    answers = hear(datagram(ours, all));
    return ours;
  }

  Published published{random_bytes(1, 7162)};  // the content of Figure 4: seven chunks, the last of 1,018 bytes
  ChannelIds ids{Random::stream(1, 2, 3)};
  Swarm swarm{published.root, {}, ids};
  Outbox out;
  Instant now{10s};
  int kept = 0;
  std::vector<Bytes> answers;
};

TEST_F(Rfc7574, S3_1_1_TheFirstDatagramGoesToChannelZeroWithAllMetadata) {
  swarm.add_peer(now, kPeer, out);
  const Bytes first = sent().at(0);
  EXPECT_EQ(destination_of(first), kNoChannel);
  const auto handshake = leading_handshake(first).value();
  EXPECT_NE(handshake.source, kNoChannel);
  const Options& options = handshake.options;
  EXPECT_EQ(options.version, 1);
  EXPECT_EQ(options.minimum_version, 1);
  ASSERT_TRUE(options.swarm_id);
  EXPECT_TRUE(std::equal(options.swarm_id->begin(), options.swarm_id->end(), published.root.begin(), published.root.end()));
  EXPECT_EQ(options.integrity, 1);
  EXPECT_EQ(options.merkle_hash, 2);
  EXPECT_EQ(options.addressing, 2);
  EXPECT_EQ(options.chunk_size, 1024u);
  // Byte by byte, but for the random channel id.
  EXPECT_EQ(to_hex(ByteView(first).subspan(9)),
            "00010101020020" + to_hex(published.root) + "0301040206020802fef80900000400ff");
}

TEST_F(Rfc7574, S3_1_1_TheReplyGoesToTheInitiatorsChannelWithoutHeavyPayload) {
  seed();
  const auto reply = hear(datagram(kNoChannel, {Handshake{kTheirs, full_options(published.root)}, Request{{0, 7}}}));
  ASSERT_EQ(reply.size(), 1u);
  EXPECT_EQ(destination_of(reply[0]), kTheirs);
  const auto all = messages(reply[0]);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<Handshake>(all[0]));
  EXPECT_EQ(std::get<Have>(all[1]).chunks, (ChunkRange{0, 7}));
}

TEST_F(Rfc7574, S3_1_1_AFailedCheckIsMetWithSilence) {
  seed();
  const auto greet = [&](auto change) {
    Options options = full_options(published.root);
    change(options);
    return hear(datagram(kNoChannel, {Handshake{kTheirs, options}})).size();
  };
  const Digest32 other = sha256(as_bytes("other"));
  EXPECT_EQ(greet([](Options& o) { o.version.reset(); }), 0u);
  EXPECT_EQ(greet([](Options& o) { o.minimum_version.reset(); }), 0u);
  EXPECT_EQ(greet([](Options& o) { o.minimum_version = 2, o.version = 2; }), 0u);
  EXPECT_EQ(greet([](Options& o) { o.swarm_id.reset(); }), 0u);
  EXPECT_EQ(greet([&](Options& o) { o.swarm_id = other; }), 0u);
  EXPECT_EQ(greet([](Options& o) { o.integrity = 0; }), 0u);
  EXPECT_EQ(greet([](Options& o) { o.merkle_hash = 0; }), 0u);
  EXPECT_EQ(greet([](Options& o) { o.addressing = 4; }), 0u);
  EXPECT_EQ(greet([](Options& o) { o.chunk_size = 8192; }), 0u);
  EXPECT_EQ(greet([](Options& o) { o.chunk_size.reset(); }), 0u);
  EXPECT_EQ(greet([](Options& o) { o.version = 9; }), 1u) << "a newer peer that still speaks version 1";
}

TEST_F(Rfc7574, S3_1_1_AReplyToAnotherChannelIsDiscarded) {
  swarm.add_peer(now, kPeer, out);
  const ChannelId ours = leading_handshake(sent().at(0)).value().source;
  auto wrong = ChannelId{to_number(ours) ^ 1};
  EXPECT_TRUE(hear(datagram(wrong, {Handshake{kTheirs, full_options(published.root)}, Have{{0, 7}}})).empty());
  EXPECT_FALSE(swarm.was_answered());
}

TEST_F(Rfc7574, S3_1_1_ARepeatedFirstDatagramGetsTheSameChannel) {
  seed();
  EXPECT_EQ(open(), open());
  EXPECT_EQ(swarm.channels(), 1u);
}

TEST_F(Rfc7574, S3_1_1_AnUnfitReplyIsAnsweredByAClosingHandshake) {
  swarm.add_peer(now, kPeer, out);
  const ChannelId ours = leading_handshake(sent().at(0)).value().source;
  auto options = full_options(published.root);
  options.merkle_hash = 0;
  const auto closing = hear(datagram(ours, {Handshake{kTheirs, options}}));
  ASSERT_EQ(closing.size(), 1u);
  EXPECT_EQ(to_hex(closing[0]), "112233440000000000ff");
  EXPECT_EQ(swarm.channels(), 0u);
}

TEST_F(Rfc7574, S3_UnknownAndMalformedMessagesDiscardTheRest) {
  seed();
  const ChannelId channel = open();
  Bytes bytes = datagram(channel, {Request{{0, 1}}});
  bytes.push_back(0xfe);
  const Bytes more = datagram(channel, {Request{{1, 2}}});
  bytes.insert(bytes.end(), more.begin() + 4, more.end());
  std::uint64_t data = 0;
  for (const Bytes& answer : hear(bytes)) {
    for (const Message& message : messages(answer)) data += std::holds_alternative<Data>(message);
  }
  EXPECT_EQ(data, 1u);
}

TEST_F(Rfc7574, S3_2_NoHaveBeforeTheHandshakeIsDoneButInItsReply) {
  // 3.1.1 allows HAVE in the reply, 3.2 forbids it before the handshake is complete; every peer sends it, so do we.
  seed();
  const auto reply = hear(datagram(kNoChannel, {Handshake{kTheirs, full_options(published.root)}}));
  EXPECT_EQ(messages(reply.at(0)).size(), 2u);
}

TEST_F(Rfc7574, S3_4_And_4_3_2_AnAckNamesTheBiggestIntervalAndTheDelay) {
  const auto levels = naive_levels(published.content);
  const ChannelId ours = be_dialled({Have{{0, 7}}});
  EXPECT_THAT(answers, testing::SizeIs(1));
  const auto hash = [&](Bin bin) { return naive_hash(levels, bin); };
  const Digest32 h3 = hash(Bin(2, 0)), h9 = hash(Bin(1, 2)), h12 = hash(Bin(0, 6)), h5 = hash(Bin(1, 1)), h2 = hash(Bin(0, 1));
  const auto timestamp = static_cast<std::uint64_t>(now.time_since_epoch().count()) - 777;
  const auto acks = hear(datagram(
      ours, {IntegrityHash{{0, 4}, h3}, IntegrityHash{{4, 6}, h9}, IntegrityHash{{6, 7}, h12}, IntegrityHash{{2, 4}, h5},
             IntegrityHash{{1, 2}, h2}, Data{{0, 1}, timestamp, chunk_of(published.content, 0)}}));
  EXPECT_EQ(kept, 1);
  const auto first = messages(acks.at(0));
  EXPECT_EQ(std::get<Ack>(first.at(0)).chunks, (ChunkRange{0, 1}));
  EXPECT_EQ(std::get<Ack>(first.at(0)).delay_us, 777u);
  const auto second = hear(datagram(ours, {Data{{1, 2}, timestamp, chunk_of(published.content, 1)}}));
  EXPECT_EQ(std::get<Ack>(messages(second.at(0)).at(0)).chunks, (ChunkRange{0, 2}));
}

TEST_F(Rfc7574, S3_7_RequestsAreServedInTheOrderReceived) {
  seed();
  const ChannelId channel = open();
  std::vector<std::uint64_t> order;
  for (const Bytes& bytes : hear(datagram(channel, {Request{{5, 6}}, Request{{1, 3}}, Request{{0, 1}}}))) {
    for (const Message& message : messages(bytes)) {
      if (const auto* data = std::get_if<Data>(&message)) order.push_back(data->chunks.begin);
    }
  }
  EXPECT_THAT(order, testing::ElementsAre(5, 1, 2, 0));
}

TEST_F(Rfc7574, S3_8_CancelAndHaveTakeBackRequests) {
  seed();
  const ChannelId channel = open();
  const auto answer = hear(datagram(channel, {Request{{0, 7}}, Cancel{{1, 3}}, Have{{4, 6}}}));
  std::vector<std::uint64_t> got;
  for (const Bytes& bytes : answer) {
    for (const Message& message : messages(bytes)) {
      if (const auto* data = std::get_if<Data>(&message)) got.push_back(data->chunks.begin);
    }
  }
  EXPECT_THAT(got, testing::ElementsAre(0, 3, 6));
}

TEST_F(Rfc7574, S3_9_AChokedPeerRequestsNothingUntilUnchoked) {
  const ChannelId ours = be_dialled({Choke{}, Have{{0, 7}}});
  for (const Bytes& bytes : answers) {
    for (const Message& message : messages(bytes)) EXPECT_FALSE(std::holds_alternative<Request>(message));
  }
  const auto later = hear(datagram(ours, {Have{{0, 7}}}));
  for (const Bytes& bytes : later) {
    for (const Message& message : messages(bytes)) EXPECT_FALSE(std::holds_alternative<Request>(message));
  }
  const auto unchoked = hear(datagram(ours, {Unchoke{}}));
  EXPECT_TRUE(std::holds_alternative<Request>(messages(unchoked.at(0)).at(0)));
}

TEST_F(Rfc7574, S3_10_PexIsOptionalAndNotAnswered) {
  seed();
  EXPECT_TRUE(hear(datagram(open(), {PexRequest{}})).empty());
}

TEST_F(Rfc7574, S3_11_And_12_1_AChannelIsBoundToItsAddress) {
  seed();
  const ChannelId channel = open();
  const auto elsewhere = endpoint_from("192.0.2.8:6778").value();
  EXPECT_TRUE(hear(datagram(channel, {Request{{0, 7}}}), elsewhere).empty());
  EXPECT_EQ(swarm.counters().strays, 1u);
}

TEST_F(Rfc7574, S3_12_AKeepAliveIsFourBytesAndComesBeforeAMinuteIsOver) {
  const ChannelId ours = be_dialled();
  static_cast<void>(ours);
  std::vector<Bytes> said;
  const Instant end = now + 60s;
  while (said.empty() && swarm.next_deadline() < end) {
    now = swarm.next_deadline();
    swarm.tick(now, out);
    said = sent();
  }
  ASSERT_FALSE(said.empty());
  EXPECT_EQ(to_hex(said[0]), "11223344");
}

TEST_F(Rfc7574, S3_12_APeerSilentForThreeMinutesIsDead) {
  seed();
  const ChannelId channel = open();
  hear(datagram(channel, {}));
  const Instant begin = now;
  while (swarm.channels() > 0 && now - begin < Duration(10min)) {
    now = std::max(now + 1us, swarm.next_deadline());
    swarm.tick(now, out);
    sent();
  }
  EXPECT_GE(now - begin, Duration(180s));
  EXPECT_LE(now - begin, Duration(240s));
}

TEST_F(Rfc7574, S5_4_And_5_6_2_PeaksFirstThenUnclesByHeightDescendingThenData) {
  seed();
  const ChannelId channel = open();
  const auto answer = hear(datagram(channel, {Request{{0, 1}}}));
  ASSERT_EQ(answer.size(), 1u);
  EXPECT_EQ(destination_of(answer[0]), kTheirs);
  std::vector<std::uint64_t> bins;
  const auto all = messages(answer[0]);
  for (const Message& message : all) {
    if (const auto* hash = std::get_if<IntegrityHash>(&message)) bins.push_back(Bin::covering(hash->chunks).value().number());
  }
  EXPECT_THAT(bins, testing::ElementsAre(3, 9, 12, 5, 2));  // the example below Figure 4
  ASSERT_TRUE(std::holds_alternative<Data>(all.back()));
  EXPECT_EQ(std::get<Data>(all.back()).chunks, (ChunkRange{0, 1}));
  EXPECT_TRUE(std::ranges::equal(std::get<Data>(all.back()).bytes, chunk_of(published.content, 0)));
}

TEST_F(Rfc7574, S5_3_HashesThatAcknowledgementsProveKnownAreNotSent) {
  seed();
  const ChannelId channel = open();
  // After C0 and C1 were acknowledged, C2 needs only node 6 (its sibling): 5 and all above it are known.
  hear(datagram(channel, {Request{{0, 2}}}));
  hear(datagram(channel, {Ack{{0, 2}, 5}}));
  std::vector<std::uint64_t> bins;
  for (const Bytes& bytes : hear(datagram(channel, {Request{{2, 3}}}))) {
    for (const Message& message : messages(bytes)) {
      if (const auto* hash = std::get_if<IntegrityHash>(&message)) bins.push_back(Bin::covering(hash->chunks).value().number());
    }
  }
  EXPECT_THAT(bins, testing::ElementsAre(6));
}

TEST_F(Rfc7574, S5_3_AChunkAskedForAgainBringsItsWholeProof) {
  seed();
  const ChannelId channel = open();
  hear(datagram(channel, {Request{{0, 4}}}));
  now += 1s;
  std::vector<std::uint64_t> bins;
  for (const Bytes& bytes : hear(datagram(channel, {Request{{1, 2}}}))) {
    for (const Message& message : messages(bytes)) {
      if (const auto* hash = std::get_if<IntegrityHash>(&message)) bins.push_back(Bin::covering(hash->chunks).value().number());
    }
  }
  EXPECT_THAT(bins, testing::ElementsAre(3, 9, 12, 5, 0));
}

TEST_F(Rfc7574, S5_6_TheLengthFollowsFromPeaksAndLastChunk) {
  const auto levels = naive_levels(published.content);
  const ChannelId ours = be_dialled({Have{{0, 7}}});
  std::vector<Message> all;
  std::vector<Digest32> keep_alive;
  keep_alive.reserve(3);
  for (const Node& peak : published.peaks) {
    keep_alive.push_back(peak.hash);
    all.push_back(IntegrityHash{peak.bin.chunks(), keep_alive.back()});
  }
  all.push_back(Data{{6, 7}, 1, chunk_of(published.content, 6)});
  hear(datagram(ours, all));
  EXPECT_EQ(swarm.chunk_count(), 7u);
  EXPECT_EQ(swarm.size(), 7162u);
}

TEST_F(Rfc7574, S8_4_AClosingHandshakeEndsTheChannel) {
  seed();
  const ChannelId channel = open();
  EXPECT_EQ(swarm.channels(), 1u);
  hear(datagram(channel, {Handshake{kNoChannel, {}}}));
  EXPECT_EQ(swarm.channels(), 0u);
  EXPECT_TRUE(hear(datagram(channel, {Request{{0, 1}}})).empty());
}

TEST_F(Rfc7574, S8_4_WhoLeavesSaysSo) {
  seed();
  const ChannelId channel = open();
  hear(datagram(channel, {}));
  swarm.leave(now, out);
  const auto last = sent();
  ASSERT_EQ(last.size(), 1u);
  EXPECT_EQ(to_hex(last[0]), "112233440000000000ff");
}

TEST_F(Rfc7574, S8_6_OneDatagramMayCarrySeveralChunks) {
  const auto levels = naive_levels(published.content);
  const ChannelId ours = be_dialled({Have{{0, 7}}});
  const Digest32 h3 = naive_hash(levels, Bin(2, 0)), h9 = naive_hash(levels, Bin(1, 2)), h12 = naive_hash(levels, Bin(0, 6));
  const Digest32 h5 = naive_hash(levels, Bin(1, 1)), h2 = naive_hash(levels, Bin(0, 1));
  hear(datagram(ours, {IntegrityHash{{0, 4}, h3}, IntegrityHash{{4, 6}, h9}, IntegrityHash{{6, 7}, h12},
                       IntegrityHash{{2, 4}, h5}, IntegrityHash{{1, 2}, h2}, Data{{0, 1}, 1, chunk_of(published.content, 0)},
                       Data{{1, 2}, 1, chunk_of(published.content, 1)}}));
  EXPECT_EQ(kept, 2);
}

TEST_F(Rfc7574, S8_6_NothingIsTakenThatWasNotAskedFor) {
  // The RFC lets peers push; for content on demand we take only what we asked for (swarm.h, rule 3).
  const ChannelId ours = be_dialled();
  hear(datagram(ours, {Data{{0, 1}, 1, chunk_of(published.content, 0)}}));
  EXPECT_EQ(kept, 0);
}

TEST_F(Rfc7574, S12_1_AnUnprovenAddressIsNotSentMoreThanItSent) {
  seed();
  auto terse = full_options(published.root);
  const Bytes greeting = datagram(kNoChannel, {Handshake{kTheirs, terse}});
  std::size_t in = 0, reply = 0;
  for (int i = 0; i < 10; ++i) {
    in += greeting.size();
    for (const Bytes& bytes : hear(greeting)) reply += bytes.size();
    EXPECT_LE(reply, in);
  }
  EXPECT_GT(reply, 0u);
}

TEST_F(Rfc7574, S4_2_ASwarmOfBinsSpeaksInBins) {
  SwarmConfig config;
  config.addressing = Addressing::kBin32;
  Swarm bins(published.root, config, ids);
  Possession possession;
  possession.peaks = published.peaks;
  possession.verified.insert({0, 7});
  possession.size = published.content.size();
  bins.restore(possession);
  Options options = full_options(published.root);
  options.addressing = 0;
  bins.receive(now, kPeer, datagram(kNoChannel, {Handshake{kTheirs, options}}), out);
  // Chunks 0 to 6 are the bins 3, 9 and 12 of Figure 4.
  EXPECT_TRUE(to_hex(sent().at(0)).ends_with("ff" "0300000003" "0300000009" "030000000c"));
}

TEST_F(Rfc7574, S7_5_And_7_6_And_7_8_WhatIsNotSpokenIsRefusedWithAReason) {
  // The RFC asks for silence on the wire; the reason is for who runs the swarm.
  seed();
  const auto why = [&](auto change) {
    Options options = full_options(published.root);
    change(options);
    EXPECT_TRUE(hear(datagram(kNoChannel, {Handshake{kTheirs, options}})).empty());
    return swarm.last_refusal();
  };
  EXPECT_EQ(why([](Options& o) { o.integrity = 0; }), "offers content without integrity, which is not taken from anybody");
  EXPECT_EQ(why([](Options& o) { o.integrity = 3; }), "speaks of a live stream; this is content on demand");
  EXPECT_EQ(why([](Options& o) { o.merkle_hash = 0; }), "hashes with SHA-1, this swarm with SHA-256");
  EXPECT_EQ(why([](Options& o) { o.merkle_hash = 4; }), "hashes with SHA-512, this swarm with SHA-256");
  EXPECT_EQ(why([](Options& o) { o.merkle_hash = 99; }), "hashes with an unassigned hash, this swarm with SHA-256");
  EXPECT_EQ(why([](Options& o) { o.addressing = 0; }), "names chunks by method 0, this swarm by 2");
  EXPECT_EQ(why([](Options& o) { o.chunk_size = 8192; }), "has chunks of 8192 bytes, this swarm of 1024");
  EXPECT_EQ(why([](Options& o) { o.minimum_version = 2, o.version = 2; }), "speaks version 2 at least, this is 1");
  EXPECT_EQ(swarm.counters().refused, 8u);
}

}  // namespace
}  // namespace earshot::stream::ppspp
