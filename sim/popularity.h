// How wanted things are: weights by rank, and draws in proportion to them, in whole numbers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "schema/random.h"
#include "schema/result.h"
#include "sim/fixed_math.h"

namespace earshot::sim {

/// Weights by rank, the most wanted first.
using Weights = std::vector<std::uint64_t>;

Weights uniform_weights(std::uint32_t ranks);

/// Zipf: the weight of rank r = 1, 2, ... is r^-exponent. The first `flat_head` ranks weigh the same, as measured in Gnutella
/// (Sripanidkulchai 2001): what everybody knows is asked for less than the law says.
Weights zipf_weights(std::uint32_t ranks, Fixed exponent, std::uint32_t flat_head);

/// The column `count` of a table with a header line, largest first. Errors: those of read_text; kInvalid.
Result<Weights> imported_weights(const std::filesystem::path& path);

/// The weights' square roots, 16 bits behind the point.
Weights square_roots(const Weights& weights);

/// Draws ranks in proportion to their weights.
class WeightedDraw {
 public:
  /// REQUIRES: some weight is not 0.
  explicit WeightedDraw(const Weights& weights);

  std::uint32_t operator()(Random& random) const;

 private:
  std::vector<std::uint64_t> sums_;
};

/// Shares `total` among the ranks in proportion to the weights, each within 1..most.
std::vector<std::uint32_t> apportioned(const Weights& weights, std::uint64_t total, std::uint32_t most);

}  // namespace earshot::sim
