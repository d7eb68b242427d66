// Text forms of ids.
#include "schema/ids.h"

#include <charconv>
#include <cstring>

namespace earshot {

namespace {

constexpr std::string_view kPpsppPrefix = "ppspp:";
constexpr std::string_view kDescribedPrefix = "described:";
constexpr std::string_view kTorrentPrefix = "torrent:";

Result<ContentId> torrent_from(std::string_view text) {
  ContentId id{Scheme::kTorrent, {}};
  const std::size_t colon = text.find(':');
  const std::string padded = std::string(text.substr(0, colon)) + std::string(2 * (id.digest.size() - kInfoHashSize), '0');
  const auto digest = digest_from_hex(padded);
  std::uint32_t file = 0;
  bool numbered = colon == std::string_view::npos;
  if (!numbered) {
    const std::string_view digits = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), file);
    numbered = error == std::errc{} && end == digits.data() + digits.size() && file > 0;
  }
  if (!digest || !numbered) {
    return fail(ErrorCode::kInvalid, "a torrent's content id reads 'torrent:', 40 hexadecimal digits, and perhaps ':' and the number of a file");
  }
  id.digest = *digest;
  for (std::size_t i = 0; i < 4; ++i) id.digest[kInfoHashSize + i] = static_cast<std::uint8_t>(file >> (24 - 8 * i));
  return id;
}

}  // namespace

std::string to_string(const QueryId& id) { return fmt::format("{:016x}{:016x}", id.high, id.low); }

Result<QueryId> query_id_from(std::string_view hex) {
  QueryId id;
  const auto parse = [](std::string_view digits, std::uint64_t& word) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), word, 16);
    return error == std::errc{} && end == digits.data() + digits.size();
  };
  if (hex.size() != 32 || !parse(hex.substr(0, 16), id.high) || !parse(hex.substr(16), id.low)) {
    return fail(ErrorCode::kInvalid, "a query id is 32 hexadecimal digits");
  }
  return id;
}

std::string to_string(const NodeKey& key) { return to_hex(key.bytes); }

std::uint32_t torrent_file_of(const ContentId& id) {
  std::uint32_t file = 0;
  for (std::size_t i = 0; i < 4; ++i) file = file << 8 | id.digest[kInfoHashSize + i];
  return file;
}

std::string to_string(const ContentId& id) {
  if (id.scheme == Scheme::kTorrent) {
    const std::uint32_t file = torrent_file_of(id);
    return std::string(kTorrentPrefix) + to_hex(ByteView(id.digest).first(kInfoHashSize)) + (file == 0 ? "" : fmt::format(":{}", file));
  }
  const std::string_view prefix = id.scheme == Scheme::kPpspp ? kPpsppPrefix : kDescribedPrefix;
  return std::string(prefix) + to_hex(id.digest);
}

Result<ContentId> content_id_from(std::string_view text) {
  if (text.starts_with(kTorrentPrefix)) return torrent_from(text.substr(kTorrentPrefix.size()));
  ContentId id;
  if (text.starts_with(kPpsppPrefix)) {
    id.scheme = Scheme::kPpspp;
    text.remove_prefix(kPpsppPrefix.size());
  } else if (text.starts_with(kDescribedPrefix)) {
    text.remove_prefix(kDescribedPrefix.size());
  } else {
    return fail(ErrorCode::kInvalid, "a content id reads 'ppspp:' and 64 hexadecimal digits");
  }
  auto digest = digest_from_hex(text);
  if (!digest) return fail_in("content id", std::move(digest.error()));
  id.digest = *digest;
  return id;
}

std::size_t IdHash::first_word(const Digest32& bytes) {
  std::size_t word = 0;
  std::memcpy(&word, bytes.data(), sizeof word);
  return word;
}

}  // namespace earshot
