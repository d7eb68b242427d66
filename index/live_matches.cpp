// Postings of the words, joined.
#include "index/live_matches.h"

#include <algorithm>

#include "index/posting_list.h"

namespace earshot::index {

namespace {

std::vector<Doc> docs_of_any(const std::vector<Postings>& words, const std::vector<std::size_t>& chosen) {
  std::vector<Doc> docs;
  for (const std::size_t word : chosen) {
    for (const Posting& posting : words[word]) docs.push_back(posting.doc);
  }
  if (chosen.size() == 1) return docs;
  std::sort(docs.begin(), docs.end());
  docs.erase(std::unique(docs.begin(), docs.end()), docs.end());
  return docs;
}

std::vector<Doc> all_docs(const LiveSegment& live) {
  std::vector<Doc> docs;
  for (Doc doc = 0; doc < live.docs(); ++doc) {
    if (live.entry(doc).track) docs.push_back(doc);
  }
  return docs;
}

}  // namespace

void LiveMatches::add(const LiveSegment& live, const Query& query, const Plan& plan) {
  std::vector<Postings> words;
  for (std::size_t i = 0; i < query.words.size(); ++i) {
    words.push_back(live.find(query.words[i]));
    if (is_of_many(query.words[i])) tracks_with[i].add(words.back().size());
    tracks_with[i].visit_terms([&](const std::string& term, std::int64_t& tracks) {
      tracks += static_cast<std::int64_t>(live.tracks_with(term));
    });
  }
  std::vector<Cursor> cursors;
  cursors.reserve(words.size());
  for (const Postings& postings : words) cursors.emplace_back(std::span<const Posting>(postings));
  const auto cover = plan.cover([&](std::size_t word) { return words[word].size(); });
  for (const Doc doc : cover ? docs_of_any(words, *cover) : all_docs(live)) {
    const std::size_t before = counts.size();
    for (Cursor& cursor : cursors) counts.push_back(cursor.count_in(doc));
    const bool is_candidate = std::all_of(plan.required.begin(), plan.required.end(),
                                          [&](std::size_t word) { return counts[before + word] > 0; });
    if (is_candidate) {
      candidates.push_back(live.entry(doc));
    } else {
      counts.resize(before);
    }
  }
}

}  // namespace earshot::index
