// earshot-sim merge: joins the chunks of a sweep to the folder that one run would have left, byte by byte.
#include <fmt/format.h>

#include <memory>

#include "sim/desk.h"
#include "sim/journal.h"
#include "tools/sim/command.h"
#include "tools/sim/study_folder.h"

namespace earshot::simtool {

namespace {

struct MergeFlags {
  std::vector<std::string> chunks;
  std::string out;
};

Result<int> merge(const MergeFlags& flags) {
  const auto manifest = read_manifest(flags.chunks.front());
  if (!manifest) return tl::unexpected(manifest.error());
  const auto study = manifest->plan.study();
  if (!study) return tl::unexpected(study.error());
  sim::Desk desk(*study, {}, [](const sim::Pair&, const sim::PairRows&) { return Result<void>(); });
  for (const std::string& chunk : flags.chunks) {
    auto pairs = sim::Journal::read(std::filesystem::path(chunk) / "journal.tsv", study->fingerprint, program_version());
    if (!pairs) return tl::unexpected(pairs.error());
    for (auto& [pair, rows] : *pairs) desk.recall(pair, std::move(rows));
  }
  const auto progress = desk.progress();
  if (progress.done < progress.wanted) {
    return fail(ErrorCode::kInvalid, "{} of {} runs are missing in these {} folders: let the rest finish, or sweep with --out on them again",
                progress.wanted - progress.done, progress.wanted, flags.chunks.size());
  }
  if (auto made = make_folder(flags.out); !made) return tl::unexpected(made.error());
  if (auto written = write_manifest(flags.out, manifest->plan, *study); !written) return tl::unexpected(written.error());
  if (auto written = write_tables(flags.out, desk.tables()); !written) return tl::unexpected(written.error());
  fmt::print("{} runs of {} folders joined in '{}'\n", progress.done, flags.chunks.size(), flags.out);
  return kDone;
}

}  // namespace

Command merge_command() {
  const auto flags = std::make_shared<MergeFlags>();
  return {"merge", "Join the chunks of a sweep: the same bytes as one run",
          [flags](Arguments& arguments) {
            arguments.required("chunks", flags->chunks, "Folders of the chunks");
            arguments.required("--out", flags->out, "Folder for the whole");
          },
          [flags] { return merge(*flags); }};
}

}  // namespace earshot::simtool
