// Powers, logarithms and the bell curve in whole numbers. The C library's exp and log may differ in the last bit from one
// machine or compiler to the next; a simulation that must repeat everywhere cannot use them.
#pragma once

#include <cstdint>
#include <vector>

namespace earshot::sim {

/// A number with 32 bits behind the binary point.
using Fixed = std::int64_t;
inline constexpr Fixed kFixedOne = Fixed{1} << 32;

/// The product, rounded towards minus infinity.
Fixed fixed_multiply(Fixed left, Fixed right);

/// From a decimal written by a person; exact to 1e-9. REQUIRES: |value| < 2^30.
Fixed fixed_from(double value);

/// log2 of a whole number, exact to 2^-31. REQUIRES: value > 0.
Fixed fixed_log2(std::uint64_t value);

/// scale x 2^exponent, rounded down, exact to 2^-40 of itself; 0 when it is below 1, 2^63 - 1 when it does not fit.
std::uint64_t scaled_exp2(std::uint64_t scale, Fixed exponent);

/// The square root, rounded down.
std::uint64_t square_root(std::uint64_t value);

/// `points` + 1 quantiles of the standard normal distribution, at (i + 1/2) / (points + 1). From the binomial distribution of
/// 4,096 fair coins, whose distance from the normal is below 0.001 everywhere that a table of some thousand points reaches.
std::vector<Fixed> normal_quantiles(std::uint32_t points);

}  // namespace earshot::sim
