// TagLib behind a stream that has limits.
#include "index/tags.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <taglib/attachedpictureframe.h>
#include <taglib/flacfile.h>
#include <taglib/id3v2tag.h>
#include <taglib/infotag.h>
#include <taglib/mp4file.h>
#include <taglib/mpegfile.h>
#include <taglib/opusfile.h>
#include <taglib/tag.h>
#include <taglib/tiostream.h>
#include <taglib/vorbisfile.h>
#include <taglib/wavfile.h>
#include <taglib/xiphcomment.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include "index/id3v2.h"
#include "schema/bytes.h"
#include "schema/limits.h"

namespace earshot::index {

namespace {

// A live set of a week, and a studio master: what is longer or denser is a broken header.
constexpr int kMaxDurationMs = 7 * 24 * 3600 * 1000;
constexpr int kMaxBitrateKbps = 100'000;
constexpr unsigned kMaxYear = 9999;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

// Read-only, and at its end when its allowance is used up.
class LimitedStream final : public TagLib::IOStream {
 public:
  LimitedStream(int descriptor, long length) : descriptor_(descriptor), length_(length) {}

  TagLib::FileName name() const override { return ""; }

  TagLib::ByteVector readBlock(unsigned long size) override {
    const auto rest = static_cast<unsigned long>(std::max(0L, length_ - position_));
    const unsigned long wanted = std::min({size, rest, static_cast<unsigned long>(allowance_)});
    TagLib::ByteVector block(static_cast<unsigned>(wanted), '\0');
    const ssize_t count = ::pread(descriptor_, block.data(), wanted, position_);
    const unsigned long got = count < 0 ? 0 : static_cast<unsigned long>(count);
    block.resize(static_cast<unsigned>(got));
    position_ += static_cast<long>(got);
    // Each call costs, so that a loop over empty reads ends too.
    allowance_ -= std::min(allowance_, static_cast<std::size_t>(got) + kCallCost);
    return block;
  }

  void seek(long offset, Position from = Beginning) override {
    const long base = from == Beginning ? 0 : from == Current ? position_ : length_;
    long to = 0;
    if (__builtin_add_overflow(base, offset, &to)) return;
    position_ = std::clamp(to, 0L, length_);
  }

  void clear() override {}
  long tell() const override { return position_; }
  long length() override { return length_; }
  bool readOnly() const override { return true; }
  bool isOpen() const override { return true; }
  void writeBlock(const TagLib::ByteVector&) override {}
  void insert(const TagLib::ByteVector&, unsigned long, unsigned long) override {}
  void removeBlock(unsigned long, unsigned long) override {}
  void truncate(long) override {}

 private:
  static constexpr std::size_t kCallCost = 16;

  int descriptor_;
  long length_;
  long position_ = 0;
  std::size_t allowance_ = kMaxTagBytes;
};

// The first bytes of a file, after an ID3v2 tag if `begin` says so.
std::string head_of(int descriptor, off_t begin) {
  std::string head(64, '\0');
  const ssize_t size = ::pread(descriptor, head.data(), head.size(), begin);
  head.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return head;
}

bool starts_at(std::string_view head, std::size_t at, std::string_view magic) {
  return head.size() >= at + magic.size() && head.substr(at, magic.size()) == magic;
}

bool is_mpeg_sync(std::string_view head) {
  return head.size() >= 2 && static_cast<unsigned char>(head[0]) == 0xFF &&
         (static_cast<unsigned char>(head[1]) & 0xE0) == 0xE0;
}

Codec codec_of(int descriptor) {
  const std::string head = head_of(descriptor, 0);
  constexpr std::size_t kOggPacket = 28;  // the first page has one segment: 27 bytes of header and its size (RFC 3533)
  if (starts_at(head, 0, "fLaC")) return Codec::kFlac;
  if (starts_at(head, 0, "OggS") && starts_at(head, kOggPacket, "OpusHead")) return Codec::kOpus;
  if (starts_at(head, 0, "OggS") && starts_at(head, kOggPacket, "\x01vorbis")) return Codec::kVorbis;
  if (starts_at(head, 0, "RIFF") && starts_at(head, 8, "WAVE")) return Codec::kWav;
  if (starts_at(head, 4, "ftyp")) return Codec::kAac;
  if (const auto tag = static_cast<off_t>(id3v2_size(head)); tag > 0) {
    return starts_at(head_of(descriptor, tag), 0, "fLaC") ? Codec::kFlac : Codec::kMp3;
  }
  return is_mpeg_sync(head) ? Codec::kMp3 : Codec::kUnknown;
}

std::unique_ptr<TagLib::File> parser_for(Codec codec, TagLib::IOStream* stream) {
  switch (codec) {
    case Codec::kMp3: return std::make_unique<TagLib::MPEG::File>(stream, TagLib::ID3v2::FrameFactory::instance());
    case Codec::kVorbis: return std::make_unique<TagLib::Ogg::Vorbis::File>(stream);
    case Codec::kOpus: return std::make_unique<TagLib::Ogg::Opus::File>(stream);
    case Codec::kFlac: return std::make_unique<TagLib::FLAC::File>(stream, TagLib::ID3v2::FrameFactory::instance());
    case Codec::kAac: return std::make_unique<TagLib::MP4::File>(stream);
    case Codec::kWav: return std::make_unique<TagLib::RIFF::WAV::File>(stream);
    case Codec::kUnknown: break;
  }
  return nullptr;
}

// Control characters become spaces, what is no UTF-8 goes, ends are trimmed, the rest is clipped.
std::string cleaned(std::string_view text) {
  std::string out;
  while (!text.empty() && out.size() < limits::kMaxTrackText) {
    std::size_t size = 1;
    while (size < std::min<std::size_t>(4, text.size()) && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80)
      ++size;
    const std::string_view character = text.substr(0, size);
    const bool is_control = size == 1 && (static_cast<unsigned char>(text[0]) < 0x20 || text[0] == 0x7F);
    if (is_control) {
      out += ' ';
    } else if (is_clean_text(character)) {
      out += character;
    }
    text.remove_prefix(size);
  }
  const std::size_t begin = std::min(out.find_first_not_of(' '), out.size());
  const std::size_t end = out.find_last_not_of(' ') + 1;
  return std::string(
      clip_utf8(std::string_view(out).substr(begin, std::max(begin, end) - begin), limits::kMaxTrackText));
}

std::string text_of(const TagLib::String& text) { return cleaned(text.to8Bit(/*unicode=*/true)); }

template <class T>
T number_or_zero(T number, T most) {
  return number >= T{0} && number <= most ? number : T{0};
}

// RIFF files have an INFO list, an ID3v2 tag, or both; TagLib's own choice knows the latter only.
const TagLib::Tag* tag_of(const TagLib::File& parser) {
  const auto* wav = dynamic_cast<const TagLib::RIFF::WAV::File*>(&parser);
  if (wav != nullptr && !wav->hasID3v2Tag()) return wav->InfoTag();
  return parser.tag();
}

// MP4 is a box for several codecs.
Codec codec_inside(const TagLib::File& parser, Codec codec) {
  const auto* mp4 = dynamic_cast<const TagLib::MP4::Properties*>(parser.audioProperties());
  return mp4 != nullptr && mp4->codec() != TagLib::MP4::Properties::AAC ? Codec::kUnknown : codec;
}

Result<Track> read(int descriptor, long size, Codec codec, const std::filesystem::path& file) {
  LimitedStream stream(descriptor, size);
  const auto parser = parser_for(codec, &stream);
  const auto* properties = parser->isValid() ? parser->audioProperties() : nullptr;
  if (properties == nullptr || properties->sampleRate() <= 0) {
    return fail(ErrorCode::kCorrupt, "'{}' is damaged: no sound in it", file.string());
  }
  Track track;
  track.codec = codec_inside(*parser, codec);
  track.size_bytes = static_cast<std::uint64_t>(size);
  track.duration_ms = static_cast<std::uint32_t>(number_or_zero(properties->lengthInMilliseconds(), kMaxDurationMs));
  track.bitrate_kbps = static_cast<std::uint32_t>(number_or_zero(properties->bitrate(), kMaxBitrateKbps));
  if (const TagLib::Tag* tag = tag_of(*parser)) {
    track.title = text_of(tag->title());
    track.artist = text_of(tag->artist());
    track.album = text_of(tag->album());
    track.genre = text_of(tag->genre());
    track.year = static_cast<std::uint16_t>(number_or_zero(tag->year(), kMaxYear));
  }
  if (track.title.empty()) track.title = cleaned(file.stem().string());
  return tidied(std::move(track));
}

// The best picture seen so far.
class BestArt {
 public:
  explicit BestArt(std::size_t most) : most_(most) {}

  void take(const TagLib::ByteVector& picture, bool is_front) {
    if (picture.isEmpty() || picture.size() > most_ || (!bytes_.empty() && (is_front_ || !is_front))) return;
    bytes_.assign(picture.data(), picture.size());
    is_front_ = is_front;
  }
  void take(const TagLib::List<TagLib::FLAC::Picture*>& pictures) {
    for (const TagLib::FLAC::Picture* picture : pictures) {
      take(picture->data(), picture->type() == TagLib::FLAC::Picture::FrontCover);
    }
  }
  void take(const TagLib::ID3v2::Tag* tag) {
    if (tag == nullptr) return;
    for (const TagLib::ID3v2::Frame* frame : tag->frameList("APIC")) {
      const auto* picture = dynamic_cast<const TagLib::ID3v2::AttachedPictureFrame*>(frame);
      if (picture != nullptr) take(picture->picture(), picture->type() == TagLib::ID3v2::AttachedPictureFrame::FrontCover);
    }
  }
  void take(const TagLib::MP4::Tag* tag) {
    if (tag == nullptr || !tag->contains("covr")) return;
    for (const TagLib::MP4::CoverArt& picture : tag->item("covr").toCoverArtList()) take(picture.data(), /*is_front=*/true);
  }
  std::string bytes() { return std::move(bytes_); }

 private:
  const std::size_t most_;
  std::string bytes_;
  bool is_front_ = false;
};

std::string art_of(int descriptor, long size, Codec codec, std::size_t most) {
  LimitedStream stream(descriptor, size);
  const auto parser = parser_for(codec, &stream);
  BestArt art(most);
  if (!parser->isValid()) return "";
  if (auto* mpeg = dynamic_cast<TagLib::MPEG::File*>(parser.get())) art.take(mpeg->ID3v2Tag());
  if (auto* wav = dynamic_cast<TagLib::RIFF::WAV::File*>(parser.get())) art.take(wav->ID3v2Tag());
  if (auto* mp4 = dynamic_cast<TagLib::MP4::File*>(parser.get())) art.take(mp4->tag());
  if (auto* flac = dynamic_cast<TagLib::FLAC::File*>(parser.get())) art.take(flac->pictureList());
  if (auto* comment = dynamic_cast<TagLib::Ogg::XiphComment*>(parser->tag())) art.take(comment->pictureList());
  return art.bytes();
}

ErrorCode code_of(int error) {
  if (error == ENOENT || error == ENOTDIR) return ErrorCode::kNotFound;
  if (error == EACCES || error == EPERM) return ErrorCode::kDenied;
  return error == ELOOP ? ErrorCode::kInvalid : ErrorCode::kDisk;
}

}  // namespace

Result<Track> read_tags(const std::filesystem::path& file) {
  // Without O_NONBLOCK a named pipe would hang the open.
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (descriptor.number() < 0) return fail(code_of(errno), "open '{}': {}", file.string(), std::strerror(errno));
  struct stat status {};
  if (::fstat(descriptor.number(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(ErrorCode::kInvalid, "'{}' is not a regular file", file.string());
  }
  return read_tags(descriptor.number(), file);
}

namespace {

// parse(size, codec)
template <class T, class Parse>
Result<T> parsed(int descriptor, const std::filesystem::path& name, const Parse& parse) {
  const off_t size = ::lseek(descriptor, 0, SEEK_END);
  if (size < 0) return fail(ErrorCode::kDisk, "read '{}': {}", name.string(), std::strerror(errno));
  const Codec codec = codec_of(descriptor);
  if (codec == Codec::kUnknown) {
    return fail(ErrorCode::kUnsupported, "'{}' is no audio that earshot knows (mp3, ogg, opus, flac, m4a, wav)",
                name.string());
  }
  try {
    return parse(size, codec);
  } catch (const std::exception& error) {
    return fail(ErrorCode::kCorrupt, "read the tags of '{}': {}", name.string(), error.what());
  }
}

}  // namespace

Result<Track> read_tags(int descriptor, const std::filesystem::path& name) {
  return parsed<Track>(descriptor, name, [&](off_t size, Codec codec) { return read(descriptor, size, codec, name); });
}

Result<std::string> read_art(int descriptor, const std::filesystem::path& name, std::size_t most) {
  return parsed<std::string>(descriptor, name, [&](off_t size, Codec codec) { return art_of(descriptor, size, codec, most); });
}

}  // namespace earshot::index
