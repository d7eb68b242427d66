// Rounds among askers who give and take.
#include "stream/ppspp/choker.h"

#include <gmock/gmock.h>

#include <set>

#include "tests/stream/instants.h"

namespace earshot::stream::ppspp {
namespace {

using testing::Contains;
using testing::IsSupersetOf;
using testing::Not;
using testing::SizeIs;
using testing::UnorderedElementsAre;

Choker::Asker asker(std::uint32_t name, std::uint64_t given, bool served) {
  return {name, given, 0, served, at(0), !served};
}

TEST(Choker, ServesEverybodyWhileThereAreSlots) {
  Choker choker(3);
  EXPECT_THAT(choker.choose(at(1), {asker(1, 0, false), asker(2, 0, false), asker(3, 0, false)}, false),
              UnorderedElementsAre(1u, 2u, 3u));
}

TEST(Choker, ServesThoseWhoGiveMostAndOneAsAGift) {
  Choker choker(3);
  const auto served = choker.choose(at(1), {asker(1, 10, true), asker(2, 90, true), asker(3, 50, true), asker(4, 0, false), asker(5, 0, true)}, false);
  EXPECT_THAT(served, UnorderedElementsAre(2u, 3u, 4u));
}

TEST(Choker, TheGiftStaysThirtySecondsAndMovesOn) {
  Choker choker(2);
  const auto round = [&](std::int64_t second, std::set<std::uint32_t> served) {
    std::vector<Choker::Asker> askers;
    for (std::uint32_t name = 1; name <= 4; ++name) {
      askers.push_back(asker(name, name == 1 ? 100 : 0, served.contains(name)));
      askers.back().waits_since = at(name);
    }
    return choker.choose(at(second), askers, false);
  };
  EXPECT_THAT(round(10, {1}), UnorderedElementsAre(1u, 2u));
  EXPECT_THAT(round(20, {1, 2}), UnorderedElementsAre(1u, 2u));
  EXPECT_THAT(round(40, {1, 2}), UnorderedElementsAre(1u, 3u));
}

TEST(Choker, AWholeContentServesInTurn) {
  Choker choker(3);
  std::vector<Choker::Asker> askers;
  for (std::uint32_t name = 1; name <= 5; ++name) askers.push_back({name, 0, name * 100, true, at(0), false});
  EXPECT_THAT(choker.choose(at(1), askers, true), IsSupersetOf({1u, 2u}));
}

TEST(Choker, ANewcomerNeedNotWaitForARound) {
  Choker choker(1);
  choker.choose(at(1), {asker(1, 0, false), asker(2, 0, false)}, false);
  EXPECT_FALSE(choker.is_due(at(5), /*newcomer_waits=*/true));
  EXPECT_FALSE(choker.is_due(at(10), /*newcomer_waits=*/false));
  EXPECT_TRUE(choker.is_due(at(11), /*newcomer_waits=*/true));
}

TEST(Choker, InTimeEverybodyIsServed) {
  Choker choker(2);
  std::set<std::uint32_t> served, ever;
  for (std::int64_t second = 0; second < 400; second += 10) {
    std::vector<Choker::Asker> askers;
    for (std::uint32_t name = 1; name <= 6; ++name) {
      askers.push_back(asker(name, name == 1 ? 100 : 0, served.contains(name)));
      askers.back().never_served = !ever.contains(name);
      askers.back().waits_since = at(ever.contains(name) ? second : 0);
    }
    const auto chosen = choker.choose(at(second), askers, false);
    EXPECT_THAT(chosen, SizeIs(2));
    served = {chosen.begin(), chosen.end()};
    ever.insert(chosen.begin(), chosen.end());
  }
  EXPECT_THAT(ever, SizeIs(6));
}

}  // namespace
}  // namespace earshot::stream::ppspp
