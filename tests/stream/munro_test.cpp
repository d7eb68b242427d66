// The munro API over pipes in memory and over UDP: who has the key appends, the others read, relay and refuse what was altered.
#include "stream/munro/munro.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <thread>

#include "stream/net/udp.h"
#include "tests/stream/content.h"

namespace earshot::stream::munro {
namespace {

using ppspp::LiveAlgorithm;
using ppspp::LiveConfig;
using ppspp::LiveSigner;
using ppspp::random_bytes;

/// Pipes between Munros, in virtual time.
class Pipes {
 public:
  /// What `from` sends to `to` passes `alter` first.
  void join(Munro& from, Munro& to, std::function<void(Bytes&)> alter = nullptr) {
    auto ends = std::make_shared<std::pair<LinkId, LinkId>>();
    ends->second = to.connect(now, Side::kAnswers, [this, &from, ends](ByteView message) {
      under_way_.push_back({&from, ends.get(), true, Bytes(message.begin(), message.end())});
    }).value();
    ends->first = from.connect(now, Side::kDials, [this, &to, ends, alter](ByteView message) {
      Bytes bytes(message.begin(), message.end());
      if (alter) alter(bytes);
      under_way_.push_back({&to, ends.get(), false, std::move(bytes)});
    }).value();
    ends_.push_back(ends);
    all_.insert({&from, &to});
  }

  bool run(Duration limit, const std::function<bool()>& done) {
    for (const Instant end = now + limit; !done(); now += 1ms) {
      if (now > end) return false;
      for (auto arrived = std::exchange(under_way_, {}); const Message& message : arrived) {
        message.to->receive(now, message.to_first ? message.ends->first : message.ends->second, message.bytes);
      }
      for (Munro* munro : all_) {
        if (munro->next_deadline() <= now) munro->tick(now);
      }
    }
    return true;
  }

  Instant now{10s};

 private:
  struct Message {
    Munro* to;
    const std::pair<LinkId, LinkId>* ends;
    bool to_first;
    Bytes bytes;
  };
  std::deque<Message> under_way_;
  std::vector<std::shared_ptr<std::pair<LinkId, LinkId>>> ends_;
  std::set<Munro*> all_;
};

struct MunroStream : testing::Test {
  static LiveConfig config() {
    LiveConfig config;
    config.chunks_per_munro = 2;
    config.discard_window = 64;
    return config;
  }
  Munro reader(std::uint64_t seed) { return Munro(signer.key(), config(), Random::stream(seed, 0, 2)); }

  static Bytes read_all(Munro::Reader& reader) {
    Bytes bytes, part(700);
    while (const std::size_t got = reader.read(part)) bytes.insert(bytes.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(got));
    return bytes;
  }

  LiveSigner signer = LiveSigner::generate(LiveAlgorithm::kEd25519);
  Munro source{signer, config(), Random::stream(1, 0, 1)};
  Pipes pipes;
};

TEST_F(MunroStream, AReaderMadeFromTheIdCannotAppend) {
  Munro listener = reader(2);
  EXPECT_EQ(listener.append(pipes.now, as_bytes("no")).error().code, ErrorCode::kDenied);
  EXPECT_EQ(listener.end(pipes.now).error().code, ErrorCode::kDenied);
}

TEST_F(MunroStream, AGetThatCameFirstIsAnsweredWhenItsGroupIsSigned) {
  Munro listener = reader(2);
  pipes.join(listener, source);
  std::vector<Bytes> got;
  listener.get(0, [&](Result<Bytes> block) { got.push_back(block.value()); });
  const Bytes sound = random_bytes(7, 2048);
  ASSERT_TRUE(source.append(pipes.now, ByteView(sound).first(1024)));
  EXPECT_FALSE(pipes.run(1s, [&] { return !got.empty(); })) << "block 0 is here only when block 1 exists";
  ASSERT_TRUE(source.append(pipes.now, ByteView(sound).subspan(1024)));
  ASSERT_TRUE(pipes.run(5s, [&] { return !got.empty(); }));
  EXPECT_TRUE(std::ranges::equal(got[0], ByteView(sound).first(1024)));
}

TEST_F(MunroStream, WhatIsWrittenIsReadThreeHopsAway) {
  Munro a = reader(2), b = reader(3), c = reader(4);
  pipes.join(a, source);
  pipes.join(b, a);
  pipes.join(c, b);
  Munro::Reader stream(c);
  const Bytes sound = random_bytes(8, 40 * 1024);
  Bytes heard;
  for (std::size_t at = 0; at < sound.size(); at += 2048) {  // one signed group: who comes late tunes in at the newest
    ASSERT_TRUE(source.append(pipes.now, ByteView(sound).subspan(at, 2048)));
    const auto all = [&] {
      const Bytes more = read_all(stream);
      heard.insert(heard.end(), more.begin(), more.end());
      return heard.size() == at + 2048;
    };
    ASSERT_TRUE(pipes.run(20s, all)) << heard.size() << " of " << at + 2048;
  }
  EXPECT_EQ(heard, sound);
}

TEST_F(MunroStream, ARelayThatFlipsAByteIsRefused) {
  Munro relay = reader(2), listener = reader(3);
  pipes.join(relay, source);
  pipes.join(relay, listener, [](Bytes& bytes) {
    if (bytes.size() > 1000) bytes.back() ^= 1;
  });
  ASSERT_TRUE(source.append(pipes.now, random_bytes(9, 2048)));
  ASSERT_TRUE(pipes.run(20s, [&] { return listener.swarm().counters().bans == 1; }));
  EXPECT_TRUE(listener.swarm().verified().empty());
}

TEST_F(MunroStream, WhatWasDiscardedIsAnsweredWithAnError) {
  ASSERT_TRUE(source.append(pipes.now, Bytes(200 * 1024)));
  std::optional<Error> error;
  source.get(3, [&](Result<Bytes> block) { error = block.error(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::kNotFound);
  EXPECT_EQ(source.size(), 200u);
  EXPECT_LE(source.swarm().verified().size(), 64u + 2u) << "what is kept does not grow with the stream";
}

TEST_F(MunroStream, GetsThatWaitWhenItGoesAreAnsweredWithAnError) {
  std::optional<Error> error;
  {
    Munro listener = reader(2);
    listener.get(5, [&](Result<Bytes> block) { error = block.error(); });
    EXPECT_FALSE(error);
  }
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::kStopped);
}

TEST_F(MunroStream, WaitingGetsAndLinksHaveALimit) {
  int refused = 0;
  const auto count = [&](Result<Bytes> block) { refused += block.error().code == ErrorCode::kExhausted; };
  for (std::size_t i = 0; i <= Munro::kMaxWaiting; ++i) source.get(1000 + i, count);
  EXPECT_EQ(refused, 1);
  for (std::size_t i = 0; i < Munro::kMaxLinks; ++i) EXPECT_TRUE(source.connect(pipes.now, Side::kAnswers, [](ByteView) {}));
  EXPECT_EQ(source.connect(pipes.now, Side::kAnswers, [](ByteView) {}).error().code, ErrorCode::kExhausted);
}

TEST_F(MunroStream, PassesOverUdpAsOverAPipe) {
  const Endpoint loopback = endpoint_from("127.0.0.1:0").value();
  Munro listener = reader(2);
  const auto here = net::UdpSocket::bind(loopback).value(), there = net::UdpSocket::bind(loopback).value();
  const auto over = [](net::UdpSocket& socket, Endpoint to) {
    return [&socket, to](ByteView message) {
      const net::Outgoing whole{to, 0, message.size()};
      socket.send({&whole, 1}, message);
    };
  };
  const auto clock = [] { return Instant(std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())); };
  const LinkId to_listener = source.connect(clock(), Side::kAnswers, over(*here, there->local())).value();
  const LinkId to_source = listener.connect(clock(), Side::kDials, over(*there, here->local())).value();
  const Bytes sound = random_bytes(3, 8 * 1024);
  ASSERT_TRUE(source.append(clock(), ByteView(sound).first(2048)));
  Munro::Reader stream(listener);
  Bytes heard;
  for (const Instant end = clock() + 20s; heard.size() < sound.size() && clock() < end;) {
    for (const net::Incoming& datagram : here->receive()) source.receive(clock(), to_listener, datagram.bytes);
    for (const net::Incoming& datagram : there->receive()) listener.receive(clock(), to_source, datagram.bytes);
    for (Munro* munro : {&source, &listener}) {
      if (munro->next_deadline() <= clock()) munro->tick(clock());
    }
    const Bytes more = read_all(stream);
    heard.insert(heard.end(), more.begin(), more.end());
    if (heard.size() == 2048 && source.size() == 2) {
      ASSERT_TRUE(source.append(clock(), ByteView(sound).subspan(2048)));
    }
    std::this_thread::yield();
  }
  EXPECT_EQ(heard, sound);
}

}  // namespace
}  // namespace earshot::stream::munro
