// Graphs to files.
#include "tools/sim/graph_files.h"

#include "sim/graph_export.h"
#include "sim/overlay_drawing.h"
#include "sim/table.h"
#include "sim/table_file.h"
#include "tools/sim/study_folder.h"

namespace earshot::simtool {

Result<std::vector<Duration>> moments_from(const std::string& text) {
  std::vector<Duration> moments;
  sim::Pieces pieces(text, ',');
  for (std::string_view piece; pieces.next(piece);) {
    const auto seconds = sim::number_in(piece);
    const Duration moment(seconds && *seconds >= 0 && *seconds < 1e9 ? static_cast<std::int64_t>(*seconds * 1e6) : -1);
    if (moment < Duration::zero() || (!moments.empty() && moment < moments.back())) {
      return fail(ErrorCode::kInvalid, "--graph-at {}: write seconds into the run, ascending: 0,12.5,60", text);
    }
    moments.push_back(moment);
  }
  return moments;
}

void GraphFiles::look(const sim::Simulation& simulation, std::uint64_t seed, const sim::SearchSettings& search,
                      std::optional<Duration> moment) {
  if (seed != seed_ || search.name != search_ || !written_) return;
  if (!large_ && simulation.population().range().size() > sim::kMostDrawn) return;
  const sim::OverlayGraph graph = sim::graph_of(simulation.population());
  const std::string name = moment ? fmt::format("overlay-{}s", static_cast<double>(moment->count()) / 1e6) : "overlay";
  if (written_ = make_folder(folder_); !written_) return;
  if (written_ = write_file(folder_ / (name + ".graphml"), sim::graphml(graph, simulation.now())); !written_) return;
  written_ = write_file(folder_ / (name + ".tsv"), sim::edge_list(graph));
}

}  // namespace earshot::simtool
