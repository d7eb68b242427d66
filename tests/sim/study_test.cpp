// Sweeps: their points, their rows, resuming, stopping early.
#include "sim/study.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "sim/desk.h"
#include "sim/journal.h"
#include "sim/table_file.h"
#include "tests/temporary_folder.h"

namespace earshot::sim {
namespace {

const std::string kScenario = R"(version = 1
[population]
peers = 200
[catalog]
items = 20
copies = 5
[questions]
count = 10
interval_ms = 100
[[search]]
strategy = "flood"
[[search]]
name = "few"
strategy = "walk"
[sweep]
"search.flood.ttl" = [2, 3]
"network.loss" = [0.0, 0.1]
)";

Study study_of(const std::string& text, SeedRange seeds = {1, 3}) {
  const auto sweep = parse_sweep(text, "test.toml");
  if (!sweep) check_failed(sweep.error().what.c_str(), __FILE__, __LINE__);
  auto study = plan_study(text, "test.toml", *sweep, {}, seeds);
  if (!study) check_failed(study.error().what.c_str(), __FILE__, __LINE__);
  return std::move(*study);
}

Desk::Keep forgetful() {
  return [](const Pair&, const PairRows&) { return Result<void>(); };
}

std::string error_of(const std::string& sweep) {
  const auto parsed = parse_sweep("version = 1\n[sweep]\n" + sweep, "test.toml");
  if (!parsed) return parsed.error().what;
  const auto points = points_of(*parsed);
  return points ? "no error" : points.error().what;
}

TEST(Sweep, PointsAreNumberedAsInNestedLoops) {
  const Study study = study_of(kScenario);
  ASSERT_EQ(study.points.size(), 4u);
  EXPECT_EQ(study.points[0], (SweepPoint{"2", "0"}));
  EXPECT_EQ(study.points[1], (SweepPoint{"2", "0.1"}));
  EXPECT_EQ(study.points[2], (SweepPoint{"3", "0"}));
  EXPECT_EQ(study.scenarios[2].searches[0].ttl, 3);
  EXPECT_EQ(study.scenarios[2].searches[1].ttl, 0) << "only the search of that name";
  EXPECT_EQ(study.scenarios[1].network.loss_per_million, 100'000u);
}

TEST(Sweep, AKeyWithoutANameMeansEverySearch) {
  const auto scenario = parse_scenario(kScenario, "test.toml", {{"search.ttl", "4"}});
  ASSERT_TRUE(scenario) << scenario.error().what;
  EXPECT_EQ(scenario->searches[0].ttl, 4);
  EXPECT_EQ(scenario->searches[1].ttl, 4);
}

TEST(Sweep, ErrorsNameLineAndKey) {
  EXPECT_EQ(error_of("network.loss = 1"), "test.toml:3: sweep.network.loss: must be an array of values, or { from = A, to = B }");
  EXPECT_EQ(error_of("a.b = []"), "test.toml:3: sweep.a.b: at least one value");
  EXPECT_EQ(error_of("a.b = [[1]]"), "test.toml:3: sweep.a.b: a value is a number, true, false or a text of one line");
  EXPECT_EQ(error_of("a.b = { from = 2, to = 1 }"), "test.toml:3: sweep.a.b: a range goes up, { from = 0.0, to = 0.3 }");
  EXPECT_EQ(error_of("latin = 0"), "test.toml:3: sweep.latin: must be a number of points, 1..10000");
  EXPECT_TRUE(error_of("until = \"success\"").starts_with("test.toml:3: sweep.until: until 'success': write a column"));
  EXPECT_TRUE(error_of("a.b = { from = 1, to = 2 }").starts_with("sweep: a.b is a range"));
  EXPECT_TRUE(error_of("latin = 3").starts_with("sweep: a Latin hypercube needs keys"));
}

TEST(Sweep, AWrongKeyIsFoundBeforeAnythingRuns) {
  std::string text = kScenario + "\"network.lost\" = [1, 2]\n";
  const auto study = plan_study(text, "test.toml", *parse_sweep(text, "test.toml"), {}, {1, 1});
  ASSERT_FALSE(study);
  EXPECT_TRUE(study.error().what.starts_with("--set network.lost=1: network.lost: there is no such key")) << study.error().what;
}

TEST(Sweep, CommasWithinAValueDoNotPartIt) {
  EXPECT_EQ((*axis_from("a.b=1,2"))->values, (std::vector<std::string>{"1", "2"}));
  EXPECT_FALSE(*axis_from("network={latency=\"constant\",median_ms=60}"));
  EXPECT_EQ((*axis_from("n={a=1,b=2},{a=2,b=3}"))->values.size(), 2u);
  EXPECT_FALSE(axis_from("a.b=1,"));
  EXPECT_TRUE((*axis_from("a.b=2..7"))->range.whole);
  EXPECT_FALSE((*axis_from("a.b=0..0.5"))->range.whole);
}

TEST(Sweep, ALatinHypercubeUsesEverySliceOnce) {
  Sweep sweep;
  sweep.latin = 20;
  sweep.axes = {**axis_from("a.x=0..1.0"), **axis_from("a.y=1,2,3,4"), **axis_from("a.z=1..5")};
  const auto points = points_of(sweep);
  ASSERT_TRUE(points);
  std::set<int> slices;
  std::map<std::string, int> values, whole;
  for (const SweepPoint& point : *points) {
    slices.insert(static_cast<int>(std::stod(point[0]) * 20));
    ++values[point[1]];
    ++whole[point[2]];
  }
  EXPECT_EQ(slices.size(), 20u);
  EXPECT_EQ(values, (std::map<std::string, int>{{"1", 5}, {"2", 5}, {"3", 5}, {"4", 5}}));
  EXPECT_EQ(whole, (std::map<std::string, int>{{"1", 4}, {"2", 4}, {"3", 4}, {"4", 4}, {"5", 4}}));
}

TEST(Study, GivesTheSameTablesInWhateverOrderThePairsRun) {
  const Study study = study_of(kScenario);
  Desk forth(study, {}, forgetful());
  ASSERT_TRUE(run_study(study, forth, 1, false));
  Desk back(study, {}, forgetful());
  std::vector<Pair> pairs;
  while (const auto pair = back.next()) pairs.push_back(*pair);
  EXPECT_EQ(pairs.size(), 12u);
  std::reverse(pairs.begin(), pairs.end());
  for (const Pair& pair : pairs) back.finish(pair, run_pair(study, pair, /*through_the_wire=*/true));
  EXPECT_EQ(forth.tables().runs, back.tables().runs);
  EXPECT_EQ(forth.tables().series, back.tables().series);
  EXPECT_EQ(forth.tables().histograms, back.tables().histograms);
  EXPECT_TRUE(forth.tables().runs.starts_with("point,search.flood.ttl,network.loss,scenario,search,")) << forth.tables().runs;
}

TEST(Study, ChunksJoinToTheWhole) {
  const Study study = study_of(kScenario);
  Desk whole(study, {}, forgetful());
  ASSERT_TRUE(run_study(study, whole, 1, false));
  Desk joined(study, {}, forgetful());
  std::size_t pairs = 0;
  for (std::uint32_t i = 0; i < 5; ++i) {
    Desk part(study, {i, 5}, [&](const Pair& pair, const PairRows& rows) {
      ++pairs;
      joined.recall(pair, rows);
      return Result<void>();
    });
    ASSERT_TRUE(run_study(study, part, 1, false));
    EXPECT_EQ(part.progress().done, part.progress().wanted);
  }
  EXPECT_EQ(pairs, 12u);
  EXPECT_EQ(whole.tables().runs, joined.tables().runs);
}

TEST(Study, StopsAPointWhenItsIntervalIsNarrow) {
  std::string text = kScenario + "until = \"recall<0.2\"\n";
  const Study study = study_of(text, {1, 30});
  Desk desk(study, {}, forgetful());
  ASSERT_TRUE(run_study(study, desk, 1, false));
  EXPECT_LT(desk.progress().wanted, 120u);
  EXPECT_GE(desk.progress().wanted, 12u);
  // Runs that went on too far, because others were on their way, are left out.
  Desk eager(study, {}, forgetful());
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    for (std::uint32_t point = 0; point < 4; ++point) eager.recall({point, seed}, *run_pair(study, {point, seed}, false));
  }
  EXPECT_EQ(desk.tables().runs, eager.tables().runs);
}

TEST(Study, EndsWithTheFirstErrorAndNamesThePoint) {
  std::string text = kScenario + "\"catalog.copies\" = [5, 1000]\n";
  const Study study = study_of(text);
  Desk desk(study, {}, forgetful());
  const auto done = run_study(study, desk, 1, false);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().what,
            "search.flood.ttl=2 network.loss=0 catalog.copies=1000: seed 1: catalog.copies: 1000 copies of an item among 200 peers");
}

TEST(Journal, RemembersPairsAndDropsATornLine) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "journal.tsv";
  const PairRows rows{{"a,1", "b,2"}, {"s,3"}, {}, {"p,4"}};
  {
    auto journal = Journal::open(path, 7, "program");
    ASSERT_TRUE(journal) << journal.error().what;
    ASSERT_TRUE(journal->append({0, 1}, rows));
    ASSERT_TRUE(journal->append({2, 9}, rows));
  }
  std::ofstream(path, std::ios::app) << "3\t9\tra";  // the machine went down here
  {
    auto journal = Journal::open(path, 7, "program");
    ASSERT_TRUE(journal) << journal.error().what;
    const auto pairs = journal->take_pairs();
    ASSERT_EQ(pairs.size(), 2u);
    EXPECT_EQ(pairs[1].first, (Pair{2, 9}));
    EXPECT_EQ(pairs[1].second, rows);
    ASSERT_TRUE(journal->append({3, 9}, rows));
  }
  EXPECT_EQ(Journal::read(path, 7, "program")->size(), 3u);
}

TEST(Journal, IsNotMixedWithAnotherStudysOrProgramsRows) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "journal.tsv";
  ASSERT_TRUE(Journal::open(path, 7, "program"));
  EXPECT_FALSE(Journal::open(path, 8, "program"));
  EXPECT_FALSE(Journal::open(path, 7, "program 2"));
  std::ofstream(path, std::ios::app) << "0\t1\tx\n";
  EXPECT_EQ(Journal::open(path, 7, "program").error().what,
            fmt::format("'{}':2: no pair of a study; remove the line to run it again", path.string()));
  std::ofstream(path) << "something else\n";
  EXPECT_EQ(Journal::open(path, 7, "program").error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace earshot::sim
