// Five containers, walked as far as it takes to leave the tags out.
#include "index/audio_digest.h"

#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "index/id3v2.h"

namespace earshot::index {

namespace {

constexpr std::uint64_t kId3v1 = 128;  // bytes, always

class Sound {
 public:
  Sound() {
    for (std::size_t i = 0; i < states_.size(); ++i) {
      states_[i].reset(XXH3_createState());
      XXH3_128bits_reset_withSeed(states_[i].get(), i + 1);
    }
  }

  void add(std::string_view bytes) {
    for (auto& state : states_) XXH3_128bits_update(state.get(), bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  bool empty() const { return size_ == 0; }

  Digest32 digest() const {
    Digest32 digest{};
    auto at = digest.begin();
    for (const auto& state : states_) {
      XXH128_canonical_t canonical;
      XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state.get()));
      at = std::copy(std::begin(canonical.digest), std::end(canonical.digest), at);
    }
    return digest;
  }

 private:
  struct FreeState {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  std::array<std::unique_ptr<XXH3_state_t, FreeState>, 2> states_;
  std::uint64_t size_ = 0;
};

tl::unexpected<Error> cut() { return fail(ErrorCode::kCorrupt, "the file ends in the middle of its sound"); }

class Input {
 public:
  explicit Input(int descriptor) : descriptor_(descriptor) {
    const off_t end = ::lseek(descriptor, 0, SEEK_END);
    size_ = end < 0 ? 0 : static_cast<std::uint64_t>(end);
  }

  std::uint64_t size() const { return size_; }

  /// At most `size` bytes at `at`; fewer at the end, or where the disk fails.
  std::string read(std::uint64_t at, std::size_t size) const {
    std::string bytes(size, '\0');
    std::size_t got = 0;
    while (got < size) {
      const ssize_t count = ::pread(descriptor_, bytes.data() + got, size - got, static_cast<off_t>(at + got));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) break;
      got += static_cast<std::size_t>(count);
    }
    bytes.resize(got);
    return bytes;
  }

  Result<void> hash(std::uint64_t begin, std::uint64_t end, Sound& sound) const {
    constexpr std::size_t kBlock = 256 * 1024;
    if (end > size_) return cut();
    while (begin < end) {
      const std::string block = read(begin, std::min<std::uint64_t>(kBlock, end - begin));
      if (block.empty()) return fail(ErrorCode::kDisk, "the file cannot be read: {}", std::strerror(errno));
      sound.add(block);
      begin += block.size();
    }
    return {};
  }

 private:
  int descriptor_;
  std::uint64_t size_ = 0;
};

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

// APEv2: header and footer are 32 bytes alike; the size counts the footer and not the header.
constexpr std::uint64_t kApeFrame = 32;

std::uint64_t ape_size(std::string_view frame) {
  if (frame.size() < kApeFrame || !frame.starts_with("APETAGEX")) return 0;
  constexpr std::uint64_t kHasHeader = 1u << 31;
  const std::uint64_t flags = little_endian(frame.substr(20, 4));
  return little_endian(frame.substr(12, 4)) + ((flags & kHasHeader) != 0 ? kApeFrame : 0);
}

std::uint64_t skip_leading_tags(const Input& input) {
  std::uint64_t begin = 0;
  while (begin < input.size()) {
    const std::string head = input.read(begin, kApeFrame);
    const std::uint64_t size = std::max(id3v2_size(head), ape_size(head));
    if (size == 0) break;
    begin += size;
  }
  return std::min(begin, input.size());
}

// Lyrics3 v2: "LYRICSBEGIN" ... six digits (the size from there to here) "LYRICS200".
std::uint64_t lyrics_size(std::string_view tail) {
  constexpr std::string_view kEnd = "LYRICS200";
  constexpr std::size_t kDigits = 6;
  if (tail.size() < kEnd.size() + kDigits || !tail.ends_with(kEnd)) return 0;
  std::uint64_t size = 0;
  for (const char digit : tail.substr(tail.size() - kEnd.size() - kDigits, kDigits)) {
    if (digit < '0' || digit > '9') return 0;
    size = size * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  return size + kEnd.size() + kDigits;
}

std::uint64_t skip_trailing_tags(const Input& input, std::uint64_t begin) {
  std::uint64_t end = input.size();
  while (end > begin) {
    const std::uint64_t rest = end - begin;
    std::uint64_t size = 0;
    if (rest >= kId3v1 && input.read(end - kId3v1, 3) == "TAG") size = kId3v1;
    if (size == 0 && rest >= kApeFrame) size = ape_size(input.read(end - kApeFrame, kApeFrame));
    if (size == 0 && rest >= kApeFrame) size = lyrics_size(input.read(end - kApeFrame, kApeFrame));
    if (size == 0 || size > rest) break;
    end -= size;
  }
  return end;
}

Result<void> hash_mp3(const Input& input, std::uint64_t begin, Sound& sound) {
  return input.hash(begin, skip_trailing_tags(input, begin), sound);
}

// RFC 9639 section 8: a block is one byte (last, type), three bytes of size, and that many bytes.
Result<void> hash_flac(const Input& input, std::uint64_t begin, Sound& sound) {
  std::uint64_t at = begin + 4;
  for (bool is_last = false; !is_last;) {
    const std::string head = input.read(at, 4);
    if (head.size() < 4) return cut();
    is_last = (head[0] & 0x80) != 0;
    at += 4 + big_endian(std::string_view(head).substr(1));
  }
  if (at > input.size()) return cut();
  return input.hash(at, skip_trailing_tags(input, at), sound);
}

// RFC 3533: a page has 27 bytes of header, a table of segment sizes, and the segments; a packet ends with a segment that is
// shorter than 255.
Result<void> hash_ogg(const Input& input, std::uint64_t begin, Sound& sound) {
  constexpr std::size_t kHeader = 27;
  constexpr std::size_t kStreams = 64;  // more in one file is no music
  struct Stream {
    std::uint64_t packets = 0;
    bool is_known = false;
    bool is_new = true;
  };
  std::map<std::uint64_t, Stream> streams;
  std::uint64_t at = begin;
  while (at < input.size()) {
    const std::string head = input.read(at, kHeader + 255);
    if (head.size() < kHeader || !head.starts_with("OggS")) return at == begin ? cut() : Result<void>{};
    const std::size_t segments = static_cast<unsigned char>(head[26]);
    if (head.size() < kHeader + segments) return cut();
    if (streams.size() >= kStreams) return fail(ErrorCode::kCorrupt, "more than {} streams in one file", kStreams);
    Stream& stream = streams[little_endian(std::string_view(head).substr(14, 4))];
    std::uint64_t from = at + kHeader + segments;
    for (std::size_t i = 0; i < segments; ++i) {
      const std::size_t size = static_cast<unsigned char>(head[kHeader + i]);
      if (stream.is_new) {
        const std::string magic = input.read(from, 8);
        stream.is_known = magic.starts_with("\x01vorbis") || magic.starts_with("OpusHead");
        stream.is_new = false;
      }
      const bool is_comment = stream.packets == 1;
      if (stream.is_known && !is_comment) {
        if (auto hashed = input.hash(from, from + size, sound); !hashed) return hashed;
      }
      from += size;
      if (size == 255) continue;
      ++stream.packets;
      if (stream.is_known && !is_comment) sound.add("|");  // two packets are not one
    }
    at = from;
  }
  return {};
}

// ISO/IEC 14496-12 4.2: four bytes of size, four of type; size 1: eight more bytes of it; size 0: up to the end.
Result<void> hash_mp4(const Input& input, Sound& sound) {
  std::uint64_t at = 0;
  while (at + 8 <= input.size()) {
    const std::string head = input.read(at, 16);
    if (head.size() < 8) return cut();
    std::uint64_t size = big_endian(std::string_view(head).substr(0, 4));
    std::uint64_t inside = at + 8;
    if (size == 1 && head.size() == 16) {
      size = big_endian(std::string_view(head).substr(8, 8));
      inside = at + 16;
    }
    if (size == 0) size = input.size() - at;
    if (size < inside - at || size > input.size() - at) return cut();
    if (std::string_view(head).substr(4, 4) == "mdat") {
      if (auto hashed = input.hash(inside, at + size, sound); !hashed) return hashed;
    }
    at += size;
  }
  return {};
}

// RIFF: chunks of four bytes of name, four of size, and that many bytes, padded to an even number.
Result<void> hash_wav(const Input& input, Sound& sound) {
  std::uint64_t at = 12;
  while (at + 8 <= input.size()) {
    const std::string head = input.read(at, 8);
    if (head.size() < 8) return cut();
    const std::uint64_t size = little_endian(std::string_view(head).substr(4, 4));
    const bool is_sound = head.starts_with("fmt ") || head.starts_with("data");
    if (is_sound) {
      // A recorder that was interrupted leaves a size that passes the end.
      const std::uint64_t end = std::min(at + 8 + size, input.size());
      if (auto hashed = input.hash(at + 8, end, sound); !hashed) return hashed;
    }
    at += 8 + size + size % 2;
  }
  return {};
}

Result<void> hash_sound(const Input& input, Sound& sound) {
  const std::uint64_t begin = skip_leading_tags(input);
  const std::string head = input.read(begin, 12);
  const std::string_view start = head;
  if (start.starts_with("fLaC")) return hash_flac(input, begin, sound);
  if (start.starts_with("OggS")) return hash_ogg(input, begin, sound);
  if (begin == 0 && start.size() >= 8 && start.substr(4, 4) == "ftyp") return hash_mp4(input, sound);
  if (begin == 0 && start.starts_with("RIFF") && start.ends_with("WAVE")) return hash_wav(input, sound);
  const bool is_mpeg = start.size() >= 2 && start[0] == '\xFF' && (start[1] & '\xE0') == '\xE0';
  if (is_mpeg || begin > 0) return hash_mp3(input, begin, sound);
  return fail(ErrorCode::kUnsupported, "no audio format that earshot knows");
}

}  // namespace

Result<Digest32> audio_digest(int descriptor) {
  const Input input(descriptor);
  Sound sound;
  if (auto hashed = hash_sound(input, sound); !hashed) return tl::unexpected(hashed.error());
  if (sound.empty()) return fail(ErrorCode::kInvalid, "no sound in the file");
  return sound.digest();
}

}  // namespace earshot::index
