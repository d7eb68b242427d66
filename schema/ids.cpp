// Text forms of ids.
#include "schema/ids.h"

#include <charconv>
#include <cstring>

namespace earshot {

namespace {

constexpr std::string_view kPpsppPrefix = "ppspp:";
constexpr std::string_view kDescribedPrefix = "described:";

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

std::string to_string(const ContentId& id) {
  const std::string_view prefix = id.scheme == Scheme::kPpspp ? kPpsppPrefix : kDescribedPrefix;
  return std::string(prefix) + to_hex(id.digest);
}

Result<ContentId> content_id_from(std::string_view text) {
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
