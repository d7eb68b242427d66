// The story of the demo, one step a function: start, join, import, kill, search, fetch, verify.
#include "tools/cli/demo.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <future>
#include <numeric>
#include <set>
#include <thread>

#include "overlay/search/strategy.h"
#include "tools/cli/demo_events.h"
#include "tools/cli/demo_network.h"
#include "tools/cli/demo_plan.h"
#include "tools/cli/demo_rare.h"
#include "tools/cli/hit_rows.h"
#include "tools/cli/interrupt.h"
#include "tools/node/config.h"
#include "tools/node/identify.h"

namespace earshot::cli {

namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;

// Nodes that start at once: more only makes each of them slower on a small machine.
constexpr std::size_t kBatch = 8;

// Rows of metadata that each node takes, when there is a table of them.
constexpr std::uint64_t kRowsPerNode = 2'000;

constexpr std::chrono::seconds kStartPatience{30};
constexpr std::chrono::seconds kHealPatience{8};

// Searches for what exists once, beside the one that is shown.
constexpr std::size_t kRareSearches = 3;

// A search is tried again when neighbors were lost a moment ago.
constexpr int kTries = 3;

class Demo {
 public:
  Demo(const DemoFlags& flags, Console& console)
      : flags_(flags), console_(console), strategy_(overlay::strategy_named(flags.strategy)->kind),
        random_(Random::stream(flags.seed, 0, 0)) {}

  Result<void> run() {
    for (const auto step : {&Demo::prepare, &Demo::start_nodes, &Demo::import_rows, &Demo::wish, &Demo::choose,
                            &Demo::kill_nodes, &Demo::rare, &Demo::search, &Demo::fetch}) {
      if (interrupted()) return fail(ErrorCode::kStopped, "interrupted");
      if (auto done = (this->*step)(); !done) return done;
    }
    return {};
  }

 private:
  Result<void> prepare();
  Result<void> start_nodes();
  Result<void> import_rows();
  Result<void> wish();
  Result<void> choose();
  Result<void> kill_nodes();
  Result<void> rare();
  Result<void> search();
  Result<void> fetch();

  std::int64_t elapsed() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began_).count();
  }

  // JSON for a script, a sentence for a person.
  void tell(const std::string& json, const std::string& sentence) {
    if (console_.json())
      console_.data(json);
    else
      console_.data(fmt::format("{:>2}.{} s  {}", elapsed() / 1000, elapsed() % 1000 / 100, sentence));
  }

  Result<std::set<std::string>> neighbors_of(std::size_t node);

  // Of all nodes that run, together.
  struct Counters {
    std::size_t nodes = 0;
    std::uint64_t questions = 0, duplicates = 0, passed_on = 0;
  };
  Result<Counters> network_counters();

  /// What one search of the song found; `line_` is set where the song was among it.
  Result<SummaryLine> search_once();
  Result<fs::path> keep_file(const fs::path& file) const;
  void keep_running();

  const DemoFlags& flags_;
  Console& console_;
  const StrategyKind strategy_;
  Random random_;
  Clock::time_point began_ = Clock::now();
  std::vector<Song> songs_;
  std::optional<Song> late_song_;  // held by the node that comes last, and by nobody before
  std::optional<DemoNetwork> network_;
  std::size_t song_ = 0;      // the chosen one
  std::size_t searcher_ = 0;  // the node that asks
  std::string line_;          // the hit that is fetched
};

Result<void> Demo::prepare() {
  auto network = DemoNetwork::create(flags_.nodes + 1, flags_.keep);  // the last one comes late
  if (!network) return tl::unexpected(network.error());
  network_.emplace(std::move(*network));
  auto songs = find_songs(flags_.music, network_->folder() / "tones");
  if (!songs) return tl::unexpected(songs.error());
  songs_ = std::move(*songs);
  if (songs_.size() > 1) {
    late_song_ = std::move(songs_.back());
    songs_.pop_back();
    std::error_code error;
    fs::copy_file(late_song_->file, network_->nodes()[flags_.nodes].shared / late_song_->file.filename(), error);
    if (error) return fail(ErrorCode::kDisk, "copy '{}': {}", late_song_->file.string(), error.message());
  }
  spread(songs_, flags_.nodes, random_);
  for (std::size_t i = 0; i < songs_.size(); ++i) {
    // In a folder of its own: two albums may have a file of one name, and an untagged file is found by its name.
    const fs::path folder = fmt::format("{:02}", i + 1);
    for (const std::size_t holder : songs_[i].holders) {
      const fs::path target = network_->nodes()[holder].shared / folder;
      std::error_code error;
      fs::create_directories(target, error);
      if (!error) fs::copy_file(songs_[i].file, target / songs_[i].file.filename(), error);
      if (error) return fail(ErrorCode::kDisk, "copy '{}': {}", songs_[i].file.string(), error.message());
    }
  }
  tell(demo_event::started(flags_.nodes, songs_.size(), network_->folder().string(), flags_.seed, elapsed()),
       fmt::format("{} songs from '{}', spread over {} nodes", songs_.size(), songs_[0].file.parent_path().string(),
                   flags_.nodes));
  return {};
}

Result<void> Demo::start_nodes() {
  if (auto started = network_->start(0, ""); !started) return started;
  if (auto ready = network_->wait_until(
          0, [](const StatusLine&) { return true; }, kStartPatience);
      !ready)
    return ready;
  const std::string bootstrap = network_->nodes()[0].status.self;
  for (std::size_t first = 1; first < flags_.nodes; first += kBatch) {
    const std::size_t end = std::min<std::size_t>(first + kBatch, flags_.nodes);
    for (std::size_t node = first; node < end; ++node) {
      if (auto started = network_->start(node, bootstrap); !started) return started;
    }
    for (std::size_t node = first; node < end; ++node) {
      const auto joined = [](const StatusLine& status) { return status.neighbors > 0; };
      if (auto ready = network_->wait_until(node, joined, kStartPatience); !ready) return ready;
    }
  }
  std::uint64_t links = 0;
  std::uint64_t tracks = 0;
  for (std::size_t node = 0; node < flags_.nodes; ++node) {
    // A node queues its shares before it answers anybody: one that answers and does not scan has scanned.
    const auto scanned = [](const StatusLine& status) { return !status.scanning; };
    if (auto ready = network_->wait_until(node, scanned, kStartPatience); !ready) return ready;
    links += network_->nodes()[node].status.neighbors;
    tracks += network_->nodes()[node].status.tracks;
  }
  tell(demo_event::joined(flags_.nodes, links, tracks, elapsed()),
       fmt::format("{} nodes joined through {}: {} neighbors each on average, {} tracks shared", flags_.nodes,
                   bootstrap, links / flags_.nodes, tracks));
  return {};
}

Result<void> Demo::import_rows() {
  fs::path table = flags_.metadata;
  if (table.empty()) table = node::process_environment()("EARSHOT_DEMO_METADATA").value_or("");
  if (table.empty()) return {};
  std::uint64_t rows = 0;
  for (std::size_t node = 0; node < flags_.nodes; ++node) {
    std::optional<Error> refused;
    const Reader reader{[&](std::string_view line) {
                          if (type_of(line) == "error") refused = error_from(line);
                          if (type_of(line) == "done") rows += done_from(line).rows;
                          return true;
                        },
                        nullptr};
    const std::string body = import_body(fs::absolute(table).string(), node * kRowsPerNode, kRowsPerNode);
    if (auto asked = network_->ask(node, "POST", "/api/v1/imports", body, reader); !asked) return asked;
    if (refused) return fail_in(fmt::format("import into node {}", node), *refused);
  }
  tell(demo_event::imported(rows, elapsed()),
       fmt::format("{} rows of metadata imported, {} for each node", rows, kRowsPerNode));
  return {};
}

Result<std::set<std::string>> Demo::neighbors_of(std::size_t node) {
  std::set<std::string> keys;
  const Reader reader{[&](std::string_view line) {
                        if (type_of(line) != "peer") return true;
                        const PeerLine peer = peer_from(line);
                        if (peer.neighbor) keys.insert(peer.key);
                        return true;
                      },
                      nullptr};
  if (auto asked = network_->ask(node, "GET", "/api/v1/peers", "", reader); !asked)
    return tl::unexpected(asked.error());
  return keys;
}

// A wish is added, then the one who holds it joins.
Result<void> Demo::wish() {
  if (!late_song_) return {};
  const std::size_t wisher = 1, late = flags_.nodes;
  if (auto added = add_wish(*network_, wisher, late_song_->title); !added) return added;
  if (auto started = network_->start(late, network_->nodes()[0].status.self); !started) return started;
  const auto joined = [](const StatusLine& status) { return status.neighbors > 0; };
  if (auto ready = network_->wait_until(late, joined, kStartPatience); !ready) return ready;
  const auto before = elapsed();
  const auto hit = wait_for_wish(*network_, wisher);
  if (!hit) return tl::unexpected(hit.error());
  tell(demo_event::wished(wisher, late, late_song_->title, elapsed() - before, elapsed()),
       fmt::format("node {} wished for \"{}\", which nobody had; then node {} joined with it, and {} ms later the wish was "
                   "answered",
                   wisher, printable(late_song_->title), late, elapsed() - before));
  return {};
}

// Tracks that exist once, each asked for by a node drawn at random.
Result<void> Demo::rare() {
  std::vector<std::size_t> single;
  for (std::size_t i = 0; i < songs_.size(); ++i) {
    if (songs_[i].holders.size() == 1 && network_->nodes()[songs_[i].holders[0]].running()) single.push_back(i);
  }
  random_.shuffle(std::span(single));
  single.resize(std::min(single.size(), kRareSearches));
  if (single.empty()) return {};
  std::size_t found = 0;
  std::uint64_t messages = 0, coverage = 1000;
  const auto before = network_counters();
  if (!before) return tl::unexpected(before.error());
  std::vector<std::future<Result<RareSearch>>> searches;  // side by side
  for (const std::size_t song : single) {
    std::size_t asker = 0;
    do asker = random_.below(flags_.nodes);
    while (asker == songs_[song].holders[0] || !network_->nodes()[asker].running());
    searches.push_back(std::async(std::launch::async, [this, asker, song] {
      return search_rare(*network_, asker, songs_[song], strategy_);
    }));
  }
  for (auto& search : searches) {
    const auto searched = search.get();
    if (!searched) return tl::unexpected(searched.error());
    found += searched->found ? 1 : 0;
    coverage = std::min(coverage, searched->summary.coverage);
  }
  const auto after = network_counters();
  if (!after) return tl::unexpected(after.error());
  messages = (after->questions - before->questions + after->passed_on - before->passed_on) / single.size();
  tell(demo_event::rare(flags_.strategy, single.size(), found, messages, coverage, elapsed()),
       fmt::format("{}: {} of {} tracks that exist once were found, {} messages each in the whole network, each answer "
                   "covers {:.1f} % of it at least",
                   flags_.strategy, found, single.size(), messages, static_cast<double>(coverage) / 10));
  return {};
}

// A song and a node that is no neighbor of any of its holders; a song with several holders when there is one.
Result<void> Demo::choose() {
  std::vector<std::size_t> order(songs_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  random_.shuffle(std::span(order));
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return (songs_[a].holders.size() > 1) > (songs_[b].holders.size() > 1);
  });
  std::vector<std::size_t> askers(flags_.nodes - 1);
  std::iota(askers.begin(), askers.end(), std::size_t{1});
  random_.shuffle(std::span(askers));
  for (const std::size_t song : order) {
    const auto& holders = songs_[song].holders;
    for (const std::size_t asker : askers) {
      if (std::find(holders.begin(), holders.end(), asker) != holders.end()) continue;
      const auto neighbors = neighbors_of(asker);
      if (!neighbors) return tl::unexpected(neighbors.error());
      const auto is_near = [&](std::size_t holder) {
        return neighbors->contains(network_->nodes()[holder].status.key);
      };
      song_ = song;
      searcher_ = asker;
      if (std::none_of(holders.begin(), holders.end(), is_near)) return {};
    }
  }
  console_.note("every node is a neighbor of some holder in a network this small; asking all the same");
  return {};
}

Result<void> Demo::kill_nodes() {
  if (flags_.kill == 0) return {};
  std::vector<std::size_t> victims;
  const auto& holders = songs_[song_].holders;
  for (std::size_t node = 0; node < flags_.nodes; ++node) {
    if (node != searcher_ && std::find(holders.begin(), holders.end(), node) == holders.end()) victims.push_back(node);
  }
  if (victims.size() < flags_.kill) {
    return fail(ErrorCode::kInvalid, "--kill {}: only {} nodes neither ask nor hold the track", flags_.kill,
                victims.size());
  }
  random_.shuffle(std::span(victims));
  victims.resize(flags_.kill);
  std::sort(victims.begin(), victims.end());
  std::set<std::string> dead;
  for (const std::size_t victim : victims) {
    dead.insert(network_->nodes()[victim].status.key);
    network_->kill(victim);
  }
  const auto deadline = Clock::now() + kHealPatience;
  for (std::size_t node = 0; node < flags_.nodes; ++node) {
    while (network_->nodes()[node].running() && !interrupted() && Clock::now() < deadline) {
      const auto neighbors = neighbors_of(node);
      if (!neighbors) return tl::unexpected(neighbors.error());
      const bool clean = std::none_of(neighbors->begin(), neighbors->end(),
                                      [&](const std::string& key) { return dead.contains(key); });
      if (clean && !neighbors->empty()) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
  tell(demo_event::killed(victims, elapsed()),
       fmt::format("{} of {} nodes killed (kill -9): {}", victims.size(), flags_.nodes, fmt::join(victims, ", ")));
  return {};
}

Result<Demo::Counters> Demo::network_counters() {
  Counters total;
  for (std::size_t number = 0; number < network_->nodes().size(); ++number) {
    const DemoNode& node = network_->nodes()[number];
    if (!node.running()) continue;
    if (auto asked = network_->refresh(number); !asked) return tl::unexpected(asked.error());
    ++total.nodes;
    total.questions += node.status.queries_out;
    total.duplicates += node.status.duplicates;
    total.passed_on += node.status.hits_relayed;
  }
  return total;
}

Result<SummaryLine> Demo::search_once() {
  const Song& song = songs_[song_];
  SearchRequest request;
  request.text = song.title;
  request.strategy = strategy_;
  request.time = 1500ms;
  const HitTable table(console_.width(), console_.colour());
  HitRows rows(20, [&](std::size_t number, const HitLine& hit) {
    if (console_.json()) return;
    if (number == 1) console_.data("\n" + table.header());
    console_.data(table.row(number, hit));
  });
  SummaryLine summary;
  Reader reader;
  reader.on_idle = [&] { rows.show_ripe(HitRows::Clock::now(), /*last=*/false); };
  reader.on_line = [&](std::string_view line) {
    const std::string type = type_of(line);
    if (console_.json()) console_.data(line);
    if (type == "summary") summary = summary_from(line);
    if (type == "hit") rows.add(line, HitRows::Clock::now());
    rows.show_ripe(HitRows::Clock::now(), /*last=*/false);
    return true;
  };
  auto asked = network_->ask(searcher_, "POST", "/api/v1/searches", search_body(request), reader);
  if (!asked) return tl::unexpected(asked.error());
  rows.show_ripe(HitRows::Clock::now(), /*last=*/true);
  if (!console_.json()) console_.data(closing_line(summary));
  for (const std::string& line : rows.lines()) {
    const HitLine hit = hit_from(line);
    if (hit.title != song.title || !hit.content.starts_with("ppspp:")) continue;
    line_ = line;
    break;
  }
  return summary;
}

Result<void> Demo::search() {
  const Song& song = songs_[song_];
  tell(demo_event::asked(searcher_, song.title, song.holders),
       fmt::format("node {} searches \"{}\"; who holds it (node {}) is no neighbor of it", searcher_,
                   printable(song.title), fmt::join(song.holders, ", node ")));
  for (int attempt = 0; attempt < kTries && !interrupted(); ++attempt) {
    const auto before = network_counters();
    if (!before) return tl::unexpected(before.error());
    const auto summary = search_once();
    if (!summary) return tl::unexpected(summary.error());
    const auto after = network_counters();
    if (!after) return tl::unexpected(after.error());
    const std::uint64_t questions = after->questions - before->questions;
    const std::uint64_t duplicates = after->duplicates - before->duplicates;
    // An answer crosses one link from its holder and one from each that passes it on; the asker counts the first kind.
    const std::uint64_t answers = after->passed_on - before->passed_on + summary->answers;
    tell(demo_event::cost(questions, duplicates, answers, after->nodes),
         fmt::format("the search cost {} messages in the whole network of {} nodes: {} questions ({} of them seen "
                     "before) and {} answers",
                     questions + answers, after->nodes, questions, duplicates, answers));
    if (!line_.empty()) return {};
  }
  return fail(ErrorCode::kNotFound, "\"{}\" was not found by node {}", song.title, searcher_);
}

Result<void> Demo::fetch() {
  const HitLine hit = hit_from(line_);
  // Into a folder of this run, so that a file of an earlier one never stands in for the fetch.
  const fs::path fresh = network_->folder() / "fetched";
  std::error_code error;
  fs::create_directories(fresh, error);
  if (error) return fail(ErrorCode::kDisk, "make '{}': {}", fresh.string(), error.message());
  FetchWish wish = wish_for(hit);
  wish.out = fresh.string();
  DoneLine done;
  std::optional<Error> refused;
  const Reader reader{[&](std::string_view line) {
                        const std::string type = type_of(line);
                        if (console_.json())
                          console_.data(line);
                        else if (type == "progress")
                          console_.passing(progress_bar(progress_from(line)));
                        if (type == "done") done = done_from(line);
                        if (type == "error") refused = error_from(line);
                        return true;
                      },
                      nullptr};
  auto asked = network_->ask(searcher_, "POST", "/api/v1/fetches", fetch_body(wish), reader);
  if (!asked) return asked;
  if (refused) return tl::unexpected(*refused);
  const auto kept = keep_file(done.file);
  if (!kept) return tl::unexpected(kept.error());
  done.file = kept->string();
  const auto identified = node::identify(done.file, Scheme::kPpspp);
  const bool verified = identified && to_string(*identified) == hit.content && done.verified;
  if (flags_.keep) keep_running();
  std::string from;
  for (const SourceLine& source : done.sources) {
    if (source.bytes > 0)
      from += fmt::format("{}{} from {}", from.empty() ? "" : ", ", byte_count(source.bytes), source.endpoint);
  }
  tell(demo_event::finished(done, hit.content, elapsed(), verified),
       fmt::format("{} fetched in {} ms, chunk by chunk: {}", byte_count(done.bytes), done.ms, from));
  if (!verified) return fail(ErrorCode::kCorrupt, "'{}' is not {}", done.file, hit.content);
  if (console_.json()) return {};
  console_.data("verified: " + hit.content);
  console_.data("the file: " + printable(done.file));
  console_.data("play it:  " + how_to_play(printable(done.file)));
  return {};
}

// Out of the network's folder, which goes, into the one that the person named.
Result<fs::path> Demo::keep_file(const fs::path& file) const {
  const fs::path out = fs::absolute(flags_.out);
  std::error_code error;
  fs::create_directories(out, error);
  if (!error) fs::copy_file(file, out / file.filename(), fs::copy_options::overwrite_existing, error);
  if (error) return fail(ErrorCode::kDisk, "copy the track into '{}': {}", out.string(), error.message());
  return out / file.filename();
}

void Demo::keep_running() {
  const fs::path folder = network_->folder();
  std::string pids;
  for (const DemoNode& node : network_->nodes()) {
    if (node.running()) pids += fmt::format("{}\n", node.pid);
  }
  std::ofstream(folder / "pids") << pids;
  network_->leave_running();
  console_.note(fmt::format("the network runs on; talk to a node: earshot search --datadir {} \"words\"",
                            network_->nodes()[searcher_].folder.string()));
  console_.note(fmt::format("stop it: kill $(cat {}/pids); rm -r {}", folder.string(), folder.string()));
}

}  // namespace

ExitCode demo(const DemoFlags& flags, Console& console) {
  if (flags.kill + 2 > flags.nodes)
    return console.failed({ErrorCode::kInvalid, "--kill must leave a node that asks and one that holds"});
  Demo story(flags, console);
  const auto done = story.run();
  return done ? ExitCode::kDone : console.failed(done.error());
}

}  // namespace earshot::cli
