// Signed munros and what hangs below them: keys as strangers name them, signatures and chunks that were tampered with. Only the true
// bytes at the true place pass.
//
//   input = kind (1 octet), then   0: a swarm id    1: edits of what is signed    2: chunk (1 octet), edits of it and of its uncles
//   edit  = place (1 octet) value (1 octet)
#include <algorithm>
#include <array>
#include <cstdint>

#include "schema/check.h"
#include "stream/ppspp/chunk_set.h"
#include "stream/ppspp/live/munro.h"
#include "tests/stream/content.h"

namespace {

using namespace earshot;
using namespace earshot::stream::ppspp;

constexpr std::uint64_t kChunks = 8;

struct World {
  MunroForm form;
  LiveSigner signer = LiveSigner::generate(form.signs_hash_only ? LiveAlgorithm::kEcdsaP256 : LiveAlgorithm::kEd25519);
  std::vector<Bytes> chunks;
  MunroTree tree = make();

  MunroTree make() {
    for (std::uint64_t i = 0; i < kChunks; ++i) chunks.push_back(random_bytes(i + 1, 100));
    return MunroTree(Bin(3, 5), chunks, 77, signer, form);
  }
};

/// The RFC's, the RFC's with bins of 64 bits, and draft 10's.
const World& world(std::uint8_t choice) {
  static const std::array<World, 3> truths = {World{}, World{.form = {.addressing = Addressing::kBin64}}, World{.form = MunroForm::draft10()}};
  return truths[choice % truths.size()];
}

void check_key(ByteView id) {
  const auto key = LiveKey::from_swarm_id(id);
  EARSHOT_CHECK(key || !key.error().what.empty());
  if (!key) return;
  EARSHOT_CHECK(std::ranges::equal(key->swarm_id(), id));
  EARSHOT_CHECK(!key->verifies(id, Bytes(kSignatureSize, 0)));
}

void check_signature(const World& truth, ByteView edits) {
  const Munro& munro = truth.tree.munro();
  Bytes text = signed_part(munro, truth.form), signature = munro.signature;
  const Bytes true_text = text, true_signature = signature;
  for (std::size_t at = 0; at + 2 <= edits.size(); at += 2) {
    Bytes& target = edits[at] % 2 == 0 ? text : signature;
    target[edits[at] / 2 % target.size()] ^= edits[at + 1];
  }
  const bool is_true = text == true_text && signature == true_signature;
  EARSHOT_CHECK(truth.signer.key().verifies(text, signature) == is_true);
}

void check_chunk(const World& truth, ByteView input) {
  if (input.empty()) return;
  const ChunkRange range = truth.tree.chunks();
  const std::uint64_t chunk = range.begin + input[0] % kChunks;
  Bytes bytes = truth.chunks[chunk - range.begin];
  std::vector<Node> uncles = truth.tree.uncles(chunk, ChunkSet());
  const Bytes true_bytes = bytes;
  const std::vector<Node> true_uncles = uncles;
  for (std::size_t at = 1; at + 2 <= input.size(); at += 2) {
    const std::size_t place = input[at] / 2;
    if (input[at] % 2 == 0) bytes[place % bytes.size()] ^= input[at + 1];
    else uncles[place % uncles.size()].hash[place / uncles.size() % hash_size(truth.form.hash)] ^= input[at + 1];
  }
  Munro munro = truth.tree.munro();
  MunroTree mine(munro, truth.form);
  Hints hints;
  for (const Node& uncle : uncles) hints.add(uncle);
  const bool is_true = bytes == true_bytes && uncles == true_uncles;
  EARSHOT_CHECK((mine.admit(chunk, bytes, hints) == Verdict::kVerified) == is_true);
  EARSHOT_CHECK(mine.chunk(chunk).empty() == !is_true);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView input(data + 1, size - 1);
  switch (data[0] % 3) {
    case 0: check_key(input); break;
    case 1: check_signature(world(data[0] / 3), input); break;
    default: check_chunk(world(data[0] / 3), input); break;
  }
  return 0;
}
