// Several segments into one, without the documents that are gone.
//
// Tracks are read and written anew in their common order; posting lists are joined under the new numbers.
#pragma once

#include <atomic>
#include <span>
#include <vector>

#include "index/removed_terms.h"
#include "index/store.h"
#include "index/view.h"
#include "schema/result.h"

namespace earshot::index {

struct Merged {
  std::vector<NewPage> pages;              // empty: every document is gone
  std::vector<std::vector<Doc>> new_docs;  // of each part, by its old document; kGone for those that were dropped
  RemovedTerms dropped;
};

inline constexpr Doc kGone = 0xFFFFFFFF;

/// Errors: kDisk, kCorrupt, kStopped when `stop` became true.
Result<Merged> merge_segments(std::span<const Part> parts, const std::atomic<bool>& stop);

}  // namespace earshot::index
