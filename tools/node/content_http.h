// A content as a resource of the web: GET and HEAD with ranges (RFC 9110, section 14), for players that know nothing of us.
//
// Rules
//  1. The bytes are those of the content, but for the ID3v2 tag of an mp3, which is left out. Rationale: a cover of 4.5 MB
//     in front makes players miss their start; pictures have a place of their own. With "?whole=1" the tag stays: what is
//     downloaded by a feed is the file as it was published, and has the length that the feed says.
//  2. One range is served; a request for several, or one that cannot be read, is answered with all (section 14.2 allows
//     it). A range that begins behind the end is 416 with the size.
//  3. The type is told from the first bytes, the ETag is the content id: a content never changes.
//  4. "From N on" fetches no more ahead of the reader than Playback's window: what a paused player does not take is not
//     fetched.
//  5. Nothing for kPatience ends the answer.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "schema/ids.h"
#include "stream/playback.h"
#include "tools/node/api.h"

namespace earshot::node {

/// A part of a resource, its last byte included in `size`.
struct Part {
  std::uint64_t first = 0;
  std::uint64_t size = 0;
  bool operator==(const Part&) const = default;
};

enum class RangeAnswer : std::uint8_t { kAll, kPart, kUnsatisfiable };

struct ChosenRange {
  RangeAnswer answer = RangeAnswer::kAll;
  Part part;
};

/// What a Range header asks of a resource of `size` bytes.
ChosenRange choose_range(std::string_view header, std::uint64_t size);

class ContentBody final : public Body {
 public:
  static constexpr std::chrono::seconds kPatience{30};

  ContentBody(const Request& request, const ContentId& content, std::shared_ptr<stream::Playback> playback);

  Result<std::optional<Head>> head() override;
  Result<std::size_t> pull(std::span<std::uint8_t> into) override;

 private:
  /// Learns size, tag and type. False: not yet.
  Result<bool> probe();
  Result<std::optional<Bytes>> first_bytes(std::uint64_t offset, std::size_t wanted);
  /// "Nothing came", as long as there is patience.
  Result<bool> wait(const Error& error) const;
  Head describe() const;

  const bool wants_body_;
  std::string range_;
  const std::string tag_;
  bool is_known_ = false;  // If-None-Match names it
  const std::shared_ptr<stream::Playback> playback_;
  std::unique_ptr<stream::Playback::Reader> reader_;
  std::chrono::steady_clock::time_point last_byte_ = std::chrono::steady_clock::now();

  std::optional<std::uint64_t> skipped_;  // bytes of the ID3v2 tag
  std::string_view type_;
  std::uint64_t size_ = 0;                // without the tag
  std::uint64_t left_ = 0;
};

}  // namespace earshot::node
