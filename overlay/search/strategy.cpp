// The table of strategies.
#include "overlay/search/strategy.h"

#include <array>

namespace earshot::overlay {

namespace {

const std::array<StrategyEntry, 6>& table() {
  static const std::array<StrategyEntry, 6> entries = {{
      {StrategyKind::kFlood, "flood", &flood()},
      {StrategyKind::kWalk, "walk", &walk()},
      {StrategyKind::kRing, "ring", &ring()},
      {StrategyKind::kDynamic, "dynamic", &dynamic()},
      {StrategyKind::kBubble, "bubble", &bubble()},
      {StrategyKind::kAuto, "auto", &automatic()},
  }};
  return entries;
}

}  // namespace

std::span<const StrategyEntry> strategies() {
  return table();
}

const Strategy* strategy_of(StrategyKind kind) {
  for (const StrategyEntry& entry : table()) {
    if (entry.kind == kind) return entry.strategy;
  }
  return nullptr;
}

const StrategyEntry* strategy_named(std::string_view name) {
  for (const StrategyEntry& entry : table()) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

std::string strategy_names() {
  std::string names;
  for (const StrategyEntry& entry : table()) {
    if (!names.empty()) names += ", ";
    names += entry.name;
  }
  return names;
}

}  // namespace earshot::overlay
