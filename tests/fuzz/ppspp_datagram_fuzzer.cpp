// Any bytes as a datagram: what is read can be written, and reads the same again.
#include <cstdlib>

#include "schema/check.h"
#include "stream/ppspp/merkle_hash.h"
#include "stream/ppspp/wire.h"

using namespace earshot;
using namespace earshot::stream::ppspp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  WireFormat format;
  const bool wide = (data[0] & 1) != 0, bins = (data[0] & 16) != 0;
  format.addressing = bins ? (wide ? Addressing::kBin64 : Addressing::kBin32) : (wide ? Addressing::kChunk64 : Addressing::kChunk32);
  format.signature_size = (data[0] & 2) != 0 ? 64 : 0;
  format.hash_size = (data[0] & 4) != 0 ? 20 : 32;
  if ((data[0] & 0xe0) != 0) format.hash_size = hash_size(MerkleHash{static_cast<std::uint8_t>((data[0] >> 5) % 5)});
  format.chunk_size = (data[0] & 8) != 0 ? 16 : 1024;
  const ByteView datagram(data + 1, size - 1);
  static_cast<void>(leading_handshake(datagram));
  if (!destination_of(datagram)) return 0;
  Bytes arena;
  DatagramWriter writer(arena, *destination_of(datagram), format, 1 << 20);
  MessageReader reader(datagram, format);
  std::size_t count = 0;
  while (const auto message = reader.next()) {
    ++count;
    EARSHOT_CHECK(writer.add(*message));
  }
  EARSHOT_CHECK(count <= size && arena.size() <= datagram.size());
  MessageReader again(arena, format);
  Bytes twin;
  DatagramWriter rewriter(twin, *destination_of(datagram), format, 1 << 20);
  while (const auto message = again.next()) EARSHOT_CHECK(rewriter.add(*message));
  EARSHOT_CHECK(!again.malformed() && arena == twin);
  return 0;
}
