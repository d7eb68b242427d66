// Scenarios from TOML. The only file that knows the format, and the only one that includes toml++.
#include "sim/scenario.h"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <span>

#include "overlay/search/strategy.h"
#include "sim/table_file.h"

namespace earshot::sim {

namespace {

constexpr std::int64_t kScenarioVersion = 1;

std::string place(const toml::node& node) {
  const auto& source = node.source();
  const std::string file = source.path ? *source.path : std::string("scenario");
  // A value given on the command line has a name instead of a line.
  return file.starts_with("--") ? file : fmt::format("{}:{}", file, source.begin.line);
}

std::string_view type_name(toml::node_type type) {
  switch (type) {
    case toml::node_type::none: return "nothing";
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return "a text";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a number";
    case toml::node_type::boolean: return "true or false";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time: return "a date";
  }
  return "something";
}

/// One table of the file. Each reading call names a key, its bounds and where its value goes; finish() then complains about
/// keys that nobody named. The first error stays.
class Reader {
 public:
  Reader(const toml::table& table, std::string name, std::optional<Error>& error)
      : table_(table), name_(std::move(name)), error_(error) {}

  template <class T>
  void whole(std::string_view key, T& value, std::int64_t least, std::int64_t most) {
    if (const auto number = integer(key, least, most)) value = static_cast<T>(*number);
  }

  /// A duration in the unit that the key ends in: _ms or _s.
  void duration(std::string_view key, Duration& value, std::int64_t least, std::int64_t most) {
    const Duration unit = key.ends_with("_ms") ? Duration(1ms) : Duration(1s);
    if (const auto number = integer(key, least, most)) value = *number * unit;
  }

  /// A share between 0 and 1, kept in millionths.
  void share(std::string_view key, std::uint32_t& per_million) {
    if (const auto number = decimal(key, 0, 1)) per_million = static_cast<std::uint32_t>(std::llround(*number * 1e6));
  }

  void fixed(std::string_view key, Fixed& value, double least, double most) {
    if (const auto number = decimal(key, least, most)) value = fixed_from(*number);
  }

  template <class T>
  void choice(std::string_view key, T& value, std::span<const std::pair<std::string_view, T>> choices) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const auto text = node->value_exact<std::string>();
    if (!text) return wrong_type(*node, key, "a text");
    for (const auto& [word, meaning] : choices) {
      if (word == *text) {
        value = meaning;
        return;
      }
    }
    std::string words;
    for (const auto& [word, meaning] : choices) words += fmt::format("{}{}", words.empty() ? "" : ", ", word);
    complain(*node, key, fmt::format("\"{}\" is not one of {}", *text, words));
  }

  /// Letters, digits, '-' and '_': safe in a file name, a CSV cell and JSON.
  void name(std::string_view key, std::string& value) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const auto text = node->value_exact<std::string>();
    if (!text) return wrong_type(*node, key, "a text");
    const auto allowed = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    };
    if (text->empty() || text->size() > 64 || !std::all_of(text->begin(), text->end(), allowed)) {
      return complain(*node, key, "a name has 1 to 64 letters, digits, '-' or '_'");
    }
    value = *text;
  }

  void path(std::string_view key, std::filesystem::path& value, const std::filesystem::path& beside) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const auto text = node->value_exact<std::string>();
    if (!text) return wrong_type(*node, key, "a text");
    value = beside.parent_path() / *text;  // an absolute path replaces what stands before it
  }

  const toml::node* find(std::string_view key) {
    keys_.emplace_back(key);
    return table_.get(key);
  }

  bool has(std::string_view key) const { return table_.contains(key); }

  void finish() {
    for (const auto& [key, node] : table_) {
      if (std::find(keys_.begin(), keys_.end(), key.str()) != keys_.end()) continue;
      std::string allowed;
      for (const std::string& one : keys_) allowed += fmt::format("{}{}", allowed.empty() ? "" : ", ", one);
      complain(node, key.str(), fmt::format("there is no such key; allowed here: {}", allowed));
    }
  }

  void complain(const toml::node& node, std::string_view key, std::string_view what) {
    complain_at(place(node), key, what);
  }
  /// About the table as a whole.
  void complain(std::string_view what) { complain_at(place(table_), "", what); }

 private:
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t least, std::int64_t most) {
    const toml::node* node = find(key);
    if (node == nullptr) return std::nullopt;
    const auto number = node->value_exact<std::int64_t>();
    if (!number) {
      wrong_type(*node, key, "a whole number");
    } else if (*number < least || *number > most) {
      complain(*node, key, fmt::format("{} is not in {}..{}", *number, least, most));
    } else {
      return number;
    }
    return std::nullopt;
  }

  std::optional<double> decimal(std::string_view key, double least, double most) {
    const toml::node* node = find(key);
    if (node == nullptr) return std::nullopt;
    const auto number = node->is_number() ? node->value<double>() : std::nullopt;
    if (!number) {
      wrong_type(*node, key, "a number");
    } else if (!(*number >= least && *number <= most)) {
      complain(*node, key, fmt::format("{} is not in {}..{}", *number, least, most));
    } else {
      return number;
    }
    return std::nullopt;
  }

  void wrong_type(const toml::node& node, std::string_view key, std::string_view wanted) {
    complain(node, key, fmt::format("must be {}, not {}", wanted, type_name(node.type())));
  }

  void complain_at(const std::string& where, std::string_view key, std::string_view what) {
    if (error_) return;
    const std::string full = name_.empty() ? std::string(key) : key.empty() ? name_ : fmt::format("{}.{}", name_, key);
    error_ = Error{ErrorCode::kInvalid, fmt::format("{}: {}{}{}", where, full, full.empty() ? "" : ": ", what)};
  }

  const toml::table& table_;
  std::string name_;
  std::optional<Error>& error_;
  std::vector<std::string> keys_;
};

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
    section("network", [&](Reader& in) { network(in, scenario_.network); });
    section("catalog", [&](Reader& in) { catalog(in, scenario_.catalog); });
    section("questions", [&](Reader& in) { workload(in, scenario_.workload); });
    section("protocol", [&](Reader& in) { protocol(in, scenario_.protocol); });
    sections("search", [&](Reader& in) { search(in, scenario_.searches.emplace_back()); });
    sections("crash", [&](Reader& in) { crash(in, scenario_.crashes.emplace_back()); });
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
  }

  void topology(Reader& in, TopologySettings& topology) {
    static constexpr std::array<std::pair<std::string_view, TopologyKind>, 6> kKinds{{
        {"random_regular", TopologyKind::kRandomRegular},
        {"erdos_renyi", TopologyKind::kErdosRenyi},
        {"barabasi_albert", TopologyKind::kBarabasiAlbert},
        {"watts_strogatz", TopologyKind::kWattsStrogatz},
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
    }
  }

  void join_interval(Reader& in, TopologySettings& topology) {
    std::int64_t microseconds = topology.join_interval.count();
    in.whole("join_interval_us", microseconds, 0, 60'000'000);
    topology.join_interval = Duration(microseconds);
  }

  void network(Reader& in, NetworkSettings& network) {
    static constexpr std::array<std::pair<std::string_view, LatencyLaw>, 3> kLaws{{
        {"constant", LatencyLaw::kConstant}, {"uniform", LatencyLaw::kUniform}, {"log_normal", LatencyLaw::kLogNormal}}};
    static constexpr std::array<std::pair<std::string_view, LatencyPer>, 2> kPer{{
        {"link", LatencyPer::kLink}, {"message", LatencyPer::kMessage}}};
    constexpr std::int64_t kLongest = 60'000;
    in.choice<LatencyLaw>("latency", network.law, kLaws);
    if (network.law == LatencyLaw::kUniform) {
      in.duration("min_ms", network.min, 0, kLongest);
      in.duration("max_ms", network.max, 1, kLongest);
      if (network.min > network.max) in.complain("min_ms is above max_ms");
    } else {
      in.duration("median_ms", network.median, 1, kLongest);
    }
    if (network.law == LatencyLaw::kLogNormal) {
      network.max = 2s;
      in.fixed("sigma", network.sigma, 0, 4);
      in.duration("max_ms", network.max, 1, kLongest);
    }
    in.choice<LatencyPer>("per", network.per, kPer);
    in.share("loss", network.loss_per_million);
    in.duration("lost_after_ms", network.lost_after, 0, kLongest);
  }

  void catalog(Reader& in, CatalogSettings& catalog) {
    static constexpr std::array<std::pair<std::string_view, Replication>, 5> kLaws{{
        {"count", Replication::kCount},
        {"zipf", Replication::kZipf},
        {"proportional", Replication::kProportional},
        {"square_root", Replication::kSquareRoot},
        {"libraries", Replication::kLibraries},
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
    in.whole("count", workload.questions, 1, 10'000'000);
    in.duration("interval_ms", workload.interval, 0, 3'600'000);
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

  void search(Reader& in, SearchSettings& search) {
    std::vector<std::pair<std::string_view, StrategyKind>> kinds;
    for (const overlay::StrategyEntry& entry : overlay::strategies()) kinds.emplace_back(entry.name, entry.kind);
    if (!in.has("strategy")) in.complain("a strategy is missing");
    in.choice<StrategyKind>("strategy", search.strategy, kinds);
    search.name = std::string(overlay::strategies()[static_cast<std::size_t>(search.strategy)].name);
    in.name("name", search.name);
    in.whole("ttl", search.ttl, 0, overlay::strategy_of(search.strategy)->max_ttl());
    if (search.strategy == StrategyKind::kWalk) in.whole("walkers", search.walkers, 0, limits::kMaxWalkers);
  }

  void crash(Reader& in, CrashSettings& crash) {
    in.duration("at_s", crash.at, 0, 1'000'000);
    in.share("share", crash.per_million);
    if (!in.has("share")) in.complain("a share is missing");
  }

  void protocol(Reader& in, overlay::Config& config) {
    in.whole("active_size", config.active_size, 1, 255);
    in.whole("passive_size", config.passive_size, 1, 255);
    in.whole("active_walk", config.active_walk, 0, 255);
    in.whole("passive_walk", config.passive_walk, 0, 255);
    in.whole("shuffle_active", config.shuffle_active, 0, limits::kMaxShuffle);
    in.whole("shuffle_passive", config.shuffle_passive, 0, limits::kMaxShuffle);
    in.whole("shuffle_walk", config.shuffle_walk, 1, 255);
    in.duration("shuffle_period_ms", config.shuffle_period, 1, 86'400'000);
    in.duration("neighbor_timeout_ms", config.neighbor_timeout, 1, 86'400'000);
    in.duration("join_retry_ms", config.join_retry, 1, 86'400'000);
    in.whole("flood_ttl", config.flood_ttl, 1, limits::kMaxFloodTtl);
    in.whole("walkers", config.walkers, 1, limits::kMaxWalkers);
    in.whole("walk_ttl", config.walk_ttl, 1, limits::kMaxWalkTtl);
    in.whole("hits_per_answer", config.hits_per_answer, 1, static_cast<std::int64_t>(limits::kMaxHitsPerMessage));
    if (const auto ok = overlay::validate(config); !ok) in.complain(ok.error().what);
  }

  /// What no section can judge alone.
  void whole() {
    if (scenario_.searches.empty()) top_.complain("no [[search]]: say how to search, strategy = \"flood\" for example");
    if (!scenario_.peers && scenario_.topology.kind != TopologyKind::kEdges) {
      top_.complain("population.peers is missing, and --nodes was not given");
    }
    std::set<std::string> names;
    for (const SearchSettings& search : scenario_.searches) {
      if (!names.insert(search.name).second) top_.complain(fmt::format("two searches are named {}: give one a name", search.name));
    }
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

Result<Scenario> parse_scenario(std::string_view text, const std::filesystem::path& path,
                                const std::vector<Override>& overrides) {
  toml::table root;
  try {
    root = toml::parse(text, path.string());
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::kInvalid, "{}:{}: {}", path.string(), error.source().begin.line, error.description());
  }
  for (const Override& change : overrides) {
    if (auto ok = apply(root, change); !ok) return tl::unexpected(ok.error());
  }
  return Parser(root, path).parse();
}

Result<Scenario> load_scenario(const std::filesystem::path& path, const std::vector<Override>& overrides) {
  const Result<std::string> text = read_text(path);
  if (!text) return tl::unexpected(text.error());
  return parse_scenario(*text, path, overrides);
}

}  // namespace earshot::sim
