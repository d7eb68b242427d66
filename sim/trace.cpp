// Effects to JSON. Texts of the simulator need no escapes but those of escaped_json.
#include "sim/trace.h"

#include <fmt/format.h>

#include <memory>
#include <set>
#include <variant>

#include "overlay/describe.h"
#include "sim/catalog.h"
#include "sim/sealing.h"

namespace earshot::sim {

namespace {

std::string escaped_json(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (c == '"' || c == '\\') safe += '\\';
    safe += c;
  }
  return safe;
}

std::string fields(const overlay::Join&) { return "\"message\":\"Join\""; }
std::string fields(const overlay::ForwardJoin& m) { return fmt::format("\"message\":\"ForwardJoin\",\"ttl\":{}", m.ttl); }
std::string fields(const overlay::Neighbor&) { return "\"message\":\"Neighbor\""; }
std::string fields(const overlay::NeighborReply&) { return "\"message\":\"NeighborReply\""; }
std::string fields(const overlay::Leave&) { return "\"message\":\"Leave\""; }
std::string fields(const overlay::Shuffle& m) { return fmt::format("\"message\":\"Shuffle\",\"ttl\":{}", m.ttl); }
std::string fields(const overlay::ShuffleReply&) { return "\"message\":\"ShuffleReply\""; }
std::string fields(const overlay::Query& m) {
  return fmt::format("\"message\":\"Query\",\"id\":\"{}\",\"ttl\":{},\"hops\":{}", to_string(m.id), m.ttl, m.hops);
}
std::string fields(const overlay::Hits& m) {
  return fmt::format("\"message\":\"Hits\",\"id\":\"{}\",\"hops\":{},\"box\":{}", to_string(m.id), m.hops, m.box == nullptr ? 0 : m.box->size());
}

std::string fields(const overlay::Publish& m) {
  return fmt::format("\"message\":\"Publish\",\"id\":\"{}\",\"hops\":{},\"visits\":{}", to_string(m.id), m.hops, m.visits);
}
std::string fields(const overlay::Estimate&) { return "\"message\":\"Estimate\""; }

std::string fields(const overlay::Send& e) {
  return fmt::format("\"effect\":\"send\",\"to\":{},{}", to_number(e.to), std::visit([](const auto& m) { return fields(m); }, e.message));
}
std::string fields(const overlay::Lookup& e) {
  return fmt::format("\"effect\":\"look_up\",\"id\":\"{}\",\"query\":\"{}\",\"walk\":{},\"ttl\":{}", to_string(e.id), escaped_json(e.request->text),
                     e.request->strategy == StrategyKind::kWalk, e.request->ttl);
}
std::string fields(const overlay::Ban& e) { return fmt::format("\"effect\":\"ban\",\"to\":{},\"why\":\"{}\"", to_number(e.peer), to_string(e.why)); }
std::string fields(const overlay::Open& e) { return fmt::format("\"effect\":\"open\",\"id\":\"{}\",\"hops\":{}", to_string(e.id), e.hops); }
std::string fields(const overlay::HostDigest& e) { return fmt::format("\"effect\":\"host_digest\",\"to\":{}", to_number(e.owner)); }
std::string fields(const overlay::DropDigest& e) { return fmt::format("\"effect\":\"drop_digest\",\"to\":{}", to_number(e.owner)); }
std::string fields(const overlay::Connect& e) { return fmt::format("\"effect\":\"connect\",\"to\":{}", to_number(e.peer)); }
std::string fields(const overlay::Disconnect& e) { return fmt::format("\"effect\":\"disconnect\",\"to\":{}", to_number(e.peer)); }
std::string fields(const overlay::Deliver& e) {
  return fmt::format("\"effect\":\"deliver\",\"id\":\"{}\",\"hops\":{},\"hits\":{},\"last\":{}", to_string(e.id), e.hops, e.hits->size(), e.last);
}

// As people read it: what a box holds instead of its size, as in tests/overlay.
std::string said(const overlay::Effect& effect) {
  const auto* send = std::get_if<overlay::Send>(&effect);
  const auto* hits = send == nullptr ? nullptr : std::get_if<overlay::Hits>(&send->message);
  if (hits == nullptr || hits->box == nullptr) return overlay::describe(effect);
  const std::string text = overlay::describe(opened(*hits->box));
  overlay::Hits open = *hits;
  open.box = std::make_shared<const Bytes>(text.begin(), text.end());
  return overlay::describe(overlay::Effect(overlay::Send{send->to, std::move(open)}));
}

}  // namespace

Trace::Trace(const Scenario& scenario, const World& world, const SearchSettings& search, std::uint64_t seed) {
  lines_ = fmt::format(
      "{{\"trace\":1,\"scenario\":\"{}\",\"search\":\"{}\",\"seed\":{},\"peers\":{},\"active_size\":{},\"passive_size\":{},\"latency_us\":{},"
      "\"unplayable\":\"{}\"}}\n",
      scenario.name, search.name, seed, world.peers, scenario.protocol.active_size, scenario.protocol.passive_size, scenario.network.median.count(),
      escaped_json(why_unplayable(scenario, search)));
  std::set<std::uint32_t> items;
  for (const Question& question : world.questions) items.insert(question.item);
  for (const std::uint32_t item : items) {
    std::string holders;
    for (const PeerId holder : world.catalog.holders(item)) holders += fmt::format("{}{}", holders.empty() ? "" : ",", to_number(holder));
    lines_ += fmt::format("{{\"text\":\"{}\",\"holders\":[{}]}}\n", query_text(item), holders);
  }
}

void Trace::wants(Instant now, PeerId peer, const overlay::Effect& effect) {
  if (lines_.size() > kMostBytes) {
    cut_ = true;
    return;
  }
  lines_ += fmt::format("{{\"us\":{},\"peer\":{},{},\"says\":\"{}\"}}\n", now.time_since_epoch().count(), to_number(peer),
                        std::visit([](const auto& e) { return fields(e); }, effect), escaped_json(said(effect)));
}

std::string Trace::take_lines() {
  if (cut_) lines_ += "{\"cut\":true}\n";
  return std::move(lines_);
}

std::string why_unplayable(const Scenario& scenario, const SearchSettings& search) {
  const TopologySettings& topology = scenario.topology;
  const NetworkSettings& network = scenario.network;
  if (topology.kind != TopologyKind::kMembership) return "the graph is given: topology.kind = \"membership\"";
  if (topology.contacts != 1) return "more than one contact: topology.contacts = 1";
  if (topology.join_doubling > Duration::zero() || topology.join_interval % 1ms != Duration::zero()) return "joins are not whole milliseconds apart";
  if (network.law != LatencyLaw::kConstant) return "latency is not constant";
  if (network.loss_per_million > 0 || network.duplicates_per_million > 0 || network.jitter > Duration::zero()) return "messages are lost or repeated";
  if (!scenario.crashes.empty() || !scenario.partitions.empty() || !scenario.clock_steps.empty() || scenario.churn || !scenario.classes.empty() ||
      !scenario.attackers.empty()) {
    return "peers die, lie or are not alike";
  }
  if (scenario.workload.time != Duration(1s)) return "questions are open for another time: questions.time_s = 1";
  if (search.ttl == 0) return "the search has no ttl of its own";
  if (search.strategy == StrategyKind::kWalk ? search.walkers != 1 : search.strategy != StrategyKind::kFlood) return "neither a flood nor one walker";
  return "";
}

}  // namespace earshot::sim
