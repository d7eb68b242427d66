// The table of rows, and the folder that they work in.
#include "tools/bench/stream_bench.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <array>
#include <optional>

#include "tools/bench/stream_bench_rows.h"

namespace earshot::bench {

namespace {

struct Row {
  const char* name;
  Result<std::string> (*run)(const StreamBenchOptions&);
};

constexpr std::array<Row, 9> kRows = {{
    {"vod", row_vod},
    {"swarm", row_swarm},
    {"first_chunk", row_first_chunk},
    {"play_start", row_play_start},
    {"source_killed", row_source_killed},
    {"loss", row_loss},
    {"live", row_live},
    {"amplification", row_amplification},
    {"liar", row_liar},
}};

Result<std::string> run_row(const Row& row, StreamBenchOptions options) {
  options.folder /= row.name;
  std::error_code ignored;
  std::filesystem::remove_all(options.folder, ignored);
  std::filesystem::create_directories(options.folder, ignored);
  auto members = row.run(options);
  std::filesystem::remove_all(options.folder, ignored);
  if (!members) return fail_in(row.name, std::move(members.error()));
  return fmt::format("{{\"row\":\"{}\",\"engine\":\"ppspp\",{}}}", row.name, *members);
}

}  // namespace

std::vector<std::string> stream_rows() {
  std::vector<std::string> names;
  for (const Row& row : kRows) names.emplace_back(row.name);
  return names;
}

Result<std::string> run_stream_bench(const StreamBenchOptions& asked) {
  if (asked.size == 0) return fail(ErrorCode::kInvalid, "a content has at least one byte");
  const auto wanted = [&](const Row& row) { return asked.row.empty() || asked.row == row.name; };
  if (std::none_of(kRows.begin(), kRows.end(), wanted)) {
    return fail(ErrorCode::kInvalid, "no stream row '{}': there are {}", asked.row, fmt::join(stream_rows(), ", "));
  }
  StreamBenchOptions options = asked;
  std::string name = (std::filesystem::temp_directory_path() / "earshot-bench-XXXXXX").string();
  const bool temporary = options.folder.empty();
  if (temporary && mkdtemp(name.data()) == nullptr) return fail(ErrorCode::kDisk, "cannot make {}", name);
  if (temporary) options.folder = name;
  std::string lines;
  std::optional<Error> error;
  for (const Row& row : kRows) {
    if (!wanted(row)) continue;
    auto line = run_row(row, options);
    if (!line) {
      error = std::move(line.error());
      break;
    }
    lines += lines.empty() ? *line : "\n" + *line;
  }
  std::error_code ignored;
  if (temporary) std::filesystem::remove_all(options.folder, ignored);
  if (error) return tl::unexpected(std::move(*error));
  return lines;
}

}  // namespace earshot::bench
