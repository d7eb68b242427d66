// FixedSet beside a std::set, its naive twin, and what it adds: picks and samples.
#include "overlay/membership/fixed_set.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <map>
#include <set>
#include <vector>

#include "tests/overlay/net_of_peers.h"

namespace earshot::overlay {
namespace {

std::set<PeerId> contents(const FixedSet& set) {
  return {set.begin(), set.end()};
}

RC_GTEST_PROP(FixedSet, HoldsWhatAPlainSetHolds, (const std::vector<std::pair<bool, std::uint8_t>>& operations)) {
  std::array<PeerId, 8> memory{};
  FixedSet set(memory);
  std::set<PeerId> twin;
  for (const auto& [inserts, number] : operations) {
    const PeerId peer = peer_id(number % 16);
    if (!inserts) {
      RC_ASSERT(set.erase(peer) == (twin.erase(peer) == 1));
    } else if (twin.size() < memory.size() || twin.contains(peer)) {
      RC_ASSERT(set.insert(peer) == twin.insert(peer).second);
    }
    RC_ASSERT(contents(set) == twin);
    RC_ASSERT(set.size() == twin.size());
    RC_ASSERT(set.full() == (twin.size() == memory.size()));
    RC_ASSERT(set.contains(peer) == twin.contains(peer));
  }
}

RC_GTEST_PROP(FixedSet, SamplesDifferentMembersAndLosesNone,
              (std::uint64_t seed, std::uint8_t size, std::uint8_t wanted)) {
  std::vector<PeerId> memory(size % 64);
  FixedSet set(memory);
  for (std::size_t i = 0; i < memory.size(); ++i) set.insert(peer_id(i));
  const std::set<PeerId> before = contents(set);
  Random random = Random::stream(seed, 0, 0);
  const auto sample = set.sample(random, wanted);
  RC_ASSERT(sample.size() == std::min<std::size_t>(wanted, memory.size()));
  RC_ASSERT(std::set<PeerId>(sample.begin(), sample.end()).size() == sample.size());
  RC_ASSERT(contents(set) == before);
}

TEST(FixedSet, PicksEachEligibleMemberEquallyOften) {
  std::array<PeerId, 5> memory{};
  FixedSet set(memory);
  for (std::size_t i = 0; i < 5; ++i) set.insert(peer_id(i));
  Random random = Random::stream(1, 0, 0);
  std::map<PeerId, int> picked;
  for (int i = 0; i < 4000; ++i) ++picked[*set.pick(random, [](PeerId peer) { return peer != peer_id(2); })];
  EXPECT_EQ(picked.size(), 4u);
  for (const auto& [peer, times] : picked) EXPECT_NEAR(times, 1000, 110) << to_number(peer);  // 4 sigma
}

TEST(FixedSet, PicksNobodyWhenNobodyIsEligible) {
  std::array<PeerId, 2> memory{};
  FixedSet set(memory);
  Random random = Random::stream(1, 0, 0);
  EXPECT_FALSE(set.pick(random, [](PeerId) { return true; }));
  set.insert(peer_id(1));
  EXPECT_FALSE(set.pick(random, [](PeerId) { return false; }));
}

}  // namespace
}  // namespace earshot::overlay
