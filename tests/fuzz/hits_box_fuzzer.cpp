// Boxes of hits: sealed rightly, with anything in them. Nothing is taken that its holder did not sign, nor a list in another's name.
//
//   input = kind (1 octet) list or box
#include <sodium.h>

#include <algorithm>
#include <cstdint>

#include "overlay/net/sealed_hits.h"
#include "overlay/net/signature.h"
#include "overlay/wire.h"
#include "schema/check.h"
#include "tests/net/small_directory.h"

namespace {

using namespace earshot;
using namespace earshot::overlay;
using namespace earshot::overlay::net;

Bytes sealed(const Identity& reader, ByteView open) {
  Bytes box(open.size() + crypto_box_SEALBYTES);
  EARSHOT_CHECK(crypto_box_seal(box.data(), open.data(), open.size(), reader.key().bytes.data()) == 0);
  return box;
}

/// As seal_hits does, around a list that nobody checked.
Bytes signed_by(const Identity& holder, const Identity& reader, ByteView list) {
  constexpr std::string_view kMark = "earshot hits 1";
  Bytes text(kMark.begin(), kMark.end());
  text.insert(text.end(), reader.key().bytes.begin(), reader.key().bytes.end());
  text.insert(text.end(), list.begin(), list.end());
  const Signature signature = sign(holder, text);
  Bytes open(signature.begin(), signature.end());
  open.insert(open.end(), holder.key().bytes.begin(), holder.key().bytes.end());
  open.insert(open.end(), list.begin(), list.end());
  return open;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Identity reader = Identity::ephemeral(), holder = Identity::ephemeral();
  if (size == 0) return 0;
  const ByteView input(data + 1, size - 1);
  SmallDirectory book;
  const PeerId from = book.intern(contact_number(0), kNoPeer);
  if ((data[0] & 1) != 0) {
    const auto hits = open_hits(reader, sealed(reader, input), from, book);
    EARSHOT_CHECK(!hits);
    return 0;
  }
  const Bytes box = sealed(reader, signed_by(holder, reader, input));
  const auto hits = open_hits(reader, box, from, book);
  EARSHOT_CHECK(hits || !hits.error().what.empty());
  if (!hits) return 0;
  EARSHOT_CHECK(hits->size() <= limits::kMaxHitsPerMessage);
  for (const Hit& hit : *hits) EARSHOT_CHECK(book.contact_of(hit.holder)->key == holder.key());
  return 0;
}
