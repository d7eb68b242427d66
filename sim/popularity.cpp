// Weights by rank.
#include "sim/popularity.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "schema/check.h"
#include "sim/table_file.h"

namespace earshot::sim {

namespace {

constexpr std::uint64_t kHeaviest = std::uint64_t{1} << 32;  // 2^31 ranks of it still sum below 2^63

}  // namespace

Weights uniform_weights(std::uint32_t ranks) { return Weights(ranks, kHeaviest); }

Weights zipf_weights(std::uint32_t ranks, Fixed exponent, std::uint32_t flat_head) {
  Weights weights;
  weights.reserve(ranks);
  for (std::uint32_t rank = 1; rank <= ranks; ++rank) {
    const Fixed power = -fixed_multiply(exponent, fixed_log2(std::max(rank, flat_head)));
    weights.push_back(std::max<std::uint64_t>(1, scaled_exp2(kHeaviest, power)));
  }
  return weights;
}

Result<Weights> imported_weights(const std::filesystem::path& path) {
  const Result<std::string> text = read_text(path);
  if (!text) return tl::unexpected(text.error());
  Pieces lines(*text, '\n');
  std::string_view line;
  lines.next(line);
  const Result<std::size_t> column = column_of(line, "count");
  if (!column) return fail_in(path.string(), column.error());
  Weights weights;
  for (std::size_t number = 2; lines.next(line); ++number) {
    const std::string_view cell = cell_of(line, *column);
    std::uint32_t count = 0;
    if (!parse_number(cell, count)) return fail(ErrorCode::kInvalid, "{}:{}: '{}' is no count", path.string(), number, cell);
    if (count > 0) weights.push_back(count);
  }
  if (weights.empty()) return fail(ErrorCode::kInvalid, "{}: no counts", path.string());
  std::sort(weights.begin(), weights.end(), std::greater<>());
  return weights;
}

Weights square_roots(const Weights& weights) {
  Weights roots;
  roots.reserve(weights.size());
  // 16 bits of the weight's fraction make 8 of the root's; weights are below 2^33 + 2^15.
  for (const std::uint64_t weight : weights) roots.push_back(std::max<std::uint64_t>(1, square_root(weight << 16) << 8));
  return roots;
}

WeightedDraw::WeightedDraw(const Weights& weights) : sums_(weights.size()) {
  std::partial_sum(weights.begin(), weights.end(), sums_.begin());
  EARSHOT_CHECK(!sums_.empty() && sums_.back() > 0);
}

std::uint32_t WeightedDraw::operator()(Random& random) const {
  const std::uint64_t point = random.below(sums_.back());
  return static_cast<std::uint32_t>(std::upper_bound(sums_.begin(), sums_.end(), point) - sums_.begin());
}

std::vector<std::uint32_t> apportioned(const Weights& weights, std::uint64_t total, std::uint32_t most) {
  __extension__ using Product = unsigned __int128;
  const std::uint64_t sum = std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
  std::vector<std::uint32_t> shares;
  shares.reserve(weights.size());
  for (const std::uint64_t weight : weights) {
    const auto share = static_cast<std::uint64_t>((Product{weight} * total + sum / 2) / sum);
    shares.push_back(static_cast<std::uint32_t>(std::clamp<std::uint64_t>(share, 1, most)));
  }
  return shares;
}

}  // namespace earshot::sim
