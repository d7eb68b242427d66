// Laws of durations: the median where it was said to be, the mean where the law puts it, the tail as long as the law's.
#include "sim/duration_law.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sim/streams.h"
#include "tests/temporary_folder.h"

namespace earshot::sim {
namespace {

std::vector<double> seconds_drawn(const DurationSettings& settings, std::size_t count = 40'000) {
  const Result<DurationLaw> law = DurationLaw::from(settings);
  if (!law) check_failed(law.error().what.c_str(), __FILE__, __LINE__);
  Random random = stream(1, 0, Purpose::kSession);
  std::vector<double> drawn;
  for (std::size_t i = 0; i < count; ++i) drawn.push_back(static_cast<double>(law->draw(random).count()) / 1e6);
  std::sort(drawn.begin(), drawn.end());
  return drawn;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// The value below which this share lies.
double quantile(const std::vector<double>& sorted, double share) { return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size()))]; }

DurationSettings law(DurationKind kind, double shape) {
  DurationSettings settings;
  settings.kind = kind;
  settings.median = 1000s;
  settings.shape = fixed_from(shape);
  return settings;
}

TEST(DurationLaw, TheMedianIsTheMedianOfEveryLaw) {
  for (const DurationSettings& settings : {law(DurationKind::kExponential, 1), law(DurationKind::kWeibull, 0.5),
                                           law(DurationKind::kPareto, 1.5), law(DurationKind::kLogNormal, 1)}) {
    EXPECT_NEAR(quantile(seconds_drawn(settings), 0.5), 1000, 25) << static_cast<int>(settings.kind);
  }
}

TEST(DurationLaw, ExponentialHasItsMeanAndItsTail) {
  const std::vector<double> drawn = seconds_drawn(law(DurationKind::kExponential, 1));
  EXPECT_NEAR(mean(drawn), 1000 / std::log(2), 25);
  EXPECT_NEAR(quantile(drawn, 0.99), 1000 * std::log2(100), 200);
}

TEST(DurationLaw, WeibullHasItsMeanAndItsTail) {
  const std::vector<double> drawn = seconds_drawn(law(DurationKind::kWeibull, 0.5));
  const double scale = 1000 / std::pow(std::log(2), 2);
  EXPECT_NEAR(mean(drawn), scale * std::tgamma(3), scale * 0.1);
  EXPECT_NEAR(quantile(drawn, 0.9), scale * std::pow(std::log(10), 2), scale * 0.3);
}

TEST(DurationLaw, ParetoHasItsLeastAndItsTail) {
  const std::vector<double> drawn = seconds_drawn(law(DurationKind::kPareto, 1.5));
  const double least = 1000 / std::pow(2, 1 / 1.5);
  EXPECT_NEAR(drawn.front(), least, 1);
  EXPECT_NEAR(quantile(drawn, 0.99), least * std::pow(100, 1 / 1.5), least * 2);
}

TEST(DurationLaw, LogNormalSpreadsAsItsSigma) {
  const std::vector<double> drawn = seconds_drawn(law(DurationKind::kLogNormal, 1));
  EXPECT_NEAR(quantile(drawn, 0.975), 1000 * std::exp(1.96), 400);
  EXPECT_NEAR(mean(drawn), 1000 * std::exp(0.5), 60);
}

TEST(DurationLaw, ConstantIsConstantAndNothingIsShorterThanAMicrosecond) {
  DurationSettings settings = law(DurationKind::kConstant, 1);
  EXPECT_EQ(seconds_drawn(settings, 3), (std::vector<double>{1000, 1000, 1000}));
  settings.median = 0s;
  EXPECT_EQ(seconds_drawn(settings, 1), (std::vector<double>{1e-6}));
}

TEST(DurationLaw, ImportsAColumnOrTheDifferenceOfTwo) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "sessions.tsv";
  folder.write(path.filename().string(), "peer\tfrom_s\tto_s\n1\t10\t25\n2\t\t\n3\t5\t5\n4\t0\t40\n");
  DurationSettings settings = law(DurationKind::kImported, 1);
  settings.file = path;
  settings.column = "to_s";
  settings.since = "from_s";
  const std::vector<double> spans = seconds_drawn(settings, 1000);
  EXPECT_EQ(spans.front(), 15);
  EXPECT_EQ(spans.back(), 40);
  EXPECT_NEAR(mean(spans), 27.5, 1.5);
  settings.since.clear();
  EXPECT_EQ(seconds_drawn(settings, 1000).back(), 40);
  settings.column = "until";
  EXPECT_NE(DurationLaw::from(settings).error().what.find("no column 'until' in the header 'peer\tfrom_s\tto_s'"), std::string::npos);
  folder.write(path.filename().string(), "to_s\nlong\n");
  settings.column = "to_s";
  EXPECT_TRUE(DurationLaw::from(settings).error().what.ends_with("sessions.tsv:2: 'long' since '0' is no time in seconds"));
}

}  // namespace
}  // namespace earshot::sim
