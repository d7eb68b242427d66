// Where peers live, when latency is a matter of places and not of a law: points of a plane, as in King and Vivaldi data, or
// rows of a measured matrix. Each peer gets a place at random; several may share one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "schema/ids.h"
#include "schema/random.h"
#include "schema/result.h"
#include "schema/time.h"

namespace earshot::sim {

class Distances {
 public:
  /// Points of a plane around one centre, normal in both directions, so that distances have this median (Rayleigh).
  static Distances drawn(Duration median, std::uint32_t peers, Random random);

  /// Points from a table with the columns x_ms and y_ms; the distance of two points is the latency one way.
  /// Errors: those of read_text; kInvalid, naming the line.
  static Result<Distances> coordinates(const std::filesystem::path& path, std::uint32_t peers, Random random);

  /// A square table without a header: round-trip times in milliseconds, row to column; latency one way is half of it. An
  /// empty cell is the one mirrored at the diagonal. Errors: those of read_text; kInvalid, naming the line.
  static Result<Distances> matrix(const std::filesystem::path& path, std::uint32_t peers, Random random);

  /// Zero between two at the same place: the caller has a floor.
  Duration between(PeerId from, PeerId to) const;
  /// None is longer.
  Duration longest() const;
  std::size_t bytes() const;

 private:
  struct Point { std::int32_t x = 0; std::int32_t y = 0; };  // microseconds

  std::vector<Point> points_;           // by peer
  std::vector<std::uint32_t> rows_;     // by peer
  std::vector<std::uint32_t> one_way_;  // the matrix, microseconds
  std::size_t width_ = 0;
};

}  // namespace earshot::sim
