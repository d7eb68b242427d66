// earshot-sim compare: two results side by side; ends with 1 when the second is worse.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "sim/compare.h"
#include "tools/sim/command.h"
#include "tools/sim/study_folder.h"

namespace earshot::simtool {

namespace {

namespace fs = std::filesystem;

struct CompareFlags {
  std::string first, second;
  std::string test = "t";
  double tolerance = 0;
  bool exact = false;
  bool all = false;
};

/// A folder of a study, or a runs.csv alone.
Result<sim::Table> runs_of(const fs::path& path) { return read_table(fs::is_directory(path) ? path / "runs.csv" : path); }

/// The swept keys stand between `point` and `scenario`.
std::vector<std::string> swept_keys(const sim::Table& table) {
  const auto point = table.column("point"), scenario = table.column("scenario");
  if (!point || !scenario) return {};
  const auto& columns = table.columns();
  return {columns.begin() + static_cast<std::ptrdiff_t>(*point) + 1, columns.begin() + static_cast<std::ptrdiff_t>(*scenario)};
}

Result<int> compare(const CompareFlags& flags) {
  const auto first = runs_of(flags.first);
  if (!first) return tl::unexpected(first.error());
  const auto second = runs_of(flags.second);
  if (!second) return tl::unexpected(second.error());
  sim::CompareOptions options;
  options.keys = swept_keys(*first);
  options.tolerance = flags.tolerance;
  if (flags.test == "wilcoxon") {
    options.test = sim::PairedTest::kWilcoxon;
  } else if (flags.test != "t") {
    return fail(ErrorCode::kInvalid, "--test {}: t or wilcoxon", flags.test);
  }
  const auto result = sim::compare(*first, *second, options);
  if (!result) return tl::unexpected(result.error());
  fmt::print("{}", sim::comparison_table(*result, options, flags.all));
  const bool differs = result->identical < result->pairs || result->unpaired > 0;
  return result->has_regression() || (flags.exact && differs) ? kNotGood : kDone;
}

}  // namespace

Command compare_command() {
  const auto flags = std::make_shared<CompareFlags>();
  return {"compare", "Two results side by side, paired by seed; ends with 1 when the second is significantly worse",
          [flags](Arguments& arguments) {
            arguments.required("first", flags->first, "Folder of run or sweep, or a runs.csv: what was");
            arguments.required("second", flags->second, "The same: what is");
            arguments.optional("--test", flags->test, "t (Student's paired t) or wilcoxon (signed ranks; needs 6 seeds and more)");
            arguments.decimal("--tolerance", flags->tolerance, 0, 1, "A change for the worse up to this share is none");
            arguments.yes("--all", flags->all, "Show also what may differ by chance");
            arguments.yes("--exact", flags->exact, "End with 1 also when any run is not the same, event for event");
          },
          [flags] { return compare(*flags); }};
}

}  // namespace earshot::simtool
