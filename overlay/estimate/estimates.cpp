// Push-sum; the rules stand in estimates.h and are named by their numbers here.
#include "overlay/estimate/estimates.h"

#include <algorithm>
#include <limits>
#include <memory>

namespace earshot::overlay {

namespace {

__extension__ using Wide = unsigned __int128;

// A weight of 1 and a sum of 1 in fixed point. A share is halved some log2 N times, so 2^62 leaves 36 bits for the smallest
// of 2^26 peers; sums must not overflow when everything is at one peer: 2^26 peers x 255^2 links squared x 2^20 is 2^62.
constexpr std::uint64_t kWeight = std::uint64_t{1} << 62;
constexpr unsigned kSumBits = 20;
constexpr unsigned kTriedBits = 8;  // visits are thousands a query

std::uint64_t sum_of(std::uint64_t a, std::uint64_t b) {
  return a > std::numeric_limits<std::uint64_t>::max() - b ? std::numeric_limits<std::uint64_t>::max() : a + b;
}

/// What the network's sum is, given ours and our weight. REQUIRES: weight > 0.
std::uint64_t total(std::uint64_t sum, std::uint64_t weight, unsigned bits) {
  const Wide whole = (Wide{sum} << (62 - bits)) / weight;
  return static_cast<std::uint64_t>(std::min<Wide>(whole, std::numeric_limits<std::uint64_t>::max()));
}

std::uint64_t give_half(std::uint64_t& share) {
  const std::uint64_t half = share / 2;
  share -= half;
  return half;
}

std::uint32_t saturated(std::uint64_t number) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(number, std::numeric_limits<std::uint32_t>::max()));
}

/// The median of those that are there; of two the newer.
std::uint32_t median(std::array<std::uint32_t, 3> sizes) {
  if (sizes[2] == 0) return sizes[0];
  std::sort(sizes.begin(), sizes.end());
  return sizes[1];
}

}  // namespace

void Estimates::start(Turn& turn) {
  if (round_at_ != kNever || turn.config.estimate_period == Duration::zero()) return;
  const auto period = static_cast<std::uint64_t>(turn.config.estimate_period.count());
  round_at_ = turn.now + turn.config.estimate_period + Duration(1 + turn.random.below(period / kHurry));
  if (epoch_ == nullptr) epoch_ = std::make_unique<Epoch>();
  begin_epoch(epoch_->number, turn.random.next() | 1, kWeight, /*degree=*/0);
}

void Estimates::tick(Turn& turn, std::span<const PeerId> neighbors) {
  if (turn.now < round_at_) return;
  round_at_ = turn.now + (epoch_->number == 0 ? turn.config.estimate_period / kHurry : turn.config.estimate_period);
  if (epoch_->rounds >= kRounds) {
    end_epoch();
    epoch_->contributes = true;
    begin_epoch(epoch_->number + 1, turn.random.next() | 1, kWeight, neighbors.size());
  }
  ++epoch_->rounds;
  if (neighbors.empty()) return;
  auto half = std::make_shared<Shares>();
  half->weight = give_half(epoch_->shares.weight);
  half->peers = give_half(epoch_->shares.peers);
  half->degrees = give_half(epoch_->shares.degrees);
  half->squared_degrees = give_half(epoch_->shares.squared_degrees);
  half->tried = give_half(epoch_->shares.tried);
  half->met = give_half(epoch_->shares.met);
  turn.send(neighbors[turn.random.below(neighbors.size())], told(std::move(half)));
}

Estimate Estimates::told(std::shared_ptr<const Shares> shares) const {
  return {epoch_->number, own_size() != 0 ? own_size() : view_.peers, epoch_->seed, std::move(shares), view_.meeting, view_.meetings,
          static_cast<std::uint8_t>(view_.degree)};
}

void Estimates::receive(Turn& turn, PeerId from, const Estimate& message, std::size_t degree) {
  if (round_at_ == kNever) return;
  if (message.peers != 0) hear(message);
  if (message.epoch < epoch_->number) {
    turn.send(from, told(std::make_shared<const Shares>()));
  } else if (message.epoch > epoch_->number && message.epoch - epoch_->number <= kEpochsAhead) {
    const bool half_over = epoch_->rounds >= kRounds / 2;
    const bool arrives = epoch_->contributes && epoch_->sizes[0] == 0 && !half_over;
    if (!half_over && !arrives && epoch_->contributes) return;
    if (!arrives) end_epoch();
    epoch_->contributes = !arrives;
    begin_epoch(message.epoch, message.seed, /*weight=*/0, degree);
    add(*message.shares);
  } else if (message.epoch == epoch_->number && message.seed > epoch_->seed) {
    epoch_->seed = message.seed;
    epoch_->shares = {};
    contribute(degree);
    add(*message.shares);
  } else if (message.epoch == epoch_->number && message.seed == epoch_->seed) {
    add(*message.shares);
  }
}

void Estimates::hear(const Estimate& message) {
  epoch_->heard = {message.peers, epoch_->heard[0], epoch_->heard[1]};
  judge_size();
  if (own_size() != 0) return;
  view_.degree = message.degree;
  view_.meeting = message.meeting;
  view_.meetings = message.meetings;
}

std::uint32_t Estimates::own_size() const { return median(epoch_->sizes); }

/// Rule 4.
void Estimates::judge_size() {
  const auto& heard = epoch_->heard;
  const std::uint32_t own = own_size();
  if (own == 0) {
    view_.peers = median(heard);
  } else {
    view_.peers = heard[1] == 0 ? own : median({own, heard[0], heard[1]});
  }
}

void Estimates::begin_epoch(std::uint32_t number, std::uint64_t seed, std::uint64_t weight, std::size_t degree) {
  epoch_->number = number;
  epoch_->seed = seed;
  epoch_->rounds = 0;
  epoch_->contributed = counted_;
  counted_ = {};
  epoch_->shares = {};
  epoch_->shares.weight = weight;
  contribute(degree);
}

void Estimates::contribute(std::size_t degree) {
  if (!epoch_->contributes) return;
  epoch_->shares.peers = std::uint64_t{1} << kSumBits;
  epoch_->shares.degrees = std::uint64_t{degree} << kSumBits;
  epoch_->shares.squared_degrees = std::uint64_t{degree} * degree << kSumBits;
  epoch_->shares.tried = std::uint64_t{epoch_->contributed.tried} << kTriedBits;
  epoch_->shares.met = std::uint64_t{epoch_->contributed.met} << kSumBits;
}

void Estimates::add(const Shares& shares) {
  epoch_->shares.weight = sum_of(epoch_->shares.weight, shares.weight);
  epoch_->shares.peers = sum_of(epoch_->shares.peers, shares.peers);
  epoch_->shares.degrees = sum_of(epoch_->shares.degrees, shares.degrees);
  epoch_->shares.squared_degrees = sum_of(epoch_->shares.squared_degrees, shares.squared_degrees);
  epoch_->shares.tried = sum_of(epoch_->shares.tried, shares.tried);
  epoch_->shares.met = sum_of(epoch_->shares.met, shares.met);
}

/// Rule 4. Who never got a share of the weight has nothing to say.
void Estimates::end_epoch() {
  if (epoch_->shares.weight == 0 || epoch_->shares.peers == 0) return;
  std::uint32_t size = saturated(std::max<std::uint64_t>(total(epoch_->shares.peers, epoch_->shares.weight, kSumBits), 1));
  if (size > kMostPeers) return;
  const std::uint32_t before = epoch_->sizes[0] != 0 ? epoch_->sizes[0] : view_.peers;
  if (before != 0) size = std::clamp(size, std::max(before / kStep, 1u), saturated(std::uint64_t{before} * kStep));
  epoch_->sizes = {size, epoch_->sizes[0], epoch_->sizes[1]};
  judge_size();
  if (size / kOdd > view_.peers || size < view_.peers / kOdd) return;
  view_.degree = static_cast<std::uint16_t>(std::min<std::uint64_t>(epoch_->shares.degrees / epoch_->shares.peers, 255));
  epoch_->tried = sum_of(epoch_->tried / 2, total(epoch_->shares.tried, epoch_->shares.weight, kTriedBits));
  epoch_->met = std::min(sum_of(epoch_->met / 2, total(epoch_->shares.met, epoch_->shares.weight, kSumBits)), epoch_->tried);
  view_.meetings = saturated(epoch_->met);
  view_.meeting = epoch_->tried == 0 ? 0 : saturated(static_cast<std::uint64_t>((Wide{epoch_->met} << 32) / epoch_->tried));
}

}  // namespace earshot::overlay
