// How long things last that do not repeat: sessions, absences. Any law is said by its median and its shape, so that two of
// them can be exchanged and the middle stays where it was.
//
// With u uniform in (0, 1) and h = -log2(u), which is 1 at the median and the number of half-lives elsewhere:
//   constant      median
//   exponential   median x h                     mean = median / ln 2 = 1.4427 medians
//   weibull       median x h^(1 / shape)         shape 0.3 to 0.6 fits BitTorrent sessions (Stutzbach, Rejaie 2006)
//   pareto        median x 2^((h - 1) / shape)   mean = median x 2^(-1 / shape) x shape / (shape - 1), none for shape <= 1
//   log_normal    median x e^(shape x z)         z standard normal; mean = median x e^(shape^2 / 2)
//   imported      a column of a table, or the difference of two, in seconds; each row as likely as any other
//
// Whole numbers only (fixed_math.h), so the same on every machine. What is drawn lies within a microsecond and ten years.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "schema/random.h"
#include "schema/result.h"
#include "schema/time.h"
#include "sim/fixed_math.h"

namespace earshot::sim {

enum class DurationKind : std::uint8_t { kConstant, kExponential, kWeibull, kPareto, kLogNormal, kImported };

struct DurationSettings {
  DurationKind kind = DurationKind::kExponential;
  Duration median = 60min;
  Fixed shape = kFixedOne;          // weibull: k; pareto: alpha; log_normal: sigma
  std::filesystem::path file;       // imported
  std::string column;               // imported: seconds
  std::string since;                // imported: a column to subtract, or none
};

class DurationLaw {
 public:
  /// Errors: those of read_text; kInvalid, naming the line.
  static Result<DurationLaw> from(const DurationSettings& settings);

  Duration draw(Random& random) const;

 private:
  explicit DurationLaw(const DurationSettings& settings) : settings_(settings) {}
  Result<void> read();

  DurationSettings settings_;
  std::vector<std::uint32_t> seconds_;  // imported
  std::vector<Fixed> normal_;           // log_normal
};

}  // namespace earshot::sim
