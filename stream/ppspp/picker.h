// Which chunks to ask for next; knows neither peers nor time, only what is wished, what is claimed and what is rare.
//
// Rules
//  1. Wishes come first, the one with the nearest deadline before all others. They are what a player needs soon: the
//     place it reads at, a content's head and tail, the place it just seeked to.
//  2. The rest comes after them, when anybody wants the rest at all. With one source it comes in order, from the end of
//     the first wish on. With more, the
//     pages (64 chunks) that the fewest offer come first, and among equals those behind a point that each swarm draws:
//     so that peers who start together fetch different parts and have something to give each other.
//     Rationale for pages: one proof serves a page, and a disk takes a run of 64 KiB for the price of one chunk.
//  3. Never a chunk that is claimed: here, asked for, or waiting for its proof.
//
// Cost. Counting offers for a content of 16 GiB would touch 262,144 pages; the plan looks kMaxPlanned unclaimed pages
// ahead and is made anew when it is used up or half a second old (Swarm::ask).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "schema/time.h"
#include "stream/ppspp/chunk_set.h"
#include "stream/ppspp/merkle_tree.h"
#include "stream/wish.h"

namespace earshot::stream::ppspp {

/// Chunks that somebody needs, and by when. From the end: counted back from the content's end, {0, 8} are its last eight.
struct ChunkWish {
  ChunkRange chunks;
  Instant by;
  bool from_end = false;
  bool operator==(const ChunkWish&) const = default;
};

class Picker {
 public:
  /// Wishes that are kept; more: those with the latest deadlines are dropped. 64 readers with 8 wishes each do not exist.
  static constexpr std::size_t kMaxWishes = 512;
  /// 1,024 pages are 64 MiB: at 100 MB/s half a second's work.
  static constexpr std::size_t kMaxPlanned = 1024;

  /// Replaces all earlier wishes.
  void want(std::vector<ChunkWish> wishes, Rest rest);
  /// In the order in which they are fulfilled; those from the end once the length is known.
  std::span<const ChunkWish> wishes() const { return wishes_; }
  Rest rest() const { return rest_; }

  /// The content's length is known, or known better: wishes from the end take their place.
  void know_length(std::uint64_t chunk_count);

  /// Orders the pages ahead by how many of these peers offer them. `start`: the page where the search for them begins.
  void plan(std::span<const ChunkSet* const> offers, std::uint64_t start);
  /// No planned page has anything left to ask for.
  bool plan_is_used_up() const;

  /// The next run of at most `limit` chunks, under one page, that a peer with these chunks could be asked for.
  ChunkRange next(const ChunkSet& has, std::uint64_t limit) const;

  /// All of these are here, asked for, or waiting for their proof.
  bool is_claimed(ChunkRange chunks) const { return claimed_.contains_all(intersection(chunks, {0, end()})); }
  void claim(ChunkRange chunks) { claimed_.insert(chunks); }
  void release(ChunkRange chunks) { claimed_.erase(chunks); }

 private:
  ChunkRange first_in(ChunkRange within, const ChunkSet& has, std::uint64_t limit) const;
  void settle_wishes();
  std::uint64_t end() const { return chunk_count_ == 0 ? kMaxChunks : chunk_count_; }

  ChunkSet claimed_;
  std::vector<ChunkWish> asked_for_;  // as want() was told
  std::vector<ChunkWish> wishes_;     // of asked_for_, those with a place, by deadline
  Rest rest_ = Rest::kFetch;
  std::uint64_t chunk_count_ = 0;     // 0: not known
  std::vector<std::uint64_t> plan_;   // pages, the rarest first
  std::uint64_t start_ = 0;           // chunk behind which unplanned pages are looked for
};

}  // namespace earshot::stream::ppspp
