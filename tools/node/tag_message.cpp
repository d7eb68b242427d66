// A small, strict format.
#include "tools/node/tag_message.h"

#include <algorithm>

#include "schema/limits.h"

namespace earshot::node {

namespace {

template <class T>
void put(std::string& out, T number) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(number >> (8 * i));
}

void put_text(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint16_t>(text.size()));
  out += text;
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::string_view take(std::size_t size) {
    is_sound_ = is_sound_ && size <= rest_.size();
    if (!is_sound_) return {};
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  template <class T>
  T number() {
    T number = 0;
    const std::string_view bytes = take(sizeof(T));
    for (std::size_t i = 0; i < bytes.size(); ++i)
      number = static_cast<T>(number | static_cast<T>(static_cast<T>(static_cast<unsigned char>(bytes[i])) << (8 * i)));
    return number;
  }

  std::string text() { return std::string(take(number<std::uint16_t>())); }
  bool is_at_end() const { return is_sound_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool is_sound_ = true;
};

tl::unexpected<Error> nonsense() { return fail(ErrorCode::kCorrupt, "the tag reader answered nonsense"); }

std::string encode_error(const Error& error) {
  std::string out(1, '\0');
  out += static_cast<char>(error.code);
  put_text(out, clip_utf8(error.what, limits::kMaxTrackText));
  return out;
}

// Behind the byte that says so.
Error decode_error(Reader& in) {
  const auto code = in.number<std::uint8_t>();
  std::string what = in.text();
  const bool is_clean = is_clean_text(what) && what.size() <= limits::kMaxTrackText;
  if (!in.is_at_end() || code > static_cast<std::uint8_t>(ErrorCode::kUnsupported) || !is_clean) return nonsense().value();
  return {static_cast<ErrorCode>(code), std::move(what)};
}

}  // namespace

std::string encode_art_reply(const Result<std::size_t>& size) {
  if (!size) return encode_error(size.error());
  std::string out(1, '\2');
  put(out, static_cast<std::uint32_t>(*size));
  return out;
}

Result<std::size_t> decode_art_reply(std::string_view reply) {
  Reader in(reply);
  const auto kind = in.number<std::uint8_t>();
  if (kind == 0) return tl::unexpected(decode_error(in));
  const auto size = in.number<std::uint32_t>();
  if (kind != 2 || !in.is_at_end() || size > kMaxArt) return nonsense();
  return size;
}

std::string encode_reply(const Result<AudioFile>& read) {
  if (!read) return encode_error(read.error());
  std::string out;
  const Track& track = read->track;
  out += '\1';
  for (const std::string* text : {&track.title, &track.artist, &track.album, &track.genre}) put_text(out, *text);
  put(out, track.year);
  put(out, track.duration_ms);
  put(out, track.bitrate_kbps);
  out += static_cast<char>(track.codec);
  put(out, track.size_bytes);
  out += read->sound ? '\1' : '\0';
  const Digest32 sound = read->sound.value_or(Digest32{});
  out.append(sound.begin(), sound.end());
  return out;
}

Result<AudioFile> decode_reply(std::string_view reply) {
  Reader in(reply);
  const auto kind = in.number<std::uint8_t>();
  if (kind == 0) return tl::unexpected(decode_error(in));
  AudioFile file;
  Track& track = file.track;
  for (std::string* text : {&track.title, &track.artist, &track.album, &track.genre}) *text = in.text();
  track.year = in.number<std::uint16_t>();
  track.duration_ms = in.number<std::uint32_t>();
  track.bitrate_kbps = in.number<std::uint32_t>();
  const auto codec = in.number<std::uint8_t>();
  track.size_bytes = in.number<std::uint64_t>();
  const auto has_sound = in.number<std::uint8_t>();
  const std::string_view sound = in.take(sizeof(Digest32));
  if (kind != 1 || !in.is_at_end() || codec > static_cast<std::uint8_t>(Codec::kWav) || has_sound > 1) return nonsense();
  track.codec = static_cast<Codec>(codec);
  if (!is_tidy(track)) return nonsense();
  if (has_sound == 1) std::copy(sound.begin(), sound.end(), file.sound.emplace().begin());
  return file;
}

}  // namespace earshot::node
