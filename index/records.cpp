// Tracks to bytes and back; what is read is judged as a stranger's.
#include "index/records.h"

#include <algorithm>

#include "index/varint.h"
#include "schema/limits.h"

namespace earshot::index {

namespace {

void put_text(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out += text;
}

bool take_text(std::string_view& in, std::string& text) {
  const auto size = take_varint<std::uint32_t>(in);
  if (!size || *size > in.size() || *size > limits::kMaxTrackText) return false;
  text = in.substr(0, *size);
  in.remove_prefix(*size);
  return true;
}

template <class T>
bool take_number(std::string_view& in, T& number) {
  const auto value = take_varint<T>(in);
  if (value) number = *value;
  return value.has_value();
}

bool take_content(std::string_view& in, ContentId& content) {
  if (in.size() < 1 + content.digest.size()) return false;
  const auto scheme = static_cast<std::uint8_t>(in[0]);
  if (scheme > static_cast<std::uint8_t>(Scheme::kPpspp)) return false;
  content.scheme = static_cast<Scheme>(scheme);
  const ByteView digest = as_bytes(in.substr(1, content.digest.size()));
  std::copy(digest.begin(), digest.end(), content.digest.begin());
  in.remove_prefix(1 + content.digest.size());
  return true;
}

constexpr std::uint8_t kMore = 0x80;

bool has_more(const Track& track) {
  return track.kind != Kind::kTrack || !track.licence.empty() || !track.publisher.empty();
}

// `more` tells whether the rest of the record follows.
bool take_codec(std::string_view& in, Codec& codec, bool& more) {
  if (in.empty()) return false;
  const auto byte = static_cast<std::uint8_t>(in[0]);
  more = (byte & kMore) != 0;
  codec = static_cast<Codec>(byte & ~kMore);
  in.remove_prefix(1);
  return codec <= Codec::kWav;
}

bool take_more(std::string_view& in, Track& track) {
  if (in.empty()) return false;
  track.kind = static_cast<Kind>(in[0]);
  in.remove_prefix(1);
  return take_text(in, track.licence) && take_text(in, track.publisher) && has_more(track);
}

bool take_rest(std::string_view& in, Track& track) {
  bool more = false;
  return take_codec(in, track.codec, more) && take_number(in, track.year) && take_number(in, track.duration_ms) &&
         take_number(in, track.bitrate_kbps) && take_number(in, track.size_bytes) && take_text(in, track.title) &&
         take_text(in, track.artist) && take_text(in, track.album) && take_text(in, track.genre) &&
         (!more || take_more(in, track)) && in.empty();
}

}  // namespace

std::string encode(const Track& track) {
  std::string out;
  out.reserve(64 + track.title.size() + track.artist.size() + track.album.size() + track.genre.size());
  append_record(out, track);
  return out;
}

void append_record(std::string& out, const Track& track) {
  out.push_back(static_cast<char>(track.content.scheme));
  out += as_text(track.content.digest);
  const bool more = has_more(track);
  out.push_back(static_cast<char>(static_cast<unsigned>(track.codec) | (more ? kMore : 0u)));
  put_varint(out, track.year);
  put_varint(out, track.duration_ms);
  put_varint(out, track.bitrate_kbps);
  put_varint(out, track.size_bytes);
  for (const std::string* text : {&track.title, &track.artist, &track.album, &track.genre}) put_text(out, *text);
  if (!more) return;
  out.push_back(static_cast<char>(track.kind));
  for (const std::string* text : {&track.licence, &track.publisher}) put_text(out, *text);
}

std::optional<Track> decode_record(std::string_view bytes) {
  Track track;
  if (!take_content(bytes, track.content) || !take_rest(bytes, track) || !is_tidy(track)) return std::nullopt;
  return track;
}

std::optional<std::array<std::string_view, 5>> texts_of_body(std::string_view in) {
  std::array<std::string_view, 5> texts;
  if (!take_varint<std::uint64_t>(in)) return std::nullopt;
  for (std::string_view& text : texts) {
    const auto size = take_varint<std::uint32_t>(in);
    if (!size || *size > in.size()) return std::nullopt;
    text = in.substr(0, *size);
    in.remove_prefix(*size);
  }
  return texts;
}

bool read_body(std::string_view in, Track& track) {
  return take_number(in, track.size_bytes) && take_text(in, track.title) && take_text(in, track.artist) &&
         take_text(in, track.album) && take_text(in, track.genre) && take_text(in, track.publisher) && in.empty();
}

}  // namespace earshot::index
