// The page.
#include "sim/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <set>

#include "sim/figure.h"
#include "sim/overlay_drawing.h"
#include "sim/report_figures.h"

namespace earshot::sim {

namespace {

constexpr std::string_view kPageStyle = R"(
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}
main{max-width:1240px;margin:0 auto;padding:40px 28px 72px}
h1{font-size:30px;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em}
h2{font-size:20px;margin:44px 0 14px}
p{margin:0 0 12px;max-width:76ch}.muted{color:var(--muted)}
.facts{display:flex;flex-wrap:wrap;gap:12px;margin:22px 0 0;padding:0;list-style:none}
.facts li{background:var(--paper);border:1px solid var(--grid);border-radius:10px;padding:10px 16px;min-width:112px}
.facts b{display:block;font-size:20px;line-height:1.25;font-variant-numeric:tabular-nums}.facts span{font-size:13px;color:var(--muted)}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,520px),1fr));gap:18px}
figure{margin:0;background:var(--paper);border:1px solid var(--grid);border-radius:10px;padding:14px 16px 12px}
figure svg{width:100%;height:auto;display:block}figcaption{font-size:13px;color:var(--muted);margin-top:6px}
.scroll{overflow-x:auto;background:var(--paper);border:1px solid var(--grid);border-radius:10px}
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
th,td{padding:7px 12px;text-align:right;white-space:nowrap;border-bottom:1px solid var(--grid)}
th{font-weight:600;color:var(--muted);font-size:13px;background:var(--page)}tr:last-child td{border-bottom:0}
.name{text-align:left}td i{font-style:normal;color:var(--muted);font-size:12px;padding-left:4px}
pre{background:var(--paper);border:1px solid var(--grid);border-radius:10px;padding:14px 16px;overflow-x:auto;margin:0 0 14px}
pre,code{font:13px/1.5 ui-monospace,'DejaVu Sans Mono',monospace}
summary{cursor:pointer;font-weight:600;margin:0 0 10px}
@media print{main{padding:0}figure,.scroll,pre{break-inside:avoid}}
)";

std::string page_colours() {
  return fmt::format(":root{{color-scheme:light dark;--page:#f6f7f9;{}}}\n@media (prefers-color-scheme:dark){{:root{{--page:#0e1014;{}}}}}\n",
                     figure_colours(/*dark=*/false), figure_colours(/*dark=*/true));
}

std::string fact(const std::string& number, std::string_view what) {
  return fmt::format("<li><b>{}</b><span>{}</span></li>\n", escaped(number), escaped(what));
}

std::string with_commas(std::uint64_t number) {
  std::string text = fmt::to_string(number);
  for (std::size_t place = text.size(); place > 3; place -= 3) text.insert(place - 3, ",");
  return text;
}

std::string range_text(const Table& runs, std::string_view column) {
  const std::size_t place = *runs.column(column);
  double least = runs.number(0, place), most = least;
  for (std::size_t row = 1; row < runs.size(); ++row) {
    least = std::min(least, runs.number(row, place));
    most = std::max(most, runs.number(row, place));
  }
  const std::string low = with_commas(static_cast<std::uint64_t>(least));
  return least == most ? low : fmt::format("{} – {}", low, with_commas(static_cast<std::uint64_t>(most)));
}

std::string facts(const ReportData& data) {
  const Table& runs = data.source().runs;
  std::set<std::vector<std::string>> points;
  for (const RunGroup& group : data.groups()) points.insert(group.values);
  double events = 0;
  const auto column = runs.column("events");
  for (std::size_t row = 0; column && row < runs.size(); ++row) events += runs.number(row, *column);
  std::string text = "<ul class=\"facts\">\n" + fact(range_text(runs, "peers"), "peers");
  if (points.size() > 1) text += fact(with_commas(points.size()), "points");
  text += fact(with_commas(data.seeds()), "seeds") + fact(with_commas(runs.size()), "runs");
  text += fact(range_text(runs, "queries"), "questions a run") + fact(short_number(events), "events");
  return text + "</ul>\n";
}

std::string figure_html(const std::string& svg, const std::string& caption) {
  return fmt::format("<figure>{}{}</figure>\n", svg, caption.empty() ? "" : fmt::format("<figcaption>{}</figcaption>", escaped(caption)));
}

std::string section(const std::vector<Figure>& figures, std::string_view title, std::string_view words) {
  if (figures.empty()) return "";
  std::string text = fmt::format("<h2>{}</h2>\n{}<div class=\"figures\">\n", title, words.empty() ? "" : fmt::format("<p class=\"muted\">{}</p>\n", words));
  for (const Figure& figure : figures) text += figure_html(svg_of(figure, /*alone=*/false), figure.caption);
  return text + "</div>\n";
}

std::string table_html(const ReportData& data) {
  std::vector<const Metric*> shown;
  for (const Metric& metric : report_metrics()) {
    if (!data.is_constant(metric.column) || metric.column == "success") shown.push_back(&metric);
  }
  std::string text = "<h2>Every point</h2>\n<p class=\"muted\">Mean over the seeds ± half width of the 95 % interval by Student’s t.</p>\n"
                     "<div class=\"scroll\"><table>\n<tr>";
  for (const std::string& key : data.source().keys) text += fmt::format("<th class=\"name\">{}</th>", escaped(key));
  text += "<th class=\"name\">search</th><th>seeds</th>";
  for (const Metric* metric : shown) text += fmt::format("<th title=\"{}\">{}</th>", escaped(metric->caption), escaped(metric->name));
  text += "</tr>\n";
  for (const RunGroup& group : data.groups()) {
    text += "<tr>";
    for (const std::string& value : group.values) text += fmt::format("<td class=\"name\">{}</td>", escaped(value));
    text += fmt::format("<td class=\"name\">{}</td><td>{}</td>", escaped(group.search), group.rows.size());
    for (const Metric* metric : shown) {
      const Interval mean = data.interval(group, metric->column);
      const double times = metric->percent ? 100 : 1;
      text += fmt::format("<td>{}{}<i>± {}</i></td>", short_number(mean.mean * times), metric->percent ? " %" : "", short_number(mean.half_width * times));
    }
    text += "</tr>\n";
  }
  return text + "</table></div>\n";
}

/// The event hashes of all runs in one number, so that two people can see at a glance whether they have the same runs.
std::uint64_t sum_of_hashes(const Table& runs) {
  const auto column = runs.column("event_hash");
  std::uint64_t sum = 0;
  for (std::size_t row = 0; column && row < runs.size(); ++row) {
    sum = sum * 0x9e3779b97f4a7c15 + std::strtoull(runs.text(row, *column).c_str(), nullptr, 16);
  }
  return sum;
}

std::string reproduce(const ReportData& data) {
  const ReportSource& source = data.source();
  std::string overrides;
  for (const auto& [key, value] : source.overrides) overrides += fmt::format("{} = {}\n", key, value);
  return fmt::format(
      "<h2>Do it again</h2>\n<pre>{} --out out\nearshot-sim report out</pre>\n"
      "<p class=\"muted\">{}, {}. The same command gives the same runs on every machine; their event hashes together are <code>{:016x}</code>. "
      "The tables open with <code>pandas.read_csv(\"runs.csv\")</code> or R’s <code>read.csv(\"runs.csv\")</code>.</p>\n"
      "<details open><summary>{}</summary><pre>{}</pre></details>\n{}",
      escaped(source.command), escaped(source.program), escaped(source.compiler), sum_of_hashes(source.runs), escaped(source.scenario_file),
      escaped(source.scenario),
      overrides.empty() ? "" : fmt::format("<details open><summary>instead of what the file says</summary><pre>{}</pre></details>\n", escaped(overrides)));
}

/// The comment that a scenario opens with: what it shows.
std::string opening_words(const std::string& scenario) {
  std::string text;
  for (std::size_t at = 0; at < scenario.size() && scenario[at] == '#';) {
    const std::size_t end = std::min(scenario.find('\n', at), scenario.size());
    const std::string line = scenario.substr(at + 1, end - at - 1);
    if (line.find_first_not_of(' ') == std::string::npos) break;
    text += line;
    at = end + 1;
  }
  return text.empty() ? text : text.substr(text.find_first_not_of(' '));
}

std::string title_of(const ReportData& data) {
  const auto column = data.source().runs.column("scenario");
  return column ? data.source().runs.text(0, *column) : "A study";
}

}  // namespace

Result<Report> report_on(const ReportSource& source) {
  const auto data = ReportData::from(source);
  if (!data) return tl::unexpected(data.error());
  const ReportFigures figures = figures_of(*data);
  Report report;
  for (const auto* some : {&figures.curves, &figures.distributions, &figures.over_time}) {
    for (const Figure& figure : *some) report.figures.emplace_back(figure.file + ".svg", svg_of(figure, /*alone=*/true));
  }
  std::string overlay;
  if (source.overlay && source.overlay->peers.size() <= kMostDrawn) {
    report.figures.emplace_back("overlay.svg", drawing_of(*source.overlay, /*alone=*/true));
    overlay = fmt::format("<h2>The overlay</h2>\n<div class=\"figures\">{}</div>\n",
                          figure_html(drawing_of(*source.overlay, /*alone=*/false),
                                      fmt::format("{} living peers and {} links at the end of the first run; larger and darker: more neighbours.",
                                                  source.overlay->peers.size(), source.overlay->links.size())));
  }
  const std::string title = title_of(*data);
  report.html = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
      "<title>{0} – earshot-sim</title>\n<style>\n{1}{2}{3}</style>\n</head>\n<body>\n<main>\n<h1>{0}</h1>\n<p>{4}</p>\n{5}",
      escaped(title), page_colours(), kPageStyle, figure_style(), escaped(opening_words(source.scenario)), facts(*data));
  report.html += section(figures.curves, "What came out", "Means over the seeds with their 95 % intervals; every seed draws the same network for every point.");
  report.html += section(figures.distributions, "How it is distributed", "All questions of all seeds together.");
  report.html += section(figures.over_time, "Over time", "");
  report.html += overlay + table_html(*data) + reproduce(*data) + "</main>\n</body>\n</html>\n";
  return report;
}

}  // namespace earshot::sim
