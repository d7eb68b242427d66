// libsodium's sealed boxes around a signed list.
#include "overlay/net/sealed_hits.h"

#include <sodium.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "overlay/net/signature.h"
#include "overlay/wire.h"
#include "schema/defence.h"
#include "schema/limits.h"

namespace earshot::overlay::net {

namespace {

constexpr std::string_view kMark = "earshot hits 1";
constexpr std::size_t kHead = sizeof(Signature) + sizeof(Digest32);
constexpr std::size_t kMaxList = limits::kMaxBox - kHead - crypto_box_SEALBYTES;

Bytes signed_text(const Digest32& reply_key, ByteView list) {
  Bytes text(kMark.begin(), kMark.end());
  text.insert(text.end(), reply_key.begin(), reply_key.end());
  text.insert(text.end(), list.begin(), list.end());
  return text;
}

tl::unexpected<Error> bad(std::string_view what) { return fail(ErrorCode::kInvalid, "box of hits: {}", what); }

}  // namespace

Result<SharedBox> seal_hits(const Identity& holder, const Digest32& reply_key, std::span<const Hit> hits,
                            const Directory& directory) {
  if (reply_key == Digest32{}) return bad("the question names no key to seal it to");
  const auto list = wire::encode_hits(hits, kMaxList, directory);
  if (!list) return tl::unexpected(list.error());
  const Signature signature = sign(holder, signed_text(reply_key, *list));
  Bytes open(signature.begin(), signature.end());
  open.insert(open.end(), holder.key().bytes.begin(), holder.key().bytes.end());
  open.insert(open.end(), list->begin(), list->end());
  Bytes box(open.size() + crypto_box_SEALBYTES);
  if (crypto_box_seal(box.data(), open.data(), open.size(), reply_key.data()) != 0) return bad("the key to seal it to is no point");
  return std::make_shared<const Bytes>(std::move(box));
}

std::size_t hits_in_box(std::span<const Hit> hits) { return wire::fitting_hits(hits, kMaxList); }

Result<std::vector<Hit>> open_hits(const Identity& reply, ByteView box, PeerId from, Directory& directory) {
  if (box.size() < crypto_box_SEALBYTES + kHead || box.size() > limits::kMaxBox) return bad("no box has this size");
  Bytes open(box.size() - crypto_box_SEALBYTES);
  if (crypto_box_seal_open(open.data(), box.data(), box.size(), reply.key().bytes.data(), reply.secret().data()) != 0) {
    return bad("sealed to another key, or damaged");
  }
  Signature signature;
  NodeKey holder;
  std::copy_n(open.begin(), signature.size(), signature.begin());
  std::copy_n(open.begin() + signature.size(), holder.bytes.size(), holder.bytes.begin());
  const ByteView list = ByteView(open).subspan(kHead);
  if (stands(Defence::kHitSignature) && !has_signed(holder, signed_text(reply.key().bytes, list), signature)) return bad("not signed by its holder");
  auto hits = wire::decode_hits(list, from, directory);
  if (!hits) return tl::unexpected(std::move(hits.error()));
  const bool all_his = std::all_of(hits->begin(), hits->end(), [&](const Hit& hit) {
    const auto contact = directory.contact_of(hit.holder);
    return contact && contact->key == holder;
  });
  if (stands(Defence::kHitsHolder) && !all_his) return bad("names another holder than who signed it");
  return hits;
}

}  // namespace earshot::overlay::net
