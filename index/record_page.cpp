// Columns and zstd.
#include "index/record_page.h"

#include <zdict.h>
#include <zstd.h>

#include <algorithm>
#include <array>

#include "index/bits.h"
#include "index/records.h"
#include "index/varint.h"
#include "schema/check.h"
#include "schema/limits.h"

namespace earshot::index {

namespace {

constexpr char kSame = '\x01';
constexpr std::uint8_t kTextsOnly = 0x80;
constexpr std::array<std::string Track::*, 5> kTexts = {&Track::artist, &Track::album, &Track::genre, &Track::title,
                                                        &Track::publisher};
// Of kTexts, in the order of a body.
constexpr std::array<std::size_t, 5> kBodyOrder = {3, 0, 1, 2, 4};

// Numbers of 10 bytes at most and texts, for each record.
constexpr std::size_t kMaxColumns = 1 + kRecordsPerPage * (1 + 4 * 10 + 5 * (limits::kMaxTrackText + 1));
constexpr std::size_t kDictionaryBytes = 64 * 1024;

// Of a segment's own bytes, so that a small one does not carry a large dictionary.
constexpr std::size_t kDictionaryPart = 24;

// set(number of the record, value)
template <class T, class Set>
bool take_column(std::string_view& in, std::size_t count, const Set& set) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = take_varint<T>(in);
    if (!number) return false;
    set(i, *number);
  }
  return true;
}

bool take_texts(std::string_view& in, std::span<std::string_view> texts) {
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::size_t size = in.find('\0');
    if (size == std::string_view::npos || size > limits::kMaxTrackText) return false;
    texts[i] = in.substr(0, size);
    if (texts[i] == std::string_view(&kSame, 1)) {
      if (i == 0) return false;
      texts[i] = texts[i - 1];
    }
    in.remove_prefix(size + 1);
  }
  return true;
}

// The numbers of the second form, but sizes.
bool take_numbers(std::string_view& in, std::span<Track> tracks) {
  if (in.size() < tracks.size()) return false;
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    tracks[i].codec = static_cast<Codec>(in[i]);
    if (tracks[i].codec > Codec::kWav) return false;
  }
  in.remove_prefix(tracks.size());
  return take_column<std::uint16_t>(in, tracks.size(), [&](std::size_t i, auto year) { tracks[i].year = year; }) &&
         take_column<std::uint64_t>(in, tracks.size(),
                                    [&](std::size_t i, std::uint64_t duration) {
                                      tracks[i].duration_ms = static_cast<std::uint32_t>(
                                          duration % 2 == 0 ? duration / 2 * 1000 : duration / 2);
                                    }) &&
         take_column<std::uint32_t>(in, tracks.size(),
                                    [&](std::size_t i, auto bitrate) { tracks[i].bitrate_kbps = bitrate; });
}

}  // namespace

void ColumnsBuilder::add(const Track& track) {
  EARSHOT_CHECK(size_ < kRecordsPerPage);
  ++size_;
  put_varint(sizes_, track.size_bytes);
  for (std::size_t i = 0; i < kTexts.size(); ++i) {
    const std::string& text = track.*kTexts[i];
    auto& [column, before] = texts_[i];
    if (!text.empty() && text == before) {
      column.push_back(kSame);
    } else {
      column += text;
      before = text;
    }
    column.push_back('\0');
  }
}

std::string ColumnsBuilder::take() {
  EARSHOT_CHECK(size_ > 0);
  std::string out;
  out.reserve(size_ * 64);
  out.push_back(static_cast<char>(size_ | kTextsOnly));
  out += sizes_;
  for (auto& [column, before] : texts_) {
    out += column;
    column.clear();
    before.clear();
  }
  sizes_.clear();
  size_ = 0;
  return out;
}

bool read_numbers(std::string_view in, std::span<Track> tracks) {
  if (in.empty() || static_cast<std::uint8_t>(in[0]) != tracks.size()) return false;
  in.remove_prefix(1);
  return take_numbers(in, tracks);
}

std::optional<std::string> memory_of_columns(std::string_view in, const PutHead& put_head) {
  if (in.empty()) return std::nullopt;
  const bool is_texts_only = (static_cast<std::uint8_t>(in[0]) & kTextsOnly) != 0;
  const std::size_t count = static_cast<std::uint8_t>(in[0]) & ~kTextsOnly;
  if (count == 0 || count > kRecordsPerPage) return std::nullopt;
  in.remove_prefix(1);
  std::array<std::uint64_t, kRecordsPerPage> sizes{};
  std::array<std::array<std::string_view, kRecordsPerPage>, kTexts.size()> texts;
  if (!is_texts_only) {
    std::vector<Track> numbers(count);
    if (!take_numbers(in, numbers)) return std::nullopt;
  }
  if (!take_column<std::uint64_t>(in, count, [&](std::size_t i, std::uint64_t size) { sizes[i] = size; })) {
    return std::nullopt;
  }
  const std::size_t columns = is_texts_only ? kTexts.size() : kTexts.size() - 1;
  for (std::size_t i = 0; i < columns; ++i) {
    if (!take_texts(in, std::span(texts[i]).first(count))) return std::nullopt;
  }
  if (!in.empty()) return std::nullopt;
  std::string records;
  std::string out(1, static_cast<char>(count));
  for (std::size_t i = 0; i < count; ++i) {
    put_number(out, static_cast<std::uint32_t>(records.size()));
    if (!put_head(i, records)) return std::nullopt;
    put_varint(records, sizes[i]);
    for (const std::size_t text : kBodyOrder) {
      put_varint(records, texts[text][i].size());
      records += texts[text][i];
    }
  }
  put_number(out, static_cast<std::uint32_t>(records.size()));
  return out + records;
}

std::optional<std::string_view> record_at(std::string_view memory, std::size_t i) {
  const auto count = memory.empty() ? std::size_t{0} : static_cast<std::uint8_t>(memory[0]);
  const std::size_t head = 1 + (count + 1) * 4;
  if (i >= count || memory.size() < head) return std::nullopt;
  const auto begin = number_at<std::uint32_t>(memory.data() + 1 + i * 4);
  const auto end = number_at<std::uint32_t>(memory.data() + 5 + i * 4);
  if (begin > end || end > memory.size() - head) return std::nullopt;
  return memory.substr(head + begin, end - begin);
}

// Whole pages, evenly from all over the segment, stand in the dictionary as they are; zstd adds its statistics of them.
std::string train_dictionary(std::span<const std::string> samples) {
  std::size_t total = 0;
  for (const std::string& sample : samples) total += sample.size();
  const std::size_t wanted = std::min(kDictionaryBytes, total / kDictionaryPart);
  constexpr std::size_t kLeast = 4096;
  if (wanted < kLeast) return {};
  const auto pick = [&](std::size_t bytes, std::vector<std::size_t>* sizes) {
    std::string picked;
    const std::size_t step = std::max<std::size_t>(1, samples.size() * (total / samples.size()) / bytes);
    for (std::size_t i = step / 2; i < samples.size() && picked.size() < bytes; i += step) {
      picked += samples[i];
      if (sizes != nullptr) sizes->push_back(samples[i].size());
    }
    return picked;
  };
  const std::string content = pick(wanted - 1024, nullptr);
  std::vector<std::size_t> sizes;
  const std::string probes = pick(std::min<std::size_t>(total, 16 * wanted), &sizes);
  std::string dictionary(wanted, '\0');
  const std::size_t kept = std::min(content.size(), wanted - 1024);
  const std::size_t size =
      ZDICT_finalizeDictionary(dictionary.data(), dictionary.size(), content.data(), kept, probes.data(), sizes.data(),
                               static_cast<unsigned>(sizes.size()), ZDICT_params_t{/*compressionLevel=*/3, 0, 0});
  if (ZDICT_isError(size)) return {};
  dictionary.resize(size);
  return dictionary;
}

struct ColumnPacker::Context {
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context{ZSTD_createCCtx(), &ZSTD_freeCCtx};
};

ColumnPacker::ColumnPacker(std::string_view dictionary, int level) : context_(std::make_unique<Context>()) {
  ZSTD_CCtx* context = context_->context.get();
  EARSHOT_CHECK(context != nullptr);
  EARSHOT_CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)));
  EARSHOT_CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_dictIDFlag, 0)));
  if (!dictionary.empty()) {
    EARSHOT_CHECK(!ZSTD_isError(ZSTD_CCtx_loadDictionary(context, dictionary.data(), dictionary.size())));
  }
}

ColumnPacker::~ColumnPacker() = default;

std::string ColumnPacker::pack(std::string_view columns) {
  std::string packed(ZSTD_compressBound(columns.size()), '\0');
  const std::size_t size =
      ZSTD_compress2(context_->context.get(), packed.data(), packed.size(), columns.data(), columns.size());
  EARSHOT_CHECK(!ZSTD_isError(size));
  packed.resize(size);
  packed.shrink_to_fit();
  return packed;
}

struct ColumnUnpacker::Dictionary {
  std::unique_ptr<ZSTD_DDict, decltype(&ZSTD_freeDDict)> dictionary{nullptr, &ZSTD_freeDDict};
};

ColumnUnpacker::ColumnUnpacker(std::string_view dictionary) : dictionary_(std::make_unique<Dictionary>()) {
  if (!dictionary.empty()) dictionary_->dictionary.reset(ZSTD_createDDict(dictionary.data(), dictionary.size()));
}

ColumnUnpacker::~ColumnUnpacker() = default;

std::optional<std::string> ColumnUnpacker::unpack(std::string_view packed) const {
  thread_local const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), &ZSTD_freeDCtx);
  const auto size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size > kMaxColumns) return std::nullopt;  // unknown and error are the two largest numbers
  std::string columns(size, '\0');
  const auto done = ZSTD_decompress_usingDDict(context.get(), columns.data(), columns.size(), packed.data(),
                                               packed.size(), dictionary_->dictionary.get());
  if (done != size) return std::nullopt;
  return columns;
}

}  // namespace earshot::index
