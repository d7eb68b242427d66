// From tables to figures.
#include "sim/report_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <span>

namespace earshot::sim {

namespace {

constexpr std::size_t kMostInOne = 6;     // curves of a distribution in one figure; more are shown apart
constexpr std::size_t kMostApart = 6;     // and so many figures apart
constexpr std::size_t kTimeBins = 20;     // of questions, so that each has some
constexpr std::size_t kProbeBins = 120;   // of looks
constexpr double kWide = 30;              // a range wider than that is drawn on a logarithmic axis

std::string column_text(const Table& table, std::size_t row, std::string_view column) {
  const auto place = table.column(column);
  return place ? table.text(row, *place) : std::string();
}

bool is_wide(const std::vector<double>& values) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  return !values.empty() && *least > 0 && *most / *least >= kWide;
}

/// The key that the curves run along, and its values as an axis.
struct CurveAxis {
  std::size_t key = SIZE_MAX;  // none: the searches stand there
  FigureAxis axis;
  std::map<std::string, double> places;  // of the values
};

std::vector<std::string> values_of(const ReportData& data, std::size_t key) {
  std::vector<std::string> values;
  for (const RunGroup& group : data.groups()) {
    if (std::find(values.begin(), values.end(), group.values[key]) == values.end()) values.push_back(group.values[key]);
  }
  return values;
}

bool are_numbers(const std::vector<std::string>& values) {
  return std::all_of(values.begin(), values.end(), [](const std::string& value) { return number_in(value).has_value(); });
}

CurveAxis axis_along(const ReportData& data, std::size_t key) {
  CurveAxis along{key, {}, {}};
  const std::vector<std::string> values = values_of(data, key);
  along.axis.label = data.source().keys[key];
  if (are_numbers(values)) {
    std::vector<double> numbers;
    for (const std::string& value : values) numbers.push_back(along.places[value] = *number_in(value));
    if (is_wide(numbers)) along.axis.kind = AxisKind::kLog;
  } else {
    along.axis.kind = AxisKind::kNames;
    along.axis.names = values;
    for (const std::string& value : values) along.places.emplace(value, static_cast<double>(along.places.size()));
  }
  return along;
}

CurveAxis curve_axis(const ReportData& data) {
  std::size_t best = SIZE_MAX;
  std::size_t most = 0;
  for (std::size_t key = 0; key < data.source().keys.size(); ++key) {
    const auto values = values_of(data, key);
    const std::size_t weight = values.size() + (are_numbers(values) ? 10'000 : 0);
    if (weight > most) best = key, most = weight;
  }
  if (best != SIZE_MAX) return axis_along(data, best);
  CurveAxis along;
  along.axis.kind = AxisKind::kNames;
  for (const RunGroup& group : data.groups()) {
    along.places.emplace(group.search, static_cast<double>(along.places.size()));
    along.axis.names.push_back(group.search);
  }
  along.axis.label = "search";
  return along;
}

std::string curve_name(const ReportData& data, const RunGroup& group, const CurveAxis& along) {
  return along.key == SIZE_MAX ? "" : data.name_of(group, along.key);
}

double place_of(const RunGroup& group, const CurveAxis& along) {
  return along.places.at(along.key == SIZE_MAX ? group.search : group.values[along.key]);
}

FigureSeries& series_named(Figure& figure, const std::string& name, Drawn drawn) {
  for (FigureSeries& series : figure.series) {
    if (series.name == name) return series;
  }
  return figure.series.emplace_back(FigureSeries{name, {}, drawn, -1});
}

void sort_points(Figure& figure) {
  for (FigureSeries& series : figure.series) {
    std::stable_sort(series.points.begin(), series.points.end(), [](const auto& a, const auto& b) { return a.x < b.x; });
  }
}

void fit_y(Figure& figure) {
  std::vector<double> values;
  for (const FigureSeries& series : figure.series) {
    for (const FigurePoint& point : series.points) values.push_back(point.y);
  }
  figure.y.kind = !figure.y.percent && is_wide(values) ? AxisKind::kLog : AxisKind::kLinear;
  figure.y.from_zero = true;
}

Figure metric_figure(const ReportData& data, const Metric& metric, const CurveAxis& along, const std::string& file) {
  Figure figure{file, std::string(metric.name), std::string(metric.caption), along.axis, {std::string(metric.name)}, {}};
  figure.y.percent = metric.percent;
  const bool scattered = data.source().scattered || along.axis.kind == AxisKind::kNames;
  for (const RunGroup& group : data.groups()) {
    const std::string name = data.source().scattered ? (data.has_searches() ? group.search : "") : curve_name(data, group, along);
    const Interval mean = data.interval(group, metric.column);
    series_named(figure, name, scattered ? Drawn::kPoints : Drawn::kLine).points.push_back({place_of(group, along), mean.mean, mean.half_width});
  }
  fit_y(figure);
  if (!scattered) sort_points(figure);
  return figure;
}

/// Success over messages, the exchange that every search makes.
Figure cost_figure(const ReportData& data, const CurveAxis& along) {
  Figure figure{"cost", "What success costs", "Up and to the left is better: more found for fewer messages.",
                {"Messages per question"}, {"Success"}, {}};
  figure.y.percent = true;
  figure.y.from_zero = true;
  std::vector<double> costs;
  const bool joined = along.axis.kind != AxisKind::kNames && !data.source().scattered;
  for (const RunGroup& group : data.groups()) {
    const std::string name = along.key == SIZE_MAX || data.source().scattered ? group.search : curve_name(data, group, along);
    const Interval cost = data.interval(group, "messages");
    const Interval success = data.interval(group, "success");
    costs.push_back(cost.mean);
    series_named(figure, name, joined ? Drawn::kLine : Drawn::kPoints).points.push_back({cost.mean, success.mean, success.half_width});
  }
  if (is_wide(costs)) figure.x.kind = AxisKind::kLog;
  if (joined) sort_points(figure);
  return figure;
}

/// The share of values below each bucket's end.
std::vector<FigurePoint> cumulative(const std::map<double, std::pair<double, double>>& buckets, bool log) {
  double all = 0;
  for (const auto& [low, bucket] : buckets) all += bucket.second;
  std::vector<FigurePoint> points;
  double below = 0;
  for (const auto& [low, bucket] : buckets) {
    if (points.empty()) points.push_back({log ? std::max(low, 0.5) : low, 0, 0});
    below += bucket.second;
    points.push_back({bucket.first, below / all, 0});
  }
  return points;
}

struct Probe {
  std::string_view name, title, label;
};

/// The distribution of one probe in some of the groups.
Figure distribution(const ReportData& data, const Probe& probe, const std::vector<std::size_t>& shown, bool shades, std::size_t without) {
  Figure figure{fmt::format("distribution-{}", probe.name), std::string(probe.title), "", {std::string(probe.label)}, {"Share that is no more"}, {}};
  figure.y.percent = true;
  figure.y.from_zero = true;
  const Table& table = data.source().histograms;
  const auto probe_column = table.column("probe"), low = table.column("low"), high = table.column("high"), count = table.column("count");
  if (!probe_column || !low || !high || !count) return figure;
  std::vector<std::map<double, std::pair<double, double>>> buckets(shown.size());
  std::vector<double> ends;
  for (std::size_t row = 0; row < table.size(); ++row) {
    if (table.text(row, *probe_column) != probe.name) continue;
    for (std::size_t i = 0; i < shown.size(); ++i) {
      const RunGroup& group = data.groups()[shown[i]];
      bool is_it = column_text(table, row, "search") == group.search;
      for (std::size_t key = 0; key < data.source().keys.size() && is_it; ++key) is_it = table.text(row, key + 1) == group.values[key];
      if (!is_it) continue;
      auto& bucket = buckets[i][table.number(row, *low)];
      bucket.first = table.number(row, *high);
      bucket.second += table.number(row, *count);
      ends.push_back(table.number(row, *high));
    }
  }
  const bool log = is_wide(ends) && probe.name != "first_hops";
  if (log) figure.x.kind = AxisKind::kLog;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const RunGroup& group = data.groups()[shown[i]];
    const std::string name = shades ? fmt::format("{}", group.values[without]) : data.name_of(group);
    if (buckets[i].empty()) continue;
    figure.series.push_back({name, cumulative(buckets[i], log), Drawn::kSteps,
                             shades ? static_cast<double>(i) / static_cast<double>(std::max<std::size_t>(shown.size() - 1, 1)) : -1});
  }
  return figure;
}

std::vector<Figure> distributions(const ReportData& data, const CurveAxis& along) {
  static constexpr Probe kProbes[] = {{"first_ms", "Time to the first hit", "milliseconds"},
                                      {"messages", "Messages of a question", "messages"},
                                      {"degree", "Neighbours", "neighbours at the end"}};
  std::vector<Figure> figures;
  if (data.source().scattered) return figures;
  std::vector<std::pair<std::string, std::vector<std::size_t>>> apart;  // by curve
  for (std::size_t i = 0; i < data.groups().size(); ++i) {
    const std::string name = curve_name(data, data.groups()[i], along);
    auto found = std::find_if(apart.begin(), apart.end(), [&](const auto& one) { return one.first == name; });
    if (found == apart.end()) found = apart.insert(apart.end(), {name, {}});
    found->second.push_back(i);
  }
  const bool together = data.groups().size() <= kMostInOne || along.key == SIZE_MAX;
  for (const Probe& probe : kProbes) {
    if (probe.name == "degree" && data.is_constant("degree")) continue;
    if (together) {
      std::vector<std::size_t> all(data.groups().size());
      for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
      figures.push_back(distribution(data, probe, all, false, SIZE_MAX));
      continue;
    }
    for (std::size_t i = 0; i < std::min(apart.size(), kMostApart); ++i) {
      Figure figure = distribution(data, probe, apart[i].second, true, along.key);
      figure.file += fmt::format("-{}", i);
      if (!apart[i].first.empty()) figure.title += ": " + apart[i].first;
      figure.caption = fmt::format("One curve for each {}.", data.source().keys[along.key]);
      figures.push_back(std::move(figure));
    }
  }
  std::erase_if(figures, [](const Figure& figure) { return figure.series.empty(); });
  return figures;
}

/// A table over time, and what of it is shown.
struct TimeColumn {
  std::string_view column, title, label;
  bool percent;
};

/// The means of one column by time, over the seeds of a group; each row weighs as much as its `weight` column says.
FigureSeries over_time(const ReportData& data, const Table& table, const RunGroup& group, std::size_t column, std::optional<std::size_t> weight,
                       double width) {
  const auto search = *table.column("search"), seed = *table.column("seed"), time = *table.column("t_s");
  std::map<double, std::map<std::string, std::pair<double, double>>> bins;  // time, seed, (weighted sum, weight)
  for (std::size_t row = 0; row < table.size(); ++row) {
    bool is_it = table.text(row, search) == group.search;
    for (std::size_t key = 0; key < data.source().keys.size() && is_it; ++key) is_it = table.text(row, key + 1) == group.values[key];
    if (!is_it) continue;
    auto& [sum, weights] = bins[std::floor(table.number(row, time) / width) * width][table.text(row, seed)];
    const double one = weight ? table.number(row, *weight) : 1;
    sum += table.number(row, column) * one;
    weights += one;
  }
  FigureSeries series{data.name_of(group), {}, Drawn::kLine, -1};
  for (const auto& [begin, seeds] : bins) {
    std::vector<double> means;
    for (const auto& [name, sums] : seeds) {
      if (sums.second > 0) means.push_back(sums.first / sums.second);
    }
    if (means.empty()) continue;
    const Interval mean = mean_interval(means);
    series.points.push_back({begin, mean.mean, mean.half_width});
  }
  return series;
}

/// Figures of a table over time, of what changes in it; none when there are too few moments or too many curves.
void add_time_figures(const ReportData& data, const Table& table, std::span<const TimeColumn> columns, std::string_view weight,
                      std::size_t most_bins, std::string_view caption, std::vector<Figure>& figures) {
  const auto time = table.column("t_s");
  if (data.groups().size() > kMostInOne || !time || !table.column("seed") || !table.column("search")) return;
  double first = 0, last = 0;
  std::set<std::string> times;
  for (std::size_t row = 0; row < table.size(); ++row) {
    const double now = table.number(row, *time);
    first = row == 0 ? now : std::min(first, now);
    last = std::max(last, now);
    times.insert(table.text(row, *time));
  }
  if (times.size() < 5) return;
  const double width = times.size() <= most_bins ? 1e-3 : std::max(1.0, std::ceil((last - first + 1) / static_cast<double>(most_bins)));
  for (const TimeColumn& one : columns) {
    const auto column = table.column(one.column);
    if (!column) continue;
    Figure figure{fmt::format("time-{}", one.column), std::string(one.title), std::string(caption), {"seconds into the run"},
                  {std::string(one.label)}, {}};
    figure.y.percent = one.percent;
    bool changes = false;
    for (std::size_t row = 1; row < table.size() && !changes; ++row) changes = table.text(row, *column) != table.text(0, *column);
    if (!changes) continue;
    for (const RunGroup& group : data.groups()) figure.series.push_back(over_time(data, table, group, *column, table.column(weight), width));
    fit_y(figure);
    figures.push_back(std::move(figure));
  }
}

std::vector<Figure> time_figures(const ReportData& data) {
  static constexpr TimeColumn kSeries[] = {{"success", "Success over time", "Success", true},
                                           {"messages", "Messages per question over time", "Messages per question", false},
                                           {"first_ms", "Time to the first hit over time", "milliseconds", false}};
  static constexpr TimeColumn kProbes[] = {{"alive", "Living peers", "peers", false},
                                           {"component", "Largest component over time", "Share of the living", true},
                                           {"degree", "Neighbours over time", "neighbours", false},
                                           {"upkeep", "Upkeep over time", "messages per peer and second", false},
                                           {"messages_per_s", "Messages per second", "messages per second", false},
                                           {"eclipsed", "Eclipsed peers", "Share of the honest", true}};
  std::vector<Figure> figures;
  add_time_figures(data, data.source().series, kSeries, "asked", kTimeBins, "Of the questions asked then.", figures);
  add_time_figures(data, data.source().probes, kProbes, "", kProbeBins, "As the scenario's probe saw it.", figures);
  return figures;
}

}  // namespace

const std::vector<Metric>& report_metrics() {
  static const std::vector<Metric> metrics = {
      {"success", "Success", "Questions that anybody else could answer and that got at least one hit.", true},
      {"recall", "Recall", "Share of an item's other holders that were found.", true},
      {"messages", "Messages per question", "Copies of the question, sent by all peers together.", false},
      {"reach_share", "Reach", "Share of the other peers that looked in their libraries.", true},
      {"first_ms", "Time to the first hit, ms", "Over questions that had one.", false},
      {"first_hops", "Hops of the first hit", "Over questions that had one.", false},
      {"duplicates", "Duplicates", "Copies received that had been seen before.", true},
      {"hit_messages", "Hit messages per question", "Answers on their way back, every link counted.", false},
      {"upkeep", "Upkeep, messages per peer and second", "Membership messages.", false},
      {"degree", "Neighbours", "Mean size of the active views, at the end.", false},
      {"component", "Largest component", "Share of the living that hang together, at the end.", true},
  };
  return metrics;
}

Result<ReportData> ReportData::from(const ReportSource& source) {
  ReportData data;
  data.source_ = &source;
  const auto search = source.runs.column("search");
  if (source.runs.size() == 0 || !search) return fail(ErrorCode::kInvalid, "there are no runs to report on");
  std::vector<std::size_t> keys;
  for (const std::string& key : source.keys) {
    const auto column = source.runs.column(key);
    if (!column) return fail(ErrorCode::kInvalid, "runs.csv has no column '{}'", key);
    keys.push_back(*column);
  }
  for (const Metric& metric : report_metrics()) {
    if (!source.runs.column(metric.column)) return fail(ErrorCode::kInvalid, "runs.csv has no column '{}'", metric.column);
  }
  std::set<std::string> searches;
  for (std::size_t row = 0; row < source.runs.size(); ++row) {
    std::vector<std::string> values;
    for (const std::size_t key : keys) values.push_back(source.runs.text(row, key));
    const std::string& name = source.runs.text(row, *search);
    searches.insert(name);
    auto group = std::find_if(data.groups_.begin(), data.groups_.end(),
                              [&](const RunGroup& one) { return one.search == name && one.values == values; });
    if (group == data.groups_.end()) group = data.groups_.insert(data.groups_.end(), {std::move(values), name, {}});
    group->rows.push_back(row);
  }
  data.searches_ = searches.size();
  return data;
}

std::string ReportData::name_of(const RunGroup& group, std::size_t without) const {
  std::string name;
  for (std::size_t i = 0; i < group.values.size(); ++i) {
    if (i == without) continue;
    const bool bare = !number_in(group.values[i]);
    const std::string key = source_->keys[i].substr(source_->keys[i].rfind('.') + 1);
    name += fmt::format("{}{}", name.empty() ? "" : ", ", bare ? group.values[i] : fmt::format("{} {}", key, group.values[i]));
  }
  if (has_searches()) name += (name.empty() ? "" : ", ") + group.search;
  return name;
}

Interval ReportData::interval(const RunGroup& group, std::string_view column) const {
  const std::size_t place = *source_->runs.column(column);
  std::vector<double> values;
  for (const std::size_t row : group.rows) values.push_back(source_->runs.number(row, place));
  return mean_interval(values);
}

bool ReportData::is_constant(std::string_view column) const {
  const auto place = source_->runs.column(column);
  for (std::size_t row = 1; place && row < source_->runs.size(); ++row) {
    if (source_->runs.text(row, *place) != source_->runs.text(0, *place)) return false;
  }
  return true;
}

std::size_t ReportData::seeds() const {
  std::set<std::string> seeds;
  for (std::size_t row = 0; row < source_->runs.size(); ++row) seeds.insert(column_text(source_->runs, row, "seed"));
  return seeds.size();
}

ReportFigures figures_of(const ReportData& data) {
  ReportFigures figures;
  const CurveAxis along = curve_axis(data);
  for (const Metric& metric : report_metrics()) {
    if (data.is_constant(metric.column)) continue;
    if (!data.source().scattered) {
      figures.curves.push_back(metric_figure(data, metric, along, std::string(metric.column)));
      continue;
    }
    for (std::size_t key = 0; key < data.source().keys.size(); ++key) {
      figures.curves.push_back(metric_figure(data, metric, axis_along(data, key), fmt::format("{}-{}", metric.column, key)));
    }
  }
  if (data.groups().size() > 1) {
    const auto after = std::min<std::size_t>(figures.curves.size(), 3);
    figures.curves.insert(figures.curves.begin() + static_cast<std::ptrdiff_t>(after), cost_figure(data, along));
  }
  figures.distributions = distributions(data, along);
  figures.over_time = time_figures(data);
  return figures;
}

}  // namespace earshot::sim
