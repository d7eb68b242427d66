// Points of a sweep.
#include "sim/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "sim/streams.h"

namespace earshot::sim {

namespace {

std::optional<double> number_from(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

/// Cuts at commas that stand in no quotes and no brackets.
std::vector<std::string> values_in(std::string_view text) {
  std::vector<std::string> values(1);
  int depth = 0;
  char quote = '\0';
  for (const char c : text) {
    if (c == ',' && depth == 0 && quote == '\0') {
      values.emplace_back();
      continue;
    }
    values.back() += c;
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return values;
}

std::optional<SweepRange> range_from(std::string_view text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) return std::nullopt;
  const auto from = number_from(text.substr(0, dots));
  const auto to = number_from(text.substr(dots + 2));
  if (!from || !to) return std::nullopt;
  return SweepRange{*from, *to, text.find_first_not_of("0123456789-.") == std::string_view::npos && *from == std::floor(*from) &&
                                    *to == std::floor(*to) && std::count(text.begin(), text.end(), '.') == 2};
}

/// The value at `share` of a range, 0 <= share < 1.
std::string value_at(const SweepRange& range, double share) {
  if (range.whole) return fmt::to_string(static_cast<std::int64_t>(range.from + std::floor(share * (range.to - range.from + 1))));
  return fmt::format("{:.6g}", range.from + share * (range.to - range.from));
}

Result<std::vector<SweepPoint>> grid(const Sweep& sweep) {
  std::size_t count = 1;
  for (const SweepAxis& axis : sweep.axes) {
    if (axis.values.empty()) {
      return fail(ErrorCode::kInvalid, "sweep: {} is a range: give it steps, list its values, or ask for --latin N points", axis.key);
    }
    count *= axis.values.size();
    if (count > kMostPoints) return fail(ErrorCode::kInvalid, "sweep: more than {} points; --latin N draws N of them", kMostPoints);
  }
  std::vector<SweepPoint> points(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t rest = i;
    points[i].resize(sweep.axes.size());
    for (std::size_t axis = sweep.axes.size(); axis-- > 0;) {
      const auto& values = sweep.axes[axis].values;
      points[i][axis] = values[rest % values.size()];
      rest /= values.size();
    }
  }
  return points;
}

std::vector<SweepPoint> latin_hypercube(const Sweep& sweep) {
  const std::size_t count = sweep.latin;
  std::vector<SweepPoint> points(count);
  for (std::size_t axis = 0; axis < sweep.axes.size(); ++axis) {
    Random random = stream(0, axis, Purpose::kSweep);
    std::vector<std::size_t> slices(count);
    std::iota(slices.begin(), slices.end(), std::size_t{0});
    random.shuffle(std::span(slices));
    const SweepAxis& one = sweep.axes[axis];
    for (std::size_t i = 0; i < count; ++i) {
      constexpr std::uint64_t kGrain = 1 << 20;
      const double within = (static_cast<double>(random.below(kGrain)) + 0.5) / kGrain;
      points[i].push_back(one.values.empty() ? value_at(one.range, (static_cast<double>(slices[i]) + within) / static_cast<double>(count))
                                             : one.values[slices[i] * one.values.size() / count]);
    }
  }
  return points;
}

}  // namespace

Result<std::optional<SweepAxis>> axis_from(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == std::string_view::npos) {
    return fail(ErrorCode::kInvalid, "--set {}: write key=value, network.loss=0.1 for example", text);
  }
  SweepAxis axis{std::string(text.substr(0, equals)), values_in(text.substr(equals + 1)), {}};
  for (const std::string& value : axis.values) {
    if (value.find_first_of("\t\n\r") != std::string::npos) return fail(ErrorCode::kInvalid, "--set {}: a value is one line without tabs", text);
    if (value.empty() && axis.values.size() > 1) return fail(ErrorCode::kInvalid, "--set {}: a value is missing beside a comma", text);
  }
  if (axis.values.size() > 1) return std::optional(std::move(axis));
  const auto range = range_from(axis.values[0]);
  if (!range) return std::optional<SweepAxis>();
  if (range->from >= range->to) return fail(ErrorCode::kInvalid, "--set {}: a range goes up", text);
  axis.values.clear();
  axis.range = *range;
  return std::optional(std::move(axis));
}

Result<StopRule> stop_rule_from(std::string_view text) {
  const std::size_t less = text.find('<');
  const auto below = less == std::string_view::npos ? std::nullopt : number_from(text.substr(less + 1));
  if (less == 0 || !below || *below <= 0) {
    return fail(ErrorCode::kInvalid, "until '{}': write a column and the half width it must reach, success<0.01 for example", text);
  }
  return StopRule{std::string(text.substr(0, less)), *below};
}

void set_axis(Sweep& sweep, SweepAxis axis) {
  const auto found = std::find_if(sweep.axes.begin(), sweep.axes.end(), [&](const SweepAxis& one) { return one.key == axis.key; });
  if (found != sweep.axes.end()) {
    *found = std::move(axis);
  } else {
    sweep.axes.push_back(std::move(axis));
  }
}

Result<std::vector<SweepPoint>> points_of(const Sweep& sweep) {
  if (sweep.latin > kMostPoints) return fail(ErrorCode::kInvalid, "sweep: more than {} points", kMostPoints);
  if (sweep.latin == 0) return grid(sweep);
  if (sweep.axes.empty()) return fail(ErrorCode::kInvalid, "sweep: a Latin hypercube needs keys to vary");
  return latin_hypercube(sweep);
}

}  // namespace earshot::sim
