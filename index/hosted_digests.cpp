// Records in, segments behind them.
#include "index/hosted_digests.h"

#include <algorithm>
#include <limits>

#include "index/varint.h"

namespace earshot::index {

namespace {

// Digests that are looked at one by one, 0.1 us each, before they are sealed.
constexpr std::size_t kLive = 64;

// Segments of one size that become one of the next: with 8 a digest is written again once for each eightfold.
constexpr std::size_t kFan = 8;

constexpr std::uint32_t kRecordsSegment = 0;

std::string record_of(const NodeKey& owner, Expiry expiry, std::span<const DigestKey> keys) {
  std::string out(as_text(owner.bytes));
  put_varint(out, static_cast<std::uint64_t>(std::max<std::int64_t>(expiry.time_since_epoch().count(), 0)));
  put_varint(out, keys.size());
  DigestKey before = 0;
  for (const DigestKey key : keys) {
    put_varint(out, key - before);
    before = key;
  }
  return out;
}

struct Record {
  NodeKey owner;
  Expiry expiry;
  std::vector<DigestKey> keys;
};

// Nothing for bytes that are no record. Keys are left out when only the head is wanted.
std::optional<Record> read(std::string_view in, bool with_keys, std::uint32_t& count) {
  Record record;
  if (in.size() < record.owner.bytes.size()) return std::nullopt;
  const ByteView key = as_bytes(in.substr(0, record.owner.bytes.size()));
  std::copy(key.begin(), key.end(), record.owner.bytes.begin());
  in.remove_prefix(record.owner.bytes.size());
  const auto expiry = take_varint<std::uint64_t>(in);
  const auto keys = take_varint<std::uint32_t>(in);
  if (!expiry || *expiry > std::numeric_limits<std::int64_t>::max() || !keys || *keys > kMaxDigestKeys) {
    return std::nullopt;
  }
  record.expiry = Expiry(std::chrono::seconds(static_cast<std::int64_t>(*expiry)));
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
    hosted_[id.number] = {record->owner, record->expiry, keys};
    number_of_[record->owner] = id.number;
    keys_ += keys;
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

Result<void> HostedDigests::host(const NodeKey& owner, std::span<const DigestKey> keys, Expiry expiry) {
  DigestOf digest{0, std::vector<DigestKey>(keys.begin(), keys.end())};
  std::sort(digest.keys.begin(), digest.keys.end());
  digest.keys.erase(std::unique(digest.keys.begin(), digest.keys.end()), digest.keys.end());
  if (digest.keys.empty() || digest.keys.size() > kMaxDigestKeys) {
    return fail(ErrorCode::kInvalid, "a digest of {} keys: one has 1 to {}", digest.keys.size(), kMaxDigestKeys);
  }
  const std::unique_lock exclusive(state_);
  const auto known = number_of_.find(owner);
  if (known == number_of_.end() && hosted_.size() >= kMaxDigests) {
    return fail(ErrorCode::kExhausted, "{} digests are hosted already: drop some, or wait until they expire",
                hosted_.size());
  }
  digest.owner = next_owner_;
  auto batch = store_.batch();
  put_page(*batch, Family::kDigests, {kRecordsSegment, PageKind::kRecords, digest.owner},
           record_of(owner, expiry, digest.keys));
  if (known != number_of_.end()) {
    batch->erase(Family::kDigests, page_key({kRecordsSegment, PageKind::kRecords, known->second}));
  }
  if (auto written = store_.write(std::move(batch)); !written) return written;
  if (known != number_of_.end()) {
    const std::uint32_t old = known->second;
    keys_ -= hosted_[old].keys;
    hosted_.erase(old);
    std::erase_if(live_, [&](const DigestOf& live) { return live.owner == old; });
  }
  ++next_owner_;
  keys_ += digest.keys.size();
  hosted_[digest.owner] = {owner, expiry, static_cast<std::uint32_t>(digest.keys.size())};
  number_of_[owner] = digest.owner;
  live_.push_back(std::move(digest));
  return live_.size() < kLive ? Result<void>() : seal();
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
  for (std::size_t i = 0; i < all.size() && owners.size() < limit; ++i) {
    if (const auto at = hosted_.find(all[i]); at != hosted_.end()) owners.push_back(at->second.owner);
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
  for (const std::uint32_t number : numbers) {
    const auto at = hosted_.find(number);
    keys_ -= at->second.keys;
    number_of_.erase(at->second.owner);
    hosted_.erase(at);
  }
  std::erase_if(live_, [&](const DigestOf& live) { return !hosted_.contains(live.owner); });
  return {};
}

Result<bool> HostedDigests::drop(const NodeKey& owner) {
  const std::unique_lock exclusive(state_);
  const auto known = number_of_.find(owner);
  if (known == number_of_.end()) return false;
  if (auto gone = forget({known->second}); !gone) return tl::unexpected(gone.error());
  return true;
}

Result<std::size_t> HostedDigests::expire(Expiry now) {
  const std::unique_lock exclusive(state_);
  std::vector<std::uint32_t> expired;
  for (const auto& [number, hosted] : hosted_) {
    if (hosted.expiry < now) expired.push_back(number);
  }
  if (auto gone = forget(expired); !gone) return tl::unexpected(gone.error());
  return expired.size();
}

HostedStats HostedDigests::stats() const {
  const std::shared_lock shared(state_);
  return {hosted_.size(), keys_, segments_.size()};
}

}  // namespace earshot::index
