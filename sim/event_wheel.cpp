// The blocked timing wheel.
#include "sim/event_wheel.h"

#include <algorithm>
#include <bit>

#include "schema/check.h"

namespace earshot::sim {

namespace {

constexpr unsigned kHopBits = 11;

constexpr std::size_t kChunksPerSlab = 512;  // 1 MiB
constexpr std::ptrdiff_t kInsertionSortTo = 16;

}  // namespace

EventWheel::EventWheel() = default;
EventWheel::~EventWheel() = default;

void EventWheel::push(const Event& event) {
  EARSHOT_CHECK(event.at >= now_);
  const std::uint64_t time = microseconds(event.at);
  const std::uint64_t epoch = time >> (kBlockBits + kEpochBits);
  const auto tick = static_cast<std::uint32_t>(time & ((std::uint64_t{1} << (kBlockBits + kEpochBits)) - 1));
  EARSHOT_CHECK(event.hops < 1u << kHopBits && event.visits < 1u << 21);
  const Packed packed{tick,
                      event.from,
                      event.to,
                      event.body,
                      event.ttl,
                      static_cast<std::uint16_t>(event.hops | event.visits >> 16 << kHopBits),
                      static_cast<std::uint16_t>(event.visits),
                      event.kind,
                      event.flag};
  ++size_;
  if (epoch != epoch_) {
    append(far_[epoch], packed);
    return;
  }
  const std::size_t block = tick >> kBlockBits;
  if (block > open_block_) {
    append(blocks_[block], packed);
    ++pending_;
    return;
  }
  late_.push_back({packed, late_order_++});
  std::push_heap(late_.begin(), late_.end(), after);
}

bool EventWheel::pop(Event& event, Instant limit) {
  while (next_ == ready_.size() && late_.empty()) {
    if (!open_next_block(limit)) return false;
  }
  // Of two equals the one in ready_ was pushed first.
  const bool take_late = next_ == ready_.size() || (!late_.empty() && before(late_.front().event, ready_[next_]));
  const Packed& next = take_late ? late_.front().event : ready_[next_];
  if (instant_of(epoch_, next.tick) >= limit) return false;
  event = unpacked(next);
  if (take_late) {
    std::pop_heap(late_.begin(), late_.end(), after);
    late_.pop_back();
  } else {
    ++next_;
  }
  --size_;
  now_ = event.at;
  return true;
}

Instant EventWheel::next() const {
  Instant next = kNever;
  if (!late_.empty()) next = instant_of(epoch_, late_.front().event.tick);
  if (next_ < ready_.size()) next = std::min(next, instant_of(epoch_, ready_[next_].tick));
  if (next != kNever || size_ == 0) return next;
  if (pending_ == 0) return instant_of(far_.begin()->first, 0);
  std::size_t block = open_block_ + 1;
  while (blocks_[block].size == 0) ++block;
  return instant_of(epoch_, block << kBlockBits);
}

std::size_t EventWheel::bytes() const {
  return slabs_.size() * kChunksPerSlab * sizeof(Chunk) + ready_.capacity() * sizeof(Packed) +
         late_.capacity() * sizeof(Late) + starts_.capacity() * sizeof(std::uint32_t) + sizeof(*this);
}

bool EventWheel::after(const Late& left, const Late& right) {
  if (before(left.event, right.event)) return false;
  return before(right.event, left.event) || left.order > right.order;
}

Event EventWheel::unpacked(const Packed& event) const {
  const auto hops = static_cast<std::uint16_t>(event.hops_and_visits & ((1u << kHopBits) - 1));
  const std::uint32_t visits = std::uint32_t{event.hops_and_visits} >> kHopBits << 16 | event.visits;
  return {instant_of(epoch_, event.tick), event.from, event.to, event.body, event.ttl, hops, event.kind, event.flag, visits};
}

void EventWheel::append(Chain& chain, const Packed& event) {
  if (chain.last == nullptr || chain.last->size == Chunk::kCapacity) {
    Chunk* chunk = fresh_chunk();
    (chain.last == nullptr ? chain.first : chain.last->next) = chunk;
    chain.last = chunk;
  }
  chain.last->events[chain.last->size++] = event;
  ++chain.size;
}

template <class Take>
void EventWheel::consume(Chain& chain, Take&& take) {
  for (Chunk* chunk = chain.first; chunk != nullptr;) {
    for (std::uint32_t i = 0; i < chunk->size; ++i) take(chunk->events[i]);
    Chunk* next = chunk->next;
    chunk->next = free_;
    free_ = chunk;
    chunk = next;
  }
  chain = {};
}

bool EventWheel::open_next_block(Instant limit) {
  if (pending_ == 0) return begin_next_epoch(limit);
  std::size_t block = open_block_ + 1;
  while (blocks_[block].size == 0) ++block;
  if (instant_of(epoch_, block << kBlockBits) >= limit) return false;
  open_block_ = block;
  begin_block();
  sort_ready(blocks_[open_block_]);
  return true;
}

void EventWheel::begin_block() {
  ready_.clear();
  next_ = 0;
  ++blocks_opened_;
}

bool EventWheel::begin_next_epoch(Instant limit) {
  if (far_.empty() || instant_of(far_.begin()->first, 0) >= limit) return false;
  auto first = far_.begin();
  epoch_ = first->first;
  open_block_ = 0;
  begin_block();
  // The first block of an epoch is opened with it, so its events are dealt to a chain of their own.
  Chain opening;
  consume(first->second, [&](const Packed& event) {
    const std::size_t block = event.tick >> kBlockBits;
    append(block == 0 ? opening : blocks_[block], event);
    pending_ += block == 0 ? 0 : 1;
  });
  far_.erase(first);
  pending_ += opening.size;
  sort_ready(opening);
  return true;
}

/// About one event to a bin, and each bin sorted by itself.
void EventWheel::sort_ready(Chain& chain) {
  pending_ -= chain.size;
  const int bits = static_cast<int>(std::min<std::size_t>(std::bit_width(chain.size), kBlockBits));
  const auto bin_of = [bits](const Packed& event) { return (event.tick & ((1u << kBlockBits) - 1)) >> (kBlockBits - bits); };
  starts_.assign((std::size_t{1} << bits) + 1, 0);
  for (const Chunk* chunk = chain.first; chunk != nullptr; chunk = chunk->next) {
    for (std::uint32_t i = 0; i < chunk->size; ++i) ++starts_[bin_of(chunk->events[i]) + 1];
  }
  for (std::size_t i = 1; i < starts_.size(); ++i) starts_[i] += starts_[i - 1];
  ready_.resize(chain.size);
  consume(chain, [&](const Packed& event) { ready_[starts_[bin_of(event)]++] = event; });
  starts_.pop_back();  // starts_[bin] is now where the bin ends
  auto first = ready_.begin();
  for (const std::uint32_t end : starts_) {
    const auto last = ready_.begin() + end;
    if (last - first > kInsertionSortTo) {
      std::stable_sort(first, last, [](const Packed& left, const Packed& right) { return before(left, right); });
    } else {
      for (auto item = first; item != last; ++item) insert_sorted(first, item);
    }
    first = last;
  }
}

/// Moves `item` to its place in what lies before it from `first` on, behind its equals.
void EventWheel::insert_sorted(std::vector<Packed>::iterator first, std::vector<Packed>::iterator item) {
  if (item == first || !before(*item, *(item - 1))) return;
  const Packed event = *item;
  do {
    *item = *(item - 1);
    --item;
  } while (item != first && before(event, *(item - 1)));
  *item = event;
}

EventWheel::Chunk* EventWheel::fresh_chunk() {
  if (free_ == nullptr) {
    slabs_.push_back(std::make_unique_for_overwrite<Chunk[]>(kChunksPerSlab));
    for (std::size_t i = kChunksPerSlab; i-- > 0;) {
      slabs_.back()[i].next = free_;
      free_ = &slabs_.back()[i];
    }
  }
  Chunk* chunk = free_;
  free_ = chunk->next;
  chunk->next = nullptr;
  chunk->size = 0;
  return chunk;
}

}  // namespace earshot::sim
