// The bounds of a search request.
#include "schema/search.h"

namespace earshot {

std::optional<ContentId> content_asked(std::string_view text) {
  constexpr std::size_t kLongest = std::string_view("described:").size() + 2 * sizeof(Digest32);
  if (text.size() > kLongest || text.find(':') == std::string_view::npos) return std::nullopt;  // most texts, for nothing
  const auto content = content_id_from(text);
  return content ? std::optional(*content) : std::nullopt;
}

Result<void> validate(const SearchRequest& request) {
  if (request.text.empty()) return fail(ErrorCode::kInvalid, "the search text is empty: type a few words of a title");
  if (request.text.size() > limits::kMaxQueryText) {
    return fail(ErrorCode::kInvalid, "the search text has {} bytes, more than {}", request.text.size(), limits::kMaxQueryText);
  }
  if (!is_clean_text(request.text)) return fail(ErrorCode::kInvalid, "the search text is not clean UTF-8");
  if (request.limit == 0 || request.limit > limits::kMaxHitsPerHolder) {
    return fail(ErrorCode::kInvalid, "limit {} is not in 1..{}", request.limit, limits::kMaxHitsPerHolder);
  }
  if (request.walkers > limits::kMaxWalkers) {
    return fail(ErrorCode::kInvalid, "walkers {} is not in 0..{}", request.walkers, limits::kMaxWalkers);
  }
  if (request.time <= Duration::zero() || request.time > limits::kMaxQueryTime) {
    return fail(ErrorCode::kInvalid, "time {} ms is not in 1..{}", request.time / 1ms, limits::kMaxQueryTime / 1ms);
  }
  if (request.wanted == 0 || request.wanted > limits::kMaxHitsPerQuery) {
    return fail(ErrorCode::kInvalid, "wanted {} is not in 1..{}", request.wanted, limits::kMaxHitsPerQuery);
  }
  if (request.canaries.size() > limits::kMaxCanaries) {
    return fail(ErrorCode::kInvalid, "{} canaries, more than {}", request.canaries.size(), limits::kMaxCanaries);
  }
  if (request.keep < Duration::zero() || request.keep > limits::kMaxKeep) {
    return fail(ErrorCode::kInvalid, "keep {} s is not in 0..{}", request.keep / 1s, limits::kMaxKeep / 1s);
  }
  const std::uint16_t max_ttl = request.strategy == StrategyKind::kWalk ? limits::kMaxWalkTtl : limits::kMaxFloodTtl;
  if (request.ttl > max_ttl) return fail(ErrorCode::kInvalid, "ttl {} is not in 0..{}", request.ttl, max_ttl);
  return {};
}

}  // namespace earshot
