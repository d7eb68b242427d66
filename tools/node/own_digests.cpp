// Read, sorted by artist, cut into shards, coded, signed.
#include "tools/node/own_digests.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "overlay/net/signature.h"
#include "schema/digest.h"

namespace earshot::node {

Result<OwnDigests> own_digests(const index::Index& library, const index::DigestKeys& keys,
                               const overlay::net::Identity& identity, std::uint64_t sequence) {
  std::vector<std::pair<std::string, std::vector<DigestKey>>> tracks;  // by artist: such tracks share the most words
  const auto visited = library.visit([&](const Track& track) {
    tracks.emplace_back(track.artist, keys.of(track));
    return true;
  });
  if (!visited) return tl::unexpected(visited.error());
  std::sort(tracks.begin(), tracks.end());
  DigestShards shards;
  shards.add(std::array{digest_key_of_word("")});
  for (const auto& [artist, of_track] : tracks) shards.add(of_track);
  OwnDigests own;
  own.left_out = shards.left_out();
  auto cut = shards.take();
  auto digests = std::make_shared<std::vector<overlay::SharedDigest>>();
  for (std::size_t i = 0; i < cut.size(); ++i) {
    Bytes coded = encode(Digest{identity.key(), sequence, static_cast<std::uint8_t>(i),
                                static_cast<std::uint8_t>(cut.size()), std::move(cut[i]), {}});
    sign(coded, overlay::net::sign(identity, signed_part(coded)));
    digests->push_back(std::make_shared<const Bytes>(std::move(coded)));
  }
  own.digests = std::move(digests);
  return own;
}

}  // namespace earshot::node
