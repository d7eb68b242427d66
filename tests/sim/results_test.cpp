// Rows and intervals.
#include "sim/results.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace earshot::sim {
namespace {

/// Two questions: one found at two of four holders, one that nobody else could answer.
RunRecord drawn_record() {
  RunRecord record;
  record.seed = 9;
  record.search = "flood";
  record.strategy = "flood";
  record.peers = record.alive = record.largest_component = 11;
  QueryTrack found;
  found.copies = 20;
  found.reached = 10;
  found.hits = 2;
  found.first_hops = 3;
  found.first_after = 250ms;
  QueryTrack unanswerable;
  unanswerable.copies = 10;
  unanswerable.reached = 5;
  record.queries = {found, unanswerable};
  record.copies = {4, 0};
  record.duplicates = 3;
  record.event_hash = 0xabc;
  return record;
}

std::string cell(const std::vector<Cell>& row, std::string_view column) {
  const auto found = std::find_if(row.begin(), row.end(), [&](const Cell& one) { return one.column == column; });
  return found == row.end() ? "no such column" : found->text;
}

TEST(Results, CountOnlyWhatCouldBeFound) {
  const auto row = row_of("test", drawn_record());
  EXPECT_EQ(cell(row, "queries"), "2");
  EXPECT_EQ(cell(row, "success"), "1.000000");
  EXPECT_EQ(cell(row, "recall"), "0.500000");
  EXPECT_EQ(cell(row, "reach"), "7.500");
  EXPECT_EQ(cell(row, "reach_share"), "0.750000");
  EXPECT_EQ(cell(row, "messages"), "15.000");
  EXPECT_EQ(cell(row, "duplicates"), "0.100000");
  EXPECT_EQ(cell(row, "first_hops"), "3.000");
  EXPECT_EQ(cell(row, "first_ms"), "250.000");
  EXPECT_EQ(cell(row, "event_hash"), "0000000000000abc");
}

TEST(Results, ARunWithoutQueriesHasARowToo) {
  for (const Cell& one : row_of("test", RunRecord{})) EXPECT_EQ(one.text.find("nan"), std::string::npos) << one.column;
}

TEST(Results, HeaderAndLinesHaveTheSameCells) {
  const std::string header = csv_header();
  const std::string line = csv_line(row_of("test", drawn_record()));
  EXPECT_EQ(std::count(header.begin(), header.end(), ','), std::count(line.begin(), line.end(), ','));
  EXPECT_TRUE(header.starts_with("scenario,search,strategy,seed,peers,alive,queries,success,recall,"));
}

TEST(Results, JsonQuotesTextsAndNotNumbers) {
  const std::string json = json_line(row_of("test", drawn_record()), drawn_record(), {1ms, 2ms});
  EXPECT_TRUE(json.starts_with(R"({"scenario":"test","search":"flood","strategy":"flood","seed":9,)")) << json;
  EXPECT_NE(json.find(R"("event_hash":"0000000000000abc",)"), std::string::npos);
  EXPECT_TRUE(json.ends_with("}\n"));
}

}  // namespace
}  // namespace earshot::sim
