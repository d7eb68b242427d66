// True proofs, mutated as the input says: none may pass, and the true one still does.
#include <algorithm>
#include <cstring>

#include "schema/check.h"
#include "stream/ppspp/download.h"
#include "tests/stream/content.h"

using namespace earshot;
using namespace earshot::stream::ppspp;

namespace {

struct World {
  MerkleHash hash;
  std::uint64_t count;
  Published published;
  std::vector<std::vector<Digest32>> levels;
};

const World& world(std::uint8_t choice) {
  static const auto worlds = [] {
    std::vector<World> all;
    for (const MerkleHash hash : {MerkleHash::kSha256, MerkleHash::kSha1, MerkleHash::kSha224}) {
      for (const std::uint64_t count : {1u, 2u, 3u, 7u, 8u, 64u, 65u, 100u}) {
        Published published(random_bytes(count, count * 1024 - 7), hash);
        auto levels = naive_levels(published.content, hash);
        all.push_back({hash, count, std::move(published), std::move(levels)});
      }
    }
    return all;
  }();
  return worlds[choice % worlds.size()];
}

}  // namespace

/// input = world(1) chunk(1) edits; edit = which(1) kind(1) position(1) value(1)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const World& truth = world(data[0]);
  const std::uint64_t chunk = data[1] % truth.count;
  std::vector<Node> proof;
  const TreeShape shape(truth.count);
  for (Bin bin = Bin::leaf(chunk); !shape.is_peak(bin); bin = bin.parent()) {
    proof.push_back({bin.sibling(), naive_hash(truth.levels, bin.sibling())});
  }
  const std::vector<Node> true_proof = proof;
  const Digest32 true_leaf = naive_hash(truth.levels, Bin::leaf(chunk));
  Digest32 leaf = true_leaf;
  std::vector<Node> claim = truth.published.peaks;
  for (std::size_t at = 2; at + 4 <= size; at += 4) {
    const std::uint8_t which = data[at], position = data[at + 2], value = data[at + 3];
    switch (data[at + 1] % 6) {
      case 0: leaf[position % hash_size(truth.hash)] ^= value; break;
      case 1: if (!proof.empty()) proof[which % proof.size()].hash[position % hash_size(truth.hash)] ^= value; break;
      case 2: if (!proof.empty()) proof[which % proof.size()].bin = Bin(position % 8, value); break;
      case 3: if (!proof.empty()) std::swap(proof[which % proof.size()], proof[position % proof.size()]); break;
      case 4: claim[which % claim.size()].hash[position % hash_size(truth.hash)] ^= value; break;
      case 5: if (!proof.empty()) proof.erase(proof.begin() + which % static_cast<std::ptrdiff_t>(proof.size())); break;
    }
  }
  Hints hints;
  for (const Node& node : proof) hints.add(node);
  HashTree tree(truth.published.root, truth.published.peaks, truth.hash);
  const Verdict verdict = tree.admit(chunk, leaf, hints);
  // Whatever verified is the truth, and everything that is known now is.
  if (verdict == Verdict::kVerified) EARSHOT_CHECK(leaf == true_leaf);
  for (unsigned height = 0; height <= shape.height(); ++height) {
    for (std::uint64_t position = 0; position < shape.width() >> height; ++position) {
      const Bin bin(height, position);
      const auto known = tree.known(bin);
      if (known) EARSHOT_CHECK(*known == naive_hash(truth.levels, bin));
    }
  }
  Hints true_hints;
  for (const Node& node : true_proof) true_hints.add(node);
  EARSHOT_CHECK(tree.admit(chunk, true_leaf, true_hints) == Verdict::kVerified);

  PeakCollector collector;
  for (const Node& peak : claim) collector.add(peak, truth.published.root, truth.hash);
  if (collector.settled()) EARSHOT_CHECK(collector.peaks() == truth.published.peaks);
  return 0;
}
