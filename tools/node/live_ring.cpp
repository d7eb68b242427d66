// MPEG frames (ISO/IEC 11172-3, 2.4.1), ADTS (ISO/IEC 13818-7, 6.2), Ogg pages (RFC 3533), WebM clusters (RFC 8794).
#include "tools/node/live_ring.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace earshot::node {

namespace {

// Bytes of an MPEG audio frame whose header is at `at`; 0: none begins there.
std::size_t mpeg_frame(ByteView at) {
  constexpr std::array<std::array<std::uint16_t, 16>, 2> kLayer3 = {{
      {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0},  // MPEG 1
      {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0},      // MPEG 2 and 2.5
  }};
  constexpr std::array<std::uint32_t, 4> kRates = {44100, 48000, 32000, 0};
  if (at[0] != 0xff || (at[1] & 0xe0) != 0xe0) return 0;
  const unsigned version = (at[1] >> 3) & 3, layer = (at[1] >> 1) & 3;
  if (version == 1 || layer != 1) return 0;
  const bool first = version == 3;
  const std::uint32_t kbps = kLayer3[first ? 0 : 1][at[2] >> 4];
  const std::uint32_t rate = kRates[(at[2] >> 2) & 3] >> (first ? 0 : version == 2 ? 1 : 2);
  if (kbps == 0 || rate == 0) return 0;
  return (first ? 144000 : 72000) * kbps / rate + ((at[2] >> 1) & 1);
}

std::size_t adts_frame(ByteView at) {
  if (at[0] != 0xff || (at[1] & 0xf6) != 0xf0) return 0;
  const std::size_t size = (std::size_t{at[3] & 3u} << 11) | (std::size_t{at[4]} << 3) | (at[5] >> 5);
  return size < 7 ? 0 : size;
}

constexpr std::size_t kFrameHead = 6;
constexpr std::size_t kPageHead = 27;
constexpr std::array<std::uint8_t, 4> kCluster = {0x1f, 0x43, 0xb6, 0x75};

}  // namespace

LiveFormat live_format_from(std::string_view content_type) {
  const std::string_view media = content_type.substr(0, content_type.find(';'));
  if (media == "audio/mpeg" || media == "audio/mp3") return LiveFormat::kMpeg;
  if (media == "audio/aac" || media == "audio/aacp") return LiveFormat::kAdts;
  if (media == "audio/ogg" || media == "application/ogg") return LiveFormat::kOgg;
  if (media == "audio/webm" || media == "video/webm") return LiveFormat::kWebm;
  return LiveFormat::kOther;
}

void LiveRing::append(ByteView bytes) {
  kept_.insert(kept_.end(), bytes.begin(), bytes.end());
  parse();
  forget();
}

std::uint64_t LiveRing::join() const {
  if (boundaries_.empty()) return format_ == LiveFormat::kOther ? std::max(begin_, end() - std::min<std::uint64_t>(end(), kBurst)) : end();
  const std::uint64_t wanted = end() - std::min<std::uint64_t>(end(), kBurst);
  const auto at = std::lower_bound(boundaries_.begin(), boundaries_.end(), wanted);
  return at == boundaries_.end() ? boundaries_.back() : *at;
}

ByteView LiveRing::read(std::uint64_t& position, std::size_t most) const {
  if (position < begin_) position = boundaries_.empty() ? begin_ : boundaries_.front();
  const ByteView kept(kept_);
  const std::size_t from = static_cast<std::size_t>(std::min<std::uint64_t>(position - begin_, kept.size()));
  return kept.subspan(from, std::min(most, kept.size() - from));
}

void LiveRing::parse() {
  while (format_ != LiveFormat::kOther && parse_one()) {
  }
  if (head_.size() > kMaxHead) {
    format_ = LiveFormat::kOther;
    head_.clear();
    boundaries_.clear();
  }
}

// One frame, page or cluster; false: more bytes are needed.
bool LiveRing::parse_one() {
  const auto at = static_cast<std::size_t>(parsed_ - begin_);
  switch (format_) {
    case LiveFormat::kMpeg:
    case LiveFormat::kAdts:
      return parse_frame(at);
    case LiveFormat::kOgg:
      return parse_page(at);
    case LiveFormat::kWebm:
      return parse_cluster(at);
    case LiveFormat::kOther:
      break;
  }
  return false;
}

bool LiveRing::parse_frame(std::size_t at) {
  if (kept_.size() < at + kFrameHead) return false;
  const auto frame = [&](std::size_t place) {
    const ByteView bytes = ByteView(kept_).subspan(place);
    return format_ == LiveFormat::kMpeg ? mpeg_frame(bytes) : adts_frame(bytes);
  };
  const std::size_t size = frame(at);
  if (size == 0) {
    ++parsed_;
    return true;
  }
  // A header inside of sound looks like one too: only what the next one follows is believed.
  if (kept_.size() < at + size + kFrameHead) return false;
  if (frame(at + size) == 0) {
    ++parsed_;
    return true;
  }
  mark(parsed_);
  parsed_ += size;
  return true;
}

bool LiveRing::parse_page(std::size_t at) {
  if (kept_.size() < at + kPageHead) return false;
  const ByteView page = ByteView(kept_).subspan(at);
  if (std::memcmp(page.data(), "OggS", 4) != 0) {
    ++parsed_;
    return true;
  }
  const std::size_t segments = page[26];
  if (page.size() < kPageHead + segments) return false;
  std::size_t size = kPageHead + segments;
  for (std::size_t i = 0; i < segments; ++i) size += page[kPageHead + i];
  if (page.size() < size) return false;
  const bool begins = (page[5] & 2) != 0, continued = (page[5] & 1) != 0;
  const bool silent = std::all_of(page.begin() + 6, page.begin() + 14, [](std::uint8_t byte) { return byte == 0; });
  if (begins && head_done_) {
    head_.clear();
    boundaries_.clear();
    head_done_ = false;
  }
  // Pages of headers end at sample 0; the first page of sound does not.
  if (!head_done_ && (begins || silent)) {
    head_.insert(head_.end(), page.begin(), page.begin() + static_cast<std::ptrdiff_t>(size));
  } else {
    head_done_ = true;
    if (!continued) mark(parsed_);
  }
  parsed_ += size;
  return head_.size() <= kMaxHead;
}

bool LiveRing::parse_cluster(std::size_t at) {
  const auto from = kept_.begin() + static_cast<std::ptrdiff_t>(at);
  const auto found = std::search(from, kept_.end(), kCluster.begin(), kCluster.end());
  const bool seen = found != kept_.end();
  // The last three bytes may be the beginning of a name.
  const auto until = seen ? found : kept_.end() - std::min<std::ptrdiff_t>(kept_.end() - from, 3);
  if (!head_done_) head_.insert(head_.end(), from, until);
  parsed_ += static_cast<std::uint64_t>(until - from);
  if (!seen) return false;
  head_done_ = true;
  mark(parsed_);
  parsed_ += kCluster.size();
  return true;
}

void LiveRing::mark(std::uint64_t position) {
  boundaries_.push_back(position);
}

// In steps of half the room, so that the rest moves seldom.
void LiveRing::forget() {
  if (kept_.size() <= kKept) return;
  const std::size_t gone = kept_.size() - kKept / 2;
  kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(gone));
  begin_ += gone;
  parsed_ = std::max(parsed_, begin_);
  while (!boundaries_.empty() && boundaries_.front() < begin_) boundaries_.pop_front();
}

}  // namespace earshot::node
