// Signed, climbed, proven.
#include "stream/ppspp/live/munro.h"

#include <algorithm>

#include "stream/ppspp/chunk_set.h"
#include "stream/ppspp/sha256.h"

namespace earshot::stream::ppspp {

namespace {

void put(Bytes& bytes, std::uint64_t value, int octets) {
  for (int i = octets - 1; i >= 0; --i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

}  // namespace

Bytes signed_part(const Munro& munro) {
  Bytes bytes;
  const ChunkRange chunks = munro.bin.chunks();
  put(bytes, chunks.begin, 4);
  put(bytes, chunks.end - 1, 4);
  put(bytes, munro.ntp_timestamp, 8);
  bytes.insert(bytes.end(), munro.hash.begin(), munro.hash.end());
  return bytes;
}

MunroTree::MunroTree(Munro munro)
    : munro_(std::move(munro)), nodes_(2 * chunks().size()), chunks_(chunks().size()) {
  node(munro_.bin) = munro_.hash;
}

MunroTree::MunroTree(Bin bin, std::vector<Bytes> chunks, std::uint64_t ntp_timestamp, const LiveSigner& signer)
    : munro_{bin, ntp_timestamp, {}, {}}, nodes_(2 * chunks.size()), chunks_(std::move(chunks)) {
  const std::size_t width = chunks_.size();
  for (std::size_t i = 0; i < width; ++i) nodes_[width + i] = sha256(chunks_[i]);
  for (std::size_t i = width - 1; i > 0; --i) nodes_[i] = parent_hash(nodes_[2 * i], nodes_[2 * i + 1]);
  munro_.hash = nodes_[1];
  munro_.signature = signer.sign(signed_part(munro_));
}

Digest32& MunroTree::node(Bin bin) {
  const unsigned below = munro_.bin.height() - bin.height();
  return nodes_[(std::size_t{1} << below) + (bin.position() - (munro_.bin.position() << below))];
}

Verdict MunroTree::admit(std::uint64_t chunk, ByteView bytes, Hints& hints) {
  std::vector<Node> path;
  Digest32 hash = sha256(bytes);
  Bin bin = Bin::leaf(chunk);
  while (node(bin) == kEmptyHash) {
    path.push_back({bin, hash});
    const Digest32& known = node(bin.sibling());
    const Digest32* sibling = known != kEmptyHash ? &known : hints.find(bin.sibling());
    if (sibling == nullptr) return Verdict::kUnprovable;
    if (known == kEmptyHash) path.push_back({bin.sibling(), *sibling});
    hash = bin.is_left() ? parent_hash(hash, *sibling) : parent_hash(*sibling, hash);
    bin = bin.parent();
  }
  if (node(bin) != hash) return Verdict::kForged;
  for (const Node& proven : path) {
    node(proven.bin) = proven.hash;
    hints.forget(proven.bin);
  }
  chunks_[chunk - chunks().begin].assign(bytes.begin(), bytes.end());
  return Verdict::kVerified;
}

std::vector<Node> MunroTree::uncles(std::uint64_t chunk, const ChunkSet& has) const {
  std::vector<Node> uncles;
  for (Bin bin = Bin::leaf(chunk); bin != munro_.bin; bin = bin.parent()) {
    if (has.contains_any(bin.parent().chunks())) break;
    uncles.push_back({bin.sibling(), node(bin.sibling())});
  }
  std::reverse(uncles.begin(), uncles.end());
  return uncles;
}

}  // namespace earshot::stream::ppspp
