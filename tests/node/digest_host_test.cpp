// Digests in a real index: ours are made when the library changes, others' are judged, kept, asked, and held against questions
// that stay.
#include "tools/node/digest_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <mutex>
#include <thread>

#include "overlay/net/signature.h"
#include "schema/digest.h"
#include "schema/limits.h"
#include "tests/eventually.h"
#include "tests/temporary_folder.h"
#include "tools/node/library.h"
#include "tools/node/node.h"
#include "tools/node/own_digests.h"

namespace earshot::node {
namespace {

using overlay::net::Identity;
using testing::ElementsAre;
using testing::IsEmpty;

Track track(std::uint8_t number, std::string artist, std::string title) {
  Track track;
  track.content.digest.fill(number);
  track.artist = std::move(artist);
  track.title = std::move(title);
  return track;
}

/// Another node: a library, a key, an address.
struct Owner {
  explicit Owner(std::vector<Track> tracks, const std::string& address = "127.0.0.1:4040") {
    contact = {identity.key(), *endpoint_from(address), 0};
    for (const Track& one : tracks) {
      const auto of_track = keys.of(one);
      all.insert(all.end(), of_track.begin(), of_track.end());
    }
  }
  Bytes coded(std::uint64_t sequence = 1) const {
    std::vector<DigestKey> tidy(all);
    std::sort(tidy.begin(), tidy.end());
    tidy.erase(std::unique(tidy.begin(), tidy.end()), tidy.end());
    Bytes bytes = encode(Digest{identity.key(), sequence, 0, 1, tidy, {}});
    sign(bytes, overlay::net::sign(identity, signed_part(bytes)));
    return bytes;
  }
  DigestHost::Offer offer() const { return {contact, std::make_shared<const Bytes>(coded()), 10min}; }

  Identity identity = Identity::ephemeral();
  Contact contact;
  index::DigestKeys keys;
  std::vector<DigestKey> all;
};

SearchRequest words(const std::string& text) {
  SearchRequest request;
  request.text = text;
  return request;
}

overlay::Lookup staying(std::uint64_t number, const std::string& text, Duration keep = 10min) {
  SearchRequest request = words(text);
  request.keep = keep;
  return {{7, number}, std::make_shared<const SearchRequest>(std::move(request)), true};
}

class DigestHostTest : public testing::Test {
 protected:
  DigestHostTest() {
    auto opened = Library::open(folder_ / "index", {.sync = false});
    EXPECT_TRUE(opened);
    library_ = std::move(*opened);
    host_ = std::make_unique<DigestHost>(*library_, identity_, [] {});
  }

  void take(const Owner& owner) {
    const auto before = host_->counts().taken;
    host_->offer(owner.offer());
    ASSERT_TRUE(eventually([&] { return host_->counts().taken == before + 1; }));
  }

  overlay::SharedDigests own() {
    overlay::SharedDigests digests;
    EXPECT_TRUE(eventually([&] {
      auto news = host_->take_news();
      for (auto& match : news.matches) matches_.push_back(std::move(match));
      if (news.own != nullptr) digests = news.own;
      return digests != nullptr;
    }));
    return digests;
  }

  const TemporaryFolder folder_;
  const Identity identity_ = Identity::ephemeral();
  std::unique_ptr<Library> library_;
  std::unique_ptr<DigestHost> host_;
  std::vector<DigestHost::Match> matches_;
};

TEST_F(DigestHostTest, AnswersFromOthersDigestsAndFromTheirCanaries) {
  const Owner davis({track(1, "Miles Davis", "So What")}), monk({track(2, "Thelonious Monk", "Blue Monk")});
  take(davis);
  take(monk);
  EXPECT_THAT(host_->meet(words("so what")).owners, ElementsAre(davis.identity.key()));
  EXPECT_THAT(host_->meet(words("what OR monk")).owners, testing::SizeIs(2));
  EXPECT_THAT(host_->meet(words("giant steps")).owners, IsEmpty());
  SearchRequest request = words("nothing");
  request.canaries = {canary_key_of(identity_.key()), canary_key_of(monk.identity.key())};
  EXPECT_EQ(host_->meet(request).canaries, 2);
  host_->drop(davis.identity.key());
  EXPECT_TRUE(eventually([&] { return host_->meet(words("so what")).owners.empty(); }));
}

TEST_F(DigestHostTest, TellsWhoHoldsAContent) {
  Track held = track(1, "Miles Davis", "So What");
  held.content.scheme = Scheme::kPpspp;
  const Owner davis({held}), monk({track(2, "Thelonious Monk", "Blue Monk")});
  take(davis);
  take(monk);
  EXPECT_THAT(host_->meet(words(to_string(held.content))).owners, ElementsAre(davis.identity.key()));
  held.content.digest.back() ^= 1;
  EXPECT_THAT(host_->meet(words(to_string(held.content))).owners, IsEmpty());
}

TEST_F(DigestHostTest, TakesNoDigestWithoutItsOwnersSignature) {
  const Owner owner({track(1, "Miles Davis", "So What")}), liar({track(1, "Miles Davis", "So What")});
  Bytes forged = owner.coded();
  sign(forged, overlay::net::sign(liar.identity, signed_part(forged)));
  host_->offer({owner.contact, std::make_shared<const Bytes>(forged), 10min});
  host_->offer({liar.contact, std::make_shared<const Bytes>(owner.coded()), 10min});  // another's under his own name
  Bytes bent = owner.coded();
  bent[bent.size() / 2] ^= 1;
  host_->offer({owner.contact, std::make_shared<const Bytes>(bent), 10min});
  EXPECT_TRUE(eventually([&] { return host_->counts().forged == 3; }));
  EXPECT_EQ(host_->counts().digests, 0u);
}

TEST_F(DigestHostTest, MakesItsOwnDigestWhenTheLibraryHasChanged) {
  const auto empty = own();
  ASSERT_EQ(empty->size(), 1u);
  ASSERT_TRUE(library_->add(std::array{track(1, "Miles Davis", "So What")}));
  const auto changed = own();
  ASSERT_EQ(changed->size(), 1u);
  const auto before = decode_digest(*empty->front()), after = decode_digest(*changed->front());
  ASSERT_TRUE(before && after);
  EXPECT_EQ(before->keys.size(), 1u) << "a library without tracks counts meetings, too";
  EXPECT_GT(after->sequence, before->sequence);
  EXPECT_TRUE(overlay::net::has_signed(identity_.key(), signed_part(*changed->front()), after->signature));
  const index::DigestKeys keys;
  EXPECT_TRUE(index::may_answer(keys.asked_by("miles what"), after->keys));
}

TEST_F(DigestHostTest, AQuestionThatStaysIsMatchedByWhatComesLater) {
  own();
  host_->stand(staying(1, "so what"));
  host_->stand(staying(2, "giant steps"));
  host_->stand(staying(3, "year:1959"));  // digests cannot tell
  EXPECT_EQ(host_->counts().standing, 2u);
  const Owner davis({track(1, "Miles Davis", "So What")});
  take(davis);
  DigestHost::News news;
  ASSERT_TRUE(eventually([&] { return !(news = host_->take_news()).matches.empty(); }));
  ASSERT_EQ(news.matches.size(), 1u);
  EXPECT_EQ(news.matches[0].lookup.id, (QueryId{7, 1}));
  EXPECT_EQ(news.matches[0].owner, davis.identity.key());
  host_->offer(davis.offer());  // the same digest again says nothing new
  EXPECT_TRUE(eventually([&] { return host_->counts().renewed == 1; }));
  EXPECT_THAT(host_->take_news().matches, IsEmpty());
  ASSERT_TRUE(library_->add(std::array{track(2, "John Coltrane", "Giant Steps")}));
  own();
  ASSERT_EQ(matches_.size(), 1u) << "our own library has it now";
  EXPECT_EQ(matches_[0].lookup.id, (QueryId{7, 2}));
  EXPECT_EQ(matches_[0].owner, identity_.key());
}

/// A node on loopback with a real index.
struct LibraryNode {
  explicit LibraryNode(std::vector<Track> tracks, std::vector<Contact> bootstrap = {}) {
    auto opened = Library::open(folder / "index", {.sync = false});
    EXPECT_TRUE(opened);
    library = std::move(*opened);
    EXPECT_TRUE(library->add(tracks));
    NodeOptions options;
    options.listen = *endpoint_from("127.0.0.1:0");
    options.bootstrap = std::move(bootstrap);
    options.agent = "test";
    options.protocol.publish_after = 100ms;
    auto started = Node::start(identity, options, *library);
    EXPECT_TRUE(started);
    node = std::move(*started);
  }

  const TemporaryFolder folder;
  const Identity identity = Identity::ephemeral();
  std::unique_ptr<Library> library;
  std::unique_ptr<Node> node;
};

TEST(Digests, AQuestionThatStaysIsAnsweredByWhoComesLater) {
  std::mutex mutex;  // outlives the nodes, as do the hits that it guards
  std::vector<ReachableHit> hits;
  LibraryNode wisher({track(1, "Thelonious Monk", "Blue Monk")}), other({track(2, "Bill Evans", "Peace Piece")}, {wisher.node->self()});
  // A slow machine makes its first digest in a second, and then rests for twenty times that.
  ASSERT_TRUE(eventually([&] { return wisher.node->status().neighbors == 1 && wisher.node->status().digests.digests == 1; }, 60s))
      << "neighbors host each other's digests";
  SearchRequest request = words("so what");
  request.strategy = StrategyKind::kBubble;
  request.keep = 10min;
  ASSERT_TRUE(wisher.node->search(request, [&](const SearchEvent& event) {
    const std::lock_guard lock(mutex);
    hits.insert(hits.end(), event.hits.begin(), event.hits.end());
  }));
  EXPECT_TRUE(eventually([&] { return other.node->status().digests.standing == 1; })) << "it stays at those who were asked";
  const LibraryNode late({track(3, "Miles Davis", "So What")}, {other.node->self()});
  EXPECT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return !hits.empty();
  }));
  const std::lock_guard lock(mutex);
  ASSERT_FALSE(hits.empty());
  EXPECT_EQ(hits[0].track.title, "So What");
  EXPECT_EQ(hits[0].holder.key, late.identity.key());
}

TEST(StandingQueries, StayUntilTheirTimeIsUpAndAreBounded) {
  StandingQueries standing;
  const index::DigestKeys keys;
  const std::vector<DigestKey> so_what = keys.of(track(1, "Miles Davis", "So What"));
  const Instant start{};
  ASSERT_TRUE(standing.add(start, staying(0, "so what", 1min), keys.asked_by("so what")));
  EXPECT_FALSE(standing.add(start, staying(0, "so what", 1min), keys.asked_by("so what"))) << "it is here already";
  EXPECT_EQ(standing.matching(start + 59s, so_what).size(), 1u);
  EXPECT_THAT(standing.matching(start + 60s, so_what), IsEmpty());
  for (std::uint64_t i = 0; i < StandingQueries::kMost; ++i) {
    ASSERT_TRUE(standing.add(start, staying(i, "giant", 1min), keys.asked_by("giant")));
  }
  EXPECT_FALSE(standing.add(start, staying(9999, "giant"), keys.asked_by("giant")));
  EXPECT_TRUE(standing.add(start + 61s, staying(9999, "giant"), keys.asked_by("giant"))) << "the old ones make room";
  EXPECT_EQ(standing.size(), 1u);
}

}  // namespace
}  // namespace earshot::node
