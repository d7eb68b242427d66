// Words weighed, one dropped.
#include "tools/node/relaxation.h"

#include <algorithm>
#include <vector>

namespace earshot::node {

namespace {

bool is_plain(std::string_view word) {
  return word.find_first_of("\"():*<>=") == std::string_view::npos && !word.starts_with('-') && word != "OR";
}

}  // namespace

std::optional<Relaxed> relaxed(std::string_view text, const std::function<std::uint64_t(std::string_view)>& known) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t begin = text.find_first_not_of(" \t\n");
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    words.push_back(text.substr(0, text.find_first_of(" \t\n")));
    text.remove_prefix(words.back().size());
  }
  if (words.size() < 2 || !std::all_of(words.begin(), words.end(), is_plain)) return std::nullopt;
  std::vector<std::uint64_t> counts;
  for (const std::string_view word : words) counts.push_back(known(word));
  std::size_t worst = 0;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const bool rarer = counts[i] < counts[worst];
    if (rarer || (counts[i] == counts[worst] && words[i].size() > words[worst].size())) worst = i;
  }
  Relaxed result;
  result.dropped = words[worst];
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i == worst) continue;
    if (!result.text.empty()) result.text += ' ';
    result.text += words[i];
  }
  return result;
}

}  // namespace earshot::node
