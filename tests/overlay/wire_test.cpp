// Every message reads back as it was written; what a stranger may send costs no more than the header promises.
#include "overlay/wire.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "schema/digest.h"
#include "tests/net/allocations.h"
#include "tests/net/small_directory.h"

namespace earshot::overlay {
namespace {

constexpr std::uint32_t kPeers = 40;

/// Peers 0 to 39; 0 is the sender.
SmallDirectory directory() {
  SmallDirectory book;
  for (std::uint32_t i = 0; i < kPeers; ++i) book.intern(contact_number(i), kNoPeer);
  return book;
}

constexpr PeerId kSender{0};

// rapidcheck's words for our values.

rc::Gen<PeerId> peers() {
  return rc::gen::map(rc::gen::inRange<std::uint32_t>(0, kPeers), [](std::uint32_t n) { return PeerId{n}; });
}

rc::Gen<PeerList> peer_lists() {
  const auto sizes = rc::gen::inRange<std::size_t>(0, limits::kMaxShuffle + 1);
  return rc::gen::mapcat(sizes, [](std::size_t size) {
    return rc::gen::map(rc::gen::container<std::vector<PeerId>>(size, peers()), [](const std::vector<PeerId>& some) {
      PeerList list;
      for (const PeerId peer : some) list.push_back(peer);
      return list;
    });
  });
}

/// Clean texts, some of them of several bytes a character.
rc::Gen<std::string> texts(std::size_t at_least, std::size_t at_most) {
  const auto words = rc::gen::container<std::vector<std::string>>(
      rc::gen::element<std::string>("a", "Z", " ", "ß", "é", "音", "🎵", "so what", "\t"));
  return rc::gen::map(words, [=](const std::vector<std::string>& parts) {
    std::string text(at_least, 'x');
    for (const std::string& part : parts) text += part;
    return std::string(clip_utf8(text, at_most));
  });
}

Track a_track() {
  Track track;
  track.content.scheme = *rc::gen::element(Scheme::kDescribed, Scheme::kPpspp);
  for (auto& byte : track.content.digest) byte = *rc::gen::arbitrary<std::uint8_t>();
  track.title = *texts(0, limits::kMaxTrackText);
  track.artist = *texts(0, limits::kMaxTrackText);
  track.album = *texts(0, limits::kMaxTrackText);
  track.genre = *texts(0, limits::kMaxTrackText);
  track.licence = *texts(0, limits::kMaxTrackText);
  track.publisher = *texts(0, limits::kMaxTrackText);
  track.kind = *rc::gen::element(Kind::kTrack, Kind::kEpisode, Kind::kStation, Kind::kPublisher);
  track.year = *rc::gen::arbitrary<std::uint16_t>();
  track.duration_ms = *rc::gen::arbitrary<std::uint32_t>();
  track.bitrate_kbps = *rc::gen::arbitrary<std::uint32_t>();
  track.codec = static_cast<Codec>(*rc::gen::inRange(0, 7));
  track.size_bytes = *rc::gen::arbitrary<std::uint64_t>();
  return track;
}

QueryId an_id() {
  return {*rc::gen::arbitrary<std::uint64_t>(), *rc::gen::arbitrary<std::uint64_t>()};
}

/// Encoded, decoded by a peer that knows the same book under the same names.
template <class T>
T through_the_wire(const T& message) {
  SmallDirectory book = directory();
  const auto frame = wire::encode(Message(message), book);
  RC_ASSERT(frame.has_value());
  RC_ASSERT(frame->size() <= limits::kMaxFrame);
  const auto decoded = wire::decode(*frame, kSender, book);
  RC_ASSERT(decoded.has_value());
  return std::get<T>(std::get<Message>(*decoded));
}

RC_GTEST_PROP(Wire, MembershipMessagesReadBackAsTheyWereWritten, ()) {
  RC_ASSERT(through_the_wire(Join{}) == Join{});
  RC_ASSERT(through_the_wire(Leave{}) == Leave{});
  const auto ttl = *rc::gen::arbitrary<std::uint8_t>();
  const ForwardJoin forward{*peers(), ttl};
  RC_ASSERT(through_the_wire(forward) == forward);
  const Neighbor neighbor{*rc::gen::arbitrary<bool>()};
  RC_ASSERT(through_the_wire(neighbor) == neighbor);
  const NeighborReply reply{*rc::gen::arbitrary<bool>()};
  RC_ASSERT(through_the_wire(reply) == reply);
  const Shuffle shuffle{*peers(), ttl, *peer_lists()};
  RC_ASSERT(through_the_wire(shuffle) == shuffle);
  const ShuffleReply shuffled{*peer_lists()};
  RC_ASSERT(through_the_wire(shuffled) == shuffled);
}

RC_GTEST_PROP(Wire, QueriesReadBackAsTheyWereWritten, ()) {
  auto request = std::make_shared<SearchRequest>();
  request->text = *texts(1, limits::kMaxQueryText);
  request->limit = *rc::gen::inRange<std::uint16_t>(1, limits::kMaxHitsPerHolder + 1);
  request->strategy = static_cast<StrategyKind>(*rc::gen::inRange(0, static_cast<int>(kLastStrategyKind) + 1));
  request->canaries.resize(*rc::gen::inRange<std::size_t>(0, limits::kMaxCanaries + 1));
  for (CanaryKey& canary : request->canaries) canary = *rc::gen::arbitrary<std::uint64_t>();
  const Query query{an_id(),
                    request,
                    request->strategy,
                    *rc::gen::inRange<std::uint16_t>(0, limits::kMaxWalkTtl + 1),
                    *rc::gen::inRange<std::uint16_t>(0, limits::kMaxWalkTtl + 1),
                    *rc::gen::inRange<std::uint32_t>(0, limits::kMaxVisits + 1),
                    *rc::gen::arbitrary<bool>()};
  const Query read = through_the_wire(query);
  RC_ASSERT(read.id == query.id);
  RC_ASSERT(*read.request == *request);
  RC_ASSERT(read.strategy == query.strategy);
  RC_ASSERT(read.ttl == query.ttl);
  RC_ASSERT(read.hops == query.hops);
  RC_ASSERT(read.visits == query.visits);
  RC_ASSERT(read.direct == query.direct);
}

RC_GTEST_PROP(Wire, DigestsReadBackAsTheyWereWritten, (std::set<DigestKey> keys)) {
  const PeerId owner = *peers();
  Digest digest;
  digest.owner = directory().contact_of(owner)->key;
  digest.keys.assign(keys.begin(), keys.end());
  const Publish message{an_id(),
                        std::make_shared<const Bytes>(encode(digest)),
                        owner,
                        *rc::gen::inRange<std::uint32_t>(0, limits::kMaxVisits + 1),
                        *rc::gen::inRange<std::uint16_t>(0, limits::kMaxDigestLife / 1s + 1),
                        *rc::gen::arbitrary<std::uint8_t>(),
                        *rc::gen::arbitrary<std::uint8_t>()};
  const Publish read = through_the_wire(message);
  RC_ASSERT(read.id == message.id);
  RC_ASSERT(*read.digest == *message.digest);
  RC_ASSERT(read.owner == owner);
  RC_ASSERT(read.visits == message.visits);
  RC_ASSERT(read.life_s == message.life_s);
  RC_ASSERT(read.walk == message.walk);
  RC_ASSERT(read.hops == message.hops);
}

RC_GTEST_PROP(Wire, EstimatesReadBackAsTheyWereWritten, (std::uint32_t epoch, std::uint64_t seed, std::uint64_t share)) {
  const Estimate message{epoch, epoch / 2, seed, std::make_shared<const Shares>(Shares{share, 1, share / 2, 3, ~share, 5}),
                         7,     9,         16};
  const Estimate read = through_the_wire(message);
  RC_ASSERT(read.epoch == epoch);
  RC_ASSERT(read.seed == seed);
  RC_ASSERT(read.peers == message.peers && read.degree == 16);
  RC_ASSERT(read.meeting == 7u && read.meetings == 9u);
  RC_ASSERT(*read.shares == *message.shares);
}

TEST(Wire, TakesADigestOnlyUnderItsOwnersName) {
  SmallDirectory book = directory();
  Digest digest;
  digest.owner = book.contact_of(PeerId{3})->key;
  const auto coded = std::make_shared<const Bytes>(encode(digest));
  EXPECT_TRUE(wire::decode(*wire::encode(Message(Publish{{1, 2}, coded, PeerId{3}, 9, 60, 0, 1}), book), kSender, book));
  EXPECT_FALSE(wire::decode(*wire::encode(Message(Publish{{1, 2}, coded, PeerId{4}, 9, 60, 0, 1}), book), kSender, book));
}

RC_GTEST_PROP(Wire, BoxesReadBackAsTheyWereWritten, (Bytes bytes)) {
  const auto box = bytes.empty() ? nullptr : std::make_shared<const Bytes>(bytes);
  const Hits message{an_id(), box, *rc::gen::inRange<std::uint16_t>(0, limits::kMaxWalkTtl + 1),
                     *rc::gen::arbitrary<std::uint8_t>()};
  const Hits read = through_the_wire(message);
  RC_ASSERT(read.id == message.id);
  RC_ASSERT((read.box == nullptr) == (box == nullptr) && (box == nullptr || *read.box == *box));
  RC_ASSERT(read.hops == message.hops);
  RC_ASSERT(read.canaries == message.canaries);
}

RC_GTEST_PROP(Wire, HitsReadBackAsTheyWereWritten, ()) {
  std::vector<Hit> hits;
  const auto count = *rc::gen::inRange(0, 6);
  for (int i = 0; i < count; ++i) hits.push_back({a_track(), *peers(), *rc::gen::arbitrary<std::uint32_t>()});
  SmallDirectory book = directory();
  const auto list = wire::encode_hits(hits, limits::kMaxFrame, book);
  RC_ASSERT(list.has_value());
  const auto read = wire::decode_hits(*list, kSender, book);
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == hits);
  RC_ASSERT(!wire::decode(*list, kSender, book).has_value());
}

TEST(Wire, HelloReadsBackAsItWasWritten) {
  const wire::Hello hello{3, 1, contact_number(7), "earshot 0.1"};
  const auto read = wire::decode_hello(wire::encode(hello));
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->version, 3);
  EXPECT_EQ(read->min_version, 1);
  EXPECT_EQ(read->self, hello.self);
  EXPECT_EQ(read->agent, hello.agent);
}

TEST(Wire, HelloClipsALongAgent) {
  const auto read = wire::decode_hello(wire::encode(wire::Hello{1, 1, contact_number(7), std::string(300, 'x')}));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->agent, std::string(64, 'x'));
}

TEST(Wire, FirstFrameMustBeAHello) {
  const SmallDirectory book = directory();
  const auto read = wire::decode_hello(*wire::encode(Message(Join{}), book));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kInvalid);
}

TEST(Wire, LeavesForgottenPeersOutOfLists) {
  SmallDirectory book = directory();
  PeerList peers;
  peers.push_back(PeerId{3});
  peers.push_back(PeerId{kPeers + 7});
  const auto frame = wire::encode(Message(ShuffleReply{peers}), book);
  ASSERT_TRUE(frame);
  const auto read = wire::decode(*frame, kSender, book);
  ASSERT_TRUE(read);
  const PeerList& list = std::get<ShuffleReply>(std::get<Message>(*read)).peers;
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(*list.begin(), PeerId{3});
}

TEST(Wire, FailsForAMessageAboutAForgottenPeer) {
  const SmallDirectory book = directory();
  const auto frame = wire::encode(Message(ForwardJoin{PeerId{kPeers + 7}, 3}), book);
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().code, ErrorCode::kNotFound);
}

TEST(Wire, KeepsTheFirstHitsThatFitIntoABox) {
  SmallDirectory book = directory();
  std::vector<Hit> hits;
  for (std::uint32_t i = 0; i < 60; ++i) {
    Track track;
    track.title = track.artist = track.album = track.genre = std::string(limits::kMaxTrackText, 'x');
    track.year = static_cast<std::uint16_t>(i);
    hits.push_back({track, PeerId{1}, 1000 - i});
  }
  const auto list = wire::encode_hits(hits, limits::kMaxBox, book);
  ASSERT_TRUE(list);
  EXPECT_LE(list->size(), limits::kMaxBox);
  const auto kept = wire::decode_hits(*list, kSender, book);
  ASSERT_TRUE(kept) << kept.error().what;
  EXPECT_EQ(kept->size(), (limits::kMaxBox - 256) / (4 * limits::kMaxTrackText + 260));
  for (std::size_t i = 0; i < kept->size(); ++i) EXPECT_EQ((*kept)[i].track.year, i);

  for (Hit& hit : hits) hit.track = Track{};
  const auto small = wire::decode_hits(*wire::encode_hits(hits, limits::kMaxFrame, book), kSender, book);
  ASSERT_TRUE(small);
  EXPECT_EQ(small->size(), limits::kMaxHitsPerMessage);
}

TEST(Wire, RefusesABoxThatIsTooLarge) {
  SmallDirectory book = directory();
  const auto fits = std::make_shared<const Bytes>(limits::kMaxBox), larger = std::make_shared<const Bytes>(limits::kMaxBox + 1);
  EXPECT_TRUE(wire::encode(Message(Hits{{1, 2}, fits, 1}), book));
  EXPECT_FALSE(wire::encode(Message(Hits{{1, 2}, larger, 1}), book));
}

TEST(Wire, SenderMayLeaveItsOwnAddressOpen) {
  SmallDirectory told;
  Contact self = contact_number(0);
  self.endpoint = *endpoint_from("0.0.0.0:4040");
  told.intern(self, kNoPeer);
  const auto frame = wire::encode(Message(Shuffle{PeerId{0}, 3, {}}), told);
  ASSERT_TRUE(frame);
  SmallDirectory book = directory();
  const auto from_itself = wire::decode(*frame, kSender, book);
  ASSERT_TRUE(from_itself);
  EXPECT_EQ(std::get<Shuffle>(std::get<Message>(*from_itself)).origin, kSender);
  EXPECT_FALSE(wire::decode(*frame, PeerId{1}, book)) << "of others a sender must say where they are";
}

TEST(Wire, ReadsFramesAtAnyAddress) {
  SmallDirectory book = directory();
  const auto frame = wire::encode(Message(Shuffle{PeerId{1}, 3, {}}), book);
  for (std::size_t shift = 0; shift < 8; ++shift) {
    Bytes moved(shift);
    moved.insert(moved.end(), frame->begin(), frame->end());
    EXPECT_TRUE(wire::decode(ByteView(moved).subspan(shift), kSender, book));
  }
}

TEST(Wire, EveryPrefixOfAFrameIsRefusedAndLeavesNoTrace) {
  SmallDirectory book = directory();
  PeerList peers;
  peers.push_back(PeerId{5});
  const auto frame = wire::encode(Message(Shuffle{PeerId{1}, 3, peers}), book);
  const std::size_t told = book.told;
  for (std::size_t size = 0; size < frame->size(); ++size) {
    EXPECT_FALSE(wire::decode(ByteView(*frame).first(size), kSender, book)) << size;
  }
  EXPECT_EQ(book.told, told);
}

TEST(Wire, DecodingAllocatesAtMostThreeTimesTheFrameBesideItsCopy) {
  SmallDirectory book = directory();
  std::vector<Hit> hits;
  for (std::uint32_t i = 0; i < limits::kMaxHitsPerMessage; ++i) hits.push_back({Track{}, PeerId{i % kPeers}, 0});
  const auto frame = wire::encode_hits(hits, limits::kMaxFrame, book);
  ASSERT_TRUE(frame);
  const std::size_t before = allocated_bytes();
  const auto read = wire::decode_hits(*frame, kSender, book);
  const std::size_t cost = allocated_bytes() - before;
  ASSERT_TRUE(read);
  EXPECT_LE(cost, frame->size() + 8 + 3 * frame->size() + 512);
}

template <class T>
Result<T> read_back(const Bytes& frame) {
  SmallDirectory book = directory();
  const auto decoded = wire::decode(frame, kSender, book);
  if (!decoded) return tl::unexpected(decoded.error());
  return std::get<T>(*decoded);
}

TEST(Wire, WhatIsSaidWhileBrowsingReadsBackAsItWasWritten) {
  Browse question{{1, 2}, 4'000'000'000u, {}};
  question.reply_key.fill(7);
  EXPECT_EQ(read_back<Browse>(wire::encode(question)), question);
  Shelf shelf{{3, 4}, std::make_shared<const Bytes>(100, 9), 321, 50, false};
  const auto read = read_back<Shelf>(wire::encode(shelf));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->id, shelf.id);
  EXPECT_EQ(*read->box, *shelf.box);
  EXPECT_EQ(read->shared, 321u);
  EXPECT_EQ(read->next, 50u);
  EXPECT_FALSE(read->hidden);
  const auto hidden = read_back<Shelf>(wire::encode(Shelf{{3, 4}, nullptr, 0, 0, true}));
  EXPECT_TRUE(hidden->hidden);
  EXPECT_EQ(hidden->box, nullptr);
}

TEST(Wire, AShelfMayHoldABoxAsLargeAsHitsAndNoLarger) {
  const auto with_box = [](std::size_t size) { return wire::encode(Shelf{{3, 4}, std::make_shared<const Bytes>(size, 9), 1, 1, false}); };
  EXPECT_TRUE(read_back<Shelf>(with_box(limits::kMaxBox - 1)));
  EXPECT_TRUE(read_back<Shelf>(with_box(limits::kMaxBox)));
  EXPECT_EQ(read_back<Shelf>(with_box(limits::kMaxBox + 1)).error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace earshot::overlay
