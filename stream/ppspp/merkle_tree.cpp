// Trees in pages, and paths through them.
#include "stream/ppspp/merkle_tree.h"

#include <algorithm>
#include <utility>

#include "schema/check.h"

namespace earshot::stream::ppspp {

TreeShape::TreeShape(std::uint64_t chunk_count) : chunk_count_(chunk_count) {
  EARSHOT_CHECK(chunk_count > 0 && chunk_count <= kMaxChunks);
  height_ = tree_height(chunk_count);
  std::uint64_t begin = 0;
  tier_begin_.push_back(begin);
  for (unsigned bottom = 0; bottom < height_; bottom += kPageHeight) {
    const unsigned top = bottom + kPageHeight;
    begin += top >= height_ ? 1 : width() >> top;
    tier_begin_.push_back(begin);
  }
}

TreeShape::Place TreeShape::place(Bin bin) const {
  const unsigned tier = bin.height() / kPageHeight;
  const unsigned local_height = bin.height() - tier * kPageHeight;
  const std::uint64_t row = kPageChunks >> local_height;  // nodes of this height in one page
  const Bin local(local_height, bin.position() % row);
  return {tier_begin_[tier] + bin.position() / row, static_cast<std::size_t>(local.number())};
}

Digest32 root_of(std::span<const Node> peaks, MerkleHash hash) {
  EARSHOT_CHECK(!peaks.empty());
  Node climber = peaks.back();
  for (auto peak = peaks.rbegin() + 1; peak != peaks.rend(); ++peak) {
    while (climber.bin.sibling() != peak->bin) {
      climber = {climber.bin.parent(), parent_hash(hash, climber.hash, kEmptyHash)};
    }
    climber = {climber.bin.parent(), parent_hash(hash, peak->hash, climber.hash)};
  }
  return climber.hash;
}

void Hints::add(const Node& node) {
  forget(node.bin);
  if (bins_.size() == kMax) {
    bins_.erase(bins_.begin());
    hashes_.erase(hashes_.begin());
  }
  bins_.push_back(node.bin);
  hashes_.push_back(node.hash);
}

const Digest32* Hints::find(Bin bin) const {
  const auto at = std::find(bins_.begin(), bins_.end(), bin);
  return at == bins_.end() ? nullptr : &hashes_[static_cast<std::size_t>(at - bins_.begin())];
}

void Hints::forget(Bin bin) {
  const auto at = std::find(bins_.begin(), bins_.end(), bin);
  if (at == bins_.end()) return;
  hashes_.erase(hashes_.begin() + (at - bins_.begin()));
  bins_.erase(at);
}

Verdict climb_to_peak(std::span<const Node> peaks, std::uint64_t chunk, const Digest32& leaf, const Hints& hints, MerkleHash hash) {
  const auto above = std::find_if(peaks.begin(), peaks.end(),
                                  [chunk](const Node& peak) { return peak.bin.chunks().contains(chunk); });
  EARSHOT_CHECK(above != peaks.end());
  Node climber{Bin::leaf(chunk), leaf};
  while (climber.bin != above->bin) {
    const Digest32* hint = hints.find(climber.bin.sibling());
    if (hint == nullptr) return Verdict::kUnprovable;
    climber = {climber.bin.parent(), climber.bin.is_left() ? parent_hash(hash, climber.hash, *hint)
                                                           : parent_hash(hash, *hint, climber.hash)};
  }
  return climber.hash == above->hash ? Verdict::kVerified : Verdict::kForged;
}

namespace {

std::uint64_t count_of(std::span<const Node> peaks) {
  EARSHOT_CHECK(!peaks.empty());
  return peaks.back().bin.chunks().end;
}

}  // namespace

HashTree::HashTree(const Digest32& root, std::vector<Node> peaks, MerkleHash hash)
    : function_(hash), root_(root), shape_(count_of(peaks)), peaks_(std::move(peaks)), pages_(shape_.pages()),
      is_dirty_(shape_.pages()) {}

std::optional<Digest32> HashTree::known(Bin bin, const TreePage* low) const {
  if (bin == shape_.root()) return root_;
  if (bin.height() >= shape_.height()) return std::nullopt;
  if (shape_.is_empty(bin)) return kEmptyHash;
  const auto place = shape_.place(bin);
  const TreePage* page = pages_[place.page].get();
  if (page == nullptr && bin.height() < kPageHeight) page = low;
  if (page != nullptr && page->nodes[place.slot] != kEmptyHash) return page->nodes[place.slot];
  if (!shape_.is_peak(bin)) return std::nullopt;
  return std::find_if(peaks_.begin(), peaks_.end(), [bin](const Node& peak) { return peak.bin == bin; })->hash;
}

void HashTree::set(Bin bin, const Digest32& hash) {
  if (bin == shape_.root() || shape_.is_empty(bin)) return;
  const auto place = shape_.place(bin);
  auto& page = pages_[place.page];
  if (!page) page = std::make_unique<TreePage>();
  if (page->nodes[place.slot] == hash) return;
  page->nodes[place.slot] = hash;
  if (!is_dirty_[place.page]) {
    is_dirty_[place.page] = true;
    dirty_.push_back(place.page);
  }
}

Verdict HashTree::admit(std::uint64_t chunk, const Digest32& leaf, Hints& hints) {
  struct Step {
    Node node;
    Node sibling;
    bool from_hint = false;
  };
  std::array<Step, Bin::kMaxHeight + 1> path;
  std::size_t steps = 0;
  Node climber{Bin::leaf(chunk), leaf};
  std::optional<Digest32> truth;
  while (!(truth = known(climber.bin))) {
    const Bin sibling = climber.bin.sibling();
    auto sibling_hash = known(sibling);
    const bool from_hint = !sibling_hash;
    if (from_hint) {
      const Digest32* hint = hints.find(sibling);
      if (hint == nullptr) return Verdict::kUnprovable;
      sibling_hash = *hint;
    }
    path[steps++] = {climber, {sibling, *sibling_hash}, from_hint};
    climber = {climber.bin.parent(), climber.bin.is_left() ? parent_hash(function_, climber.hash, *sibling_hash)
                                                           : parent_hash(function_, *sibling_hash, climber.hash)};
  }
  if (*truth != climber.hash) return Verdict::kForged;
  for (std::size_t i = 0; i < steps; ++i) {
    set(path[i].node.bin, path[i].node.hash);
    if (!path[i].from_hint) continue;
    set(path[i].sibling.bin, path[i].sibling.hash);
    hints.forget(path[i].sibling.bin);
  }
  return Verdict::kVerified;
}

void HashTree::shrink(std::vector<Node> peaks) {
  const TreeShape shape(count_of(peaks));
  EARSHOT_CHECK(shape.height() == shape_.height() && shape.chunk_count() <= shape_.chunk_count());
  shape_ = shape;
  peaks_ = std::move(peaks);
}

void HashTree::adopt_page(std::uint64_t index, const TreePage& page) {
  pages_[index] = std::make_unique<TreePage>(page);
}

std::unique_ptr<TreePage> HashTree::release_page(std::uint64_t index) { return std::move(pages_[index]); }

std::vector<std::uint64_t> HashTree::take_dirty() {
  for (const std::uint64_t page : dirty_) is_dirty_[page] = false;
  return std::exchange(dirty_, {});
}

TreeBuilder::TreeBuilder(std::uint64_t chunk_count, KeepPage keep, MerkleHash hash)
    : function_(hash), shape_(chunk_count), keep_(std::move(keep)), open_(shape_.height() / kPageHeight + 1),
      left_(shape_.height() + 1) {}

Result<void> TreeBuilder::add(const Digest32& leaf) {
  EARSHOT_CHECK(next_ < shape_.chunk_count());
  return set(Bin::leaf(next_++), leaf);
}

Result<void> TreeBuilder::set(Bin bin, Digest32 hash) {
  while (bin != shape_.root()) {
    const auto place = shape_.place(bin);
    TreePage& page = open_[bin.height() / kPageHeight];
    page.nodes[place.slot] = hash;
    if (bin.is_left()) {
      left_[bin.height()] = hash;
      return {};
    }
    hash = parent_hash(function_, left_[bin.height()], hash);
    bin = bin.parent();
    if (bin.height() % kPageHeight == 0 || bin == shape_.root()) {
      if (auto kept = keep_(place.page, page); !kept) return kept;
      page = TreePage{};
    }
  }
  root_ = hash;
  return {};
}

Result<Digest32> TreeBuilder::finish() {
  EARSHOT_CHECK(next_ == shape_.chunk_count());
  // Empty nodes complete the tree on the right: at each height the first empty node, if it is a right child.
  for (unsigned height = 0; height < shape_.height(); ++height) {
    const std::uint64_t first_empty = (shape_.chunk_count() + (std::uint64_t{1} << height) - 1) >> height;
    if (first_empty % 2 == 0) continue;
    if (auto done = set(Bin(height, first_empty), kEmptyHash); !done) return tl::unexpected(std::move(done.error()));
  }
  return root_;
}

}  // namespace earshot::stream::ppspp
