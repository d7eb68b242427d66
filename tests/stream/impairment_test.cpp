// The bad path itself: its draws follow from the seed, its shares are what was asked for, and real datagrams pass through it.
#include "tests/impairment/impairment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "stream/net/udp.h"
#include "tests/eventually.h"
#include "tests/impairment/udp_proxy.h"

namespace earshot::impairment {
namespace {

TEST(Impairment, TheSameSeedHasTheSameFatesWheneverDatagramsCome) {
  Path path;
  path.loss_percent = 30;
  path.jitter = 20ms;
  Impairment one(path, 5), other(path, 5), stranger(path, 6);
  bool differs = false;
  for (int i = 0; i < 200; ++i) {
    const Instant now(Duration(i * 1000)), later = now + 7s;
    const auto a = one.arrivals(now, 1000), b = other.arrivals(later, 1000), c = stranger.arrivals(now, 1000);
    ASSERT_EQ(a.size(), b.size());
    if (!a.empty()) {
      EXPECT_EQ(a[0] - now, b[0] - later);
    }
    differs |= a.size() != c.size();
  }
  EXPECT_TRUE(differs);
}

TEST(Impairment, LosesRepeatsAndReordersTheSharesThatItWasTold) {
  Path path;
  path.delay = 10ms;
  path.jitter = 4ms;
  path.loss_percent = 10;
  path.repeat_percent = 5;
  path.reorder_percent = 2;
  path.reorder_by = 100ms;
  Impairment impairment(path, 1);
  std::size_t late = 0;
  for (int i = 0; i < 10'000; ++i) {
    for (const Instant arrival : impairment.arrivals(Instant(1s), 100)) {
      EXPECT_GE(arrival, Instant(1s) + 10ms);
      EXPECT_LE(arrival, Instant(1s) + 114ms);
      late += arrival > Instant(1s) + 14ms;
    }
  }
  EXPECT_NEAR(static_cast<double>(impairment.counters().lost), 1000, 100);
  EXPECT_NEAR(static_cast<double>(impairment.counters().repeated), 450, 75);
  EXPECT_EQ(late, impairment.counters().reordered);
  EXPECT_NEAR(static_cast<double>(late), 189, 50);
}

TEST(Impairment, ARateHasAQueueThatOverflows) {
  Path path;
  path.bytes_per_second = 100'000;
  path.queue = 50ms;
  Impairment impairment(path, 1);
  std::vector<Instant> arrived;
  for (int i = 0; i < 20; ++i) {
    for (const Instant arrival : impairment.arrivals(Instant(1s), 1000)) arrived.push_back(arrival);
  }
  ASSERT_EQ(arrived.size(), 6u);  // 10 ms each: the sixth finds 50 ms before it, the seventh more
  EXPECT_EQ(arrived.front(), Instant(1s) + 10ms);
  EXPECT_EQ(arrived.back(), Instant(1s) + 60ms);
  EXPECT_EQ(impairment.counters().overflowed, 14u);
}

TEST(Impairment, InOrderMeansThatJitterDoesNotOvertake) {
  Path path;
  path.jitter = 50ms;
  path.in_order = true;
  Impairment impairment(path, 3);
  Instant last{};
  for (int i = 0; i < 100; ++i) {
    const auto arrivals = impairment.arrivals(Instant(1s) + i * 1ms, 100);
    ASSERT_EQ(arrivals.size(), 1u);
    EXPECT_GE(arrivals[0], last);
    last = arrivals[0];
  }
}

TEST(UdpProxy, PassesDatagramsThereAndBackAndGivesNewPortsWhenItForgets) {
  const Endpoint any = endpoint_from("127.0.0.1:0").value();
  auto server = stream::net::UdpSocket::bind(any).value();
  auto client = stream::net::UdpSocket::bind(any).value();
  Path path;
  path.delay = 1ms;
  auto proxy = UdpProxy::open(server->local(), path, path, 1).value();
  const Bytes hello = {1, 2, 3};
  const auto say = [&](stream::net::UdpSocket& from, const Endpoint& to) {
    const std::array<stream::net::Outgoing, 1> one = {stream::net::Outgoing{to, 0, hello.size()}};
    from.send(one, hello);
  };
  const auto heard = [&](stream::net::UdpSocket& by) {
    Endpoint from;
    EXPECT_TRUE(eventually([&] {
      const auto incoming = by.receive();
      if (incoming.empty()) return false;
      EXPECT_TRUE(std::ranges::equal(incoming[0].bytes, hello));
      from = incoming[0].from;
      return true;
    }));
    return from;
  };
  say(*client, proxy->local());
  const Endpoint first = heard(*server);
  say(*server, first);
  EXPECT_EQ(heard(*client), proxy->local());
  proxy->rebind();
  Endpoint second = first;
  EXPECT_TRUE(eventually([&] {
    say(*client, proxy->local());
    const auto incoming = server->receive();
    if (!incoming.empty()) second = incoming[0].from;
    return second != first;
  }));
}

}  // namespace
}  // namespace earshot::impairment
