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

bool take_codec(std::string_view& in, Codec& codec) {
  if (in.empty() || static_cast<std::uint8_t>(in[0]) > static_cast<std::uint8_t>(Codec::kWav)) return false;
  codec = static_cast<Codec>(in[0]);
  in.remove_prefix(1);
  return true;
}

bool take_body(std::string_view& bytes, Track& track) {
  return take_codec(bytes, track.codec) && take_number(bytes, track.year) && take_number(bytes, track.duration_ms) &&
         take_number(bytes, track.bitrate_kbps) && take_number(bytes, track.size_bytes) &&
         take_text(bytes, track.title) && take_text(bytes, track.artist) && take_text(bytes, track.album) &&
         take_text(bytes, track.genre) && bytes.empty();
}

}  // namespace

void put_body(std::string& out, const Track& track) {
  out.push_back(static_cast<char>(track.codec));
  put_varint(out, track.year);
  put_varint(out, track.duration_ms);
  put_varint(out, track.bitrate_kbps);
  put_varint(out, track.size_bytes);
  for (const std::string* text : {&track.title, &track.artist, &track.album, &track.genre}) put_text(out, *text);
}

std::string encode(const Track& track) {
  std::string out;
  out.reserve(64 + track.title.size() + track.artist.size() + track.album.size() + track.genre.size());
  out.push_back(static_cast<char>(track.content.scheme));
  out += as_text(track.content.digest);
  put_body(out, track);
  return out;
}

std::optional<Track> decode_record(std::string_view bytes) {
  Track track;
  if (!take_content(bytes, track.content) || !take_body(bytes, track) || !is_tidy(track)) return std::nullopt;
  return track;
}

std::optional<Track> decode_body(std::string_view bytes) {
  Track track;
  if (!take_body(bytes, track)) return std::nullopt;
  return track;
}

}  // namespace earshot::index
