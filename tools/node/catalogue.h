// A catalogue: what a publisher puts out, signed by the key that it is known by, so that anybody may hand it on and nobody
// can change it. It is a content like any other: found by a search, fetched, verified, and mirrored by those who follow.
//
//   catalogue := "earshot-catalogue 1\n" about item* signature
//   about     := a JSON object in a line: publisher (key), version, updated, name, text, language, licence, art, link, guid
//   item      := a JSON object in a line: content, kind, title, text, licence, art, published, duration_ms, size_bytes, codec,
//                guid, stream
//   signature := "signature " hex{128} "\n"        XEdDSA over all bytes before it (overlay/net/signature.h)
//
// Rules
//  1. A higher version replaces a lower one of the same publisher. Who holds the key can take back and rename, nobody else.
//  2. The signature covers the bytes as they were written, so that they are handed on as they came, and a later format may
//     say more: fields that are not known are left alone.
//  3. What an attacker gains: a holder can withhold a newer version. Whoever asks hears of it from any other holder.
//
// Limits: kMostBytes, kMostItems, texts of kMostText bytes, names of limits::kMaxTrackText. More is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "overlay/net/identity.h"
#include "schema/ids.h"
#include "schema/result.h"
#include "schema/track.h"

namespace earshot::node {

struct CatalogueItem {
  ContentId content;
  Kind kind = Kind::kEpisode;
  std::string title;
  std::string text;     // what it is about
  std::string licence;  // such as "cc-by-sa"
  std::optional<ContentId> art;
  std::int64_t published = 0;  // seconds since 1970
  std::uint32_t duration_ms = 0;
  std::uint64_t size_bytes = 0;
  Codec codec = Codec::kUnknown;
  std::string guid;    // of an imported item; empty: the content id is it
  std::string stream;  // of a station: where it is heard

  bool operator==(const CatalogueItem&) const = default;
};

struct Catalogue {
  static constexpr std::size_t kMostBytes = 4u << 20;
  static constexpr std::size_t kMostItems = 1000;
  static constexpr std::size_t kMostText = 4000;

  NodeKey publisher;
  std::uint64_t version = 0;
  std::int64_t updated = 0;  // seconds since 1970
  std::string name, text, language, licence;
  std::optional<ContentId> art;
  std::string link;  // a page about it
  std::string guid;  // of an imported feed; empty: made of the key
  std::vector<CatalogueItem> items;  // newest first

  bool operator==(const Catalogue&) const = default;
};

/// Checks the limits. Errors: kInvalid, naming the field.
Result<void> validate(const Catalogue& catalogue);

/// The bytes, signed. REQUIRES: validate(), and the identity's key is the publisher's.
std::string signed_text(const Catalogue& catalogue, const overlay::net::Identity& identity);

/// Reads and checks everything, the signature first. Errors: kCorrupt (not signed by the publisher it names), kInvalid.
Result<Catalogue> catalogue_from(std::string_view text);

/// What the index says of a catalogue whose bytes have this content id.
Track track_of(const Catalogue& catalogue, const ContentId& content, std::uint64_t size_bytes);

/// A track of the index as its publisher's catalogue has it: title, kind, licence and publisher are the catalogue's.
Track labelled(Track track, const CatalogueItem& item, const Catalogue& catalogue);

/// A key of 64 hexadecimal digits. Errors: kInvalid.
Result<NodeKey> publisher_key_from(std::string_view text);

}  // namespace earshot::node
