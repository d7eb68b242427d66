// Magic numbers.
#include "tools/node/media_type.h"

namespace earshot::node {

namespace {

bool has_at(ByteView bytes, std::size_t offset, std::string_view magic) {
  return bytes.size() >= offset + magic.size() && as_text(bytes.subspan(offset, magic.size())) == magic;
}

}  // namespace

std::string_view media_type_of(ByteView first) {
  if (has_at(first, 0, "OggS")) return has_at(first, 28, "OpusHead") ? "audio/ogg; codecs=opus" : "audio/ogg";
  if (has_at(first, 0, "fLaC")) return "audio/flac";
  if (has_at(first, 0, "RIFF") && has_at(first, 8, "WAVE")) return "audio/wav";
  if (has_at(first, 4, "ftyp")) return "audio/mp4";
  if (has_at(first, 0, "\x1A\x45\xDF\xA3")) return "audio/webm";
  if (has_at(first, 0, "ID3")) return "audio/mpeg";
  if (has_at(first, 0, "\xFF\xD8\xFF")) return "image/jpeg";
  if (has_at(first, 0, "\x89PNG\r\n")) return "image/png";
  if (has_at(first, 0, "RIFF") && has_at(first, 8, "WEBP")) return "image/webp";
  if (first.size() < 2 || first[0] != 0xFF || (first[1] & 0xE0) != 0xE0) return "application/octet-stream";
  // An MPEG frame: the layer's two bits are zero in AAC's ADTS, and in nothing else that begins like this.
  return (first[1] & 0x06) == 0 ? "audio/aac" : "audio/mpeg";
}

bool is_picture(ByteView first) { return media_type_of(first).starts_with("image/"); }

std::string_view dlna_profile_of(std::string_view media_type) {
  if (media_type == "audio/mpeg") return "MP3";
  if (media_type == "audio/mp4") return "AAC_ISO";
  if (media_type == "audio/aac") return "AAC_ADTS";
  return {};
}

std::uint64_t id3v2_size(ByteView first) {
  if (first.size() < 10 || !has_at(first, 0, "ID3") || first[3] == 0xFF || first[4] == 0xFF) return 0;
  std::uint64_t size = 0;
  for (std::size_t i = 6; i < 10; ++i) {
    if (first[i] >= 0x80) return 0;  // seven bits a byte
    size = size << 7 | first[i];
  }
  const bool has_footer = (first[5] & 0x10) != 0;
  return 10 + size + (has_footer ? 10 : 0);
}

}  // namespace earshot::node
