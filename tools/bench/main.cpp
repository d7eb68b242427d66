// earshot-bench: what each room of the house costs, one JSON line a run.
//
//   earshot-bench index --tracks FILE [--queries FILE] [--folder FOLDER] [--limit N] [--runs N] [--threads N]
//   [--updates N]
//                       [--singles N] [--cache-mb N] [--layout header|peers] [--seed N]
//   earshot-bench stream [--row vod] [--size BYTES] [--folder FOLDER]
//   earshot-bench overlay [--messages N] [--seed N]
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "schema/result.h"
#include "tools/bench/index_bench.h"
#include "tools/bench/overlay_bench.h"
#include "tools/bench/stream_bench.h"

namespace earshot::bench {

namespace {

// What follows the row's name: pairs of a flag and its value. Each is taken once; what is left over is an error.
class Flags {
 public:
  static Result<Flags> from(int argc, char** argv) {
    Flags flags;
    for (int i = 2; i < argc; i += 2) {
      const std::string_view name = argv[i];
      if (!name.starts_with("--") || i + 1 == argc)
        return fail(ErrorCode::kInvalid, "'{}': expected --name value", name);
      flags.values_.emplace(name.substr(2), argv[i + 1]);
    }
    return flags;
  }

  void text(std::string_view name, std::string& value) {
    if (const auto found = values_.find(name); found != values_.end()) {
      value = found->second;
      values_.erase(found);
    }
  }

  void path(std::string_view name, std::filesystem::path& value) {
    std::string written = value.string();
    text(name, written);
    value = written;
  }

  template <class Number>
  void number(std::string_view name, Number& value) {
    std::string written;
    text(name, written);
    if (written.empty()) return;
    const auto [end, error] = std::from_chars(written.data(), written.data() + written.size(), value);
    if (error != std::errc{} || end != written.data() + written.size())
      wrong_ = fmt::format("--{} '{}' is not a number", name, written);
  }

  /// After all were taken.
  Result<void> done() const {
    if (!wrong_.empty()) return fail(ErrorCode::kInvalid, "{}", wrong_);
    if (!values_.empty()) return fail(ErrorCode::kInvalid, "unknown flag --{}", values_.begin()->first);
    return {};
  }

 private:
  std::map<std::string, std::string, std::less<>> values_;
  std::string wrong_;
};

Result<std::string> index_row(Flags& flags) {
  IndexBenchOptions options;
  options.folder = std::filesystem::temp_directory_path() / fmt::format("earshot-bench-{}", ::getpid());
  std::string layout = "header";
  std::size_t cache_mb = options.cache_bytes >> 20;
  flags.path("tracks", options.tracks);
  flags.path("queries", options.queries);
  flags.path("folder", options.folder);
  flags.text("layout", layout);
  flags.number("limit", options.limit);
  flags.number("runs", options.runs);
  flags.number("threads", options.threads);
  flags.number("updates", options.updates);
  flags.number("singles", options.singles);
  flags.number("cache-mb", cache_mb);
  flags.number("seed", options.seed);
  if (auto done = flags.done(); !done) return tl::unexpected(done.error());
  if (options.tracks.empty()) return fail(ErrorCode::kInvalid, "--tracks FILE is needed");
  if (options.threads == 0) return fail(ErrorCode::kInvalid, "--threads 0: at least one must ask");
  options.cache_bytes = cache_mb << 20;
  options.has_header = layout != "peers";
  return run_index_bench(options);
}

Result<std::string> stream_row(Flags& flags) {
  StreamBenchOptions options;
  flags.text("row", options.row);
  flags.number("size", options.size);
  flags.path("folder", options.folder);
  if (auto done = flags.done(); !done) return tl::unexpected(done.error());
  return run_stream_bench(options);
}

Result<std::string> overlay_row(Flags& flags) {
  OverlayBenchOptions options;
  flags.number("messages", options.messages);
  flags.number("seed", options.seed);
  if (auto done = flags.done(); !done) return tl::unexpected(done.error());
  return run_overlay_bench(options);
}

Result<std::string> run(int argc, char** argv) {
  const std::string_view row = argc > 1 ? argv[1] : "";
  auto flags = Flags::from(argc, argv);
  if (!flags) return tl::unexpected(flags.error());
  if (row == "index") return index_row(*flags);
  if (row == "stream") return stream_row(*flags);
  if (row == "overlay") return overlay_row(*flags);
  return fail(ErrorCode::kInvalid, "usage: earshot-bench index|stream|overlay [--flag value]...");
}

}  // namespace

}  // namespace earshot::bench

int main(int argc, char** argv) {
  const auto line = earshot::bench::run(argc, argv);
  if (!line) {
    std::fprintf(stderr, "earshot-bench: %s\n", line.error().what.c_str());
    return 2;
  }
  std::printf("%s\n", line->c_str());
}
