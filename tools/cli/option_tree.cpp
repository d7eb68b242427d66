// Walking the tree, and the distance between words.
#include "tools/cli/option_tree.h"

#include <algorithm>
#include <numeric>

namespace earshot::cli {

namespace {

void collect_runnable(const CommandRow& row, std::vector<const CommandRow*>& into) {
  if (row.commands.empty() && !row.name.empty()) into.push_back(&row);
  for (const CommandRow& below : row.commands) collect_runnable(below, into);
}

// Insertions, deletions, replacements and swaps of two neighbors (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::vector<const CommandRow*> all_commands(const CommandRow& root) {
  std::vector<const CommandRow*> rows;
  collect_runnable(root, rows);
  return rows;
}

std::string nearest(std::string_view typed, const std::vector<std::string>& known) {
  // Longer words are not options of ours, and the distance takes the product of both lengths.
  constexpr std::size_t kMaxTyped = 40;
  if (typed.size() > kMaxTyped) return "";
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, typed.size() / 3) + 1;
  for (const std::string& word : known) {
    const std::size_t far = distance(typed, word);
    if (far < best_distance) {
      best = word;
      best_distance = far;
    }
  }
  return best;
}

}  // namespace earshot::cli
