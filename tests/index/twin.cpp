// Answers by definition.
#include "tests/index/twin.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "index/bm25.h"
#include "index/query_parser.h"
#include "index/terms.h"

namespace earshot::index {

namespace {

using Counts = std::map<std::string, unsigned>;

std::optional<unsigned> count_of(const Counts& counts, const std::string& term) {
  const auto at = counts.find(term);
  return at == counts.end() ? std::nullopt : std::optional(at->second);
}

// How much a word counts in a track, nothing when it does not match: index/query_parser.h.
std::optional<unsigned> match(const Word& word, const Counts& counts) {
  if (const auto* term = std::get_if<Term>(&word)) return count_of(counts, term->text);
  unsigned sum = 0;
  bool any = false;
  if (const auto* prefix = std::get_if<Prefix>(&word)) {
    for (const auto& [term, count] : counts) {
      if (!term.starts_with(prefix->text)) continue;
      any = true;
      sum += count;
    }
  } else {
    const auto& compound = std::get<Compound>(word);
    unsigned least = kMaxCount;
    any = true;
    for (const auto& part : compound.parts) {
      const auto count = count_of(counts, part);
      any = any && count;
      least = std::min(least, count.value_or(0));
    }
    if (any) sum = least;
    for (const auto& spelling : compound.spellings) {
      const auto count = count_of(counts, spelling);
      any = any || count;
      sum = std::min(kMaxCount, sum + count.value_or(0));
    }
  }
  return any ? std::optional(std::min(sum, kMaxCount)) : std::nullopt;
}

struct Sums final : Statistics {
  std::uint64_t tracks() const override { return track_count; }
  std::uint64_t total_length() const override { return length; }
  std::uint64_t tracks_with(std::size_t word) const override { return with[word]; }
  std::uint64_t track_count = 0;
  std::uint64_t length = 0;
  std::vector<std::uint64_t> with;
};

}  // namespace

void Twin::add(std::span<const Track> tracks) {
  TrackTerms terms(tokenizer_);
  for (const Track& track : tracks) {
    terms.read(track);
    Entry entry{track, {}, terms.length()};
    for (const auto& term : terms.terms()) entry.counts[std::string(term.text)] = term.count;
    entries_[track.content] = std::move(entry);
  }
}

std::size_t Twin::remove(std::span<const ContentId> contents) {
  std::size_t removed = 0;
  for (const ContentId& content : contents) removed += entries_.erase(content);
  return removed;
}

Result<Answer> Twin::search(std::string_view text, std::size_t limit) const {
  const auto query = parse_query(text, tokenizer_);
  if (!query) return tl::unexpected(query.error());
  Sums sums;
  sums.with.resize(query->words.size());
  struct Candidate {
    const Entry* entry;
    std::vector<unsigned> counts;
  };
  std::vector<Candidate> candidates;
  for (const auto& [content, entry] : entries_) {
    ++sums.track_count;
    sums.length += entry.length;
    Candidate candidate{&entry, {}};
    for (std::size_t i = 0; i < query->words.size(); ++i) {
      const auto count = match(query->words[i], entry.counts);
      if (!count) continue;
      ++sums.with[i];
      candidate.counts.push_back(*count);
    }
    if (candidate.counts.size() == query->words.size()) candidates.push_back(std::move(candidate));
  }
  std::vector<WordScore> scores;
  for (std::size_t i = 0; i < query->words.size(); ++i) scores.emplace_back(sums, i);
  struct Scored {
    const Entry* entry;
    std::uint32_t score;
  };
  std::vector<Scored> scored;
  for (const Candidate& candidate : candidates) {
    std::uint32_t score = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      score += scores[i].of(static_cast<std::uint8_t>(candidate.counts[i]), candidate.entry->length);
    }
    scored.push_back({candidate.entry, score});
  }
  std::sort(scored.begin(), scored.end(), [](const Scored& a, const Scored& b) {
    if (a.score != b.score) return a.score > b.score;
    const Track& left = a.entry->track;
    const Track& right = b.entry->track;
    return std::tie(a.entry->length, left.artist, left.album, left.content) <
           std::tie(b.entry->length, right.artist, right.album, right.content);
  });
  Answer answer;
  for (const Scored& one : scored) answer.tracks.push_back({one.entry->track, one.score});
  if (answer.tracks.size() > limit) answer.tracks.resize(limit);
  return answer;
}

}  // namespace earshot::index
