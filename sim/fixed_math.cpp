// Powers, logarithms and the bell curve in whole numbers.
#include "sim/fixed_math.h"

#include <bit>
#include <cmath>

#include "schema/check.h"

namespace earshot::sim {

namespace {

__extension__ using Wide = __int128;
__extension__ using WideUnsigned = unsigned __int128;

/// 2^f - 1 for f in [0, 1), both with 62 bits behind the point: the series of exp(f ln 2).
std::uint64_t exp2_fraction(std::uint32_t fraction) {
  constexpr std::uint64_t kLn2 = 0x2C5C85FDF473DE6Bu;  // ln 2 x 2^62
  const auto x = static_cast<std::uint64_t>((WideUnsigned{kLn2} * fraction) >> 32);
  std::uint64_t sum = 0;
  std::uint64_t term = std::uint64_t{1} << 62;
  for (std::uint64_t n = 1; term != 0; ++n) {
    term = static_cast<std::uint64_t>((WideUnsigned{term} * x) >> 62) / n;
    sum += term;
  }
  return sum;
}

}  // namespace

Fixed fixed_multiply(Fixed left, Fixed right) { return static_cast<Fixed>((Wide{left} * right) >> 32); }

Fixed fixed_from(double value) {
  EARSHOT_CHECK(std::abs(value) < double{1 << 30});
  return static_cast<Fixed>(std::llround(value * 4294967296.0));
}

Fixed fixed_log2(std::uint64_t value) {
  EARSHOT_CHECK(value > 0);
  const int whole = 63 - std::countl_zero(value);
  std::uint64_t mantissa = value << std::countl_zero(value);  // [1, 2) with 63 bits behind the point
  Fixed result = Fixed{whole} << 32;
  for (int bit = 31; bit >= 0; --bit) {
    const WideUnsigned square = WideUnsigned{mantissa} * mantissa;  // [1, 4) with 126 bits
    const bool carry = (square >> 127) != 0;
    mantissa = static_cast<std::uint64_t>(square >> (carry ? 64 : 63));
    if (carry) result += Fixed{1} << bit;
  }
  return result;
}

std::uint64_t scaled_exp2(std::uint64_t scale, Fixed exponent) {
  const auto whole = static_cast<int>(exponent >> 32);
  const WideUnsigned factor = (WideUnsigned{1} << 62) + exp2_fraction(static_cast<std::uint32_t>(exponent & (kFixedOne - 1)));
  const WideUnsigned product = WideUnsigned{scale} * factor;  // 62 bits behind the point
  const int shift = 62 - whole;
  if (shift >= 128 || product == 0) return 0;
  const int bits = (product >> 64) != 0 ? 128 - std::countl_zero(static_cast<std::uint64_t>(product >> 64))
                                        : 64 - std::countl_zero(static_cast<std::uint64_t>(product));
  if (bits - shift > 63) return INT64_MAX;
  return static_cast<std::uint64_t>(shift >= 0 ? product >> shift : product << -shift);
}

std::uint64_t square_root(std::uint64_t value) {
  std::uint64_t root = 0;
  for (std::uint64_t bit = std::uint64_t{1} << 31; bit != 0; bit >>= 1) {
    if ((root + bit) * (root + bit) <= value) root += bit;
  }
  return root;
}

std::vector<Fixed> normal_quantiles(std::uint32_t points) {
  constexpr std::int64_t kCoins = 4096;  // deviation: sqrt(4096) / 2 = 32 heads
  constexpr int kDeviationBits = 5;
  // Weights relative to the most likely count, from it downwards; the other side mirrors it.
  std::vector<std::uint64_t> weights;
  std::uint64_t weight = std::uint64_t{1} << 48;
  for (std::int64_t below = 0; weight != 0; ++below) {
    weights.push_back(weight);
    const std::int64_t heads = kCoins / 2 - below;
    weight = static_cast<std::uint64_t>(WideUnsigned{weight} * static_cast<std::uint64_t>(heads) /
                                        static_cast<std::uint64_t>(kCoins - heads + 1));
  }
  WideUnsigned total = weights[0];
  for (std::size_t i = 1; i < weights.size(); ++i) total += WideUnsigned{2} * weights[i];

  // Each count of heads is a bar one wide; walk the bars with the wanted shares of the area.
  const auto reach = static_cast<std::int64_t>(weights.size()) - 1;
  std::vector<Fixed> quantiles;
  quantiles.reserve(points + 1);
  WideUnsigned passed = 0;
  std::int64_t bar = -reach;
  for (std::uint32_t i = 0; i <= points; ++i) {
    const WideUnsigned wanted = total * (2 * WideUnsigned{i} + 1) / (2 * (WideUnsigned{points} + 1));
    const auto height = [&] { return weights[static_cast<std::size_t>(bar < 0 ? -bar : bar)]; };
    while (passed + height() <= wanted) {
      passed += height();
      ++bar;
    }
    const auto within = static_cast<Fixed>(((wanted - passed) << 32) / height());
    const Fixed heads = bar * kFixedOne - kFixedOne / 2 + within;
    quantiles.push_back(heads >> kDeviationBits);
  }
  return quantiles;
}

}  // namespace earshot::sim
