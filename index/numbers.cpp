// Columns of few distinct values become codes of few bits.
#include "index/numbers.h"

#include <algorithm>
#include <bit>

#include "index/bits.h"
#include "index/varint.h"
#include "schema/check.h"
#include "schema/limits.h"

namespace earshot::index {

namespace {

constexpr std::uint64_t kMaxPlain = 0xFFFFFFFF;
// Of the documents: more distinct values than that cost more as colours than they save in codes.
constexpr std::size_t kColoursPart = 8;
// Values below are counted in a table.
constexpr std::uint64_t kMaxTable = 1u << 20;

std::vector<std::uint64_t> distinct(const std::vector<std::uint64_t>& values) {
  const std::uint64_t largest = *std::max_element(values.begin(), values.end());
  std::vector<std::uint64_t> colours;
  if (largest < kMaxTable) {
    std::vector<bool> used(largest + 1);
    for (const std::uint64_t value : values) used[value] = true;
    for (std::uint64_t value = 0; value <= largest; ++value) {
      if (used[value]) colours.push_back(value);
    }
    return colours;
  }
  colours = values;
  std::sort(colours.begin(), colours.end());
  colours.erase(std::unique(colours.begin(), colours.end()), colours.end());
  return colours;
}

std::vector<std::uint32_t> codes_of(const std::vector<std::uint64_t>& values,
                                    const std::vector<std::uint64_t>& colours) {
  std::vector<std::uint32_t> codes;
  codes.reserve(values.size());
  if (colours.empty()) {
    for (const std::uint64_t value : values) codes.push_back(static_cast<std::uint32_t>(value));
  } else if (colours.back() < kMaxTable) {
    std::vector<std::uint32_t> code_of(colours.back() + 1);
    for (std::uint32_t code = 0; code < colours.size(); ++code) code_of[colours[code]] = code;
    for (const std::uint64_t value : values) codes.push_back(code_of[value]);
  } else {
    for (const std::uint64_t value : values) {
      const auto at = std::lower_bound(colours.begin(), colours.end(), value);
      codes.push_back(static_cast<std::uint32_t>(at - colours.begin()));
    }
  }
  return codes;
}

enum class Form : std::uint8_t { kColours, kShorter };

void put_column(std::string& out, const std::vector<std::uint64_t>& values, Form form) {
  std::vector<std::uint64_t> colours = distinct(values);
  if (form == Form::kShorter && colours.back() <= kMaxPlain && colours.size() > std::max<std::size_t>(16, values.size() / kColoursPart)) {
    colours.clear();
  }
  const std::vector<std::uint32_t> codes = codes_of(values, colours);
  const std::uint32_t largest = *std::max_element(codes.begin(), codes.end());
  out.push_back(static_cast<char>(width_of(largest)));
  put_varint(out, colours.size());
  std::uint64_t before = 0;
  for (const std::uint64_t colour : colours) {
    put_varint(out, colour - before);
    before = colour;
  }
  pack(out, codes, width_of(largest));
}

std::uint64_t quality_of(const Track& track) {
  static_assert(static_cast<unsigned>(Codec::kWav) < 16 && static_cast<unsigned>(kLastKind) < 4);
  return std::uint64_t{track.bitrate_kbps} << 6 | static_cast<std::uint64_t>(track.kind) << 4 |
         static_cast<std::uint64_t>(track.codec);
}

}  // namespace

void NumbersBuilder::add(const Track& track) {
  years_.push_back(track.year);
  durations_.push_back(track.duration_ms);
  qualities_.push_back(quality_of(track));
  is_whole_ = is_whole_ && track.duration_ms % 1000 == 0;
  std::uint64_t licence = 0;
  if (!track.licence.empty()) {
    const auto [at, is_new] = licence_numbers_.try_emplace(track.licence, licence_texts_.size() + 1);
    if (is_new) licence_texts_.push_back(track.licence);
    licence = at->second;
  }
  licences_.push_back(licence);
}

std::string NumbersBuilder::finish() const {
  std::string out(1, is_whole_ ? '\1' : '\0');
  put_column(out, years_, Form::kShorter);
  std::vector<std::uint64_t> durations = durations_;
  if (is_whole_) {
    for (std::uint64_t& duration : durations) duration /= 1000;
  }
  put_column(out, durations, Form::kShorter);
  put_column(out, qualities_, Form::kColours);  // judged once, when it is read
  put_column(out, licences_, Form::kShorter);
  for (const std::string& licence : licence_texts_) {
    put_varint(out, licence.size());
    out += licence;
  }
  return out;
}

std::optional<Numbers> Numbers::from(std::string bytes, std::uint32_t docs) {
  Numbers numbers;
  numbers.codes_ = std::move(bytes);
  if (!numbers.read(docs)) return std::nullopt;
  numbers.codes_.append(kPadding, '\0');
  return numbers;
}

bool Numbers::read(std::uint32_t docs) {
  std::string_view in = codes_;
  if (in.empty()) return false;
  is_whole_ = in[0] != '\0';
  in.remove_prefix(1);
  for (Column* column : {&year_, &duration_, &quality_, &licence_}) {
    if (in.empty()) return false;
    column->width = static_cast<unsigned char>(in[0]);
    in.remove_prefix(1);
    const auto colours = take_varint<std::uint32_t>(in);
    if (!colours || *colours > docs || column->width > 32) return false;
    std::uint64_t before = 0;
    for (std::uint32_t i = 0; i < *colours; ++i) {
      const auto gap = take_varint<std::uint64_t>(in);
      if (!gap) return false;
      column->colours.push_back(before += *gap);
    }
    if (*colours > 0) {
      if (column->width != width_of(*colours - 1)) return false;
      column->colours.resize(std::size_t{1} << column->width);
    }
    column->begin = codes_.size() - in.size();
    if (in.size() < packed_bytes(docs, column->width)) return false;
    in.remove_prefix(packed_bytes(docs, column->width));
  }
  return is_sound(quality_) && read_licences(in);
}

bool Numbers::is_sound(const Column& quality) {
  return !quality.colours.empty() &&
         std::all_of(quality.colours.begin(), quality.colours.end(), [](std::uint64_t colour) {
           return (colour & 15) <= static_cast<std::uint64_t>(Codec::kWav) &&
                  (colour >> 4 & 3) <= static_cast<std::uint64_t>(kLastKind) && colour >> 38 == 0;
         });
}

bool Numbers::read_licences(std::string_view in) {
  licences_.emplace_back();
  while (!in.empty()) {
    const auto size = take_varint<std::uint32_t>(in);
    if (!size || *size > in.size() || *size > limits::kMaxTrackText) return false;
    licences_.emplace_back(in.substr(0, *size));
    in.remove_prefix(*size);
  }
  licences_.resize(std::bit_ceil(licences_.size()));
  licence_mask_ = licences_.size() - 1;
  return true;
}

void Numbers::copy(Doc doc, std::string& out) const {
  const std::size_t before = out.size();
  const std::uint64_t duration = duration_.at(codes_.data(), doc);
  put_number(out, quality_.at(codes_.data(), doc) << 16 | year(doc));  // 38 and 16 bits
  put_number(out, static_cast<std::uint32_t>(is_whole_ ? duration * 1000 : duration));
  put_number(out, static_cast<std::uint32_t>(licence_.at(codes_.data(), doc) & licence_mask_));
  EARSHOT_CHECK(out.size() - before == kCopied);
}

void Numbers::fill(const char* copied, Track& track) const {
  const auto quality = number_at<std::uint64_t>(copied) >> 16;
  track.year = number_at<std::uint16_t>(copied);
  track.duration_ms = number_at<std::uint32_t>(copied + 8);
  track.bitrate_kbps = static_cast<std::uint32_t>(quality >> 6);
  track.kind = static_cast<Kind>(quality >> 4 & 3);
  track.codec = static_cast<Codec>(quality & 15);
  track.licence = licences_[number_at<std::uint32_t>(copied + 12)];
}

}  // namespace earshot::index
