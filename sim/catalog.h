// Who holds what, instead of a million indexes: a Lookup for an item is answered from here.
//
// Items are numbered by replication, the most copied first. A query names its item in its text ("item 17").
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/ids.h"
#include "schema/random.h"
#include "schema/result.h"
#include "schema/search.h"

namespace earshot::sim {

class Catalog {
 public:
  /// `copies[i]` holders of item i, drawn without repetition from `peers`. REQUIRES: descending, none above `peers`.
  Catalog(std::uint32_t peers, std::span<const std::uint32_t> copies, Random random);

  /// Libraries of real people: each peer gets the items of a user drawn at random. The table has a header line with a column
  /// `items` that holds item numbers separated by blanks, each perhaps with ":plays" behind it.
  /// Errors: those of read_text; kInvalid, naming the line.
  static Result<Catalog> imported(const std::filesystem::path& path, std::uint32_t peers, Random random);

  std::uint32_t items() const { return static_cast<std::uint32_t>(starts_.size() - 1); }
  /// Ascending.
  std::span<const PeerId> holders(std::uint32_t item) const;
  bool holds(PeerId peer, std::uint32_t item) const;
  std::size_t bytes() const;

 private:
  explicit Catalog(std::vector<std::vector<PeerId>> holders);

  std::vector<std::uint32_t> starts_;
  std::vector<PeerId> holders_;
};

/// What nobody holds and nobody wants.
inline constexpr std::uint32_t kNoItem = UINT32_MAX;

std::string query_text(std::uint32_t item);

/// What a holder answers for an item; the same everywhere but for the holder.
Hit hit_for(std::uint32_t item, PeerId holder);

/// What a liar answers: it looks right, and its content is something else.
Hit false_hit_for(std::uint32_t item, PeerId holder);
bool is_false(const Hit& hit);

}  // namespace earshot::sim
