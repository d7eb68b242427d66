// earshot-sim report: the folder of a study as one page, and its figures as files.
#include <fmt/format.h>

#include <memory>

#include "sim/report.h"
#include "sim/table_file.h"
#include "tools/sim/command.h"
#include "tools/sim/study_folder.h"

namespace earshot::simtool {

namespace {

namespace fs = std::filesystem;

Result<int> report(const std::string& folder_name) {
  const fs::path folder = folder_name;
  const auto manifest = read_manifest(folder);
  if (!manifest) return tl::unexpected(manifest.error());
  sim::ReportSource source{manifest->program, manifest->compiler, manifest->plan.command, manifest->plan.text, manifest->plan.path,
                           manifest->plan.overrides, {}, manifest->plan.sweep.latin > 0, {}, {}, {}, {}, std::nullopt};
  for (const sim::SweepAxis& axis : manifest->plan.sweep.axes) source.keys.push_back(axis.key);
  for (const auto& [name, table] : {std::pair<const char*, sim::Table*>{"runs.csv", &source.runs}, {"series.csv", &source.series},
                                    {"histograms.csv", &source.histograms}, {"probes.csv", &source.probes}}) {
    auto read = read_table(folder / name);
    if (!read) return tl::unexpected(read.error());
    *table = std::move(*read);
  }
  if (const auto text = sim::read_text(folder / "overlay.graphml")) {
    auto graph = sim::graph_from(*text);
    if (!graph) return fail_in("overlay.graphml", graph.error());
    source.overlay = std::move(*graph);
  }
  const auto made = sim::report_on(source);
  if (!made) return fail_in(folder_name, made.error());
  if (auto done = make_folder(folder / "figures"); !done) return tl::unexpected(done.error());
  for (const auto& [name, svg] : made->figures) {
    if (auto done = write_file(folder / "figures" / name, svg); !done) return tl::unexpected(done.error());
  }
  if (auto done = write_file(folder / "report.html", made->html); !done) return tl::unexpected(done.error());
  fmt::print("{}: one page, and {} figures as SVG in {}\n", (folder / "report.html").string(), made->figures.size(), (folder / "figures").string());
  return kDone;
}

}  // namespace

Command report_command() {
  const auto folder = std::make_shared<std::string>();
  return {"report", "Make one page (and SVG figures) of the folder that run or sweep left",
          [folder](Arguments& arguments) { arguments.required("folder", *folder, "What was given as --out"); }, [folder] { return report(*folder); }};
}

}  // namespace earshot::simtool
