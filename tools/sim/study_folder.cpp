// Files of a study; the only user of the JSON library among the commands that run one.
#include "tools/sim/study_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/table_file.h"

namespace earshot::simtool {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

#if defined(__clang__)
constexpr std::string_view kCompiler = "clang " __clang_version__;
#else
constexpr std::string_view kCompiler = "g++ " __VERSION__;
#endif

Json sweep_json(const sim::Sweep& sweep) {
  Json axes = Json::array();
  for (const sim::SweepAxis& axis : sweep.axes) {
    if (axis.values.empty()) {
      axes.push_back({{"key", axis.key}, {"from", axis.range.from}, {"to", axis.range.to}, {"whole", axis.range.whole}});
    } else {
      axes.push_back({{"key", axis.key}, {"values", axis.values}});
    }
  }
  Json json = {{"axes", axes}, {"latin", sweep.latin}};
  if (sweep.until) json["until"] = {{"column", sweep.until->column}, {"below", sweep.until->below}};
  return json;
}

sim::Sweep sweep_from(const Json& json) {
  sim::Sweep sweep;
  for (const Json& one : json.at("axes")) {
    sim::SweepAxis axis{one.at("key"), {}, {}};
    if (one.contains("values")) {
      axis.values = one.at("values").get<std::vector<std::string>>();
    } else {
      axis.range = {one.at("from"), one.at("to"), one.at("whole")};
    }
    sweep.axes.push_back(std::move(axis));
  }
  sweep.latin = json.at("latin");
  if (json.contains("until")) sweep.until = sim::StopRule{json["until"].at("column"), json["until"].at("below")};
  return sweep;
}

}  // namespace

std::string program_version() { return EARSHOT_VERSION " " EARSHOT_COMMIT; }

Result<void> write_file(const fs::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) return fail(ErrorCode::kDisk, "cannot write '{}'", path.string());
  return {};
}

Result<void> make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return fail(ErrorCode::kDisk, "cannot make the folder '{}': {}", folder.string(), error.message());
  return {};
}

Result<void> write_manifest(const fs::path& folder, const StudyPlan& plan, const sim::Study& study) {
  const Json json = {
      {"version", 1},
      {"program", "earshot-sim " + program_version()},
      {"compiler", std::string(kCompiler) + (EARSHOT_BUILD_TYPE[0] != '\0' ? ", " EARSHOT_BUILD_TYPE : "")},
      {"command", plan.command},
      {"seeds", {plan.seeds.first, plan.seeds.last}},
      {"points", study.points.size()},
      {"fingerprint", fmt::format("{:016x}", study.fingerprint)},
      {"overrides", plan.overrides},
      {"sweep", sweep_json(plan.sweep)},
      {"scenario_file", plan.path},
      {"scenario", plan.text},
  };
  return write_file(folder / "manifest.json", json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n');
}

Result<void> write_tables(const fs::path& folder, const sim::StudyTables& tables) {
  for (const auto& [name, table] : {std::pair<const char*, const std::string&>{"runs.csv", tables.runs},
                                    {"series.csv", tables.series}, {"histograms.csv", tables.histograms}, {"probes.csv", tables.probes}}) {
    if (auto written = write_file(folder / name, table); !written) return written;
  }
  return {};
}

Result<sim::Table> read_table(const fs::path& path) {
  const auto text = sim::read_text(path);
  if (!text) return tl::unexpected(text.error());
  auto table = sim::Table::parse(*text);
  if (!table) return fail_in(path.string(), table.error());
  return table;
}

Result<Manifest> read_manifest(const fs::path& folder) {
  const fs::path path = folder / "manifest.json";
  const auto text = sim::read_text(path);
  if (!text) return fail(ErrorCode::kNotFound, "'{}' is no folder of a study: {}", folder.string(), text.error().what);
  try {
    const Json json = Json::parse(*text);
    Manifest manifest;
    manifest.program = json.at("program");
    manifest.compiler = json.at("compiler");
    manifest.fingerprint = std::stoull(json.at("fingerprint").get<std::string>(), nullptr, 16);
    manifest.plan.command = json.at("command");
    manifest.plan.path = json.at("scenario_file");
    manifest.plan.text = json.at("scenario");
    manifest.plan.overrides = json.at("overrides").get<std::vector<sim::Override>>();
    manifest.plan.sweep = sweep_from(json.at("sweep"));
    manifest.plan.seeds = {json.at("seeds").at(0), json.at("seeds").at(1)};
    return manifest;
  } catch (const std::exception& error) {
    return fail(ErrorCode::kCorrupt, "'{}': {}", path.string(), error.what());
  }
}

Result<FolderLock> FolderLock::take(const fs::path& folder) {
  const fs::path path = folder / ".lock";
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0) return fail(ErrorCode::kDisk, "cannot write '{}': {}", path.string(), std::strerror(errno));
  FolderLock lock(file);
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) return fail(ErrorCode::kDenied, "another sweep is writing to '{}'", folder.string());
  return lock;
}

FolderLock::~FolderLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace earshot::simtool
