// Points, matrices, and how far apart they are.
#include "sim/distances.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "sim/fixed_math.h"
#include "sim/table_file.h"

namespace earshot::sim {

namespace {

constexpr double kFarthestMs = 60'000;

/// Microseconds of a decimal number of milliseconds.
bool parse_ms(std::string_view text, std::int32_t& microseconds) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || !(std::abs(value) <= kFarthestMs)) return false;
  microseconds = static_cast<std::int32_t>(std::llround(value * 1000));
  return true;
}

}  // namespace

Distances Distances::drawn(Duration median, std::uint32_t peers, Random random) {
  // Two normal points lie sigma x sqrt(2) x Rayleigh apart, whose median is sqrt(2 ln 2): sigma = median / 1.66511.
  constexpr Fixed kSigmaPerMedian = 2'579'390'732;
  const std::vector<Fixed> normal = normal_quantiles(4096);
  const Fixed sigma = fixed_multiply(kSigmaPerMedian, median.count());
  const auto coordinate = [&] { return static_cast<std::int32_t>(fixed_multiply(normal[random.below(normal.size())], sigma)); };
  Distances distances;
  distances.points_.reserve(peers);
  for (std::uint32_t i = 0; i < peers; ++i) {
    const std::int32_t x = coordinate();
    distances.points_.push_back({x, coordinate()});
  }
  return distances;
}

Result<Distances> Distances::coordinates(const std::filesystem::path& path, std::uint32_t peers, Random random) {
  const Result<std::string> text = read_text(path);
  if (!text) return tl::unexpected(text.error());
  Pieces lines(*text, '\n');
  std::string_view line;
  lines.next(line);
  const Result<std::size_t> x = column_of(line, "x_ms");
  if (!x) return fail_in(path.string(), x.error());
  const Result<std::size_t> y = column_of(line, "y_ms");
  if (!y) return fail_in(path.string(), y.error());
  std::vector<Point> places;
  for (std::size_t number = 2; lines.next(line); ++number) {
    Point& place = places.emplace_back();
    if (!parse_ms(cell_of(line, *x), place.x) || !parse_ms(cell_of(line, *y), place.y)) {
      return fail(ErrorCode::kInvalid, "{}:{}: '{}' is no place: two numbers of milliseconds are wanted", path.string(), number, line);
    }
  }
  if (places.empty()) return fail(ErrorCode::kInvalid, "{}: no places", path.string());
  Distances distances;
  distances.points_.reserve(peers);
  for (std::uint32_t i = 0; i < peers; ++i) distances.points_.push_back(places[random.below(places.size())]);
  return distances;
}

Result<Distances> Distances::matrix(const std::filesystem::path& path, std::uint32_t peers, Random random) {
  constexpr std::uint32_t kUnknown = UINT32_MAX;
  const Result<std::string> text = read_text(path);
  if (!text) return tl::unexpected(text.error());
  Distances distances;
  Pieces lines(*text, '\n');
  std::string_view line;
  std::size_t rows = 0;
  for (; lines.next(line); ++rows) {
    std::size_t cells = 0;
    for (std::size_t begin = 0; begin <= line.size(); ++cells) {
      const std::size_t end = std::min(line.find('\t', begin), line.size());
      std::int32_t round_trip = 0;
      const std::string_view cell = line.substr(begin, end - begin);
      if (!cell.empty() && (!parse_ms(cell, round_trip) || round_trip < 0)) {
        return fail(ErrorCode::kInvalid, "{}:{}: '{}' is no time in milliseconds", path.string(), rows + 1, cell);
      }
      distances.one_way_.push_back(cell.empty() ? kUnknown : static_cast<std::uint32_t>(round_trip) / 2);
      begin = end + 1;
    }
    if (rows == 0) distances.width_ = cells;
    if (cells != distances.width_) {
      return fail(ErrorCode::kInvalid, "{}:{}: {} cells, but {} in the first row", path.string(), rows + 1, cells, distances.width_);
    }
  }
  const std::size_t width = distances.width_;
  if (rows == 0 || rows != width) return fail(ErrorCode::kInvalid, "{}: {} rows of {} cells are no square", path.string(), rows, width);
  for (std::size_t row = 0; row < width; ++row) {
    for (std::size_t column = 0; column < width; ++column) {
      std::uint32_t& cell = distances.one_way_[row * width + column];
      if (cell == kUnknown) cell = row == column ? 0 : distances.one_way_[column * width + row];
      if (cell == kUnknown) return fail(ErrorCode::kInvalid, "{}:{}: cell {} is empty both ways", path.string(), row + 1, column + 1);
    }
  }
  distances.rows_.reserve(peers);
  for (std::uint32_t i = 0; i < peers; ++i) distances.rows_.push_back(static_cast<std::uint32_t>(random.below(width)));
  return distances;
}

Duration Distances::between(PeerId from, PeerId to) const {
  if (width_ > 0) return Duration(one_way_[rows_[to_number(from)] * width_ + rows_[to_number(to)]]);
  const Point& a = points_[to_number(from)];
  const Point& b = points_[to_number(to)];
  const std::int64_t x = std::int64_t{a.x} - b.x;
  const std::int64_t y = std::int64_t{a.y} - b.y;
  return Duration(static_cast<std::int64_t>(square_root(static_cast<std::uint64_t>(x * x + y * y))));
}

Duration Distances::longest() const {
  if (width_ > 0) return Duration(*std::max_element(one_way_.begin(), one_way_.end()));
  std::int64_t farthest = 0;  // from the centre along an axis; no two points are further apart than its fourfold
  for (const Point& point : points_) farthest = std::max<std::int64_t>({farthest, std::abs(std::int64_t{point.x}), std::abs(std::int64_t{point.y})});
  return Duration(4 * farthest);
}

std::size_t Distances::bytes() const {
  return points_.capacity() * sizeof(Point) + (rows_.capacity() + one_way_.capacity()) * sizeof(std::uint32_t);
}

}  // namespace earshot::sim
