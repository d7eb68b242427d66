// The text for Prometheus: read back by a strict parser of the format, and compared with what was counted.
#include "tools/node/metrics.h"

#include <gmock/gmock.h>

#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "tools/node/runtime_files.h"

namespace earshot::node {
namespace {

using testing::HasSubstr;

struct Exposition {
  std::map<std::string, std::string> types;  // by name
  std::map<std::string, double> samples;     // by name and labels, as written
};

// The name that HELP and TYPE stand under.
std::string family_of(const std::string& name, const Exposition& page) {
  for (const char* ending : {"_bucket", "_sum", "_count"}) {
    const std::string stem = name.ends_with(ending) ? name.substr(0, name.size() - std::string(ending).size()) : "";
    if (!stem.empty() && page.types.contains(stem) && page.types.at(stem) == "histogram") return stem;
  }
  return name;
}

// The format 0.0.4: each family once, HELP and TYPE before its samples, names and labels well formed, no sample twice.
Exposition parsed(const std::string& text) {
  static const std::regex help(R"(# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+))");
  static const std::regex type(R"(# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram))");
  static const std::regex sample(
      R"(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[a-zA-Z_]\w*="(?:[^"\\]|\\.)*"(?:,[a-zA-Z_]\w*="(?:[^"\\]|\\.)*")*\})? (\S+))");
  Exposition page;
  std::set<std::string> helped;
  std::string current;
  std::istringstream lines(text);
  EXPECT_TRUE(text.ends_with('\n'));
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_match(line, match, help)) {
      EXPECT_TRUE(helped.insert(match[1]).second) << line;
    } else if (std::regex_match(line, match, type)) {
      current = match[1];
      EXPECT_TRUE(helped.contains(current)) << line;
      EXPECT_TRUE(page.types.emplace(current, match[2]).second) << line;
    } else if (std::regex_match(line, match, sample)) {
      EXPECT_EQ(family_of(match[1], page), current) << line;
      EXPECT_EQ(page.types[current] == "counter", current.ends_with("_total")) << line;
      EXPECT_TRUE(page.samples.emplace(match[1].str() + match[2].str(), std::stod(match[3])).second) << line;
    } else {
      ADD_FAILURE() << "not of the format: " << line;
    }
  }
  return page;
}

TEST(Metrics, AreOfTheFormatAndSayWhatWasCounted) {
  MetricsReport report;
  report.version = "0.1.0";
  report.role = "index";
  report.node.neighbors = 5;
  report.node.links = 7;
  report.inbound_links = 3;
  report.node.queries_in = 11;
  report.node.queries_out = 12;
  report.node.traffic = {100, 200, 1, 2, 4};
  report.node.uptime = 1500ms;
  report.index.tracks = 979'224;
  report.fetches = {2, 1, 4096};
  const Exposition page = parsed(metrics(report));
  EXPECT_EQ(page.samples.at(R"(earshot_build_info{version="0.1.0",role="index"})"), 1);
  EXPECT_EQ(page.samples.at("earshot_neighbors"), 5);
  EXPECT_EQ(page.samples.at(R"(earshot_links{direction="in"})"), 3);
  EXPECT_EQ(page.samples.at(R"(earshot_links{direction="out"})"), 4);
  EXPECT_EQ(page.samples.at(R"(earshot_queries_total{direction="in"})"), 11);
  EXPECT_EQ(page.samples.at(R"(earshot_link_bytes_total{direction="out"})"), 200);
  EXPECT_EQ(page.samples.at("earshot_link_frames_dropped_total"), 4);
  EXPECT_EQ(page.samples.at("earshot_index_tracks"), 979'224);
  EXPECT_EQ(page.samples.at(R"(earshot_fetches_total{result="failed"})"), 1);
  EXPECT_EQ(page.samples.at("earshot_uptime_seconds"), 1.5);
}

TEST(Metrics, TheHistogramIsCumulativeAndEndsAtInfinity) {
  MetricsReport report;
  for (const std::int64_t us : {0, 50, 51, 900, 60'000}) report.node.lookups.add(us);
  const Exposition page = parsed(metrics(report));
  EXPECT_EQ(page.samples.at(R"(earshot_lookup_seconds_bucket{le="5e-05"})"), 2);
  EXPECT_EQ(page.samples.at(R"(earshot_lookup_seconds_bucket{le="0.0001"})"), 3);
  EXPECT_EQ(page.samples.at(R"(earshot_lookup_seconds_bucket{le="0.001"})"), 4);
  EXPECT_EQ(page.samples.at(R"(earshot_lookup_seconds_bucket{le="0.05"})"), 4);
  EXPECT_EQ(page.samples.at(R"(earshot_lookup_seconds_bucket{le="+Inf"})"), 5);
  EXPECT_EQ(page.samples.at("earshot_lookup_seconds_count"), 5);
  EXPECT_NEAR(page.samples.at("earshot_lookup_seconds_sum"), 0.061001, 1e-9);
}

TEST(Metrics, ALabelCannotBreakOut) {
  MetricsReport report;
  report.version = "a\"b\\c\nearshot_neighbors 7";
  EXPECT_EQ(parsed(metrics(report)).samples.at("earshot_neighbors"), 0);
}

TEST(Metrics, TheProcessIsSeen) {
  const ProcessFacts facts = process_facts();
  EXPECT_GT(facts.resident_bytes, 1'000'000u);
  EXPECT_GT(facts.open_descriptors, 2u);
  EXPECT_GT(facts.max_descriptors, facts.open_descriptors);
}

// What is shipped for operators names only what there is.
TEST(Metrics, DashboardAndAlertsAskForNothingElse) {
  const Exposition page = parsed(metrics({}));
  std::set<std::string> known;
  for (const auto& [name, ignored] : page.samples) known.insert(name.substr(0, name.find('{')));
  static const std::regex name(R"(\b(earshot_[a-z_]+|process_[a-z_]+)\b)");
  for (const char* file : {"grafana-dashboard.json", "prometheus-alerts.yml"}) {
    const auto text = read_small_file(std::string(EARSHOT_SOURCE_DIR) + "/tools/packaging/" + file, 1u << 20);
    ASSERT_TRUE(text) << text.error().what;
    int asked = 0;
    for (std::sregex_iterator it(text->begin(), text->end(), name), end; it != end; ++it, ++asked)
      EXPECT_TRUE(known.contains(it->str())) << file << " asks for " << it->str();
    EXPECT_GT(asked, 5) << file;
  }
}

}  // namespace
}  // namespace earshot::node
