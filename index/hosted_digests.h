// The digests behind index/owners.h.
//
// Family `digests` (index/store.h): a record for each digest, as pages of segment 0, and segments of postings made of
// them (index/digest_segment.h), numbered from 1:
//
//   0 kRecords number  -> owner:byte{32} shard sequence expiry count gap{count}     keys rise, each as the distance to
//                                                                  the one before
//   segment kind page  -> as written there
//
// Digests are numbered as they come and no number is given out twice; a newer one of the same owner and shard is a new
// number. A record is the truth: which numbers lie in no segment is found on open, and those are sealed again.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "index/digest_segment.h"
#include "index/owners.h"
#include "index/page_cache.h"
#include "index/store.h"

namespace earshot::index {

class HostedDigests final : public Owners {
 public:
  /// REQUIRES: both outlive it.
  static Result<std::unique_ptr<HostedDigests>> open(Store& store, PageCache& cache);

  Result<Taken> host(const Hosting& hosting, std::span<const DigestKey> keys) override;
  Result<std::vector<NodeKey>> owners_of(std::span<const DigestKey> keys, std::size_t limit) const override;
  Result<std::size_t> owners_with(DigestKey key) const override;
  bool has_canary(std::uint64_t canary) const override;
  Result<bool> drop(const NodeKey& owner) override;
  Result<std::size_t> expire(Expiry now) override;
  HostedStats stats() const override;

 private:
  using Place = std::pair<NodeKey, std::uint8_t>;  // owner and shard
  struct Hosted {
    Hosting hosting;
    std::uint32_t keys = 0;
    Place place() const { return {hosting.owner, hosting.shard}; }
  };
  using Segment = std::shared_ptr<const DigestSegment>;

  HostedDigests(Store& store, PageCache& cache) : store_(store), cache_(cache) {}
  Result<void> load();
  void enter(std::uint32_t number, const Hosting& hosting, std::uint32_t keys);
  void leave(std::uint32_t number);
  Result<Taken> renew(std::uint32_t number, Expiry expiry);
  Result<void> load_records();
  Result<void> load_segments();
  Result<DigestOf> read_record(std::uint32_t number) const;
  Result<void> forget(const std::vector<std::uint32_t>& numbers);
  Result<void> seal();
  Result<void> merge_when_many();
  Result<Segment> write_segment(std::span<const DigestOf> digests);
  Result<std::vector<std::uint32_t>> numbers_with(DigestKey key) const;

  Store& store_;
  PageCache& cache_;

  // Held shared by look-ups, and exclusively by whoever changes anything, for the whole change.
  mutable std::shared_mutex state_;
  std::map<std::uint32_t, Hosted> hosted_;  // by number
  std::map<Place, std::uint32_t> number_of_;
  std::map<std::uint64_t, std::uint32_t> canaries_;  // how many digests count under each
  std::vector<DigestOf> live_;  // not in a segment yet, by number; at most kLive
  std::vector<Segment> segments_;
  std::uint64_t keys_ = 0;
  std::uint32_t next_owner_ = 1;
  std::uint32_t next_segment_ = 1;
};

}  // namespace earshot::index
