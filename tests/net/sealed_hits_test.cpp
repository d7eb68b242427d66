// Boxes of hits: who can open them, what is refused, and what those learn who pass them on.
#include "overlay/net/sealed_hits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "overlay/peer.h"
#include "overlay/wire.h"
#include "schema/limits.h"
#include "tests/net/small_directory.h"

namespace earshot::overlay::net {
namespace {


/// Somebody who can be dialled, and everybody whom he knows.
struct Somebody {
  explicit Somebody(std::uint32_t number = 0) : contact(contact_number(number)) {
    contact.key = identity.key();
    self = book.intern(contact, kNoPeer);
  }

  Identity identity = Identity::ephemeral();
  Contact contact;
  SmallDirectory book;
  PeerId self = kNoPeer;
};

Hit hit_of(PeerId holder, std::string title) {
  Hit hit;
  hit.holder = holder;
  hit.track.title = std::move(title);
  hit.track.artist = "Miles Davis";
  hit.track.content.digest.fill(0x5a);
  hit.score = 1000;
  return hit;
}

SharedBox box_for(const Identity& reply, const Somebody& holder, std::vector<Hit> hits) {
  const auto box = seal_hits(holder.identity, reply.key().bytes, hits, holder.book);
  EARSHOT_CHECK(box.has_value());
  return *box;
}

TEST(SealedHits, AreReadByWhoAskedAndNameTheirHolder) {
  const Identity reply = Identity::ephemeral();
  Somebody holder(1), asker(2);
  const auto box = box_for(reply, holder, {hit_of(holder.self, "So What"), hit_of(holder.self, "Blue in Green")});
  const auto hits = open_hits(reply, *box, asker.self, asker.book);
  ASSERT_TRUE(hits) << hits.error().what;
  ASSERT_EQ(hits->size(), 2u);
  EXPECT_EQ((*hits)[1].track.title, "Blue in Green");
  EXPECT_EQ(asker.book.contact_of((*hits)[0].holder), holder.contact);
}

TEST(SealedHits, AreReadByNobodyElse) {
  const Identity reply = Identity::ephemeral(), other = Identity::ephemeral();
  Somebody holder(1), asker(2);
  const auto box = box_for(reply, holder, {hit_of(holder.self, "So What")});
  EXPECT_FALSE(open_hits(other, *box, asker.self, asker.book));
  EXPECT_EQ(asker.book.told, 1u) << "what cannot be opened leaves no trace";
}

TEST(SealedHits, AreRefusedWithAnyByteChanged) {
  const Identity reply = Identity::ephemeral();
  Somebody holder(1), asker(2);
  const Bytes box = *box_for(reply, holder, {hit_of(holder.self, "So What")});
  for (std::size_t at = 0; at < box.size(); at += 7) {
    Bytes changed = box;
    changed[at] ^= 1;
    EXPECT_FALSE(open_hits(reply, changed, asker.self, asker.book)) << at;
  }
  for (const std::size_t size : {std::size_t{0}, std::size_t{47}, std::size_t{143}, box.size() - 1}) {
    EXPECT_FALSE(open_hits(reply, ByteView(box).first(size), asker.self, asker.book)) << size;
  }
}

TEST(SealedHits, ABoxForOneQuestionIsNoneForAnother) {
  const Identity first = Identity::ephemeral(), second = Identity::ephemeral();
  Somebody holder(1), asker(2);
  // Who asked the first question seals what he got once more, to somebody else's question.
  const auto box = box_for(first, holder, {hit_of(holder.self, "So What")});
  Bytes open(box->size() - crypto_box_SEALBYTES);
  ASSERT_EQ(crypto_box_seal_open(open.data(), box->data(), box->size(), first.key().bytes.data(), first.secret().data()), 0);
  Bytes again(box->size());
  crypto_box_seal(again.data(), open.data(), open.size(), second.key().bytes.data());
  const auto hits = open_hits(second, again, asker.self, asker.book);
  ASSERT_FALSE(hits);
  EXPECT_THAT(hits.error().what, testing::HasSubstr("signed"));
}

TEST(SealedHits, NobodySpeaksForAnother) {
  const Identity reply = Identity::ephemeral();
  Somebody liar(1), victim(2), asker(3);
  const PeerId other = liar.book.intern(victim.contact, kNoPeer);
  const auto box = box_for(reply, liar, {hit_of(other, "So What")});
  const auto hits = open_hits(reply, *box, asker.self, asker.book);
  ASSERT_FALSE(hits);
  EXPECT_THAT(hits.error().what, testing::HasSubstr("another holder"));
}

TEST(SealedHits, AreNotMadeForAQuestionWithoutAKey) {
  Somebody holder(1);
  const std::vector<Hit> hits = {hit_of(holder.self, "So What")};
  EXPECT_FALSE(seal_hits(holder.identity, Digest32{}, hits, holder.book));
}

TEST(SealedHits, FitIntoAFrameHoweverMany) {
  const Identity reply = Identity::ephemeral();
  Somebody holder(1), asker(2);
  const std::vector<Hit> many(limits::kMaxHitsPerMessage, hit_of(holder.self, std::string(limits::kMaxTrackText, 'x')));
  const auto box = box_for(reply, holder, many);
  EXPECT_LE(box->size(), limits::kMaxBox);
  EXPECT_GT(open_hits(reply, *box, asker.self, asker.book)->size(), 10u);
  EXPECT_TRUE(wire::encode(Message(Hits{{1, 2}, box, 3}), holder.book));
}

/// A chain of peers that speak in frames: who asks, two who pass on, and who holds it.
class Chain {
 public:
  static constexpr std::size_t kPeers = 4;

  Chain() {
    for (std::size_t i = 0; i < kPeers; ++i) {
      nodes_.push_back(std::make_unique<Node>(static_cast<std::uint32_t>(i + 1)));
      Node& node = *nodes_.back();
      node.active.assign(2, kNoPeer);
      node.seen.resize(64);
    }
    for (std::size_t i = 0; i < kPeers; ++i) {
      Node& node = *nodes_[i];
      std::vector<PeerId> neighbors;
      if (i > 0) neighbors.push_back(node.left = node.who.book.intern(nodes_[i - 1]->who.contact, kNoPeer));
      if (i + 1 < kPeers) neighbors.push_back(node.right = node.who.book.intern(nodes_[i + 1]->who.contact, kNoPeer));
      node.peer = std::make_unique<Peer>(node.who.self, config_, Random::stream(1, i, 1),
                                         Memory{node.active, {}, node.seen}, neighbors);
    }
  }

  /// All hits that arrive at the first peer for a question that the last one can answer.
  std::vector<Hit> ask(const std::string& text, const std::string& title) {
    title_ = title;
    SearchRequest request;
    request.text = text;
    request.reply_key = reply_.key().bytes;
    request.strategy = StrategyKind::kFlood;
    request.ttl = 5;
    Outbox out;
    nodes_[0]->peer->ask(Instant{}, std::move(request), out);
    perform(0, out);
    while (!frames_.empty()) {
      const Flying flying = std::move(frames_.front());
      frames_.pop_front();
      deliver(flying);
    }
    return found_;
  }

  /// Everything that a peer was sent, one frame after the other.
  const Bytes& heard(std::size_t i) const { return nodes_[i]->heard; }
  const Contact& contact(std::size_t i) const { return nodes_[i]->who.contact; }

 private:
  struct Node {
    explicit Node(std::uint32_t number) : who(number) {}
    Somebody who;
    std::vector<PeerId> active;
    std::vector<SeenSlot> seen;
    std::unique_ptr<Peer> peer;
    PeerId left = kNoPeer, right = kNoPeer;
    Bytes heard;
  };
  struct Flying {
    std::size_t from, to;
    Bytes frame;
  };

  void deliver(const Flying& flying) {
    Node& node = *nodes_[flying.to];
    node.heard.insert(node.heard.end(), flying.frame.begin(), flying.frame.end());
    const PeerId from = flying.from < flying.to ? node.left : node.right;
    const auto frame = wire::decode(flying.frame, from, node.who.book);
    ASSERT_TRUE(frame);
    Outbox out;
    node.peer->receive(Instant{}, from, std::get<Message>(*frame), out);
    perform(flying.to, out);
  }

  void perform(std::size_t i, const Outbox& out) {
    for (const Effect& effect : out) std::visit([&](const auto& one) { carry_out(i, one); }, effect);
  }
  void carry_out(std::size_t i, const Send& send) {
    const std::size_t to = send.to == nodes_[i]->left ? i - 1 : i + 1;
    frames_.push_back({i, to, *wire::encode(send.message, nodes_[i]->who.book)});
  }
  void carry_out(std::size_t i, const Lookup& lookup) {
    Node& node = *nodes_[i];
    Found found;
    const std::vector<Hit> hits = {hit_of(node.who.self, title_)};
    if (i + 1 == kPeers) found.box = *seal_hits(node.who.identity, lookup.request->reply_key, hits, node.who.book);
    Outbox out;
    node.peer->answer(Instant{}, lookup, found, {}, out);
    perform(i, out);
  }
  void carry_out(std::size_t i, const Open& open) {
    const auto hits = open_hits(reply_, *open.box, open.from, nodes_[i]->who.book);
    ASSERT_TRUE(hits);
    Outbox out;
    nodes_[i]->peer->opened(Instant{}, open, *hits, out);
    perform(i, out);
  }
  void carry_out(std::size_t, const Deliver& deliver) { found_.insert(found_.end(), deliver.hits->begin(), deliver.hits->end()); }
  void carry_out(std::size_t, const Connect&) {}
  void carry_out(std::size_t, const Disconnect&) {}
  void carry_out(std::size_t, const Ban&) {}
  void carry_out(std::size_t, const HostDigest&) {}
  void carry_out(std::size_t, const DropDigest&) {}

  Config config_;
  Identity reply_ = Identity::ephemeral();
  std::string title_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::deque<Flying> frames_;
  std::vector<Hit> found_;
};

bool stands_in(ByteView what, const Bytes& where) {
  return std::search(where.begin(), where.end(), what.begin(), what.end()) != where.end();
}

TEST(SealedHits, ARelayHearsNeitherWhatWasFoundNorWhoAskedNorWhoHolds) {
  Chain chain;
  const auto hits = chain.ask("so", "So What");
  ASSERT_EQ(hits.size(), 1u);
  EXPECT_EQ(hits[0].track.title, "So What");
  for (const std::size_t relay : {1, 2}) {
    const Bytes& heard = chain.heard(relay);
    EXPECT_TRUE(stands_in(as_bytes("so"), heard)) << "the question itself is read by all who answer it";
    EXPECT_FALSE(stands_in(as_bytes("So What"), heard));
    EXPECT_FALSE(stands_in(as_bytes("Miles"), heard));
    EXPECT_FALSE(stands_in(Bytes(8, 0x5a), heard)) << "the content's id";
    for (const std::size_t end : {std::size_t{0}, Chain::kPeers - 1}) {
      EXPECT_FALSE(stands_in(chain.contact(end).key.bytes, heard)) << "the key of peer " << end;
      EXPECT_FALSE(stands_in(chain.contact(end).endpoint.address, heard)) << "the address of peer " << end;
    }
  }
}

}  // namespace
}  // namespace earshot::overlay::net
