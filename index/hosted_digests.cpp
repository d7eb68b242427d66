// Records in, segments behind them.
#include "index/hosted_digests.h"

#include <algorithm>
#include <limits>
#include <unordered_set>

#include "index/varint.h"
#include "schema/digest.h"

namespace earshot::index {

namespace {

// Digests that are looked at one by one, 0.1 us each, before they are sealed.
constexpr std::size_t kLive = 64;

// Segments of one size that become one of the next: with 8 a digest is written again once for each eightfold.
constexpr std::size_t kFan = 8;

constexpr std::uint32_t kRecordsSegment = 0;

std::string record_of(const Hosting& hosting, std::span<const DigestKey> keys) {
  std::string out(as_text(hosting.owner.bytes));
  put_varint(out, std::uint32_t{hosting.shard});
  put_varint(out, hosting.sequence);
  put_varint(out, static_cast<std::uint64_t>(std::max<std::int64_t>(hosting.expiry.time_since_epoch().count(), 0)));
  put_varint(out, keys.size());
  DigestKey before = 0;
  for (const DigestKey key : keys) {
    put_varint(out, key - before);
    before = key;
  }
  return out;
}

struct Record {
  Hosting hosting;
  std::vector<DigestKey> keys;
};

// Nothing for bytes that are no record. Keys are left out when only the head is wanted.
std::optional<Record> read(std::string_view in, bool with_keys, std::uint32_t& count) {
  Record record;
  Hosting& hosting = record.hosting;
  if (in.size() < hosting.owner.bytes.size()) return std::nullopt;
  const ByteView key = as_bytes(in.substr(0, hosting.owner.bytes.size()));
  std::copy(key.begin(), key.end(), hosting.owner.bytes.begin());
  in.remove_prefix(hosting.owner.bytes.size());
  const auto shard = take_varint<std::uint32_t>(in);
  const auto sequence = take_varint<std::uint64_t>(in);
  const auto expiry = take_varint<std::uint64_t>(in);
  const auto keys = take_varint<std::uint32_t>(in);
  if (!shard || *shard > 255 || !sequence || !expiry || *expiry > std::numeric_limits<std::int64_t>::max() || !keys ||
      *keys > kMaxDigestKeys) {
    return std::nullopt;
  }
  hosting.shard = static_cast<std::uint8_t>(*shard);
  hosting.sequence = *sequence;
  hosting.expiry = Expiry(std::chrono::seconds(static_cast<std::int64_t>(*expiry)));
  count = *keys;
  DigestKey before = 0;
  for (std::uint32_t i = 0; with_keys && i < count; ++i) {
    const auto gap = take_varint<std::uint32_t>(in);
    if (!gap) return std::nullopt;
    record.keys.push_back(before += *gap);
  }
  return record;
}

}  // namespace

Result<std::unique_ptr<HostedDigests>> HostedDigests::open(Store& store, PageCache& cache) {
  std::unique_ptr<HostedDigests> digests(new HostedDigests(store, cache));
  if (auto loaded = digests->load(); !loaded) return tl::unexpected(loaded.error());
  return digests;
}

Result<void> HostedDigests::load() {
  if (auto loaded = load_records(); !loaded) return loaded;
  if (auto loaded = load_segments(); !loaded) return loaded;
  // What no segment holds.
  std::vector<bool> is_sealed(next_owner_);
  for (const Segment& segment : segments_) {
    for (const std::uint32_t owner : segment->owners()) {
      if (owner < next_owner_) is_sealed[owner] = true;
    }
  }
  for (const auto& [number, hosted] : hosted_) {
    if (is_sealed[number]) continue;
    auto digest = read_record(number);
    if (!digest) return tl::unexpected(digest.error());
    live_.push_back(std::move(*digest));
  }
  return live_.size() < kLive ? Result<void>() : seal();
}

Result<void> HostedDigests::load_records() {
  bool sound = true;
  const auto scanned = store_.scan_pages(Family::kDigests, kRecordsSegment, [&](const PageId& id, std::string_view bytes) {
    std::uint32_t keys = 0;
    const auto record = read(bytes, /*with_keys=*/false, keys);
    sound = record.has_value() && id.number != std::numeric_limits<std::uint32_t>::max();
    if (!sound) return false;
    enter(id.number, record->hosting, keys);
    next_owner_ = std::max(next_owner_, id.number + 1);
    return true;
  });
  if (!scanned) return scanned;
  return sound ? Result<void>() : store_.damaged("digest record");
}

// A segment whose header is missing was not written to its end, and no record depends on it.
Result<void> HostedDigests::load_segments() {
  const auto numbers = store_.segments_of(Family::kDigests);
  if (!numbers) return tl::unexpected(numbers.error());
  for (const std::uint32_t number : *numbers) {
    if (number == kRecordsSegment) continue;
    auto segment = DigestSegment::open(store_, cache_, number);
    if (!segment) return tl::unexpected(segment.error());
    segments_.push_back(std::move(*segment));
    next_segment_ = number + 1;
  }
  return {};
}

Result<DigestOf> HostedDigests::read_record(std::uint32_t number) const {
  const auto bytes = store_.page(Family::kDigests, {kRecordsSegment, PageKind::kRecords, number});
  if (!bytes) return tl::unexpected(bytes.error());
  std::uint32_t count = 0;
  auto record = read(*bytes, /*with_keys=*/true, count);
  if (!record) return store_.damaged("digest record");
  return DigestOf{number, std::move(record->keys)};
}

void HostedDigests::enter(std::uint32_t number, const Hosting& hosting, std::uint32_t keys) {
  hosted_[number] = {hosting, keys};
  number_of_[{hosting.owner, hosting.shard}] = number;
  ++canaries_[canary_key_of(hosting.owner)];
  keys_ += keys;
}

// What lies in segments stays there until they are merged.
void HostedDigests::leave(std::uint32_t number) {
  const auto at = hosted_.find(number);
  const auto canary = canaries_.find(canary_key_of(at->second.hosting.owner));
  if (--canary->second == 0) canaries_.erase(canary);
  keys_ -= at->second.keys;
  number_of_.erase(at->second.place());
  hosted_.erase(at);
}

Result<Taken> HostedDigests::host(const Hosting& hosting, std::span<const DigestKey> keys) {
  DigestOf digest{0, std::vector<DigestKey>(keys.begin(), keys.end())};
  std::sort(digest.keys.begin(), digest.keys.end());
  digest.keys.erase(std::unique(digest.keys.begin(), digest.keys.end()), digest.keys.end());
  if (digest.keys.empty() || digest.keys.size() > kMaxDigestKeys) {
    return fail(ErrorCode::kInvalid, "a digest of {} keys: one has 1 to {}", digest.keys.size(), kMaxDigestKeys);
  }
  const std::unique_lock exclusive(state_);
  const auto known = number_of_.find({hosting.owner, hosting.shard});
  if (known != number_of_.end()) {
    const std::uint64_t sequence = hosted_[known->second].hosting.sequence;
    if (sequence > hosting.sequence) return Taken::kOlder;
    if (sequence == hosting.sequence) return renew(known->second, hosting.expiry);
  } else if (hosted_.size() >= kMaxDigests) {
    return fail(ErrorCode::kExhausted, "{} digests are hosted already: drop some, or wait until they expire",
                hosted_.size());
  }
  digest.owner = next_owner_;
  auto batch = store_.batch();
  put_page(*batch, Family::kDigests, {kRecordsSegment, PageKind::kRecords, digest.owner},
           record_of(hosting, digest.keys));
  if (known != number_of_.end()) {
    batch->erase(Family::kDigests, page_key({kRecordsSegment, PageKind::kRecords, known->second}));
  }
  if (auto written = store_.write(std::move(batch)); !written) return tl::unexpected(written.error());
  if (known != number_of_.end()) {
    const std::uint32_t old = known->second;
    leave(old);
    std::erase_if(live_, [&](const DigestOf& live) { return live.owner == old; });
  }
  ++next_owner_;
  enter(digest.owner, hosting, static_cast<std::uint32_t>(digest.keys.size()));
  live_.push_back(std::move(digest));
  if (live_.size() >= kLive) {
    if (auto sealed = seal(); !sealed) return tl::unexpected(sealed.error());
  }
  return Taken::kNew;
}

// The record only: its postings are there. REQUIRES: state_ is held exclusively.
Result<Taken> HostedDigests::renew(std::uint32_t number, Expiry expiry) {
  Hosting& hosting = hosted_[number].hosting;
  if (expiry <= hosting.expiry) return Taken::kRenewed;
  const auto digest = read_record(number);
  if (!digest) return tl::unexpected(digest.error());
  Hosting longer = hosting;
  longer.expiry = expiry;
  auto batch = store_.batch();
  put_page(*batch, Family::kDigests, {kRecordsSegment, PageKind::kRecords, number}, record_of(longer, digest->keys));
  if (auto written = store_.write(std::move(batch)); !written) return tl::unexpected(written.error());
  hosting = longer;
  return Taken::kRenewed;
}

// REQUIRES: state_ is held exclusively.
Result<void> HostedDigests::seal() {
  auto segment = write_segment(live_);
  if (!segment) return tl::unexpected(segment.error());
  segments_.push_back(std::move(*segment));
  live_.clear();
  return merge_when_many();
}

Result<HostedDigests::Segment> HostedDigests::write_segment(std::span<const DigestOf> digests) {
  const std::uint32_t number = next_segment_++;
  if (auto written = store_.ingest(Family::kDigests, number, build_digest_segment(digests)); !written) {
    return tl::unexpected(written.error());
  }
  return DigestSegment::open(store_, cache_, number);
}

// The last kFan segments become one when they are of one size; those of the digests that are gone meanwhile with them.
Result<void> HostedDigests::merge_when_many() {
  while (segments_.size() >= kFan) {
    const auto first = segments_.end() - kFan;
    if ((*first)->owners().size() >= kFan * segments_.back()->owners().size()) return {};
    std::vector<std::uint32_t> numbers;
    for (auto at = first; at != segments_.end(); ++at) {
      for (const std::uint32_t owner : (*at)->owners()) {
        if (hosted_.contains(owner)) numbers.push_back(owner);
      }
    }
    std::sort(numbers.begin(), numbers.end());
    std::vector<DigestOf> digests;
    for (const std::uint32_t number : numbers) {
      auto digest = read_record(number);
      if (!digest) return tl::unexpected(digest.error());
      digests.push_back(std::move(*digest));
    }
    auto batch = store_.batch();
    for (auto at = first; at != segments_.end(); ++at) batch->erase_all(Family::kDigests, (*at)->number());
    Segment merged;
    if (!digests.empty()) {
      auto written = write_segment(digests);
      if (!written) return tl::unexpected(written.error());
      merged = std::move(*written);
    }
    if (auto erased = store_.write(std::move(batch)); !erased) return erased;
    segments_.erase(first, segments_.end());
    if (merged) segments_.push_back(std::move(merged));
  }
  return {};
}

// Numbers that hold the key, rising. REQUIRES: state_ is held, a Reading.
Result<std::vector<std::uint32_t>> HostedDigests::numbers_with(DigestKey key) const {
  std::vector<std::uint32_t> numbers;
  for (const Segment& segment : segments_) {
    const auto found = segment->find(key);
    if (!found) return tl::unexpected(found.error());
    for (const Posting& posting : *found) numbers.push_back(segment->owners()[posting.doc]);
  }
  for (const DigestOf& digest : live_) {
    if (std::binary_search(digest.keys.begin(), digest.keys.end(), key)) numbers.push_back(digest.owner);
  }
  // After a crash between a merge and the erasure of what it merged, a digest may lie in two segments.
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

Result<std::vector<NodeKey>> HostedDigests::owners_of(std::span<const DigestKey> keys, std::size_t limit) const {
  const std::shared_lock shared(state_);
  const PageCache::Reading reading(cache_);
  std::vector<std::uint32_t> all;
  for (std::size_t i = 0; i < keys.size() && (i == 0 || !all.empty()); ++i) {
    auto with = numbers_with(keys[i]);
    if (!with) return tl::unexpected(with.error());
    if (i == 0) {
      all = std::move(*with);
      continue;
    }
    std::vector<std::uint32_t> both;
    std::set_intersection(all.begin(), all.end(), with->begin(), with->end(), std::back_inserter(both));
    all = std::move(both);
  }
  std::vector<NodeKey> owners;
  std::unordered_set<NodeKey, IdHash> named;  // an owner may have several shards
  for (std::size_t i = 0; i < all.size() && owners.size() < limit; ++i) {
    const auto at = hosted_.find(all[i]);
    if (at == hosted_.end()) continue;
    const NodeKey& owner = at->second.hosting.owner;
    if (named.insert(owner).second) owners.push_back(owner);
  }
  return owners;
}

Result<std::size_t> HostedDigests::owners_with(DigestKey key) const {
  const std::shared_lock shared(state_);
  const PageCache::Reading reading(cache_);
  const auto numbers = numbers_with(key);
  if (!numbers) return tl::unexpected(numbers.error());
  return static_cast<std::size_t>(
      std::count_if(numbers->begin(), numbers->end(), [&](std::uint32_t number) { return hosted_.contains(number); }));
}

// REQUIRES: state_ is held exclusively.
Result<void> HostedDigests::forget(const std::vector<std::uint32_t>& numbers) {
  if (numbers.empty()) return {};
  auto batch = store_.batch();
  for (const std::uint32_t number : numbers) {
    batch->erase(Family::kDigests, page_key({kRecordsSegment, PageKind::kRecords, number}));
  }
  if (auto written = store_.write(std::move(batch)); !written) return written;
  for (const std::uint32_t number : numbers) leave(number);
  std::erase_if(live_, [&](const DigestOf& live) { return !hosted_.contains(live.owner); });
  return {};
}

bool HostedDigests::has_canary(std::uint64_t canary) const {
  const std::shared_lock shared(state_);
  return canaries_.contains(canary);
}

Result<bool> HostedDigests::drop(const NodeKey& owner) {
  const std::unique_lock exclusive(state_);
  std::vector<std::uint32_t> his;
  for (auto at = number_of_.lower_bound({owner, 0}); at != number_of_.end() && at->first.first == owner; ++at) {
    his.push_back(at->second);
  }
  if (auto gone = forget(his); !gone) return tl::unexpected(gone.error());
  return !his.empty();
}

Result<std::size_t> HostedDigests::expire(Expiry now) {
  const std::unique_lock exclusive(state_);
  std::vector<std::uint32_t> expired;
  for (const auto& [number, hosted] : hosted_) {
    if (hosted.hosting.expiry < now) expired.push_back(number);
  }
  if (auto gone = forget(expired); !gone) return tl::unexpected(gone.error());
  return expired.size();
}

HostedStats HostedDigests::stats() const {
  const std::shared_lock shared(state_);
  return {hosted_.size(), keys_, segments_.size()};
}

}  // namespace earshot::index
