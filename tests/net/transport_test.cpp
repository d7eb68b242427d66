// Transports on loopback: real sockets, real time, every wait with a deadline.
#include "overlay/net/transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include "schema/limits.h"
#include "tests/net/party.h"

namespace earshot::overlay::net {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

/// A peer that speaks ZeroMQ by hand and may lie.
class RawPeer {
 public:
  enum class Mechanism { kCurve, kNull };

  RawPeer(const Party& server, const Identity& identity, Mechanism mechanism = Mechanism::kCurve,
          const std::string& routing_id = "")
      : RawPeer(server.contact().endpoint, server.contact().key, identity, mechanism, routing_id) {}

  RawPeer(const Endpoint& where, const NodeKey& server_key, const Identity& identity, Mechanism mechanism,
          const std::string& routing_id)
      : context_(zmq_ctx_new()), socket_(zmq_socket(context_, ZMQ_DEALER)) {
    const int linger = 0;
    zmq_setsockopt(socket_, ZMQ_LINGER, &linger, sizeof linger);
    if (mechanism == Mechanism::kCurve) {
      zmq_setsockopt(socket_, ZMQ_CURVE_SERVERKEY, server_key.bytes.data(), 32);
      zmq_setsockopt(socket_, ZMQ_CURVE_PUBLICKEY, identity.key().bytes.data(), 32);
      zmq_setsockopt(socket_, ZMQ_CURVE_SECRETKEY, identity.secret().data(), 32);
    }
    if (!routing_id.empty()) zmq_setsockopt(socket_, ZMQ_ROUTING_ID, routing_id.data(), routing_id.size());
    EARSHOT_CHECK(zmq_connect(socket_, dial_text(where).c_str()) == 0);
  }
  ~RawPeer() {
    zmq_close(socket_);
    zmq_ctx_term(context_);
  }

  void send(ByteView frame) { zmq_send(socket_, frame.data(), frame.size(), ZMQ_DONTWAIT); }
  void say(const std::string& words) { send(as_bytes(words)); }

  /// The next frame, or "" when none came yet.
  std::string receive() {
    std::string frame(limits::kMaxFrame, '\0');
    const int size = zmq_recv(socket_, frame.data(), frame.size(), ZMQ_DONTWAIT);
    frame.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return frame;
  }

 private:
  void* context_;
  void* socket_;
};

Bytes hello_of(const Identity& identity, std::uint16_t version = wire::kVersion,
               std::uint16_t min_version = wire::kMinVersion) {
  return wire::encode(wire::Hello{version, min_version, {identity.key(), *endpoint_from("127.0.0.1:9"), 0}, "raw"});
}

bool turn_for(const std::vector<Party*>& parties, Duration time) {
  const Instant end = steady_now() + time;
  return turn_until(parties, [end] { return steady_now() >= end; });
}

TEST(Transport, CarriesFramesBothWaysOverOneLink) {
  Party a, b;
  a.say(a.knows(b), "question");
  ASSERT_TRUE(turn_until({&a, &b}, [&] { return b.heard().size() == 1; }));
  b.say(b.all<Received>()[0].from, "answer");
  ASSERT_TRUE(turn_until({&a, &b}, [&] { return a.heard().size() == 1; }));
  EXPECT_THAT(b.heard(), ElementsAre("question"));
  EXPECT_THAT(a.heard(), ElementsAre("answer"));
  EXPECT_EQ(a.transport->links(), 1u);
  EXPECT_EQ(b.transport->links(), 1u);
  EXPECT_FALSE(a.transport->rows(steady_now())[0].inbound);
  EXPECT_TRUE(b.transport->rows(steady_now())[0].inbound);
  EXPECT_EQ(b.transport->rows(steady_now())[0].agent, "test");
}

TEST(Transport, LearnsFromTheHelloWhereAPeerListens) {
  TransportOptions anywhere;
  anywhere.listen = *endpoint_from("0.0.0.0:0");
  anywhere.listen.port = 0;
  anywhere.stream_port = 4242;
  Party b;
  Identity identity = Identity::ephemeral();
  AddressBook book(Contact{identity.key(), {}, 0}, SipKey{1, 2});
  auto a = Transport::open(identity, anywhere, book, Random::stream(1, 1, 1));
  ASSERT_TRUE(a);
  (*a)->pin(steady_now(), book.intern(b.contact(), kNoPeer));
  std::vector<Report> reports;
  ASSERT_TRUE(turn_until({&b}, [&] {
    (*a)->run(steady_now(), 64, reports);
    return b.transport->links() == 1;
  }));
  const auto learnt = b.book.contact_of(b.transport->rows(steady_now())[0].peer);
  ASSERT_TRUE(learnt);
  EXPECT_EQ(learnt->key, identity.key());
  EXPECT_EQ(to_string(learnt->endpoint), fmt::format("127.0.0.1:{}", (*a)->self().endpoint.port));
  EXPECT_EQ(learnt->stream_port, 4242);
}

TEST(Transport, ReportsADialThatNobodyAnswersAtOnce) {
  Party a;
  Contact nobody{Identity::ephemeral().key(), *endpoint_from("127.0.0.1:1"), 0};
  const PeerId peer = a.knows(nobody);
  const Instant start = steady_now();
  a.say(peer, "anyone?");
  ASSERT_TRUE(turn_until({&a}, [&] { return !a.all<LinkLost>().empty(); }));
  EXPECT_EQ(a.all<LinkLost>()[0].peer, peer);
  EXPECT_LT(steady_now() - start, 3s);
  EXPECT_FALSE(a.book.may_dial(peer, steady_now())) << "the next dial waits";
}

TEST(Transport, RefusesAServerThatHasAnotherKey) {
  Party a, b;
  Contact wrong = b.contact();
  wrong.key = Identity::ephemeral().key();
  a.say(a.knows(wrong), "secret");
  ASSERT_TRUE(turn_until({&a, &b}, [&] { return !a.all<LinkLost>().empty(); }));
  EXPECT_THAT(b.heard(), IsEmpty());
  EXPECT_EQ(b.transport->links(), 0u);
}

TEST(Transport, RefusesClientsWithoutCurve) {
  Party server;
  const Identity nobody = Identity::ephemeral();
  RawPeer plain(server, nobody, RawPeer::Mechanism::kNull);
  plain.send(hello_of(nobody));
  turn_for({&server}, 500ms);
  EXPECT_EQ(server.transport->links(), 0u);
  EXPECT_TRUE(plain.receive().empty());
}

TEST(Transport, RefusesAHelloInAnothersName) {
  Party server;
  const Identity liar = Identity::ephemeral(), victim = Identity::ephemeral();
  RawPeer raw(server, liar);
  raw.send(hello_of(victim));
  ASSERT_TRUE(turn_until({&server}, [&] { return !server.all<Refused>().empty(); }));
  EXPECT_EQ(server.all<Refused>()[0].why, "hello in another's name");
  EXPECT_EQ(server.transport->links(), 0u);
}

TEST(Transport, RefusesAFirstFrameThatIsNoHello) {
  Party server;
  const Identity stranger = Identity::ephemeral();
  RawPeer raw(server, stranger);
  raw.say("search for everything");
  ASSERT_TRUE(turn_until({&server}, [&] { return !server.all<Refused>().empty(); }));
  EXPECT_THAT(server.heard(), IsEmpty());
}

TEST(Transport, RefusesVersionsThatDoNotMeetOurs) {
  Party server;
  const Identity newer = Identity::ephemeral();
  RawPeer raw(server, newer);
  raw.send(hello_of(newer, 9, 8));
  ASSERT_TRUE(turn_until({&server}, [&] { return !server.all<Refused>().empty(); }));
  EXPECT_EQ(server.transport->links(), 0u);

  const Identity compatible = Identity::ephemeral();
  RawPeer second(server, compatible);
  second.send(hello_of(compatible, 9, 1));
  EXPECT_TRUE(turn_until({&server}, [&] { return server.transport->links() == 1; }));
}

/// A routing id is chosen by whoever connects: claiming a friend's must bring nothing.
TEST(Transport, NobodyStealsAnothersFramesByItsRoutingId) {
  Party server;
  const Identity friend_identity = Identity::ephemeral(), thief_identity = Identity::ephemeral();
  RawPeer friendly(server, friend_identity, RawPeer::Mechanism::kCurve, "FRIEND");
  friendly.send(hello_of(friend_identity));
  ASSERT_TRUE(turn_until({&server}, [&] { return server.transport->links() == 1; }));
  const PeerId friend_peer = server.all<LinkUp>()[0].peer;

  RawPeer thief(server, thief_identity, RawPeer::Mechanism::kCurve, "FRIEND");
  thief.send(hello_of(thief_identity));
  thief.say("I am your friend");
  turn_for({&server}, 500ms);

  constexpr int kFrames = 1000;
  int got = 0, stolen = 0;
  const auto count = [&] {
    for (std::string frame = friendly.receive(); !frame.empty(); frame = friendly.receive())
      got += frame == "for the friend";
    for (std::string frame = thief.receive(); !frame.empty(); frame = thief.receive()) ++stolen;
    return got == kFrames;
  };
  for (int i = 0; i < kFrames; ++i) server.say(friend_peer, "for the friend");
  EXPECT_TRUE(turn_until({&server}, count)) << got;
  EXPECT_EQ(stolen, 0);
  EXPECT_THAT(server.heard(), IsEmpty());
}

TEST(Transport, PeersThatDialEachOtherAtOnceKeepOneLinkAndLoseNothing) {
  for (int round = 0; round < 5; ++round) {
    TransportOptions options;
    Party a(options), b(options);
    const PeerId b_at_a = a.knows(b), a_at_b = b.knows(a);
    for (int i = 0; i < 20; ++i) {
      a.say(b_at_a, "from a");
      b.say(a_at_b, "from b");
    }
    ASSERT_TRUE(turn_until({&a, &b}, [&] { return a.heard().size() == 20 && b.heard().size() == 20; }));
    turn_for({&a, &b}, 300ms);
    EXPECT_EQ(a.transport->links(), 1u);
    EXPECT_EQ(b.transport->links(), 1u);
    EXPECT_NE(a.transport->rows(steady_now())[0].inbound, b.transport->rows(steady_now())[0].inbound)
        << "both must keep the same link";
    EXPECT_EQ(a.transport->rows(steady_now())[0].inbound, b.contact().key < a.contact().key)
        << "the smaller key's dial stays";
    EXPECT_THAT(a.all<LinkLost>(), IsEmpty());
    EXPECT_THAT(b.all<LinkLost>(), IsEmpty());
  }
}

TEST(Transport, ReportsAPeerThatDiedAtOnce) {
  Party a;
  auto b = std::make_unique<Party>();
  a.transport->pin(steady_now(), a.knows(*b));
  b->transport->pin(steady_now(), b->knows(a));
  ASSERT_TRUE(turn_until({&a, b.get()}, [&] { return a.transport->links() == 1 && b->transport->links() == 1; }));
  const Instant start = steady_now();
  b.reset();
  ASSERT_TRUE(turn_until({&a}, [&] { return !a.all<LinkLost>().empty(); }));
  EXPECT_LT(steady_now() - start, 2s);
  EXPECT_EQ(a.transport->links(), 0u);
}

/// Another process with a transport of its own, which pins whoever dials it.
class OtherProcess {
 public:
  OtherProcess() {
    int ends[2];
    EARSHOT_CHECK(::pipe(ends) == 0);
    process_ = ::fork();
    EARSHOT_CHECK(process_ >= 0);
    if (process_ == 0) live(ends[1]);
    EARSHOT_CHECK(::read(ends[0], &contact_, sizeof contact_) == sizeof contact_);
    ::close(ends[0]);
    ::close(ends[1]);
  }
  ~OtherProcess() {
    kill(SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }

  const Contact& contact() const { return contact_; }
  void kill(int signal) { ::kill(process_, signal); }

 private:
  [[noreturn]] static void live(int pipe) {
    Party party;
    const Contact contact = party.contact();
    EARSHOT_CHECK(::write(pipe, &contact, sizeof contact) == sizeof contact);
    for (;;) {
      party.turn();
      for (const LinkUp& link : party.all<LinkUp>()) party.transport->pin(steady_now(), link.peer);
      party.reports.clear();
      party.transport->wait(100ms);
    }
  }

  pid_t process_ = -1;
  Contact contact_;
};

TEST(Transport, ReportsAKilledProcessAtOnce) {
  OtherProcess other;
  Party a;
  a.transport->pin(steady_now(), a.knows(other.contact()));
  ASSERT_TRUE(turn_until({&a}, [&] { return a.transport->links() == 1; }));
  const Instant start = steady_now();
  other.kill(SIGKILL);
  ASSERT_TRUE(turn_until({&a}, [&] { return !a.all<LinkLost>().empty(); }));
  EXPECT_LT(steady_now() - start, 2s);
  RecordProperty("milliseconds", static_cast<int>((steady_now() - start) / 1ms));
}

TEST(Transport, ReportsAFrozenProcessWhenItsHeartIsMissed) {
  OtherProcess other;
  Party a;
  a.transport->pin(steady_now(), a.knows(other.contact()));
  ASSERT_TRUE(turn_until({&a}, [&] { return a.transport->links() == 1; }));
  const Instant start = steady_now();
  other.kill(SIGSTOP);
  ASSERT_TRUE(turn_until({&a}, [&] { return !a.all<LinkLost>().empty(); }, 30s));
  EXPECT_LT(steady_now() - start, 22s) << "a heartbeat of 5 s and its patience of 15 s";
  RecordProperty("milliseconds", static_cast<int>((steady_now() - start) / 1ms));
}

TEST(Transport, APeerThatCameBackIsDialledAgain) {
  Party a;
  auto b = std::make_unique<Party>();
  const PeerId peer = a.knows(*b);
  a.say(peer, "first");
  ASSERT_TRUE(turn_until({&a, b.get()}, [&] { return b->heard().size() == 1; }));
  const Contact where = b->contact();
  Identity identity = std::move(b->identity);
  b.reset();
  ASSERT_TRUE(turn_until({&a}, [&] { return !a.all<LinkLost>().empty(); }));
  TransportOptions same_place;
  same_place.listen = where.endpoint;
  Party again(std::move(identity), same_place);
  a.say(peer, "second");
  EXPECT_TRUE(turn_until({&a, &again}, [&] { return again.heard().size() == 1; }));
}

TEST(Transport, AnOversizedFrameEndsTheLink) {
  for (const std::size_t too_many : {1, 16, 17, 34, 1 << 20}) {
    Party server;
    const Identity identity = Identity::ephemeral();
    RawPeer raw(server, identity);
    raw.send(hello_of(identity));
    ASSERT_TRUE(turn_until({&server}, [&] { return server.transport->links() == 1; }));
    raw.send(Bytes(limits::kMaxFrame + too_many, 'x'));
    ASSERT_TRUE(turn_until({&server}, [&] { return !server.all<LinkLost>().empty(); })) << too_many;
    EXPECT_THAT(server.heard(), IsEmpty());
  }
}

TEST(Transport, CarriesTheLargestFrame) {
  Party a, b;
  a.say(a.knows(b), std::string(limits::kMaxFrame, 'x'));
  ASSERT_TRUE(turn_until({&a, &b}, [&] { return !b.heard().empty() || !a.all<LinkLost>().empty(); }));
  ASSERT_EQ(b.heard().size(), 1u);
  EXPECT_EQ(b.heard()[0].size(), limits::kMaxFrame);
}

TEST(Transport, ClosesLinksThatNobodyUsesOrPinned) {
  TransportOptions hasty;
  hasty.idle_time = 300ms;
  Party a(hasty), b;
  a.say(a.knows(b), "hello");
  ASSERT_TRUE(turn_until({&a, &b}, [&] { return b.heard().size() == 1; }));
  EXPECT_TRUE(turn_until(
      {&a, &b}, [&] { return a.transport->links() == 0 && b.transport->links() == 0; }, 5s));

  a.transport->pin(steady_now(), a.knows(b));
  ASSERT_TRUE(turn_until({&a, &b}, [&] { return a.transport->links() == 1; }));
  turn_for({&a, &b}, 1s);
  EXPECT_EQ(a.transport->links(), 1u) << "pinned links stay";
}

TEST(Transport, ABannedKeyIsCutAndStaysOut) {
  Party a, b;
  a.say(a.knows(b), "nonsense");
  ASSERT_TRUE(turn_until({&a, &b}, [&] { return b.heard().size() == 1; }));
  b.transport->ban(b.all<Received>()[0].from, steady_now() + 1h);
  ASSERT_TRUE(turn_until({&a, &b}, [&] { return !a.all<LinkLost>().empty(); }));
  a.reports.clear();
  a.say(a.knows(b), "nonsense");
  ASSERT_TRUE(turn_until({&a, &b}, [&] { return !a.all<LinkLost>().empty(); }));
  EXPECT_EQ(b.heard().size(), 1u);
}

TEST(Transport, FullPlacesGoToTheNewcomerUnlessAllArePinned) {
  TransportOptions small;
  small.max_inbound = 2;
  Party server(small), a, b, c, d;
  const auto joins = [&](Party& party) {
    party.say(party.knows(server), "x");
    const std::size_t before = server.heard().size();
    return turn_until(
        {&server, &a, &b, &c, &d}, [&] { return server.heard().size() > before; }, 3s);
  };
  ASSERT_TRUE(joins(a));
  ASSERT_TRUE(joins(b));
  ASSERT_TRUE(joins(c));
  EXPECT_EQ(server.transport->links(), 2u);
  EXPECT_TRUE(turn_until({&server, &a, &b, &c}, [&] { return a.transport->links() == 0; }))
      << "the one silent for longest went";
  for (const LinkRow& row : server.transport->rows(steady_now())) server.transport->pin(steady_now(), row.peer);
  EXPECT_FALSE(joins(d));
}

TEST(Transport, SaysWhichPortIsTaken) {
  Party a, b;
  TransportOptions same;
  same.listen = a.contact().endpoint;
  const auto second = Transport::open(b.identity, same, b.book, Random::stream(1, 1, 1));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kUnreachable);
  EXPECT_THAT(second.error().what, testing::HasSubstr(to_string(a.contact().endpoint)));
}

TEST(Transport, TalksOverIpv6) {
  TransportOptions v6;
  v6.listen = *endpoint_from("[::1]:0");
  Identity identity = Identity::ephemeral();
  AddressBook book(Contact{identity.key(), {}, 0}, SipKey{1, 2});
  auto server = Transport::open(identity, v6, book, Random::stream(1, 1, 1));
  if (!server) GTEST_SKIP() << "no IPv6 here: " << server.error().what;
  Party a;
  a.say(a.knows((*server)->self()), "six");
  std::vector<Report> reports;
  ASSERT_TRUE(turn_until({&a}, [&] {
    (*server)->run(steady_now(), 64, reports);
    return std::any_of(reports.begin(), reports.end(),
                       [](const Report& report) { return std::holds_alternative<Received>(report); });
  }));
  server->reset();
  EXPECT_TRUE(turn_until(
      {&a}, [&] { return !a.all<LinkLost>().empty(); }, 3s));
}

}  // namespace
}  // namespace earshot::overlay::net
