// How nodes find each other without a server: beacons of the local network, and what a router is asked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <fstream>
#include <mutex>
#include <optional>
#include <vector>

#include "tests/temporary_folder.h"
#include "tools/node/lan_beacon.h"
#include "tools/node/port_mapping.h"
#include "tools/node/remembered_network.h"

namespace earshot::node {
namespace {

using testing::ElementsAre;

Contact contact(std::uint8_t number, const std::string& endpoint) {
  Contact contact;
  contact.key.bytes.fill(number);
  contact.endpoint = *endpoint_from(endpoint);
  return contact;
}

TEST(LanBeacon, BelievesWhereADatagramComesFromAndNobodyFromAfar) {
  const std::string says = "EARSHOT1 " + to_string(contact(3, "8.8.8.8:4040"));
  const auto heard = heard_beacon(says, *endpoint_from("192.168.1.7:999"));
  ASSERT_TRUE(heard);
  EXPECT_EQ(*heard, contact(3, "192.168.1.7:4040"));
  EXPECT_FALSE(heard_beacon(says, *endpoint_from("8.8.8.8:999")));
  EXPECT_FALSE(heard_beacon("EARSHOT1 " + to_string(contact(0, "192.168.1.7:4040")), *endpoint_from("192.168.1.7:1")));
  for (const char* noise : {"", "EARSHOT1 ", "EARSHOT1 earshot://12@1.2.3.4:5", "M-SEARCH * HTTP/1.1"}) {
    EXPECT_FALSE(heard_beacon(noise, *endpoint_from("192.168.1.7:999"))) << noise;
  }
}

/// What came to a callback of another thread.
template <class T>
class Inbox {
 public:
  void put(const T& one) {
    const std::lock_guard lock(mutex_);
    all_.push_back(one);
    changed_.notify_all();
  }
  std::vector<T> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [&] { return all_.size() >= count; });
    return all_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<T> all_;
};

TEST(LanBeacon, TwoNodesHearEachOther) {
  Inbox<Contact> first, second;
  const auto one = LanBeacon::start({contact(1, "127.0.0.1:4041"), 4370, /*loopback=*/true}, [&](const Contact& c) { first.put(c); });
  if (!one) GTEST_SKIP() << one.error().what;
  const auto two = LanBeacon::start({contact(2, "127.0.0.1:4042"), 4370, /*loopback=*/true}, [&](const Contact& c) { second.put(c); });
  ASSERT_TRUE(two);
  EXPECT_THAT(first.wait_for(1), ElementsAre(contact(2, "127.0.0.1:4042")));
  EXPECT_THAT(second.wait_for(1), ElementsAre(contact(1, "127.0.0.1:4041")));
}

TEST(PortMapping, TellsWhatTheRouterGivesAndTakesItBack) {
  Inbox<std::string> told, unmapped;
  PortMapping::Router router;
  router.map = [](std::uint16_t tcp, std::uint16_t udp, std::chrono::seconds) {
    return PortMapping::Mapped{"upnp", tcp == 4040 && udp == 4041 ? "203.0.113.5" : "", ""};
  };
  router.unmap = [&](std::uint16_t tcp, std::uint16_t) { unmapped.put(std::to_string(tcp)); };
  {
    const PortMapping mapping(4040, 4041, router, [&](const PortMapping::Mapped& mapped) { told.put(mapped.external); });
    EXPECT_THAT(told.wait_for(1), ElementsAre("203.0.113.5"));
  }
  EXPECT_THAT(unmapped.wait_for(1), ElementsAre("4040"));
}

TEST(PortMapping, WithoutARouterNothingIsTakenBack) {
  Inbox<std::string> told;
  PortMapping::Router router;
  router.map = [](std::uint16_t, std::uint16_t, std::chrono::seconds) { return PortMapping::Mapped{"", "", "no router"}; };
  router.unmap = [](std::uint16_t, std::uint16_t) { ADD_FAILURE() << "nothing was mapped"; };
  const PortMapping mapping(4040, 0, router, [&](const PortMapping::Mapped& mapped) { told.put(mapped.why); });
  EXPECT_THAT(told.wait_for(1), ElementsAre("no router"));
}

TEST(RememberedNetwork, IsReadBackAndNothingWhenItIsDamaged) {
  const TemporaryFolder folder;
  const auto file = folder / "network";
  EXPECT_EQ(remembered_network(file), overlay::NetworkView{});
  const overlay::NetworkView network{1000, 16, 77, 5};
  ASSERT_TRUE(remember_network(file, network));
  EXPECT_EQ(remembered_network(file), network);
  for (const char* text : {"earshot-network 1\n1 2 3\n", "earshot-network 1\n1 2 3 x\n", "earshot-network 2\n1 2 3 4\n", "1 2 3 4\n",
                           "earshot-network 1\n1 2 3 4\nmore"}) {
    std::ofstream(file) << text;
    EXPECT_EQ(remembered_network(file), overlay::NetworkView{}) << text;
  }
}

}  // namespace
}  // namespace earshot::node
