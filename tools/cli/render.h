// What a person sees of an answer: plain text, aligned by the cells that a terminal gives each character. Text from the
// network is shown, never obeyed: no control character leaves this file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/cli/replies.h"

namespace earshot::cli {

/// Fit to print: control characters (C0, DEL, C1), line and paragraph separators and marks that turn the direction of
/// text become U+FFFD; so does every byte that is not UTF-8.
std::string printable(std::string_view text);

/// Cells of a terminal. REQUIRES: text is printable().
std::size_t cells(std::string_view text);

/// Exactly `width` cells: filled with spaces, or cut with an ellipsis.
std::string fitted(std::string_view text, std::size_t width);

/// "3:07", "1:02:03", "" for zero.
std::string clock_time(std::uint64_t ms);

/// "41 ms", "3.0 s".
std::string short_time(std::uint64_t ms);

/// "1 track", "2 tracks".
std::string plural(std::uint64_t count, std::string_view one, std::string_view many);

/// "3.1 MB": powers of 1,000, one digit after the point below ten.
std::string byte_count(std::uint64_t bytes);

/// Whether text may be coloured: a terminal, no NO_COLOR, no --json.
enum class Colour : std::uint8_t { kOff, kOn };

/// The table of hits for a terminal of `width` cells (at least 60 are used).
class HitTable {
 public:
  HitTable(std::size_t width, Colour colour);

  std::string header() const;
  std::string row(std::size_t number, const HitLine& hit) const;

 private:
  std::string line(const std::vector<std::string>& texts) const;

  std::vector<std::size_t> widths_;
  Colour colour_;
};

/// "7 tracks at 9 holders in 3.0 s; this node asked 5 neighbors and got 4 answers".
/// Who was asked and what that is worth; empty when nobody was.
std::string coverage_of(const SummaryLine& summary);
std::string closing_line(const SummaryLine& summary);

/// "[#####.....] 1.5 of 3.0 MB from 2 holders, 1.0 MB/s, 0:02 left"; without a rate it says nothing of time.
std::string progress_bar(const ProgressLine& progress, std::uint64_t bytes_per_second = 0);

/// Whether a program is on the PATH.
bool is_installed(std::string_view program);

/// The line that plays a file: with what is installed, else with mpv.
std::string how_to_play(std::string_view file);

}  // namespace earshot::cli
