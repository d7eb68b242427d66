// How the command line may look, as a person chose it: colours and progress.
#pragma once

#include <cstdint>

namespace earshot::cli {

/// kAuto: on a terminal, unless NO_COLOR is set or TERM is "dumb". --json never has colours.
enum class ColourChoice : std::uint8_t { kAuto, kAlways, kNever };

/// On stderr, always. kAuto: a bar that redraws itself on a terminal, nothing elsewhere; kPlain: a line every second,
/// for logs and screen readers; kJson: an object a line.
enum class ProgressChoice : std::uint8_t { kAuto, kPlain, kJson, kNone };

struct ConsoleStyle {
  ColourChoice colour = ColourChoice::kAuto;
  ProgressChoice progress = ProgressChoice::kAuto;
};

}  // namespace earshot::cli
