// Gather the postings of each word, walk each segment, merge what they found, read its records.
#include "index/searcher.h"

#include <algorithm>

#include "index/bm25.h"
#include "index/gather.h"
#include "index/holds.h"
#include "index/recordings.h"
#include "index/walk.h"
#include "schema/check.h"

namespace earshot::index {

namespace {

// The index's own numbers, live and sealed together, or those of a wider collection, as far as it knows the words.
class ChosenStatistics final : public Statistics {
 public:
  ChosenStatistics(const Query& query, const Totals& totals, std::vector<std::uint64_t> tracks_with,
                   const WiderStatistics* wider)
      : tracks_(totals.tracks), length_(totals.length), tracks_with_(std::move(tracks_with)) {
    if (wider == nullptr || wider->tracks() == 0) return;
    const double times = static_cast<double>(wider->tracks()) / static_cast<double>(std::max<std::uint64_t>(tracks_, 1));
    for (std::size_t word = 0; word < tracks_with_.size(); ++word) {
      const auto* term = std::get_if<Term>(&query.words[word]);
      const auto known = term != nullptr ? wider->tracks_with(term->text) : std::nullopt;
      tracks_with_[word] = known.value_or(static_cast<std::uint64_t>(static_cast<double>(tracks_with_[word]) * times));
    }
    tracks_ = wider->tracks();
    length_ = wider->total_length();
  }
  std::uint64_t tracks() const override { return tracks_; }
  std::uint64_t total_length() const override { return length_; }
  std::uint64_t tracks_with(std::size_t word) const override { return tracks_with_[word]; }

 private:
  std::uint64_t tracks_;
  std::uint64_t length_;
  std::vector<std::uint64_t> tracks_with_;
};

// The answers of one segment, or the live ones, in order; the next track is read when an equal score asks for it.
class Source {
 public:
  explicit Source(std::vector<Found> found, std::vector<std::uint8_t> lengths)
      : found_(std::move(found)), lengths_(std::move(lengths)) {}
  Source(const Segment& segment, std::vector<Ranked> ranked) : segment_(&segment), ranked_(std::move(ranked)) {}

  bool at_end() const { return next_ == (segment_ != nullptr ? ranked_.size() : found_.size()); }
  std::uint32_t score() const { return segment_ != nullptr ? ranked_[next_].score : found_[next_].score; }
  std::uint8_t length() const {
    return segment_ != nullptr ? segment_->length_of(ranked_[next_].doc) : lengths_[next_];
  }

  Result<void> read() {
    if (segment_ == nullptr || head_) return {};
    auto track = segment_->track(ranked_[next_].doc);
    if (!track) return tl::unexpected(track.error());
    head_ = std::move(*track);
    return {};
  }

  /// All that is left, at once. REQUIRES: a segment's, and nothing was read.
  Result<std::vector<Found>> take_all() const {
    std::vector<Doc> docs;
    docs.reserve(ranked_.size());
    for (const Ranked& ranked : ranked_) docs.push_back(ranked.doc);
    std::vector<Found> found(docs.size());
    for (std::size_t i = 0; i < docs.size(); ++i) found[i].score = ranked_[i].score;
    if (auto read = segment_->read_tracks(docs, [&](std::size_t i) -> Track& { return found[i].track; }); !read)
      return tl::unexpected(read.error());
    return found;
  }
  bool is_sealed() const { return segment_ != nullptr; }

  /// REQUIRES: read.
  const Track& track() const { return segment_ != nullptr ? *head_ : found_[next_].track; }

  /// REQUIRES: read.
  Found take() {
    Found found = segment_ != nullptr ? Found{std::move(*head_), ranked_[next_].score} : std::move(found_[next_]);
    head_.reset();
    ++next_;
    return found;
  }

 private:
  const Segment* segment_ = nullptr;
  std::vector<Ranked> ranked_;
  std::vector<Found> found_;
  std::vector<std::uint8_t> lengths_;
  std::optional<Track> head_;
  std::size_t next_ = 0;
};

class Search {
 public:
  Search(const Query& query, const Plan& plan, const SearchedIndex& index, const SearchOptions& options,
         const Budget& budget)
      : query_(query),
        plan_(plan),
        view_(index.view),
        live_(index.live),
        totals_(index.totals),
        options_(options),
        limit_(options.limit),
        budget_(budget),
        text_match_(index.tokenizer) {}

  Result<Searched> run() {
    const auto gathered = gather();
    if (!gathered) return tl::unexpected(gathered.error());
    if (missing_) return Searched{Answer{{}, complete_, false}, missing_};
    rank_live();
    for (std::size_t part = 0; part < view_.parts.size(); ++part) {
      if (auto ranked = rank(part); !ranked) return tl::unexpected(ranked.error());
    }
    auto answer = merged();
    if (!answer) return tl::unexpected(answer.error());
    group_recordings(answer->tracks);
    return Searched{std::move(*answer), std::nullopt};
  }

 private:
  Result<void> gather() {
    const std::size_t words = query_.words.size();
    words_.resize(view_.parts.size() * words);
    std::vector<std::uint64_t> tracks_with(words);
    std::vector<bool> is_required(words);
    for (const std::size_t word : plan_.required) is_required[word] = true;
    // A required word that is nowhere ends the search, so the dear ones, of many terms, come last.
    for (const bool is_dear : {false, true}) {
      for (std::size_t word = 0; word < words; ++word) {
        if (is_of_many(query_.words[word]) != is_dear) continue;
        const auto tracks = gather(word);
        if (!tracks) return tl::unexpected(tracks.error());
        if (*tracks == 0 && is_required[word]) {
          missing_ = word;
          return {};
        }
        tracks_with[word] = *tracks;
      }
    }
    const ChosenStatistics statistics(query_, totals_, std::move(tracks_with), options_.statistics);
    scores_.reserve(words);
    for (std::size_t word = 0; word < words; ++word) scores_.emplace_back(statistics, word);
    return {};
  }

  // One word in all segments: how many tracks have it.
  Result<std::uint64_t> gather(std::size_t word) {
    WordTracks tracks = live_.tracks_with[word];
    for (std::size_t part = 0; part < view_.parts.size(); ++part) {
      Gatherer gatherer(view_.parts[part], budget_);
      auto found = gatherer.gather(query_.words[word], tracks);
      if (!found) return tl::unexpected(found.error());
      complete_ = complete_ && !gatherer.stopped_early();
      words_[part * query_.words.size() + word] = std::move(*found);
    }
    return tracks.total();
  }

  bool conditions_hold(std::size_t candidate) {
    const std::uint8_t* counts = live_.counts.data() + candidate * query_.words.size();
    const auto has = [&](std::size_t word) { return counts[word] > 0; };
    const Track& track = *live_.candidates[candidate].track;
    const auto in_text = [&](const InText& text) { return text_match_.holds(text, texts_of(track)); };
    TrackFacts facts(track, has, in_text);
    return std::all_of(plan_.conditions.begin(), plan_.conditions.end(),
                       [&](const Node* node) { return holds(*node, facts); });
  }

  std::uint32_t score_of(std::size_t candidate) const {
    const std::uint8_t* counts = live_.counts.data() + candidate * query_.words.size();
    std::uint32_t score = 0;
    for (const auto* scoring : {&plan_.required, &plan_.optional}) {
      for (const std::size_t word : *scoring) {
        if (counts[word] > 0) score += scores_[word].of(counts[word], live_.candidates[candidate].length);
      }
    }
    return score;
  }

  void rank_live() {
    std::vector<Ranked> ranked;
    for (std::size_t i = 0; i < live_.candidates.size(); ++i) {
      if (conditions_hold(i)) ranked.push_back({score_of(i), static_cast<Doc>(i)});
    }
    if (ranked.empty()) return;
    const auto better = [&](const Ranked& a, const Ranked& b) {
      if (a.score != b.score) return a.score > b.score;
      const auto& left = live_.candidates[a.doc];
      const auto& right = live_.candidates[b.doc];
      return comes_before(*left.track, left.length, *right.track, right.length);
    };
    const std::size_t kept = std::min(limit_, ranked.size());
    std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(kept), ranked.end(), better);
    ranked.resize(kept);
    std::vector<Found> found;
    std::vector<std::uint8_t> lengths;
    for (const Ranked& one : ranked) {
      found.push_back({*live_.candidates[one.doc].track, one.score});
      lengths.push_back(live_.candidates[one.doc].length);
    }
    raise_floor(ranked);
    sources_.emplace_back(std::move(found), std::move(lengths));
  }

  Result<void> rank(std::size_t part) {
    const auto words = std::span(words_).subspan(part * query_.words.size(), query_.words.size());
    const bool has_all =
        std::all_of(plan_.required.begin(), plan_.required.end(), [&](std::size_t word) { return words[word].size() > 0; });
    if (!has_all) return {};
    if (!sources_.empty() && budget_.is_spent()) {
      complete_ = false;
      return {};
    }
    Best best(limit_, floor_);
    const WalkedQuery walked{query_, plan_, scores_, text_match_};
    const auto whole = Walk(walked, view_.parts[part], words, budget_).run(best);
    if (!whole) return tl::unexpected(whole.error());
    complete_ = complete_ && *whole;
    std::vector<Ranked> ranked = best.take();
    raise_floor(ranked);
    if (!ranked.empty()) sources_.emplace_back(*view_.parts[part].segment, std::move(ranked));
    return {};
  }

  // `limit` answers of one source alone show what any other must reach.
  void raise_floor(const std::vector<Ranked>& ranked) {
    if (ranked.size() == limit_) floor_ = std::max(floor_, ranked.back().score);
  }

  Result<Answer> merged() {
    Answer answer;
    answer.complete = complete_;
    if (sources_.size() == 1 && sources_[0].is_sealed()) {
      auto all = sources_[0].take_all();
      if (!all) return tl::unexpected(all.error());
      answer.tracks = std::move(*all);
      return answer;
    }
    while (answer.tracks.size() < limit_) {
      Source* first = nullptr;
      for (Source& source : sources_) {
        if (source.at_end()) continue;
        const auto before = first == nullptr ? Result<bool>(true) : is_before(source, *first);
        if (!before) return tl::unexpected(before.error());
        if (*before) first = &source;
      }
      if (first == nullptr) break;
      if (auto read = first->read(); !read) return tl::unexpected(read.error());
      answer.tracks.push_back(first->take());
    }
    return answer;
  }

  static Result<bool> is_before(Source& a, Source& b) {
    if (a.score() != b.score()) return a.score() > b.score();
    for (Source* source : {&a, &b}) {
      if (auto read = source->read(); !read) return tl::unexpected(read.error());
    }
    return comes_before(a.track(), a.length(), b.track(), b.length());
  }

  const Query& query_;
  const Plan& plan_;
  const View& view_;
  const LiveMatches& live_;
  const Totals& totals_;
  const SearchOptions& options_;
  const std::size_t limit_;
  const Budget& budget_;
  TextMatch text_match_;
  bool complete_ = true;
  std::optional<std::size_t> missing_;
  std::vector<WordInSegment> words_;  // of the first segment all words, then of the next
  std::vector<WordScore> scores_;
  std::vector<Source> sources_;
  std::uint32_t floor_ = 0;
};

}  // namespace

Result<Searched> search(const Query& query, const Plan& plan, const SearchedIndex& index, const SearchOptions& options,
                        const Budget& budget) {
  return Search(query, plan, index, options, budget).run();
}

}  // namespace earshot::index
