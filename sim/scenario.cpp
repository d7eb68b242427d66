// Scenarios from TOML. The only file that knows the format.
#include "sim/scenario.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <set>

#include "overlay/search/strategy.h"
#include "sim/scenario_reader.h"
#include "sim/table_file.h"

namespace earshot::sim {

namespace {

constexpr std::int64_t kScenarioVersion = 1;

/// Reads the whole file, section by section.
class Parser {
 public:
  Parser(const toml::table& root, const std::filesystem::path& path) : path_(path), top_(root, "", error_) {}

  Result<Scenario> parse() {
    version();
    scenario_.name = path_.stem().string();
    top_.name("name", scenario_.name);
    section("population", [&](Reader& in) { population(in); });
    section("topology", [&](Reader& in) { topology(in, scenario_.topology); });
    section("network", [&](Reader& in) { read_network(in, scenario_.network, path_); });
    section("catalog", [&](Reader& in) { catalog(in, scenario_.catalog); });
    section("questions", [&](Reader& in) { workload(in, scenario_.workload); });
    section("digests", [&](Reader& in) { digests(in, scenario_.digests); });
    section("protocol", [&](Reader& in) { protocol(in, scenario_.protocol); });
    sections("search", [&](Reader& in) { search(in, scenario_.searches.emplace_back()); });
    sections("crash", [&](Reader& in) { crash(in, scenario_.crashes.emplace_back()); });
    sections("partition", [&](Reader& in) { partition(in, scenario_.partitions.emplace_back()); });
    sections("clock_step", [&](Reader& in) { clock_step(in, scenario_.clock_steps.emplace_back()); });
    sections("class", [&](Reader& in) { capacity_class(in, scenario_.classes.emplace_back()); });
    sections("attacker", [&](Reader& in) { attacker(in, scenario_.attackers.emplace_back()); });
    sections("flash_crowd", [&](Reader& in) { flash_crowd(in, scenario_.workload.flash_crowds.emplace_back()); });
    section("churn", [&](Reader& in) { churn(in, scenario_.churn.emplace()); });
    section("probe", [&](Reader& in) { probe(in, scenario_.probe); });
    top_.find("sweep");  // scenario_sweep.cpp reads it
    top_.finish();
    whole();
    if (error_) return tl::unexpected(std::move(*error_));
    return std::move(scenario_);
  }

 private:
  void version() {
    std::int64_t version = 0;
    if (!top_.has("version")) top_.complain(fmt::format("version is missing; this program reads version = {}", kScenarioVersion));
    top_.whole("version", version, kScenarioVersion, kScenarioVersion);
  }

  template <class Read>
  void section(std::string_view key, Read&& read) {
    const toml::node* node = top_.find(key);
    if (node == nullptr) return;
    if (!node->is_table()) return top_.complain(*node, key, fmt::format("must be a table, [{}]", key));
    Reader reader(*node->as_table(), std::string(key), error_);
    read(reader);
    reader.finish();
  }

  template <class Read>
  void sections(std::string_view key, Read&& read) {
    const toml::node* node = top_.find(key);
    if (node == nullptr) return;
    if (!node->is_array_of_tables()) return top_.complain(*node, key, fmt::format("must be tables, [[{}]]", key));
    for (const toml::node& one : *node->as_array()) {
      Reader reader(*one.as_table(), std::string(key), error_);
      read(reader);
      reader.finish();
    }
  }

  void population(Reader& in) {
    std::uint32_t peers = 0;
    in.whole("peers", peers, 2, 100'000'000);
    if (in.has("peers")) scenario_.peers = peers;
    in.whole("seen_slots", scenario_.seen_slots, 8, 65'536);
    if (scenario_.seen_slots % 8 != 0) in.complain("seen_slots must be a multiple of 8");
    in.flag("bare", scenario_.bare);
  }

  void topology(Reader& in, TopologySettings& topology) {
    static constexpr std::array<std::pair<std::string_view, TopologyKind>, 7> kKinds{{
        {"random_regular", TopologyKind::kRandomRegular},
        {"erdos_renyi", TopologyKind::kErdosRenyi},
        {"barabasi_albert", TopologyKind::kBarabasiAlbert},
        {"watts_strogatz", TopologyKind::kWattsStrogatz},
        {"two_tier", TopologyKind::kTwoTier},
        {"edges", TopologyKind::kEdges},
        {"membership", TopologyKind::kMembership},
    }};
    in.choice<TopologyKind>("kind", topology.kind, kKinds);
    if (topology.kind == TopologyKind::kEdges) {
      in.path("file", topology.file, path_);
      if (!in.has("file")) in.complain("kind = \"edges\" needs a file");
    } else if (topology.kind == TopologyKind::kMembership) {
      join_interval(in, topology);
      in.duration("join_doubling_ms", topology.join_doubling, 0, 3'600'000);
      in.whole("contacts", topology.contacts, 1, 4);
      in.duration("settle_s", topology.settle, 0, 1'000'000);
    } else {
      in.whole("degree", topology.degree, 1, 1'000);
      if (topology.kind == TopologyKind::kWattsStrogatz) in.share("rewire", topology.rewire_per_million);
      if (topology.kind == TopologyKind::kTwoTier) {
        in.share("core", topology.core_per_million);
        in.whole("leaf_links", topology.leaf_links, 1, 100);
      }
    }
  }

  void join_interval(Reader& in, TopologySettings& topology) {
    std::int64_t microseconds = topology.join_interval.count();
    in.whole("join_interval_us", microseconds, 0, 60'000'000);
    topology.join_interval = Duration(microseconds);
  }

  void catalog(Reader& in, CatalogSettings& catalog) {
    static constexpr std::array<std::pair<std::string_view, Replication>, 7> kLaws{{
        {"count", Replication::kCount},
        {"uniform", Replication::kCount},
        {"zipf", Replication::kZipf},
        {"proportional", Replication::kProportional},
        {"square_root", Replication::kSquareRoot},
        {"libraries", Replication::kLibraries},
        {"kinds", Replication::kKinds},
    }};
    in.choice<Replication>("replication", catalog.replication, kLaws);
    if (catalog.replication == Replication::kLibraries) {
      in.path("file", catalog.file, path_);
      if (!in.has("file")) in.complain("replication = \"libraries\" needs a file");
      return;
    }
    in.whole("items", catalog.items, 1, 10'000'000);
    in.whole("copies", catalog.copies, 1, 10'000'000);
    if (catalog.replication == Replication::kZipf) in.fixed("exponent", catalog.exponent, 0, 4);
  }

  void workload(Reader& in, WorkloadSettings& workload) {
    static constexpr std::array<std::pair<std::string_view, Popularity>, 3> kLaws{{
        {"uniform", Popularity::kUniform}, {"zipf", Popularity::kZipf}, {"counts", Popularity::kCounts}}};
    static constexpr std::array<std::pair<std::string_view, Arrivals>, 2> kArrivals{{
        {"regular", Arrivals::kRegular}, {"poisson", Arrivals::kPoisson}}};
    if (in.has("span_s")) {
      in.duration("span_s", workload.span, 1, 1'000'000);
    } else {
      in.whole("count", workload.questions, 1, 100'000'000);
    }
    if (in.has("each_s")) {
      in.duration("each_s", workload.each, 1, 1'000'000);
    } else {
      in.duration("interval_ms", workload.interval, in.has("span_s") ? 1 : 0, 3'600'000);
    }
    in.choice<Arrivals>("arrivals", workload.arrivals, kArrivals);
    in.duration("from_s", workload.from, 0, 1'000'000);
    in.whole("wanted", workload.wanted, 1, static_cast<std::int64_t>(limits::kMaxHitsPerQuery));
    in.duration("time_s", workload.time, 1, limits::kMaxQueryTime / 1s);
    in.choice<Popularity>("popularity", workload.popularity, kLaws);
    if (workload.popularity == Popularity::kZipf) {
      in.fixed("exponent", workload.exponent, 0, 4);
      in.whole("flat_head", workload.flat_head, 1, 10'000'000);
    } else if (workload.popularity == Popularity::kCounts) {
      in.path("file", workload.file, path_);
      if (!in.has("file")) in.complain("popularity = \"counts\" needs a file");
    }
  }

  void digests(Reader& in, DigestSettings& digests) {
    static constexpr std::array<std::pair<std::string_view, PublishedBy>, 3> kWho{{
        {"nobody", PublishedBy::kNobody}, {"holders", PublishedBy::kHolders}, {"all", PublishedBy::kAll}}};
    in.choice<PublishedBy>("publish", digests.publish, kWho);
    in.whole("bytes", digests.bytes, 200, 60'000);
    in.whole("canaries", digests.canaries, 0, static_cast<std::int64_t>(limits::kMaxCanaries));
    in.flag("size_known", digests.size_known);
  }

  void search(Reader& in, SearchSettings& search) {
    std::vector<std::pair<std::string_view, StrategyKind>> kinds;
    for (const overlay::StrategyEntry& entry : overlay::strategies()) kinds.emplace_back(entry.name, entry.kind);
    if (!in.has("strategy")) in.complain("a strategy is missing");
    in.choice<StrategyKind>("strategy", search.strategy, kinds);
    search.name = std::string(overlay::strategies()[static_cast<std::size_t>(search.strategy)].name);
    in.name("name", search.name);
    in.whole("ttl", search.ttl, 0, scenario_.bare ? UINT16_MAX : overlay::strategy_of(search.strategy)->max_ttl());
    in.whole("wanted", search.wanted, 0, static_cast<std::int64_t>(limits::kMaxHitsPerQuery));
    if (search.strategy == StrategyKind::kWalk) in.whole("walkers", search.walkers, 0, limits::kMaxWalkers);
    static constexpr std::array<std::pair<std::string_view, Stem>, 3> kStems{
        {{"off", Stem::kOff}, {"on", Stem::kOn}, {"auto", Stem::kAuto}}};
    in.choice<Stem>("stem", search.stem, kStems);
  }

  void crash(Reader& in, CrashSettings& crash) {
    in.duration("at_s", crash.at, 0, 1'000'000);
    in.share("share", crash.per_million);
    if (!in.has("share")) in.complain("a share is missing");
    in.duration("back_s", crash.back, 0, 1'000'000);
    if (crash.back > Duration::zero() && scenario_.topology.kind != TopologyKind::kMembership) {
      in.complain("nobody joins a fixed graph again: back_s needs topology.kind = \"membership\"");
    }
  }

  void partition(Reader& in, PartitionSettings& partition) {
    in.duration("at_s", partition.at, 0, 1'000'000);
    in.duration("until_s", partition.until, 0, 1'000'000);
    in.share("share", partition.per_million);
    if (partition.until <= partition.at) in.complain("until_s must be after at_s");
  }

  void clock_step(Reader& in, ClockStepSettings& step) {
    in.duration("at_s", step.at, 0, 1'000'000);
    in.share("share", step.per_million);
    in.duration("by_s", step.by, 0, 1'000'000);
  }

  void capacity_class(Reader& in, ClassSettings& one) {
    in.name("name", one.name);
    in.share("share", one.per_million);
    if (!in.has("name") || !in.has("share")) in.complain("a name and a share are needed");
    in.whole("messages_per_s", one.messages_per_s, 0, 1'000'000);
    in.duration("queue_ms", one.queue, 0, 3'600'000);
    in.duration("access_ms", one.access, 0, 60'000);
    view_size(in, "active_size", one.active_size);
    view_size(in, "passive_size", one.passive_size);
  }

  void view_size(Reader& in, std::string_view key, std::optional<std::uint8_t>& size) {
    std::uint8_t value = 0;
    in.whole(key, value, 1, 255);
    if (!in.has(key)) return;
    size = value;
    if (scenario_.topology.kind != TopologyKind::kMembership) in.complain("a fixed graph fixes the views: no active_size, no passive_size");
  }

  void attacker(Reader& in, AttackerSettings& attacker) {
    static constexpr std::array<std::pair<std::string_view, AttackerKind>, 6> kKinds{{
        {"dropper", AttackerKind::kDropper},
        {"spammer", AttackerKind::kSpammer},
        {"flooder", AttackerKind::kFlooder},
        {"inflater", AttackerKind::kInflater},
        {"poisoner", AttackerKind::kPoisoner},
        {"sybil", AttackerKind::kSybil},
    }};
    in.choice<AttackerKind>("kind", attacker.kind, kKinds);
    in.share("share", attacker.per_million);
    if (!in.has("kind") || !in.has("share")) in.complain("a kind and a share are needed");
    in.duration("from_s", attacker.from, 0, 1'000'000);
    in.duration("until_s", attacker.until, 0, 1'000'000);
    in.duration("period_ms", attacker.period, 1, 86'400'000);
    in.whole("groups", attacker.groups, 0, 1'000'000'000);
  }

  void flash_crowd(Reader& in, FlashCrowdSettings& crowd) {
    in.duration("at_s", crowd.at, 0, 1'000'000);
    in.duration("until_s", crowd.until, 0, 1'000'000);
    in.share("share", crowd.per_million);
    in.whole("item", crowd.item, 0, 10'000'000);
    if (crowd.until <= crowd.at) in.complain("until_s must be after at_s");
  }

  void churn(Reader& in, ChurnSettings& churn) {
    static constexpr std::array<std::pair<std::string_view, LibraryChange>, 2> kChanges{{
        {"same", LibraryChange::kSame}, {"new", LibraryChange::kNew}}};
    in.within("session", [&](Reader& law) { read_duration_law(law, churn.session, path_); });
    in.within("away", [&](Reader& law) { read_duration_law(law, churn.away, path_); });
    in.duration("from_s", churn.from, 0, 1'000'000);
    in.duration("until_s", churn.until, 0, 1'000'000);
    in.share("graceful", churn.graceful_per_million);
    in.choice<LibraryChange>("library", churn.library, kChanges);
    if (scenario_.topology.kind != TopologyKind::kMembership) in.complain("a fixed graph has no churn: topology.kind = \"membership\" has");
  }

  void probe(Reader& in, ProbeSettings& probe) {
    in.duration("every_ms", probe.every, 1, 86'400'000);
    in.flag("component", probe.component);
    if (!in.has("every_ms")) in.complain("every_ms is missing");
  }

  void protocol(Reader& in, overlay::Config& config) {
    in.whole("active_size", config.active_size, 1, 255);
    in.whole("passive_size", config.passive_size, 1, 255);
    in.whole("outbound_size", config.outbound_size, 0, 254);
    in.whole("active_walk", config.active_walk, 0, 255);
    in.whole("passive_walk", config.passive_walk, 0, 255);
    in.whole("shuffle_active", config.shuffle_active, 0, limits::kMaxShuffle);
    in.whole("shuffle_passive", config.shuffle_passive, 0, limits::kMaxShuffle);
    in.whole("shuffle_walk", config.shuffle_walk, 1, 255);
    in.duration("shuffle_period_ms", config.shuffle_period, 1, 86'400'000);
    in.duration("calm_period_ms", config.calm_period, 1, 86'400'000);
    in.duration("neighbor_timeout_ms", config.neighbor_timeout, 1, 86'400'000);
    in.duration("join_retry_ms", config.join_retry, 1, 86'400'000);
    in.whole("flood_ttl", config.flood_ttl, 1, limits::kMaxFloodTtl);
    in.whole("walkers", config.walkers, 1, limits::kMaxWalkers);
    in.whole("walk_ttl", config.walk_ttl, 1, limits::kMaxWalkTtl);
    in.duration("hop_time_ms", config.hop_time, 1, 86'400'000);
    in.whole("lambda_permille", config.lambda_permille, 100, 12'000);
    scenario_.metered = in.has("queries_per_s");
    in.whole("queries_per_s", config.queries_per_s, 1, 1'000'000);
    in.whole("flood_below", config.flood_below, 0, 65'535);
    in.whole("first_slice", config.first_slice, 1, 255);
    in.duration("publish_after_s", config.publish_after, 0, 86'400);
    in.duration("digest_life_s", config.digest_life, 3, limits::kMaxDigestLife / 1s);
    in.whole("digest_parts", config.digest_parts, 1, 16);
    in.whole("digest_excess_percent", config.digest_excess_percent, 0, 200);
    in.whole("publish_walk", config.publish_walk, 0, 16);
    in.whole("hosted_per_minute", config.hosted_per_minute, 1, 60'000);
    in.duration("estimate_period_ms", config.estimate_period, 0, 86'400'000);
    in.whole("hits_per_answer", config.hits_per_answer, 1, static_cast<std::int64_t>(limits::kMaxHitsPerMessage));
    if (const auto ok = overlay::validate(config); !ok) in.complain(ok.error().what);
  }

  /// What no section can judge alone.
  void whole() {
    if (scenario_.searches.empty()) top_.complain("no [[search]]: say how to search, strategy = \"flood\" for example");
    if (!scenario_.peers && scenario_.topology.kind != TopologyKind::kEdges) {
      top_.complain("population.peers is missing, and --nodes was not given");
    }
    if (sum_of(scenario_.classes) > 1'000'000) top_.complain("the shares of the [[class]]es are more than 1");
    if (sum_of(scenario_.attackers) > 1'000'000) top_.complain("the shares of the [[attacker]]s are more than 1");
    if (scenario_.bare && scenario_.topology.kind == TopologyKind::kMembership) {
      top_.complain("population.bare needs a fixed graph: a topology.kind other than membership");
    }
    const NetworkSettings& network = scenario_.network;
    const bool disturbed = network.loss_per_million + network.duplicates_per_million > 0 || network.jitter > Duration::zero() ||
                           network.per == LatencyPer::kMessage || !scenario_.crashes.empty() || !scenario_.partitions.empty() ||
                           !scenario_.clock_steps.empty() || !scenario_.classes.empty() || !scenario_.attackers.empty() ||
                           scenario_.probe.every > Duration::zero();
    if (scenario_.bare && disturbed) {
      top_.complain("population.bare knows no loss, duplicates, jitter, latency per message, crashes, partitions, clock steps, "
                    "classes, attackers and probes");
    }
    std::set<std::string> names;
    for (const SearchSettings& search : scenario_.searches) {
      if (!names.insert(search.name).second) top_.complain(fmt::format("two searches are named {}: give one a name", search.name));
    }
  }

  template <class Settings>
  static std::uint64_t sum_of(const std::vector<Settings>& all) {
    return std::accumulate(all.begin(), all.end(), std::uint64_t{0}, [](auto sum, const auto& one) { return sum + one.per_million; });
  }

  const std::filesystem::path& path_;
  std::optional<Error> error_;
  Scenario scenario_;
  Reader top_;
};

/// The value of an override. What is no TOML value is taken for a text, so that nobody has to quote twice.
Result<toml::table> parsed_value(const std::string& value, const std::string& source) {
  try {
    toml::table parsed = toml::parse(fmt::format("value = {}", value), source);
    if (parsed.contains("value")) return parsed;
  } catch (const toml::parse_error&) {
  }
  try {
    return toml::parse(fmt::format("value = '{}'", value), source);
  } catch (const toml::parse_error&) {
    return fail(ErrorCode::kInvalid, "{}: no value that TOML can say", source);
  }
}

Result<void> put(toml::table& table, std::string_view key, const std::string& value, const std::string& source);

/// Into each table of an array, [[search]] for example, or, where the key goes on with the name of one, into that one.
Result<void> put_into_each(toml::array& tables, std::string_view key, const std::string& value, const std::string& source) {
  const std::string_view name = key.substr(0, key.find('.'));
  const auto is_named = [&](toml::table& one) {
    const toml::node* own = one.get(one.contains("name") ? "name" : "strategy");
    return name.size() < key.size() && own != nullptr && own->value_or(std::string_view()) == name;
  };
  bool named = false;
  for (toml::node& one : tables) named = named || is_named(*one.as_table());
  for (toml::node& one : tables) {
    toml::table& table = *one.as_table();
    if (named && !is_named(table)) continue;
    if (auto ok = put(table, named ? key.substr(name.size() + 1) : key, value, source); !ok) return ok;
  }
  return {};
}

Result<void> put(toml::table& table, std::string_view key, const std::string& value, const std::string& source) {
  const std::size_t dot = key.find('.');
  if (key.empty() || dot == 0) return fail(ErrorCode::kInvalid, "{}: a key is missing", source);
  if (dot == std::string_view::npos) {
    Result<toml::table> parsed = parsed_value(value, source);
    if (!parsed) return tl::unexpected(parsed.error());
    table.insert_or_assign(key, std::move(*parsed->get("value")));
    return {};
  }
  toml::node& node = table.insert(key.substr(0, dot), toml::table{}).first->second;
  if (node.is_array_of_tables()) return put_into_each(*node.as_array(), key.substr(dot + 1), value, source);
  if (!node.is_table()) return fail(ErrorCode::kInvalid, "{}: {} is no table", source, key.substr(0, dot));
  return put(*node.as_table(), key.substr(dot + 1), value, source);
}

/// Puts one "a.b = value" into the table.
Result<void> apply(toml::table& root, const Override& change) {
  return put(root, change.first, change.second, fmt::format("--set {}={}", change.first, change.second));
}

}  // namespace

void read_network(Reader& in, NetworkSettings& network, const std::filesystem::path& path) {
  static constexpr std::array<std::pair<std::string_view, LatencyLaw>, 5> kLaws{{
      {"constant", LatencyLaw::kConstant},
      {"uniform", LatencyLaw::kUniform},
      {"log_normal", LatencyLaw::kLogNormal},
      {"coordinates", LatencyLaw::kCoordinates},
      {"matrix", LatencyLaw::kMatrix},
  }};
  static constexpr std::array<std::pair<std::string_view, LatencyPer>, 2> kDrawnPer{{
      {"link", LatencyPer::kLink}, {"message", LatencyPer::kMessage}}};
  constexpr std::int64_t kLongest = 60'000;
  in.choice<LatencyLaw>("latency", network.law, kLaws);
  if (network.law == LatencyLaw::kUniform) {
    in.duration("min_ms", network.min, 0, kLongest);
    in.duration("max_ms", network.max, 1, kLongest);
    if (network.min > network.max) in.complain("min_ms is above max_ms");
  } else if (network.law == LatencyLaw::kCoordinates || network.law == LatencyLaw::kMatrix) {
    network.min = 1ms;
    in.duration("min_ms", network.min, 0, kLongest);
    in.path("file", network.file, path);
    if (network.law == LatencyLaw::kCoordinates && network.file.empty()) in.duration("median_ms", network.median, 1, kLongest);
    if (network.law == LatencyLaw::kMatrix && !in.has("file")) in.complain("latency = \"matrix\" needs a file");
  } else {
    in.duration("median_ms", network.median, 1, kLongest);
  }
  if (network.law == LatencyLaw::kLogNormal) {
    network.max = 2s;
    in.fixed("sigma", network.sigma, 0, 4);
    in.duration("max_ms", network.max, 1, kLongest);
  }
  in.choice<LatencyPer>("per", network.per, kDrawnPer);
  in.share("loss", network.loss_per_million);
  in.share("duplicates", network.duplicates_per_million);
  in.duration("jitter_ms", network.jitter, 0, kLongest);
  in.duration("faults_until_s", network.faults_until, 0, 1'000'000);
  in.duration("lost_after_ms", network.lost_after, 0, kLongest);
}

void read_duration_law(Reader& in, DurationSettings& law, const std::filesystem::path& path) {
  static constexpr std::array<std::pair<std::string_view, DurationKind>, 6> kKinds{{
      {"constant", DurationKind::kConstant},
      {"exponential", DurationKind::kExponential},
      {"weibull", DurationKind::kWeibull},
      {"pareto", DurationKind::kPareto},
      {"log_normal", DurationKind::kLogNormal},
      {"imported", DurationKind::kImported},
  }};
  in.choice<DurationKind>("law", law.kind, kKinds);
  if (law.kind == DurationKind::kImported) {
    in.path("file", law.file, path);
    in.text("column", law.column);
    in.text("since", law.since);
    if (!in.has("file") || !in.has("column")) in.complain("law = \"imported\" needs a file and a column of seconds");
    return;
  }
  in.duration("median_s", law.median, 0, 100'000'000);
  if (law.kind != DurationKind::kConstant && law.kind != DurationKind::kExponential) in.fixed("shape", law.shape, 0.05, 100);
}

Result<toml::table> read_table(std::string_view text, const std::filesystem::path& path, const std::vector<Override>& overrides) {
  toml::table root;
  try {
    root = toml::parse(text, path.string());
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::kInvalid, "{}:{}: {}", path.string(), error.source().begin.line, error.description());
  }
  for (const Override& change : overrides) {
    if (auto ok = apply(root, change); !ok) return tl::unexpected(ok.error());
  }
  return root;
}

Result<Scenario> parse_scenario(std::string_view text, const std::filesystem::path& path,
                                const std::vector<Override>& overrides) {
  auto root = read_table(text, path, overrides);
  if (!root) return tl::unexpected(std::move(root.error()));
  return Parser(*root, path).parse();
}

Result<Scenario> load_scenario(const std::filesystem::path& path, const std::vector<Override>& overrides) {
  const Result<std::string> text = read_text(path);
  if (!text) return tl::unexpected(text.error());
  return parse_scenario(*text, path, overrides);
}

}  // namespace earshot::sim
