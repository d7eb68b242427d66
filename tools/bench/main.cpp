// earshot-bench: what each room of the house costs, one JSON line a run.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <string>

#include "schema/result.h"
#include "tools/bench/digest_bench.h"
#include "tools/bench/flood_bench.h"
#include "tools/bench/index_bench.h"
#include "tools/bench/load_bench.h"
#include "tools/bench/overlay_bench.h"
#include "tools/bench/scaling.h"
#include "tools/bench/soak_bench.h"
#include "tools/bench/stream_bench.h"

namespace earshot::bench {

namespace {

// Everything that can be said on the command line. Defaults are the benchmarks' own.
struct Options {
  IndexBenchOptions index;
  DigestBenchOptions digests;
  StreamBenchOptions stream;
  OverlayBenchOptions overlay;
  LoadBenchOptions load;
  FloodBenchOptions flood;
  SoakBenchOptions soak;
  ScalingOptions scaling;
  std::string datadir, url, token_file;
  std::size_t cache_mb = IndexBenchOptions{}.cache_bytes >> 20;
  std::string layout = "auto";
};

void add_index_row(CLI::App& app, Options& options) {
  CLI::App* row = app.add_subcommand("index", "Build, query and update an index of a table of tracks");
  row->add_option("--tracks", options.index.tracks, "Table of tracks, .tsv or .tsv.zst")->required();
  row->add_option("--queries", options.index.queries, "Query file; without it queries are drawn from the tracks");
  row->add_option("--layout", options.layout, "header: the first line names the columns; peers: 11 columns; auto: what the first line is")
      ->check(CLI::IsMember({"auto", "header", "peers"}));
  row->add_option("--folder", options.index.folder, "Scratch folder for the index");
  row->add_option("--phases", options.index.phases, "b: build, q: query, u: update; without u or b the folder stays");
  row->add_option("--limit", options.index.limit, "Tracks a query returns at most");
  row->add_option("--runs", options.index.runs, "Passes over the queries; the median counts");
  row->add_option("--threads", options.index.threads, "Threads that ask at once, after one alone")->check(CLI::Range(1, 256));
  row->add_option("--updates", options.index.updates, "Tracks added in durable batches of 1,000");
  row->add_option("--singles", options.index.singles, "Tracks added one by one");
  row->add_option("--cache-mb", options.cache_mb, "Memory for the index, in MiB");
  row->add_option("--seed", options.index.seed, "Draws the queries");
}

void add_scaling_row(CLI::App& app, Options& options) {
  CLI::App* row = app.add_subcommand("scaling", "Fit runs of the index over tables of several sizes");
  row->add_option("--runs", options.scaling.runs, "Lines that earshot-bench index wrote")->required();
  row->add_option("--to", options.scaling.tracks, "Tracks to tell of");
}

void add_digests_row(CLI::App& app, Options& options) {
  CLI::App* row = app.add_subcommand("digests", "Host other peers' digests and look owners up");
  row->add_option("--digests", options.digests.digests, "Digests");
  row->add_option("--keys", options.digests.keys, "Keys of a digest");
  row->add_option("--lookups", options.digests.lookups, "Look-ups of one key, and of two");
  row->add_option("--folder", options.digests.folder, "Scratch folder for the index");
  row->add_option("--seed", options.digests.seed, "Draws everything");
}

void add_stream_row(CLI::App& app, Options& options) {
  CLI::App* row = app.add_subcommand("stream", "Streaming between processes on loopback, one JSON line a row");
  row->add_option("--row", options.stream.row, "Only this one")->check(CLI::IsMember(stream_rows()));
  row->add_option("--size", options.stream.size, "Bytes of the vod row; the others take at most what they need");
  row->add_option("--peer", options.stream.peer, "Program that drives libtorrent (make, seed, leech); measured in the same run")->check(CLI::ExistingFile);
  row->add_option("--mutants", options.stream.mutants, "Altered proofs that the liar row offers");
  row->add_option("--folder", options.stream.folder, "Scratch folder");
}

void add_overlay_row(CLI::App& app, Options& options) {
  CLI::App* row = app.add_subcommand("overlay", "Messages through a peer, and through the wire format");
  row->add_option("--messages", options.overlay.messages, "Messages");
  row->add_option("--seed", options.overlay.seed, "Draws them");
}

void add_load_row(CLI::App& app, Options& options) {
  CLI::App* row = app.add_subcommand("load", "Ask a node that runs many questions a second");
  row->add_option("--queries", options.load.queries, "Questions, one a line, asked in turn")->required();
  row->add_option("--datadir", options.datadir, "The node's folder (EARSHOT_DATADIR)");
  row->add_option("--url", options.url, "The node at http://ADDRESS:PORT (EARSHOT_URL)");
  row->add_option("--token-file", options.token_file, "Its token (EARSHOT_TOKEN_FILE)");
  row->add_option("--rate", options.load.rate, "Questions a second")->check(CLI::Range(1, 100'000));
  row->add_option("--seconds", options.load.seconds, "How long")->check(CLI::Range(1, 86'400));
  row->add_option("--clients", options.load.clients, "Questions under way at once, at most")->check(CLI::Range(1, 60));
  row->add_option("--patience-ms", options.load.patience_ms, "How long a question without a row stays open")
      ->check(CLI::Range(10, 120'000));
}

void add_flood_row(CLI::App& app, Options& options) {
  CLI::App* row = app.add_subcommand("flood", "One link floods a node that many honest links ask");
  row->add_option("--links", options.flood.links, "Honest links")->check(CLI::Range(1, 240));
  row->add_option("--rate", options.flood.rate, "Questions a second, of all of them")->check(CLI::Range(1, 100'000));
  row->add_option("--flood", options.flood.flood, "Questions a second, of the one")->check(CLI::Range(1, 1'000'000));
  row->add_option("--handshakes", options.flood.handshakes, "Instead: bogus handshakes a second, of strangers")->check(CLI::Range(1, 10'000));
  row->add_option("--seconds", options.flood.seconds, "How long, without the attack and again with it")->check(CLI::Range(1, 3'600));
  row->add_option("--folder", options.flood.folder, "Scratch folder for the node's index");
}

void add_soak_row(CLI::App& app, Options& options) {
  CLI::App* row = app.add_subcommand("soak", "Real nodes under churn and load: what they lose, and what grows");
  row->add_option("--program", options.soak.program, "earshot; by default the one beside this program");
  row->add_option("--nodes", options.soak.nodes, "Processes")->check(CLI::Range(2, 60));
  row->add_option("--seconds", options.soak.seconds, "How long")->check(CLI::Range(1, 7 * 86'400));
  row->add_option("--kill-every", options.soak.kill_every_s, "Seconds between two kills")->check(CLI::Range(1, 86'400));
  row->add_option("--tracks", options.soak.tracks, "Tracks of each node")->check(CLI::Range(1, 1'000'000));
  row->add_option("--seed", options.soak.seed, "Draws who asks, for what, and who is killed");
}

Result<std::string> run(const CLI::App& app, Options& options) {
  const auto scratch = std::filesystem::temp_directory_path() / fmt::format("earshot-bench-{}", ::getpid());
  if (options.digests.folder.empty()) options.digests.folder = scratch;
  if (app.got_subcommand("digests")) return run_digest_bench(options.digests);
  if (app.got_subcommand("stream")) return run_stream_bench(options.stream);
  if (app.got_subcommand("soak")) {
    if (options.soak.program.empty()) {
      std::error_code ignored;
      options.soak.program = (std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / "earshot").string();
    }
    return run_soak_bench(options.soak);
  }
  if (app.got_subcommand("scaling")) return run_scaling(options.scaling);
  if (app.got_subcommand("overlay")) return run_overlay_bench(options.overlay);
  if (options.flood.folder.empty()) options.flood.folder = scratch;
  if (app.got_subcommand("flood")) return run_flood_bench(options.flood);
  if (app.got_subcommand("load")) {
    if (!options.datadir.empty()) options.load.node.datadir = options.datadir;
    if (!options.url.empty()) options.load.node.values["cli.url"] = {options.url};
    if (!options.token_file.empty()) options.load.node.values["cli.token_file"] = {options.token_file};
    return run_load_bench(options.load);
  }
  options.index.cache_bytes = options.cache_mb << 20;
  using index::TableLayout;
  options.index.layout = options.layout == "header"  ? TableLayout::kHeader
                         : options.layout == "peers" ? TableLayout::kPeers
                                                     : TableLayout::kAny;
  if (options.index.folder.empty()) options.index.folder = scratch;
  return run_index_bench(options.index);
}

}  // namespace

}  // namespace earshot::bench

int main(int argc, char** argv) {
  using namespace earshot::bench;
  CLI::App app("What each room of earshot costs, one JSON line a run.", "earshot-bench");
  Options options;
  add_index_row(app, options);
  add_scaling_row(app, options);
  add_digests_row(app, options);
  add_stream_row(app, options);
  add_overlay_row(app, options);
  add_load_row(app, options);
  add_flood_row(app, options);
  add_soak_row(app, options);
  app.require_subcommand(1);
  // The line is JSON with or without it; scripts that ask every command for JSON need no exception here.
  for (CLI::App* row : app.get_subcommands({})) {
    row->add_flag("--json")->description("One JSON object on stdout, as always");
  }
  CLI11_PARSE(app, argc, argv);
  const auto line = run(app, options);
  if (!line) {
    std::fprintf(stderr, "earshot-bench: %s\n", line.error().what.c_str());
    return 2;
  }
  std::printf("%s\n", line->c_str());
}
