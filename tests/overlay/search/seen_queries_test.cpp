// SeenQueries beside slow, obvious models of it.
#include "overlay/search/seen_queries.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <vector>

#include "tests/overlay/net_of_peers.h"

namespace earshot::overlay {
namespace {

constexpr SipKey kKey{0x0706050403020100, 0x0f0e0d0c0b0a0908};

/// A query comes on a link: remembered when it is new. The link that it first came on.
PeerId arrive(SeenQueries& seen, QueryId query, PeerId link) {
  const SeenQueries::Place place = seen.find(query);
  if (place.seen()) return place.link();
  seen.remember(place, link);
  return link;
}

/// One bucket, as a person would write it: a list of the last eight.
class NaiveBucket {
 public:
  PeerId arrive(QueryId query, PeerId link) {
    const auto known = std::find_if(queries_.begin(), queries_.end(), [&](const auto& q) { return q.first == query; });
    if (known != queries_.end()) return known->second;
    queries_.emplace_front(query, link);
    if (queries_.size() > SeenQueries::kWays) queries_.pop_back();
    return link;
  }

 private:
  std::deque<std::pair<QueryId, PeerId>> queries_;
};

RC_GTEST_PROP(SeenQueries, IsAListOfTheLastEightWhenThereIsOneBucket,
              (const std::vector<std::pair<std::uint8_t, std::uint8_t>>& arrivals)) {
  std::vector<SeenSlot> slots(SeenQueries::kWays);
  SeenQueries seen(slots, kKey);
  NaiveBucket twin;
  for (const auto& [query, link] : arrivals) {
    const QueryId name{0, query % 24u};
    RC_ASSERT(arrive(seen, name, peer_id(link)) == twin.arrive(name, peer_id(link)));
  }
}

RC_GTEST_PROP(SeenQueries, NeverForgetsAnyOfTheLastEightNorNamesAnotherLink,
              (const std::vector<std::pair<std::uint8_t, std::uint8_t>>& arrivals)) {
  std::vector<SeenSlot> slots(8 * SeenQueries::kWays);
  SeenQueries seen(slots, kKey);
  std::map<QueryId, PeerId> first_link;
  std::deque<QueryId> remembered;  // newest first
  for (const auto& [query, link] : arrivals) {
    const QueryId name{0, query};
    const SeenQueries::Place place = seen.find(name);
    const auto recent_end =
        remembered.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(8, remembered.size()));
    if (std::find(remembered.begin(), recent_end, name) != recent_end) RC_ASSERT(place.seen());
    if (place.seen()) {
      RC_ASSERT(place.link() == first_link.at(name));
    } else {
      seen.remember(place, peer_id(link));
      first_link[name] = peer_id(link);
      remembered.push_front(name);
    }
  }
}

TEST(SeenQueries, ForgetsTheOldestFirst) {
  std::vector<SeenSlot> slots(SeenQueries::kWays);
  SeenQueries seen(slots, kKey);
  for (std::uint64_t i = 0; i < 8; ++i) arrive(seen, {0, i}, peer_id(i));
  arrive(seen, {0, 0}, peer_id(99));  // seen again: not younger for it
  arrive(seen, {0, 8}, peer_id(8));
  EXPECT_FALSE(seen.find({0, 0}).seen());
  for (std::uint64_t i = 1; i <= 8; ++i) EXPECT_EQ(seen.find({0, i}).link(), peer_id(i));
}

TEST(SeenQueries, FillsItsBucketsEvenly) {
  std::vector<SeenSlot> slots(64 * SeenQueries::kWays);
  SeenQueries seen(slots, kKey);
  for (std::uint64_t i = 0; i < slots.size(); ++i) arrive(seen, {0, i}, peer_id(1));
  const auto used =
      std::count_if(slots.begin(), slots.end(), [](const SeenSlot& slot) { return slot.link != kNoPeer; });
  EXPECT_GT(used, 8 * 512 / 10);  // of 512: balls into bins of 8 keep 86 % (Poisson)
  EXPECT_LT(used, 500);
}

TEST(SeenQueries, PlacesTheSameQueryElsewhereUnderAnotherKey) {
  std::vector<SeenSlot> slots(64 * SeenQueries::kWays), others(64 * SeenQueries::kWays);
  SeenQueries seen(slots, kKey), other(others, {1, 2});
  arrive(seen, {0, 1}, peer_id(1));
  arrive(other, {0, 1}, peer_id(1));
  const auto position = [](const std::vector<SeenSlot>& in) {
    return std::find_if(in.begin(), in.end(), [](const SeenSlot& slot) { return slot.link != kNoPeer; }) - in.begin();
  };
  EXPECT_NE(position(slots), position(others));
}

TEST(SeenQueries, OneBucketIsOneCacheLine) {
  EXPECT_EQ(SeenQueries::kWays * sizeof(SeenSlot), 64u);
}

}  // namespace
}  // namespace earshot::overlay
