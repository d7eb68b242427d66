// Cutting memory for peers.
#include "sim/population.h"

#include <algorithm>
#include <memory>

#include "sim/streams.h"

namespace earshot::sim {

namespace {

std::vector<overlay::Config> configs_of(const PopulationPlan& plan) {
  std::vector<overlay::Config> configs{plan.config};
  for (const ClassSettings& one : plan.classes) {
    overlay::Config config = plan.config;
    config.active_size = one.active_size.value_or(config.active_size);
    config.passive_size = one.passive_size.value_or(config.passive_size);
    configs.push_back(config);
  }
  return configs;
}

}  // namespace

Population::Population(const PopulationPlan& plan, PeerRange range)
    : seed_(plan.seed), range_(range), topology_(plan.topology), configs_(configs_of(plan)), seen_slots_(plan.seen_slots),
      seen_(range.size() * plan.seen_slots), seats_(range.size()) {
  if (topology_ != nullptr) {
    const std::uint32_t end = range.end < topology_->nodes() ? topology_->start(PeerId{range.end})
                                                             : static_cast<std::uint32_t>(2 * topology_->edges());
    active_ = Slab<PeerId>(end - topology_->start(PeerId{range.first}));
    active_.extend(end - topology_->start(PeerId{range.first}));
  } else {
    for (const overlay::Config& config : configs_) {
      active_size_ = std::max<std::size_t>(active_size_, config.active_size);
      passive_size_ = std::max<std::size_t>(passive_size_, config.passive_size);
    }
    active_ = Slab<PeerId>(range.size() * active_size_);
    active_.extend(range.size() * active_size_);
    passive_ = Slab<PeerId>(range.size() * passive_size_);
    passive_.extend(range.size() * passive_size_);
  }
  seen_.extend(range.size() * seen_slots_);

  const Roles roles(plan.classes, plan.attackers, plan.seed);
  for (std::uint32_t i = range.first; i < range.end; ++i) {
    const PeerId id{i};
    const std::uint8_t capacity = roles.class_of(id);
    const Random random = stream(seed_, i, Purpose::kPeer);
    Seat& seat = topology_ == nullptr
                     ? seats_.emplace_back(overlay::Peer(id, config_of(capacity), random, memory_of(id)))
                     : seats_.emplace_back(overlay::Peer(id, config_of(capacity), random, memory_of(id), topology_->neighbors(id)));
    seat.alive = topology_ != nullptr;
    seat.capacity = capacity;
    seat.attacker = roles.attacker_of(id);
  }
}

overlay::Memory Population::memory_of(PeerId id) {
  const std::size_t place = to_number(id) - range_.first;
  const std::span<overlay::SeenSlot> seen(seen_.data() + place * seen_slots_, seen_slots_);
  if (topology_ != nullptr) {
    const std::size_t start = topology_->start(id) - topology_->start(PeerId{range_.first});
    return {{active_.data() + start, topology_->neighbors(id).size()}, {}, seen};
  }
  return {{active_.data() + place * active_size_, active_size_}, {passive_.data() + place * passive_size_, passive_size_}, seen};
}

void Population::renew(PeerId id, std::uint32_t session) {
  Seat& seat = this->seat(id);
  const overlay::Memory memory = memory_of(id);
  std::fill(memory.seen.begin(), memory.seen.end(), overlay::SeenSlot());
  const Random random = stream(seed_, std::uint64_t{session - 1} << 32 | to_number(id), Purpose::kPeer);
  std::destroy_at(&seat.peer);
  std::construct_at(&seat.peer, overlay::Peer(id, config_of(seat.capacity), random, memory));
}

}  // namespace earshot::sim
