// The Merkle hash tree of a content (RFC 7574, section 5): what proves that a chunk belongs to a content id.
//
// Rules
//  1. A leaf is the SHA-256 of a chunk of 1,024 bytes (the last may be shorter); swarms of foreign peers may use another
//     function (merkle_hash.h) and another size. The tree is the smallest power of two
//     wide that holds all chunks; leaves behind the last chunk are all zeros, as is the parent of two such; any other
//     parent is the SHA-256 of its children. The root is the content id.
//  2. A HashTree holds only hashes that are anchored in the root. A hash from a stranger waits in Hints until a chunk
//     arrives whose path, with these hints, ends in a known node. Rationale: there is nothing to clean up when a
//     stranger lied, and whose hint or chunk was wrong is plain: one peer gave both.
//  3. A hash that is zero is "not known": no SHA-256 is, and zeros of the tree follow from the chunk count.
//
// What the root does not say. The tree has neither a length nor a mark that tells leaves from parents, so
//  - a peer may claim more chunks than there are, up to the next power of two: the root itself is then the peak, and the
//    check passes. Claims that are too large can be made, claims that are too small cannot: of two claims of one height
//    the smaller is the true one.
//  - a peer may claim a lower tree whose last "chunk" is the 64 bytes below some inner node. So a claim counts only once
//    a chunk of any other length than 64 bytes has verified under it, and contents of exactly 64 bytes are not carried.
//
// Pages. The node of height h lies on tier h / 6; the 126 nodes that hang below one node at the top of a tier make a
// page of 4 KiB. Pages of tier 0 (64 chunks each) are in memory only while their chunks arrive; all pages above need
// 1 MiB for each GiB of content. Rationale: a whole tree is 64 MiB a GiB, more than a program that plays music should
// take, and reading one page to serve 64 chunks costs nothing.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "schema/bytes.h"
#include "schema/result.h"
#include "stream/ppspp/bin.h"
#include "stream/ppspp/merkle_hash.h"

namespace earshot::stream::ppspp {

/// Chunks in one content: 2^24 x 1,024 bytes is 16 GiB, a day of lossless sound; the pages above tier 0 take 16 MiB then.
/// More: the content is refused.
inline constexpr std::uint64_t kMaxChunks = std::uint64_t{1} << 24;

inline constexpr unsigned kPageHeight = 6;
inline constexpr std::uint64_t kPageChunks = std::uint64_t{1} << kPageHeight;

/// The nodes below one node, in bin order; the slot in the middle, which would be that node's, stays zero.
struct TreePage {
  std::array<Digest32, 2 * kPageChunks - 1> nodes{};
};

/// A node and its hash, as INTEGRITY carries them.
struct Node {
  Bin bin;
  Digest32 hash{};
  bool operator==(const Node&) const = default;
};

/// Where the nodes of a tree of some height lie. Depends on the height alone, so that it stays when a claim shrinks.
class TreeShape {
 public:
  explicit TreeShape(std::uint64_t chunk_count);

  std::uint64_t chunk_count() const { return chunk_count_; }
  unsigned height() const { return height_; }
  std::uint64_t width() const { return std::uint64_t{1} << height_; }
  Bin root() const { return Bin(height_, 0); }
  /// Pages in all, tier 0 first; 0 when the root is the only node.
  std::uint64_t pages() const { return tier_begin_.back(); }
  std::uint64_t low_pages() const { return tier_begin_.size() > 1 ? tier_begin_[1] : 0; }

  struct Place {
    std::uint64_t page = 0;
    std::size_t slot = 0;
  };
  /// REQUIRES: a node below the root.
  Place place(Bin bin) const;

  /// All of its leaves are chunks.
  bool is_filled(Bin bin) const { return bin.chunks().end <= chunk_count_; }
  /// None of its leaves is.
  bool is_empty(Bin bin) const { return bin.chunks().begin >= chunk_count_; }
  bool is_peak(Bin bin) const { return is_filled(bin) && (bin == root() || !is_filled(bin.parent())); }

 private:
  std::uint64_t chunk_count_;
  unsigned height_;
  std::vector<std::uint64_t> tier_begin_;  // first page of each tier, and one past the last page
};

/// The root that these peaks lead to, when they are the peaks of some count of chunks. REQUIRES: not empty, and each
/// begins where the one before ends and is smaller than it.
Digest32 root_of(std::span<const Node> peaks, MerkleHash hash = MerkleHash::kSha256);

/// Unproven hashes that one peer sent. Full: the oldest is forgotten, its chunk will be sent again with its proof.
class Hints {
 public:
  /// A batch of 64 chunks comes with at most 63 hashes and those above it; four batches may be under way.
  static constexpr std::size_t kMax = 320;

  void add(const Node& node);
  const Digest32* find(Bin bin) const;
  void forget(Bin bin);
  bool empty() const { return bins_.empty(); }

 private:
  std::vector<Bin> bins_;        // in the order in which they came
  std::vector<Digest32> hashes_;  // of bins_
};

enum class Verdict : std::uint8_t {
  kVerified,    // the path ends in a known node and agrees with it
  kUnprovable,  // a hash on the path is missing
  kForged,      // the path ends in a known node and contradicts it
};

/// Checks a chunk against a claim alone: climbs by hints to the peak above it. REQUIRES: root_of(peaks) is the root, the
/// chunk is below one of them.
Verdict climb_to_peak(std::span<const Node> peaks, std::uint64_t chunk, const Digest32& leaf, const Hints& hints,
                      MerkleHash hash = MerkleHash::kSha256);

class HashTree {
 public:
  /// Knows the root and these peaks. REQUIRES: root_of(peaks) == root, at most kMaxChunks chunks.
  HashTree(const Digest32& root, std::vector<Node> peaks, MerkleHash hash = MerkleHash::kSha256);

  const TreeShape& shape() const { return shape_; }
  const Digest32& root_hash() const { return root_; }
  std::span<const Node> peaks() const { return peaks_; }

  /// The hash of a node, if known. `low`: the page of tier 0 that it may lie on, when that is not in memory.
  std::optional<Digest32> known(Bin bin, const TreePage* low = nullptr) const;

  /// Checks a chunk's hash against what is known and, if it verifies, remembers its path and the hints that it used.
  Verdict admit(std::uint64_t chunk, const Digest32& leaf, Hints& hints);

  /// A smaller claim of the same height turned out to be the true one. REQUIRES: as the constructor.
  void shrink(std::vector<Node> peaks);

  // Pages, for whoever keeps them.
  const TreePage* page(std::uint64_t index) const { return pages_[index].get(); }
  void adopt_page(std::uint64_t index, const TreePage& page);
  std::unique_ptr<TreePage> release_page(std::uint64_t index);
  /// Pages that changed since they were last taken here; the list is emptied.
  std::vector<std::uint64_t> take_dirty();

 private:
  void set(Bin bin, const Digest32& hash);

  MerkleHash function_;
  Digest32 root_;
  TreeShape shape_;
  std::vector<Node> peaks_;  // kept apart from the pages: a page of tier 0 that is not in memory may hold some
  std::vector<std::unique_ptr<TreePage>> pages_;
  std::vector<std::uint64_t> dirty_;  // pages with their bit in is_dirty_ set
  std::vector<bool> is_dirty_;
};

/// Builds a whole tree while a file is read; holds one page a tier.
class TreeBuilder {
 public:
  /// `keep` takes each page once, when it is full; it fails when the disk does.
  using KeepPage = std::function<Result<void>(std::uint64_t index, const TreePage& page)>;
  TreeBuilder(std::uint64_t chunk_count, KeepPage keep, MerkleHash hash = MerkleHash::kSha256);

  /// The next chunk in order. REQUIRES: no more than chunk_count calls.
  Result<void> add(const Digest32& leaf);
  /// REQUIRES: exactly chunk_count chunks were added.
  Result<Digest32> finish();

 private:
  /// Sets a node and all parents that it completes.
  Result<void> set(Bin bin, Digest32 hash);

  MerkleHash function_;
  TreeShape shape_;
  KeepPage keep_;
  std::uint64_t next_ = 0;
  Digest32 root_{};
  std::vector<TreePage> open_;        // one a tier
  std::vector<Digest32> left_;        // by height: the left child that waits for its sibling
};

}  // namespace earshot::stream::ppspp
