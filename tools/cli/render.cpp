// Cells, columns, bars.
#include "tools/cli/render.h"

#include <fmt/format.h>
#include <unistd.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

namespace earshot::cli {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

// Tells a terminal nothing but to draw: no controls, no separators, no change of direction, no tags.
bool is_safe(utf8proc_int32_t code_point) {
  switch (utf8proc_category(code_point)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return false;
    default:
      return true;
  }
}

struct CodePoint {
  utf8proc_int32_t value = -1;
  std::size_t bytes = 1;
};

CodePoint first_of(std::string_view text) {
  CodePoint point;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const utf8proc_ssize_t length = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &point.value);
  if (length > 0) point.bytes = static_cast<std::size_t>(length);
  if (length <= 0) point.value = -1;
  return point;
}

std::size_t width_of(utf8proc_int32_t code_point) {
  return code_point < 0 ? 1 : static_cast<std::size_t>(std::max(0, utf8proc_charwidth(code_point)));
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const CodePoint point = first_of(text);
    const bool blank = point.value == '\t' || point.value == '\n';
    if (blank) {
      result += ' ';
    } else if (point.value >= 0 && is_safe(point.value)) {
      result += text.substr(0, point.bytes);
    } else {
      result += kReplacement;
    }
    text.remove_prefix(point.bytes);
  }
  return result;
}

std::size_t cells(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    const CodePoint point = first_of(text);
    count += width_of(point.value);
    text.remove_prefix(point.bytes);
  }
  return count;
}

std::string fitted(std::string_view text, std::size_t width) {
  const std::string clean = printable(text);
  const std::size_t needed = cells(clean);
  if (needed <= width) return clean + std::string(width - needed, ' ');
  if (width == 0) return "";
  std::string result;
  std::size_t used = 0;
  std::string_view rest = clean;
  while (!rest.empty()) {
    const CodePoint point = first_of(rest);
    if (used + width_of(point.value) > width - 1) break;
    used += width_of(point.value);
    result += rest.substr(0, point.bytes);
    rest.remove_prefix(point.bytes);
  }
  result += kEllipsis;
  return result + std::string(width - used - 1, ' ');
}

std::string clock_time(std::uint64_t ms) {
  if (ms == 0) return "";
  const std::uint64_t total = ms / 1000;
  if (total >= 3600) return fmt::format("{}:{:02}:{:02}", total / 3600, total / 60 % 60, total % 60);
  return fmt::format("{}:{:02}", total / 60, total % 60);
}

std::string short_time(std::uint64_t ms) {
  return ms < 1000 ? fmt::format("{} ms", ms) : fmt::format("{}.{} s", ms / 1000, ms % 1000 / 100);
}

std::string plural(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string byte_count(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  constexpr std::array<std::string_view, 4> kUnits = {"kB", "MB", "GB", "TB"};
  std::uint64_t tenths = bytes / 100;
  std::size_t unit = 0;
  while (tenths >= 10'000 && unit + 1 < kUnits.size()) {
    tenths /= 1000;
    ++unit;
  }
  if (tenths < 100) return fmt::format("{}.{} {}", tenths / 10, tenths % 10, kUnits[unit]);
  return fmt::format("{} {}", tenths / 10, kUnits[unit]);
}

HitTable::HitTable(std::size_t width, Colour colour) : colour_(colour) {
  // #, title, artist, album, length, size, holders, hops, time: the three texts share what the numbers leave.
  constexpr std::size_t kNumbers = 4 + 8 + 7 + 7 + 4 + 7;
  constexpr std::size_t kGaps = 8;
  const std::size_t rest = std::max<std::size_t>(width, 80) - kNumbers - kGaps;
  const std::size_t title = rest * 40 / 100;
  const std::size_t artist = rest * 30 / 100;
  widths_ = {4, title, artist, rest - title - artist, 8, 7, 7, 4, 7};
}

std::string HitTable::line(const std::vector<std::string>& texts) const {
  std::string result;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const bool is_number = i == 0 || i > 3;
    const std::string clean = printable(texts[i]);
    const std::size_t used = cells(clean);
    if (is_number && used < widths_[i])
      result += std::string(widths_[i] - used, ' ') + clean;
    else
      result += fitted(clean, widths_[i]);
    if (i + 1 < texts.size()) result += ' ';
  }
  return result;
}

std::string HitTable::header() const {
  const std::string text = line({"#", "title", "artist", "album", "length", "size", "holders", "hops", "time"});
  return colour_ == Colour::kOn ? "\033[1m" + text + "\033[0m" : text;
}

std::string HitTable::row(std::size_t number, const HitLine& hit) const {
  return line({fmt::format("{}", number), hit.title, hit.artist, hit.album, clock_time(hit.duration_ms),
               hit.size_bytes == 0 ? "" : byte_count(hit.size_bytes), fmt::format("{}", hit.holders.size()),
               fmt::format("{}", hit.hops), fmt::format("{} ms", hit.ms)});
}

std::string coverage_of(const SummaryLine& summary) {
  if (summary.asked == 0) return "";
  std::string text = fmt::format("; {} asked by some {}", plural(summary.asked, "peer", "peers"),
                                 plural(summary.cost, "message", "messages"));
  if (summary.least == 0 && summary.most == 1000) return text + ", what share of the network that is, is not known yet";
  const auto percent = [](std::uint64_t permille) { return static_cast<double>(permille) / 10; };
  return text + fmt::format(", which covers {:.1f} % of the network ({:.1f} to {:.1f} %)", percent(summary.coverage),
                            percent(summary.least), percent(summary.most));
}

std::string closing_line(const SummaryLine& summary) {
  return fmt::format("{} at {} in {}; this node sent {} and got {}", plural(summary.hits, "track", "tracks"),
                     plural(summary.holders, "holder", "holders"), short_time(summary.ms),
                     plural(summary.messages, "question", "questions"), plural(summary.answers, "answer", "answers")) +
         coverage_of(summary);
}

std::string progress_bar(const ProgressLine& progress, std::uint64_t bytes_per_second) {
  constexpr std::size_t kWidth = 30;
  const std::size_t done =
      progress.size == 0 ? 0
                         : static_cast<std::size_t>(kWidth * std::min(progress.bytes, progress.size) / progress.size);
  std::uint64_t giving = 0;
  for (const SourceLine& source : progress.sources) giving += source.bytes > 0 ? 1 : 0;
  std::string bar = fmt::format("[{}{}] {} of {} from {}", std::string(done, '#'), std::string(kWidth - done, '.'),
                                byte_count(progress.bytes), byte_count(progress.size), plural(giving, "holder", "holders"));
  if (bytes_per_second == 0) return bar;
  bar += fmt::format(", {}/s", byte_count(bytes_per_second));
  if (progress.size <= progress.bytes) return bar;
  const std::uint64_t seconds = (progress.size - progress.bytes) / bytes_per_second + 1;
  return bar + fmt::format(", {} left", clock_time(seconds * 1000));
}

bool is_installed(std::string_view program) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path ? path : "";
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    if (end > 0 && ::access((std::filesystem::path(rest.substr(0, end)) / program).c_str(), X_OK) == 0) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

std::string how_to_play(std::string_view file) {
  std::string quoted = "'";
  for (const char byte : file) quoted += byte == '\'' ? std::string("'\\''") : std::string(1, byte);
  quoted += "'";
  if (!is_installed("mpv") && is_installed("ffplay")) return "ffplay -nodisp -autoexit " + quoted;
  if (!is_installed("mpv") && is_installed("vlc")) return "vlc " + quoted;
  return "mpv " + quoted;
}

}  // namespace earshot::cli
