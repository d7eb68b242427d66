// What crosses between processes arrives as it was.
#include "sim/parcel.h"

#include <gtest/gtest.h>

namespace earshot::sim {
namespace {

TEST(Parcel, CrossingsArriveInTheirOrder) {
  Crossing shuffle;
  shuffle.event.at = Instant(5ms);
  shuffle.event.from = PeerId{3};
  shuffle.event.to = PeerId{7};
  overlay::PeerList names;
  names.push_back(PeerId{11});
  shuffle.message = overlay::Shuffle{PeerId{9}, 4, names};
  Crossing lost;
  lost.event.kind = EventKind::kLost;
  lost.event.from = PeerId{1};
  Crossing query;
  SearchRequest request;
  request.text = "so what";
  query.message = overlay::Query{QueryId{1, 2}, std::make_shared<const SearchRequest>(request), StrategyKind::kFlood, 3, 1};
  query.event.kind = EventKind::kQuery;
  query.query.item = 12;
  query.digest = 99;

  std::vector<Crossing> arrived(1);
  unpack(packed({shuffle, lost, query}), arrived);

  ASSERT_EQ(arrived.size(), 4u);
  EXPECT_EQ(arrived[1].event, shuffle.event);
  EXPECT_EQ(std::get<overlay::Shuffle>(arrived[1].message), std::get<overlay::Shuffle>(shuffle.message));
  EXPECT_EQ(arrived[2].event, lost.event);
  EXPECT_EQ(arrived[3].query.item, 12u);
  EXPECT_EQ(arrived[3].digest, 99u);
  EXPECT_EQ(std::get<overlay::Query>(arrived[3].message).request->text, "so what");
}

TEST(Parcel, WhatAPartLeavesBehindArrivesWhole) {
  PartOutcome outcome;
  outcome.record.event_hash = 77;
  outcome.record.queries.resize(2);
  outcome.record.queries[1].hits = 5;
  outcome.record.degrees = {0, 1, 4};
  outcome.record.samples.resize(1);
  outcome.record.samples[0].alive = 6;
  outcome.cost.run = 3s;
  outcome.parents = {0, 0, 2};

  const PartOutcome arrived = outcome_from(packed(outcome));

  EXPECT_EQ(arrived.record.event_hash, 77u);
  ASSERT_EQ(arrived.record.queries.size(), 2u);
  EXPECT_EQ(arrived.record.queries[1].hits, 5u);
  EXPECT_EQ(arrived.record.degrees, outcome.record.degrees);
  EXPECT_EQ(arrived.record.samples.at(0).alive, 6u);
  EXPECT_EQ(arrived.cost.run, Duration(3s));
  EXPECT_EQ(arrived.parents, outcome.parents);
}

}  // namespace
}  // namespace earshot::sim
