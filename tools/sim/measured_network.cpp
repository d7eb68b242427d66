// Processes, imports, searches.
#include "tools/sim/measured_network.h"

#include <fmt/format.h>

#include <fstream>
#include <set>

#include "sim/streams.h"
#include "tools/cli/client.h"
#include "tools/cli/replies.h"

namespace earshot::simtool {

namespace {

constexpr std::chrono::seconds kPatience{30};

/// One word, so that no other item's title has it.
std::string title_of(std::uint32_t item) { return fmt::format("item{}", item); }

}  // namespace

Result<MeasuredNetwork> MeasuredNetwork::start(const std::filesystem::path& program, const sim::World& world, std::uint64_t seed) {
  auto nodes = cli::DemoNetwork::create(world.peers, /*keep=*/false, program.string());
  if (!nodes) return tl::unexpected(nodes.error());
  MeasuredNetwork network(std::move(*nodes));
  for (std::uint32_t i = 0; i < world.peers; ++i) {
    Random random = sim::stream(seed, i, sim::Purpose::kJoin);
    if (auto joined = network.join(i, i == 0 ? 0 : static_cast<std::size_t>(random.below(i))); !joined) return tl::unexpected(joined.error());
  }
  for (std::uint32_t i = 0; i < world.peers; ++i) {
    if (auto filled = network.fill(i, world); !filled) return tl::unexpected(filled.error());
  }
  return network;
}

Result<void> MeasuredNetwork::join(std::size_t node, std::size_t contact) {
  if (auto started = nodes_.start(node, node == 0 ? "" : nodes_.nodes()[contact].status.self); !started) return started;
  return nodes_.wait_until(node, [node](const cli::StatusLine& status) { return node == 0 || status.neighbors > 0; }, kPatience);
}

Result<void> MeasuredNetwork::fill(std::size_t node, const sim::World& world) {
  std::string rows = "artist\ttitle\talbum\tyear\tduration_s\tgenre\n";
  for (std::uint32_t item = 0; item < world.catalog.items(); ++item) {
    if (world.catalog.holds(PeerId{static_cast<std::uint32_t>(node)}, item)) rows += fmt::format("nobody\t{}\tnothing\t2000\t100\tnone\n", title_of(item));
  }
  const std::filesystem::path table = nodes_.nodes()[node].folder / "library.tsv";
  std::ofstream(table, std::ios::binary) << rows;
  std::optional<Error> refused;
  const cli::Reader reader{[&](std::string_view line) {
                             if (cli::type_of(line) == "error") refused = cli::error_from(line);
                             return true;
                           },
                           nullptr};
  if (auto asked = nodes_.ask(node, "POST", "/api/v1/imports", cli::import_body(table.string(), 0, UINT32_MAX), reader); !asked) return asked;
  if (refused) return fail_in(fmt::format("import into node {}", node), *refused);
  return {};
}

Result<MeasuredNetwork::Counts> MeasuredNetwork::counts() {
  Counts counts;
  for (std::size_t node = 0; node < nodes_.nodes().size(); ++node) {
    if (auto asked = nodes_.refresh(node); !asked) return tl::unexpected(asked.error());
    const cli::StatusLine& status = nodes_.nodes()[node].status;
    counts.copies += status.queries_out;
    counts.duplicates += status.duplicates;
    counts.neighbors += status.neighbors;
  }
  return counts;
}

Result<double> MeasuredNetwork::degree() {
  const auto now = counts();
  if (!now) return tl::unexpected(now.error());
  return static_cast<double>(now->neighbors) / static_cast<double>(nodes_.nodes().size());
}

Result<MeasuredQuestion> MeasuredNetwork::ask(const sim::World& world, std::size_t number, const sim::SearchSettings& search, Duration time) {
  const sim::Question& question = world.questions[number];
  const auto before = counts();
  if (!before) return tl::unexpected(before.error());
  MeasuredQuestion measured;
  measured.available = static_cast<std::uint32_t>(world.catalog.holders(question.item).size());
  if (world.catalog.holds(question.origin, question.item)) --measured.available;
  SearchRequest request;
  request.text = title_of(question.item);
  request.strategy = search.strategy;
  request.ttl = search.ttl;
  request.walkers = search.walkers;
  request.time = time;
  std::set<std::string> holders;
  const cli::Reader reader{[&](std::string_view line) {
                             if (cli::type_of(line) != "hit") return true;
                             const cli::HitLine hit = cli::hit_from(line);
                             if (hit.hops == 0) return true;  // its own library
                             if (holders.empty()) {
                               measured.hops = hit.hops;
                               measured.first_ms = hit.ms;
                             }
                             for (const auto& holder : hit.holders) holders.insert(holder.key);
                             return true;
                           },
                           nullptr};
  if (auto asked = nodes_.ask(to_number(question.origin), "POST", "/api/v1/searches", cli::search_body(request), reader); !asked) {
    return tl::unexpected(asked.error());
  }
  const auto after = counts();
  if (!after) return tl::unexpected(after.error());
  measured.holders = static_cast<std::uint32_t>(holders.size());
  measured.messages = after->copies - before->copies;
  measured.duplicates = after->duplicates - before->duplicates;
  return measured;
}

}  // namespace earshot::simtool
