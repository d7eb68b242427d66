// One thread: offers, drops, expiry once a minute, our own library.
#include "tools/node/digest_host.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "overlay/net/address_book.h"
#include "overlay/net/signature.h"
#include "schema/check.h"
#include "schema/defence.h"
#include "schema/digest.h"
#include "schema/limits.h"
#include "tools/node/clocks.h"
#include "tools/node/own_digests.h"

namespace earshot::node {

namespace {

constexpr std::chrono::milliseconds kRound{250};
constexpr std::chrono::minutes kExpiryPeriod{1};

/// Rule 4: of the time, what making digests may take.
constexpr int kShareOfTime = 20;

index::Expiry wall_clock() {
  return std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
}

std::uint64_t wall_clock_ms() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count());
}

}  // namespace

DigestHost::DigestHost(index::Index& index, const overlay::net::Identity& identity, std::function<void()> on_news)
    : index_(index), owners_(*index.owners()), identity_(identity), on_news_(std::move(on_news)) {
  thread_ = std::thread([this] { run(); });
}

DigestHost::~DigestHost() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void DigestHost::offer(Offer offer) {
  {
    const std::lock_guard lock(mutex_);
    if (offers_.size() >= kMaxWaiting) {
      ++counts_.refused;
      return;
    }
    offers_.push_back(std::move(offer));
  }
  wake_.notify_all();
}

void DigestHost::drop(const NodeKey& owner) {
  const std::lock_guard lock(mutex_);
  if (drops_.size() < kMaxWaiting) drops_.push_back(owner);
}

DigestHost::Met DigestHost::meet(const SearchRequest& request) const {
  Met met;
  for (std::size_t i = 0; i < request.canaries.size(); ++i) {
    if (owners_.has_canary(request.canaries[i])) met.canaries |= static_cast<std::uint8_t>(1u << i);
  }
  for (const auto& keys : keys_.asked_by(request.text)) {
    const auto owners = owners_.owners_of(keys, limits::kMaxOwnersPerAnswer);
    if (!owners) continue;  // the store says so when it is written to
    for (const NodeKey& owner : *owners) {
      if (std::find(met.owners.begin(), met.owners.end(), owner) == met.owners.end()) met.owners.push_back(owner);
    }
  }
  if (met.owners.size() > limits::kMaxOwnersPerAnswer) met.owners.resize(limits::kMaxOwnersPerAnswer);
  return met;
}

void DigestHost::stand(const overlay::Lookup& lookup) {
  auto needs = keys_.asked_by(lookup.request->text);
  const std::lock_guard lock(mutex_);
  standing_.add(steady_now(), lookup, std::move(needs));
  counts_.standing = standing_.size();
}

void DigestHost::forget(const QueryId& id) {
  const std::lock_guard lock(mutex_);
  standing_.remove(id);
  counts_.standing = standing_.size();
}

DigestHost::News DigestHost::take_news() {
  const std::lock_guard lock(mutex_);
  return std::exchange(news_, {});
}

DigestHost::Counts DigestHost::counts() const {
  const auto stats = owners_.stats();
  const std::lock_guard lock(mutex_);
  Counts counts = counts_;
  counts.digests = stats.digests;
  counts.keys = stats.keys;
  return counts;
}

void DigestHost::run() {
  for (;;) {
    std::deque<Offer> offers;
    std::deque<NodeKey> drops;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, kRound, [this] { return stopping_ || !offers_.empty(); });
      if (stopping_) return;
      offers.swap(offers_);
      drops.swap(drops_);
    }
    for (const NodeKey& owner : drops) {
      if (auto dropped = owners_.drop(owner); !dropped) spdlog::error("event=digest-not-dropped why=\"{}\"", dropped.error().what);
    }
    for (const Offer& offer : offers) take(offer);
    const auto now = Clock::now();
    if (now >= next_expiry_) expire();
    if (is_due(now)) make_own();
  }
}

void DigestHost::take(const Offer& offer) {
  auto digest = decode_digest(*offer.digest);
  const bool genuine = digest && digest->owner == offer.owner.key &&
                       (!stands(Defence::kDigestSignature) ||
                        overlay::net::has_signed(digest->owner, signed_part(*offer.digest), digest->signature));
  const auto count = [this](std::uint64_t Counts::*which) {
    const std::lock_guard lock(mutex_);
    ++(counts_.*which);
  };
  if (!genuine) return count(&Counts::forged);
  if (digest->keys.empty() || !has_room(offer.owner)) return count(&Counts::refused);
  const auto life = std::chrono::duration_cast<std::chrono::seconds>(offer.life);
  const auto taken = owners_.host({digest->owner, digest->shard, digest->sequence, wall_clock() + life}, digest->keys);
  if (!taken) {
    if (taken.error().code != ErrorCode::kExhausted) spdlog::error("event=digest-not-hosted why=\"{}\"", taken.error().what);
    return count(&Counts::refused);
  }
  count(*taken == index::Taken::kNew ? &Counts::taken : &Counts::renewed);
  if (*taken == index::Taken::kNew) match(digest->owner, digest->keys);
}

bool DigestHost::has_room(const Contact& owner) {
  const auto group = overlay::net::public_group_of(owner.endpoint);
  if (!group || group_of_.contains(owner.key)) return true;
  if (in_group_[*group] >= kMaxPerGroup) return false;
  ++in_group_[*group];
  group_of_[owner.key] = *group;
  return true;
}

void DigestHost::expire() {
  next_expiry_ = Clock::now() + kExpiryPeriod;
  if (const auto gone = owners_.expire(wall_clock()); !gone) {
    spdlog::error("event=digests-not-expired why=\"{}\"", gone.error().what);
  }
  // Owners of whom nothing is hosted any more make room for their neighbours.
  std::erase_if(group_of_, [this](const auto& entry) {
    if (owners_.has_canary(canary_key_of(entry.first))) return false;
    if (--in_group_[entry.second] == 0) in_group_.erase(entry.second);
    return true;
  });
}

bool DigestHost::is_due(Clock::time_point now) {
  const std::uint64_t generation = index_.generation();
  if (made_ && generation == made_of_) return false;
  if (generation != generation_ || changed_at_ == Clock::time_point{}) {
    if (!made_ || generation_ == made_of_) began_changing_ = now;
    generation_ = generation;
    changed_at_ = now;
  }
  return now >= not_before_ && (now - changed_at_ >= kStill || now - began_changing_ >= kPatience);
}

void DigestHost::make_own() {
  const auto began = Clock::now();
  sequence_ = std::max(sequence_ + 1, wall_clock_ms());
  const index::DigestKeys keys(index_.transliterates());
  const auto own = own_digests(index_, keys, identity_, sequence_);
  not_before_ = Clock::now() + (Clock::now() - began) * kShareOfTime;
  made_ = true;
  made_of_ = generation_;
  if (!own) {
    spdlog::error("event=no-digest why=\"{}\"", own.error().what);
    return;
  }
  if (own->left_out > 0) spdlog::warn("event=digest-full left-out={}", own->left_out);
  for (const auto& coded : *own->digests) {
    if (const auto digest = decode_digest(*coded)) match(identity_.key(), digest->keys);
  }
  {
    const std::lock_guard lock(mutex_);
    news_.own = own->digests;
    counts_.own = own->digests->size();
  }
  on_news_();
}

void DigestHost::match(const NodeKey& owner, std::span<const index::DigestKey> keys) {
  bool any = false;
  {
    const std::lock_guard lock(mutex_);
    for (overlay::Lookup& lookup : standing_.matching(steady_now(), keys)) {
      if (news_.matches.size() >= kMaxWaiting) break;  // the reactor has fallen behind: who asked asks again
      news_.matches.push_back({std::move(lookup), owner});
      any = true;
    }
    counts_.standing = standing_.size();
  }
  if (any) on_news_();
}

}  // namespace earshot::node
