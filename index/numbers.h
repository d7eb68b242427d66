// The numbers of a segment's tracks: fixed-width columns that stay in memory, 4 bytes a track of usual tags, so that a
// filter costs no look-up and a record page holds texts only.
//
//   numbers  := is_whole:byte column{4} licence{}   columns: year, duration, quality, licence
//   column   := width:byte colours colour{colours} code{docs}
//   colour   := rising: each the distance to the one before
//   code     := packed (index/bits.h), `width` bits: an index among the colours; without colours the value itself
//   licence  := size byte{size}                     the value of a track's licence is its place here, from 1; 0: none
//
// duration is in seconds when all are whole, else in milliseconds. quality := kbps x 64 + kind x 16 + codec. Integers
// are LEB128 varints where no width is given.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "index/bits.h"
#include "index/postings.h"
#include "schema/track.h"

namespace earshot::index {

class NumbersBuilder {
 public:
  /// Documents come in order.
  void add(const Track& track);
  std::string finish() const;

 private:
  std::vector<std::uint64_t> years_;
  std::vector<std::uint64_t> durations_;  // milliseconds
  std::vector<std::uint64_t> qualities_;
  std::vector<std::uint64_t> licences_;
  std::map<std::string, std::uint64_t, std::less<>> licence_numbers_;
  std::vector<std::string> licence_texts_;
  bool is_whole_ = true;
};

/// Documents are not checked: REQUIRES: doc < docs.
class Numbers {
 public:
  /// Nothing for bytes that are not those of so many documents.
  static std::optional<Numbers> from(std::string bytes, std::uint32_t docs);

  std::uint16_t year(Doc doc) const { return static_cast<std::uint16_t>(year_.at(codes_.data(), doc)); }
  std::uint32_t seconds(Doc doc) const {
    const auto duration = static_cast<std::uint32_t>(duration_.at(codes_.data(), doc));
    return is_whole_ ? duration : duration / 1000;
  }
  std::uint32_t kbps(Doc doc) const { return static_cast<std::uint32_t>(quality_.at(codes_.data(), doc) >> 6); }
  Kind kind(Doc doc) const { return static_cast<Kind>(quality_.at(codes_.data(), doc) >> 4 & 3); }
  Codec codec(Doc doc) const { return static_cast<Codec>(quality_.at(codes_.data(), doc) & 15); }
  const std::string& licence(Doc doc) const { return licences_[licence_.at(codes_.data(), doc) & licence_mask_]; }

  /// What the columns know of a document, in kCopied bytes that lie beside its texts: a search that reads all of a track
  /// waits for memory once instead of four times.
  static constexpr std::size_t kCopied = 16;
  void copy(Doc doc, std::string& out) const;
  /// REQUIRES: kCopied bytes of copy().
  void fill(const char* copied, Track& track) const;

 private:
  struct Column {
    unsigned width = 0;
    std::vector<std::uint64_t> colours;  // as many as a code can say; empty: a code is the value
    std::size_t begin = 0;               // of its codes
    std::uint64_t at(const char* codes, Doc doc) const {
      const std::uint32_t code = packed_at(codes + begin, doc, width);
      return colours.empty() ? code : colours[code];
    }
  };
  bool read(std::uint32_t docs);
  bool read_licences(std::string_view in);
  static bool is_sound(const Column& quality);

  std::string codes_;  // the page and kPadding
  bool is_whole_ = true;
  Column year_, duration_, quality_, licence_;
  std::vector<std::string> licences_;  // as many as the mask allows
  std::size_t licence_mask_ = 0;
};

}  // namespace earshot::index
