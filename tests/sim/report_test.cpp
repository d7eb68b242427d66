// Figures, graphs and pages: that they are whole, say the right numbers, and let nothing in from outside.
#include "sim/report.h"

#include <gtest/gtest.h>

#include <string>

#include "sim/figure.h"
#include "sim/overlay_drawing.h"
#include "sim/results.h"

namespace earshot::sim {
namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

Figure figure() {
  Figure figure{"f", "A & B", "", {"x"}, {"y"}, {}};
  figure.series.push_back({"one <1>", {{1, 10, 1}, {2, 1000, 0}, {3, 100000, 5}}, Drawn::kLine, -1});
  figure.series.push_back({"two", {{1, 20, 0}, {2, 30, 0}, {3, 40, 0}}, Drawn::kLine, -1});
  return figure;
}

TEST(Figure, IsEscapedAndBalanced) {
  for (const bool alone : {false, true}) {
    const std::string svg = svg_of(figure(), alone);
    EXPECT_NE(svg.find("A &amp; B"), std::string::npos);
    EXPECT_NE(svg.find("one &lt;1&gt;"), std::string::npos);
    EXPECT_EQ(count(svg, "<g "), count(svg, "</g>"));
    EXPECT_EQ(count(svg, "<style>"), alone ? 1u : 0u);
    EXPECT_EQ(count(svg, "class=\"whisker\""), 2u);
  }
}

TEST(Figure, LogarithmicAxesHaveDecades) {
  Figure one = figure();
  one.y.kind = AxisKind::kLog;
  const std::string svg = svg_of(one, false);
  for (const char* tick : {">10<", ">100<", ">1000<", ">10k<", ">100k<"}) EXPECT_NE(svg.find(tick), std::string::npos) << tick;
}

TEST(Figure, DrawsNothingNumericallyWrongOfASinglePointOrNone) {
  Figure one{"f", "t", "", {"x"}, {"y"}, {{"s", {{0, 0, 0}}, Drawn::kLine, -1}, {"none", {}, Drawn::kSteps, -1}}};
  for (const AxisKind kind : {AxisKind::kLinear, AxisKind::kLog}) {
    one.x.kind = one.y.kind = kind;
    const std::string svg = svg_of(one, false);
    EXPECT_EQ(svg.find("nan"), std::string::npos) << svg;
    EXPECT_EQ(svg.find("inf"), std::string::npos) << svg;
  }
}

TEST(Figure, NumbersAreShort) {
  EXPECT_EQ(short_number(0), "0");
  EXPECT_EQ(short_number(0.001234), "0.00123");
  EXPECT_EQ(short_number(1234), "1234");
  EXPECT_EQ(short_number(123456), "123k");
  EXPECT_EQ(short_number(-2.5e6), "-2.5M");
}

TEST(GraphExport, IsReadBack) {
  const OverlayGraph graph{{0, 1, 5}, {{0, 1}, {1, 5}}};
  const auto read = graph_from(graphml(graph, Instant{} + 7s));
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->peers, graph.peers);
  EXPECT_EQ(read->links, graph.links);
  EXPECT_EQ(edge_list(graph), "from\tto\n0\t1\n1\t5\n");
  EXPECT_FALSE(graph_from("<node id=\"n0\">\n<edge source=\"n0\" target=\"n9\"/>\n"));
  EXPECT_FALSE(graph_from("<node id=\"x\">\n"));
}

TEST(OverlayDrawing, HasACircleForEachPeerInsideThePage) {
  OverlayGraph graph;
  for (std::uint32_t i = 0; i < 40; ++i) graph.peers.push_back(i);
  for (std::uint32_t i = 1; i < 39; ++i) graph.links.emplace_back(i / 2, i);
  const std::string svg = drawing_of(graph, true);
  EXPECT_EQ(count(svg, "<circle"), 40u);
  EXPECT_EQ(svg, drawing_of(graph, true)) << "the same graph, the same drawing";
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(count(drawing_of({}, false), "<circle"), 0u);
}

TEST(Report, NamesTheColumnThatIsMissing) {
  ReportSource source;
  source.runs = *Table::parse("search,seed\nflood,1\n");
  EXPECT_EQ(report_on(source).error().what, "runs.csv has no column 'success'");
  source.keys = {"a.b"};
  EXPECT_EQ(report_on(source).error().what, "runs.csv has no column 'a.b'");
  source.runs = *Table::parse("search,seed\n");
  EXPECT_EQ(report_on(source).error().what, "there are no runs to report on");
}

TEST(Report, ShowsHostileTextsAsTexts) {
  ReportSource source;
  RunRecord record;
  record.search = "x";
  std::string row = csv_line(row_of("test", record));
  source.runs = *Table::parse("point,k," + csv_header() + "0,<script>alert(1)</script>," + row);
  source.keys = {"k"};
  source.scenario = "# <b>bold</b>\n";
  source.command = "run '<i>'";
  const auto report = report_on(source);
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_EQ(report->html.find("<script"), std::string::npos);
  EXPECT_EQ(report->html.find("<i>'"), std::string::npos);
  EXPECT_NE(report->html.find("&lt;b&gt;bold"), std::string::npos);
}

}  // namespace
}  // namespace earshot::sim
