// Postings: the tracks of one segment that hold one term.
//
// Stored form, integers as LEB128 varints:
//   postings := count posting{count}
//   posting  := gap count_byte length_byte      gap: to the document before, minus 1 (the first: its number)
// Documents are numbered 0..65535 inside their segment and rise strictly. There is no trailing byte.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace earshot::index {

/// A document of one segment. 65,536 of them keep gaps to two bytes mostly, and a live segment of as many in 20 MB.
using Doc = std::uint16_t;
inline constexpr std::size_t kSegmentDocs = 65'536;

struct Posting {
  Doc doc = 0;
  std::uint8_t count = 0;   // weighted occurrences of the term in the track
  std::uint8_t length = 0;  // weighted length of the track
  bool operator==(const Posting&) const = default;
};

/// Sorted by doc, each once.
using Postings = std::vector<Posting>;

std::string encode(const Postings& postings);

/// Nothing for bytes that are not a stored form.
std::optional<Postings> decode_postings(std::string_view bytes);

/// Only how many there are, without reading them; nothing when even that is damaged.
std::optional<std::uint32_t> count_postings(std::string_view bytes);

/// Tracks of either; in both, counts add up.
Postings united(const Postings& a, const Postings& b);

/// Tracks of both; the smaller count stays.
Postings intersected(const Postings& a, const Postings& b);

/// Sorts, and adds up the counts of one doc.
void merge_duplicates(Postings& postings);

/// Without one doc. False: it was not there.
bool erase(Postings& postings, Doc doc);

}  // namespace earshot::index
