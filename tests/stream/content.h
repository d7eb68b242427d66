// Contents to test with, and the slow, obvious tree over them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

#include "schema/bytes.h"
#include "schema/check.h"
#include "schema/random.h"
#include "stream/ppspp/merkle_tree.h"
#include "stream/ppspp/merkle_hash.h"

namespace earshot::stream::ppspp {

inline Bytes random_bytes(std::uint64_t seed, std::size_t size) {
  Random random = Random::stream(seed, 0, 77);
  Bytes bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random.next());
  return bytes;
}

inline ByteView chunk_of(ByteView content, std::uint64_t chunk) {
  const std::size_t begin = chunk * 1024;
  return content.subspan(begin, std::min<std::size_t>(1024, content.size() - begin));
}

/// Section 5.1, word for word: all levels, leaves first, padded with zeros.
inline std::vector<std::vector<Digest32>> naive_levels(ByteView content, MerkleHash hash = MerkleHash::kSha256) {
  std::vector<Digest32> level;
  for (std::size_t at = 0; at < content.size(); at += 1024) level.push_back(chunk_hash(hash, chunk_of(content, at / 1024)));
  while ((level.size() & (level.size() - 1)) != 0) level.push_back(Digest32{});
  std::vector<std::vector<Digest32>> levels = {level};
  while (levels.back().size() > 1) {
    std::vector<Digest32> above;
    for (std::size_t i = 0; i < levels.back().size(); i += 2) {
      const Digest32 &left = levels.back()[i], &right = levels.back()[i + 1];
      Bytes both(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(hash_size(hash)));
      both.insert(both.end(), right.begin(), right.begin() + static_cast<std::ptrdiff_t>(hash_size(hash)));
      const bool empty = left == Digest32{} && right == Digest32{};
      above.push_back(empty ? Digest32{} : chunk_hash(hash, both));
    }
    levels.push_back(above);
  }
  return levels;
}

inline Digest32 naive_hash(const std::vector<std::vector<Digest32>>& levels, Bin bin) {
  return levels[bin.height()][bin.position()];
}

inline std::vector<Node> naive_peaks(const std::vector<std::vector<Digest32>>& levels, std::uint64_t chunk_count) {
  std::vector<Node> nodes;
  for (const Bin bin : peaks(chunk_count)) nodes.push_back({bin, naive_hash(levels, bin)});
  return nodes;
}

/// A content with everything that serving it takes.
struct Published {
  explicit Published(Bytes bytes, MerkleHash hash = MerkleHash::kSha256) : content(std::move(bytes)) {
    const std::uint64_t count = (content.size() + 1023) / 1024;
    TreeBuilder builder(count, [this](std::uint64_t index, const TreePage& page) -> Result<void> {
      pages[index] = page;
      return {};
    }, hash);
    for (std::uint64_t chunk = 0; chunk < count; ++chunk) EARSHOT_CHECK(builder.add(chunk_hash(hash, chunk_of(content, chunk))).has_value());
    root = builder.finish().value();
    peaks = naive_peaks(naive_levels(content, hash), count);
  }
  std::uint64_t chunk_count() const { return peaks.back().bin.chunks().end; }

  Bytes content;
  Digest32 root{};
  std::vector<Node> peaks;
  std::map<std::uint64_t, TreePage> pages;
};

}  // namespace earshot::stream::ppspp
