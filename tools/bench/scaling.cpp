// Least squares on logarithms.
#include "tools/bench/scaling.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

namespace earshot::bench {

namespace {

constexpr std::array<std::string_view, 8> kFigures = {"build_tps", "build_rss_mb", "opt_bytes_per_track", "q1_qps",
                                                      "p50_us",    "p99_us",       "query_rss_mb",        "add_tps"};

struct PowerLaw {
  double factor = 0;
  double exponent = 0;
  double r2 = 0;
  double at(double x) const { return factor * std::pow(x, exponent); }
};

struct Point {
  double x = 0;
  double y = 0;
};

PowerLaw fit(const std::vector<Point>& points) {
  double sum_x = 0, sum_y = 0, sum_xx = 0, sum_xy = 0, sum_yy = 0;
  for (const Point& point : points) {
    const double x = std::log(point.x);
    const double y = std::log(point.y);
    sum_x += x;
    sum_y += y;
    sum_xx += x * x;
    sum_xy += x * y;
    sum_yy += y * y;
  }
  const auto n = static_cast<double>(points.size());
  const double xx = sum_xx - sum_x * sum_x / n;
  const double xy = sum_xy - sum_x * sum_y / n;
  const double yy = sum_yy - sum_y * sum_y / n;
  const double exponent = xy / xx;
  return {std::exp((sum_y - exponent * sum_x) / n), exponent, yy > 0 ? xy * xy / (xx * yy) : 1};
}

Result<std::vector<nlohmann::json>> read_runs(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) return fail(ErrorCode::kNotFound, "open '{}'", file.string());
  std::vector<nlohmann::json> runs;
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    auto run = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!run.is_object() || !run.contains("tracks") || !run["tracks"].is_number() || run["tracks"] < 1) {
      return fail(ErrorCode::kInvalid, "'{}', line {}: expected a JSON object with a number of tracks", file.string(),
                  runs.size() + 1);
    }
    runs.push_back(std::move(run));
  }
  return runs;
}

// None when some run does not have the figure.
std::vector<Point> points_of(const std::vector<nlohmann::json>& runs, std::string_view figure) {
  std::vector<Point> points;
  for (const nlohmann::json& run : runs) {
    const auto at = run.find(figure);
    if (at == run.end() || !at->is_number() || *at <= 0) return {};
    points.push_back({run["tracks"].get<double>(), at->get<double>()});
  }
  return points;
}

}  // namespace

Result<std::string> run_scaling(const ScalingOptions& options) {
  const auto runs = read_runs(options.runs);
  if (!runs) return tl::unexpected(runs.error());
  const auto is_of_another_size = [&](const nlohmann::json& run) { return run["tracks"] != runs->front()["tracks"]; };
  if (std::none_of(runs->begin(), runs->end(), is_of_another_size))
    return fail(ErrorCode::kInvalid, "'{}': expected runs of two sizes at least", options.runs.string());
  std::string line = fmt::format("{{\"runs\":{},\"tracks\":{}", runs->size(), options.tracks);
  for (const std::string_view figure : kFigures) {
    const auto points = points_of(*runs, figure);
    if (points.empty()) continue;
    const PowerLaw law = fit(points);
    line += fmt::format(",\"{}\":{{\"factor\":{:.4g},\"exponent\":{:.3f},\"r2\":{:.3f},\"at\":{:.1f}}}", figure, law.factor,
                        law.exponent, law.r2, law.at(static_cast<double>(options.tracks)));
  }
  return line + "}";
}

}  // namespace earshot::bench
