// Pairs, tests and verdicts.
#include "sim/compare.h"

#include <gtest/gtest.h>

#include <string>

namespace earshot::sim {
namespace {

Table table(const std::string& rows) { return *Table::parse("search.ttl,search,seed,success,messages,event_hash\n" + rows); }

CompareResult compared(const Table& a, const Table& b, CompareOptions options = {}) {
  options.keys = {"search.ttl"};
  auto result = compare(a, b, options);
  if (!result) ADD_FAILURE() << result.error().what;
  return result ? *result : CompareResult{};
}

const Table kFirst = table("3,flood,1,0.50,100,a\n3,flood,2,0.60,110,b\n3,flood,3,0.55,105,c\n3,flood,4,0.52,101,d\n");

TEST(Compare, TheSameIsTheSame) {
  const auto result = compared(kFirst, kFirst);
  EXPECT_EQ(result.pairs, 4u);
  EXPECT_EQ(result.identical, 4u);
  EXPECT_TRUE(result.rows.empty());
}

TEST(Compare, PairsBySeedSoThatASmallSteadyLossShows) {
  // The seeds differ by 0.1 among themselves, the pairs by 0.02: unpaired nobody could tell.
  const auto result = compared(kFirst, table("3,flood,4,0.501,101,D\n3,flood,1,0.480,100,A\n3,flood,2,0.580,110,B\n3,flood,3,0.531,105,C\n"));
  ASSERT_EQ(result.rows.size(), 1u);
  EXPECT_EQ(result.rows[0].column, "success");
  EXPECT_EQ(result.rows[0].point, "search.ttl=3 flood");
  EXPECT_EQ(result.rows[0].verdict, Verdict::kWorse);
  EXPECT_NEAR(result.rows[0].difference.mean, -0.0195, 0.0001);
  EXPECT_TRUE(result.has_regression());
}

TEST(Compare, MoreMessagesAreWorseAndMoreSuccessIsBetter) {
  const auto result = compared(kFirst, table("3,flood,1,0.60,120,A\n3,flood,2,0.70,130,B\n3,flood,3,0.65,125,C\n3,flood,4,0.62,121,D\n"));
  ASSERT_EQ(result.rows.size(), 2u);
  EXPECT_EQ(result.rows[0].verdict, Verdict::kBetter);
  EXPECT_EQ(result.rows[1].verdict, Verdict::kWorse);
}

TEST(Compare, ATolerancePermitsALittle) {
  CompareOptions options;
  options.tolerance = 0.25;
  EXPECT_FALSE(compared(kFirst, table("3,flood,1,0.5,120,A\n3,flood,2,0.6,130,B\n3,flood,3,0.55,125,C\n3,flood,4,0.52,121,D\n"), options).has_regression());
}

TEST(Compare, ChanceIsChance) {
  const auto result = compared(kFirst, table("3,flood,1,0.60,100,A\n3,flood,2,0.50,110,B\n3,flood,3,0.60,105,C\n3,flood,4,0.49,101,D\n"));
  ASSERT_EQ(result.rows.size(), 1u);
  EXPECT_EQ(result.rows[0].verdict, Verdict::kChance);
  EXPECT_FALSE(result.has_regression());
  const std::string quiet = comparison_table(result, {}, /*all=*/false);
  EXPECT_EQ(quiet.find("success"), std::string::npos) << quiet;
  EXPECT_NE(comparison_table(result, {}, /*all=*/true).find("may be chance"), std::string::npos);
}

TEST(Compare, FourPairsAreTooFewForRanks) {
  CompareOptions options;
  options.test = PairedTest::kWilcoxon;
  EXPECT_FALSE(compared(kFirst, table("3,flood,1,0.1,100,A\n3,flood,2,0.15,110,B\n3,flood,3,0.12,105,C\n3,flood,4,0.11,101,D\n"), options).has_regression());
}

TEST(Compare, CountsWhatHasNoCounterpart) {
  EXPECT_EQ(compared(kFirst, table("3,flood,1,0.50,100,a\n3,flood,9,0.1,1,x\n4,flood,1,0.1,1,x\n")).unpaired, 5u);
  CompareOptions options;
  options.keys = {"search.ttl"};
  EXPECT_FALSE(compare(kFirst, table("5,flood,1,0.50,100,a\n"), options));
  options.keys = {"other.key"};
  EXPECT_EQ(compare(kFirst, kFirst, options).error().what, "first: there is no column 'other.key' to pair by");
}

TEST(ResultTables, ReadQuotedCellsAndNameTheRowThatIsShort) {
  const auto read = Table::parse("a,b\n\"x,1\",\"say \"\"hi\"\"\"\n");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->text(0, 0), "x,1");
  EXPECT_EQ(read->text(0, 1), "say \"hi\"");
  EXPECT_EQ(Table::parse("a,b\n1,2\n3\n").error().what, "row 2 has 1 cells, not 2");
  EXPECT_FALSE(Table::parse(""));
  EXPECT_FALSE(Table::parse("a\n\"open\n"));
}

}  // namespace
}  // namespace earshot::sim
