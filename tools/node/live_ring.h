// The last seconds of a live stream, cut where a player can begin: what a new listener gets at once, and what every
// listener reads from. Pure: bytes in, bytes out.
//
// Rules
//  1. A boundary is where a decoder can start: an MPEG or ADTS frame, an Ogg page, a WebM cluster. A stream of an unknown
//     kind has one at every byte.
//  2. What stands before the first of them (Ogg's header pages, WebM's init segment) is the head: sent to every listener
//     first. A new Ogg stream in the old one begins a new head.
//  3. A listener joins at the oldest boundary that is kept: about kBurst bytes behind live, so that a player fills its
//     buffer at once instead of in real time. Measured with Chromium 156: 8-50 ms to the first sound, where a join in the
//     middle of an mp3 frame took 4.2 s.
//  4. A listener that falls further behind than what is kept goes on at the oldest boundary: he hears a gap, others nothing.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "schema/bytes.h"

namespace earshot::node {

enum class LiveFormat : std::uint8_t { kMpeg, kAdts, kOgg, kWebm, kOther };

/// By the source's Content-Type; kOther for what is not in the table.
LiveFormat live_format_from(std::string_view content_type);

/// Used by one thread. Memory: kKept and the head.
class LiveRing {
 public:
  /// Behind live at a join: 4 s of 128 kbit/s.
  static constexpr std::size_t kBurst = 64 * 1024;
  /// Bytes kept: a listener may be this far behind.
  static constexpr std::size_t kKept = 512 * 1024;
  /// A head that grows beyond this is no head: the format is taken as kOther.
  static constexpr std::size_t kMaxHead = 256 * 1024;

  explicit LiveRing(LiveFormat format) : format_(format) {}

  void append(ByteView bytes);

  /// Where a listener begins, in bytes since the stream began. 0 as long as nothing can be decoded.
  std::uint64_t join() const;

  /// What must come before the bytes at a position; empty for streams without.
  const std::vector<std::uint8_t>& head() const { return head_; }

  /// Bytes from a position on, at most `most`. A position that is no longer kept is moved to the oldest boundary.
  ByteView read(std::uint64_t& position, std::size_t most) const;

  std::uint64_t end() const { return begin_ + kept_.size(); }

 private:
  void parse();
  bool parse_one();
  bool parse_frame(std::size_t at);
  bool parse_page(std::size_t at);
  bool parse_cluster(std::size_t at);
  void mark(std::uint64_t position);
  void forget();

  LiveFormat format_;
  std::vector<std::uint8_t> head_;
  bool head_done_ = false;
  std::vector<std::uint8_t> kept_;
  std::uint64_t begin_ = 0;   // of kept_, since the stream began
  std::uint64_t parsed_ = 0;  // boundaries are known up to here
  std::deque<std::uint64_t> boundaries_;
};

}  // namespace earshot::node
