// Laws of durations.
#include "sim/duration_law.h"

#include <algorithm>

#include "sim/table_file.h"

namespace earshot::sim {

namespace {

constexpr std::uint64_t kLongestDrawn = std::uint64_t{10} * 365 * 86'400 * 1'000'000;
constexpr std::uint32_t kLawPoints = 4096;

__extension__ using Wide = __int128;

Fixed divided(Fixed left, Fixed right) { return static_cast<Fixed>((Wide{left} << 32) / right); }

/// -log2 of a number that is uniform in (0, 1).
Fixed half_lives(Random& random) { return Fixed{64} * kFixedOne - fixed_log2(random.next() | 1); }

/// log2 of a positive fixed number.
Fixed log2_of(Fixed value) { return fixed_log2(static_cast<std::uint64_t>(value)) - Fixed{32} * kFixedOne; }

/// Whole seconds of "123" or "123.4".
bool parse_seconds(std::string_view text, std::uint32_t& seconds) { return parse_number(text.substr(0, text.find('.')), seconds); }

}  // namespace

Result<DurationLaw> DurationLaw::from(const DurationSettings& settings) {
  DurationLaw law(settings);
  if (settings.kind == DurationKind::kLogNormal) law.normal_ = normal_quantiles(kLawPoints);
  if (settings.kind == DurationKind::kImported) {
    if (auto ok = law.read(); !ok) return tl::unexpected(ok.error());
  }
  return law;
}

Result<void> DurationLaw::read() {
  const std::string& file = settings_.file.string();
  const Result<std::string> text = read_text(settings_.file);
  if (!text) return tl::unexpected(text.error());
  Pieces lines(*text, '\n');
  std::string_view line;
  lines.next(line);
  const Result<std::size_t> until = column_of(line, settings_.column);
  if (!until) return fail_in(file, until.error());
  const Result<std::size_t> since = settings_.since.empty() ? until : column_of(line, settings_.since);
  if (!since) return fail_in(file, since.error());
  for (std::size_t number = 2; lines.next(line); ++number) {
    const std::string_view end = cell_of(line, *until);
    const std::string_view begin = settings_.since.empty() ? "0" : cell_of(line, *since);
    if (end.empty() || begin.empty()) continue;  // nobody looked twice, so nothing is known
    std::uint32_t last = 0;
    std::uint32_t first = 0;
    if (!parse_seconds(end, last) || !parse_seconds(begin, first) || last < first) {
      return fail(ErrorCode::kInvalid, "{}:{}: '{}' since '{}' is no time in seconds", file, number, end, begin);
    }
    if (last > first) seconds_.push_back(last - first);
  }
  if (seconds_.empty()) return fail(ErrorCode::kInvalid, "{}: no durations", file);
  return {};
}

Duration DurationLaw::draw(Random& random) const {
  const auto median = static_cast<std::uint64_t>(settings_.median.count());
  std::uint64_t drawn = median;
  switch (settings_.kind) {
    case DurationKind::kConstant: break;
    case DurationKind::kExponential: drawn = scaled_exp2(median, log2_of(half_lives(random))); break;
    case DurationKind::kWeibull: drawn = scaled_exp2(median, divided(log2_of(half_lives(random)), settings_.shape)); break;
    case DurationKind::kPareto: drawn = scaled_exp2(median, divided(half_lives(random) - kFixedOne, settings_.shape)); break;
    case DurationKind::kLogNormal: {
      constexpr Fixed kLog2E = 6196328019;  // 1 / ln 2
      const Fixed z = normal_[random.below(normal_.size())];
      drawn = scaled_exp2(median, fixed_multiply(fixed_multiply(settings_.shape, kLog2E), z));
      break;
    }
    case DurationKind::kImported: drawn = std::uint64_t{seconds_[random.below(seconds_.size())]} * 1'000'000; break;
  }
  return Duration(static_cast<std::int64_t>(std::clamp<std::uint64_t>(drawn, 1, kLongestDrawn)));
}

}  // namespace earshot::sim
