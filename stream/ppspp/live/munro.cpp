// Signed, climbed, proven.
#include "stream/ppspp/live/munro.h"

#include <algorithm>

#include "stream/ppspp/chunk_set.h"
#include "stream/ppspp/merkle_hash.h"

namespace earshot::stream::ppspp {

namespace {

void put(Bytes& bytes, std::uint64_t value, int octets) {
  for (int i = octets - 1; i >= 0; --i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

}  // namespace

Bytes signed_part(const Munro& munro, const MunroForm& form) {
  Bytes bytes;
  if (!form.signs_hash_only) {
    const ChunkRange chunks = munro.bin.chunks();
    const int octets = is_wide(static_cast<std::uint8_t>(form.addressing)) ? 8 : 4;
    put(bytes, is_bins(form.addressing) ? munro.bin.number() : chunks.begin, octets);
    if (!is_bins(form.addressing)) put(bytes, chunks.end - 1, octets);
    put(bytes, munro.ntp_timestamp, 8);
  }
  const ByteView hash = ByteView(munro.hash).first(hash_size(form.hash));
  bytes.insert(bytes.end(), hash.begin(), hash.end());
  return bytes;
}

MunroTree::MunroTree(Munro munro, const MunroForm& form)
    : munro_(std::move(munro)), function_(form.hash), nodes_(2 * chunks().size()), chunks_(chunks().size()) {
  node(munro_.bin) = munro_.hash;
}

MunroTree::MunroTree(Bin bin, std::vector<Bytes> chunks, std::uint64_t ntp_timestamp, const LiveSigner& signer,
                     const MunroForm& form)
    : munro_{bin, ntp_timestamp, {}, {}}, function_(form.hash), nodes_(2 * chunks.size()), chunks_(std::move(chunks)) {
  const std::size_t width = chunks_.size();
  for (std::size_t i = 0; i < width; ++i) nodes_[width + i] = chunk_hash(function_, chunks_[i]);
  for (std::size_t i = width - 1; i > 0; --i) nodes_[i] = parent_hash(function_, nodes_[2 * i], nodes_[2 * i + 1]);
  munro_.hash = nodes_[1];
  munro_.signature = signer.sign(signed_part(munro_, form));
}

Digest32& MunroTree::node(Bin bin) {
  const unsigned below = munro_.bin.height() - bin.height();
  return nodes_[(std::size_t{1} << below) + (bin.position() - (munro_.bin.position() << below))];
}

Verdict MunroTree::admit(std::uint64_t chunk, ByteView bytes, Hints& hints) {
  std::vector<Node> path;
  Digest32 hash = chunk_hash(function_, bytes);
  Bin bin = Bin::leaf(chunk);
  while (node(bin) == kEmptyHash) {
    path.push_back({bin, hash});
    const Digest32& known = node(bin.sibling());
    const Digest32* sibling = known != kEmptyHash ? &known : hints.find(bin.sibling());
    if (sibling == nullptr) return Verdict::kUnprovable;
    if (known == kEmptyHash) path.push_back({bin.sibling(), *sibling});
    hash = bin.is_left() ? parent_hash(function_, hash, *sibling) : parent_hash(function_, *sibling, hash);
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
