// A segment of hosted digests: for each key the digests that hold it, in pages of the family `digests` (index/store.h).
//
//   kHeader  format bits owner{}                  owners' numbers, rising, each as the distance to the one before
//   kTerms   entry{}                              page p: keys whose first `bits` bits are p, rising; none when empty
//   entry    := gap df place                      gap: distance of the rest of the key to the entry before
//   place    := doc_gap{df}                       df <= 3; a digest is named by its place among the owners
//             | size list                         index/posting_list.h, where every count is 1
// Integers are LEB128 varints.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "index/owners.h"
#include "index/page_cache.h"
#include "index/postings.h"
#include "index/store.h"

namespace earshot::index {

inline constexpr std::uint32_t kDigestSegmentFormat = 1;

/// A digest to be sealed. Keys rise strictly.
struct DigestOf {
  std::uint32_t owner = 0;
  std::vector<DigestKey> keys;
};

/// REQUIRES: owners rise strictly, some keys.
std::vector<NewPage> build_digest_segment(std::span<const DigestOf> digests);

/// Thread-safe.
class DigestSegment {
 public:
  /// REQUIRES: store and cache outlive it.
  static Result<std::shared_ptr<const DigestSegment>> open(const Store& store, PageCache& cache, std::uint32_t number);
  ~DigestSegment();

  std::uint32_t number() const { return number_; }
  const std::vector<std::uint32_t>& owners() const { return owners_; }

  /// The digests that hold a key, as places among the owners. REQUIRES: a PageCache::Reading.
  Result<Postings> find(DigestKey key) const;

 private:
  DigestSegment(const Store& store, PageCache& cache, std::uint32_t number)
      : store_(&store), cache_(&cache), number_(number) {}
  bool read_header(std::string_view in);
  std::optional<Postings> find_in(std::string_view page, DigestKey rest) const;

  const Store* store_;
  PageCache* cache_;
  std::uint32_t number_;
  unsigned bits_ = 0;
  std::vector<std::uint32_t> owners_;
  std::unique_ptr<PageSlot[]> pages_;  // 2^bits
};

}  // namespace earshot::index
