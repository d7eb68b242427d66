// Gather the postings of each word, walk each segment from the shortest tracks on, keep the best, read their records.
#include "index/searcher.h"

#include <algorithm>
#include <optional>

#include "index/bm25.h"
#include "index/terms.h"
#include "schema/check.h"

namespace earshot::index {

namespace {

struct Ranked {
  std::uint32_t score;
  Doc doc;
};

// Documents of a segment stand in the order of ties.
bool is_better(const Ranked& a, const Ranked& b) {
  return a.score != b.score ? a.score > b.score : a.doc < b.doc;
}

// One word in one segment.
class WordInSegment {
 public:
  WordInSegment() = default;
  explicit WordInSegment(TermPostings term) : term_(std::move(term)), is_term_(true) {}
  explicit WordInSegment(Postings postings) : postings_(std::move(postings)) {}

  std::uint32_t size() const { return is_term_ ? term_.size() : static_cast<std::uint32_t>(postings_.size()); }
  Cursor cursor() const { return is_term_ ? term_.cursor() : Cursor(postings_); }

 private:
  TermPostings term_;
  Postings postings_;
  bool is_term_ = false;
};

// Looks up words in one segment.
class Gatherer {
 public:
  Gatherer(const Part& part, const Budget& budget) : part_(part), budget_(budget) {}

  bool stopped_early() const { return stopped_early_; }

  Result<WordInSegment> gather(const Word& word) {
    if (const auto* term = std::get_if<Term>(&word)) return gather_term(term->text);
    auto postings = std::holds_alternative<Prefix>(word) ? gather_prefix(std::get<Prefix>(word).text)
                                                         : gather_compound(std::get<Compound>(word));
    if (!postings) return tl::unexpected(postings.error());
    if (part_.removed) std::erase_if(*postings, [&](const Posting& posting) { return part_.is_removed(posting.doc); });
    return WordInSegment(std::move(*postings));
  }

 private:
  Result<WordInSegment> gather_term(std::string_view text) {
    auto term = part_.segment->find(text);
    if (!term) return tl::unexpected(term.error());
    return *term ? WordInSegment(std::move(**term)) : WordInSegment();
  }

  Result<Postings> postings_of(std::string_view text) {
    const auto term = part_.segment->find(text);
    if (!term) return tl::unexpected(term.error());
    return *term ? whole(**term) : Result<Postings>(Postings());
  }

  Result<Postings> whole(const TermPostings& term) {
    Postings postings = read_all(term.cursor());
    if (postings.size() != term.size()) return part_.segment->damaged("postings");
    return postings;
  }

  Result<Postings> gather_prefix(std::string_view prefix) {
    Postings all;
    const auto scanned = part_.segment->scan(prefix, [&](std::string_view, TermPostings term) -> Result<bool> {
      const auto postings = whole(term);
      if (!postings) return tl::unexpected(postings.error());
      all.insert(all.end(), postings->begin(), postings->end());
      return may_go_on();
    });
    if (!scanned) return tl::unexpected(scanned.error());
    constexpr std::size_t kDense = 32;  // where counting in a table of all documents beats sorting
    if (all.size() > part_.segment->docs() / kDense) return counted(all);
    merge_duplicates(all);
    return all;
  }

  // As merge_duplicates does.
  Postings counted(const Postings& all) const {
    std::vector<std::uint8_t> counts(part_.segment->docs());
    for (const Posting& posting : all) {
      counts[posting.doc] =
          static_cast<std::uint8_t>(std::min(unsigned{counts[posting.doc]} + posting.count, kMaxCount));
    }
    Postings found;
    found.reserve(all.size());
    for (Doc doc = 0; doc < counts.size(); ++doc) {
      if (counts[doc] > 0) found.push_back({doc, counts[doc]});
    }
    return found;
  }

  Result<Postings> gather_compound(const Compound& compound) {
    auto found = postings_of(compound.parts[0]);
    for (std::size_t i = 1; i < compound.parts.size() && found; ++i)
      found = combined(*found, compound.parts[i], intersected);
    for (std::size_t i = 0; i < compound.spellings.size() && found; ++i)
      found = combined(*found, compound.spellings[i], united);
    return found;
  }

  using Combination = Postings (*)(const Postings&, const Postings&);

  Result<Postings> combined(const Postings& found, std::string_view text, Combination combination) {
    const auto more = postings_of(text);
    if (!more) return tl::unexpected(more.error());
    return combination(found, *more);
  }

  // Once the time is up, each word left still gets its first postings, so that there is something to rank.
  bool may_go_on() {
    constexpr std::size_t kClockEvery = 16;
    stopped_early_ = stopped_early_ || (visited_++ % kClockEvery == 0 && budget_.is_half_spent());
    return !stopped_early_;
  }

  const Part& part_;
  const Budget& budget_;
  std::size_t visited_ = 0;
  bool stopped_early_ = false;
};

// The index's own numbers, live and sealed together.
class OwnStatistics final : public Statistics {
 public:
  OwnStatistics(const Totals& totals, std::vector<std::uint64_t> tracks_with)
      : totals_(totals), tracks_with_(std::move(tracks_with)) {}
  std::uint64_t tracks() const override { return totals_.tracks; }
  std::uint64_t total_length() const override { return totals_.length; }
  std::uint64_t tracks_with(std::size_t word) const override { return tracks_with_[word]; }

 private:
  Totals totals_;
  std::vector<std::uint64_t> tracks_with_;
};

// The best documents of one segment, as many as the answer may hold, which come in the order of ties.
class Best {
 public:
  /// `floor`: a score that the answer has often enough already, so that only better and equal ones count.
  Best(std::size_t limit, std::uint32_t floor) : limit_(limit), floor_(floor) {}

  bool is_hopeless(std::uint32_t score) const {
    return score < floor_ || (heap_.size() == limit_ && score <= heap_.front().score);
  }

  void add(const Ranked& ranked) {
    if (is_hopeless(ranked.score)) return;
    if (heap_.size() == limit_) {
      std::pop_heap(heap_.begin(), heap_.end(), is_better);
      heap_.pop_back();
    }
    heap_.push_back(ranked);
    std::push_heap(heap_.begin(), heap_.end(), is_better);
  }

  std::vector<Ranked> take() {
    std::sort(heap_.begin(), heap_.end(), is_better);
    return std::move(heap_);
  }

 private:
  std::size_t limit_;
  std::uint32_t floor_;
  std::vector<Ranked> heap_;  // the worst in front
};

// Walks the documents of one segment that have all words, led by the rarest.
class Walk {
 public:
  struct Input {
    const WordInSegment* word;
    const WordScore* score;
  };

  /// REQUIRES: no input is empty.
  Walk(const Part& part, std::vector<Input> inputs, const Budget& budget) : part_(part), budget_(budget) {
    std::sort(inputs.begin(), inputs.end(),
              [](const Input& a, const Input& b) { return a.word->size() < b.word->size(); });
    cursors_.reserve(inputs.size());
    for (const Input& input : inputs) {
      cursors_.push_back(input.word->cursor());
      scores_.push_back(input.score);
    }
    enter(0);
  }

  /// False: the budget ended before the walk.
  Result<bool> run(Best& best) {
    constexpr std::size_t kClockEvery = 64;
    Cursor& lead = cursors_[0];
    for (std::size_t blocks = 1; lead.has_block(); ++blocks) {
      if (blocks % kClockEvery == 0 && budget_.is_spent()) return false;
      advance(lead.block_first());
      if (best.is_hopeless(scores_[0]->of(lead.most(), length_) + others_)) break;
      if (best.is_hopeless(scores_[0]->of(lead.block_most(), length_) + others_)) {
        lead.skip_block();
        continue;
      }
      for (const Posting& posting : lead.read_block(block_)) consider(posting, best);
    }
    for (const Cursor& cursor : cursors_) {
      if (cursor.damaged()) return part_.segment->damaged("postings");
    }
    return true;
  }

 private:
  void consider(const Posting& posting, Best& best) {
    if (posting.doc >= step_end_) advance(posting.doc);
    if (posting.count < least_) return;
    std::uint32_t score = scores_[0]->of(posting.count, length_);
    if (best.is_hopeless(score + others_)) {
      least_ = posting.count + 1u;
      return;
    }
    for (std::size_t i = 1; i < cursors_.size(); ++i) {
      const std::uint8_t count = cursors_[i].count_in(posting.doc);
      if (count == 0) return;
      score += scores_[i]->of(count, length_);
    }
    if (!part_.is_removed(posting.doc)) best.add({score, posting.doc});
  }

  void advance(Doc doc) {
    const auto& steps = part_.segment->steps();
    std::size_t step = step_;
    while (step + 2 < steps.size() && steps[step + 1].first <= doc) ++step;
    if (step != step_) enter(step);
  }

  void enter(std::size_t step) {
    step_ = step;
    step_end_ = part_.segment->steps()[step + 1].first;
    least_ = 0;
    length_ = part_.segment->steps()[step].length;
    others_ = 0;
    for (std::size_t i = 1; i < cursors_.size(); ++i) others_ += scores_[i]->of(cursors_[i].most(), length_);
  }

  const Part& part_;
  const Budget& budget_;
  std::vector<Cursor> cursors_;  // the shortest first
  Block block_;                  // of the first
  std::vector<const WordScore*> scores_;
  std::size_t step_ = 0;
  Doc step_end_ = 0;
  std::uint8_t length_ = 0;
  unsigned least_ = 0;        // counts of the first word below are hopeless at this length: what is needed only grows
  std::uint32_t others_ = 0;  // what the words behind the first can add at this length
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
    auto tracks = segment_->tracks(docs);
    if (!tracks) return tl::unexpected(tracks.error());
    std::vector<Found> found;
    found.reserve(docs.size());
    for (std::size_t i = 0; i < docs.size(); ++i) found.push_back({std::move((*tracks)[i]), ranked_[i].score});
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
  Search(const Query& query, const View& view, const LiveMatches& live, const Totals& totals, std::size_t limit,
         const Budget& budget)
      : query_(query), view_(view), live_(live), totals_(totals), limit_(limit), budget_(budget) {}

  Result<Answer> run() {
    const auto gathered = gather();
    if (!gathered) return tl::unexpected(gathered.error());
    if (!*gathered) return Answer{{}, complete_};
    rank_live();
    for (std::size_t part = 0; part < view_.parts.size(); ++part) {
      if (auto ranked = rank(part); !ranked) return tl::unexpected(ranked.error());
    }
    return merged();
  }

 private:
  // False: some word has no track at all.
  Result<bool> gather() {
    const std::size_t words = query_.words.size();
    words_.resize(view_.parts.size() * words);
    std::vector<std::uint64_t> tracks_with(words);
    // A word that is nowhere ends the search, so the dear ones, by prefix, come last.
    for (const bool prefixes : {false, true}) {
      for (std::size_t word = 0; word < words; ++word) {
        if (std::holds_alternative<Prefix>(query_.words[word]) != prefixes) continue;
        std::int64_t sum = live_.tracks_with[word];
        for (std::size_t part = 0; part < view_.parts.size(); ++part) {
          Gatherer gatherer(view_.parts[part], budget_);
          auto found = gatherer.gather(query_.words[word]);
          if (!found) return tl::unexpected(found.error());
          complete_ = complete_ && !gatherer.stopped_early();
          sum += found->size();
          words_[part * words + word] = std::move(*found);
        }
        if (sum <= 0) return false;
        tracks_with[word] = static_cast<std::uint64_t>(sum);
      }
    }
    const OwnStatistics statistics(totals_, std::move(tracks_with));
    scores_.reserve(words);
    for (std::size_t word = 0; word < words; ++word) scores_.emplace_back(statistics, word);
    return true;
  }

  void rank_live() {
    if (live_.candidates.empty()) return;
    const std::size_t words = query_.words.size();
    std::vector<Ranked> ranked;
    for (std::size_t i = 0; i < live_.candidates.size(); ++i) {
      std::uint32_t score = 0;
      for (std::size_t word = 0; word < words; ++word) {
        score += scores_[word].of(live_.counts[i * words + word], live_.candidates[i].length);
      }
      ranked.push_back({score, static_cast<Doc>(i)});
    }
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
    std::vector<Walk::Input> inputs;
    for (std::size_t word = 0; word < query_.words.size(); ++word) {
      const WordInSegment& here = words_[part * query_.words.size() + word];
      if (here.size() == 0) return {};
      inputs.push_back({&here, &scores_[word]});
    }
    if (!sources_.empty() && budget_.is_spent()) {
      complete_ = false;
      return {};
    }
    Best best(limit_, floor_);
    const auto whole = Walk(view_.parts[part], std::move(inputs), budget_).run(best);
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
  const View& view_;
  const LiveMatches& live_;
  const Totals& totals_;
  const std::size_t limit_;
  const Budget& budget_;
  bool complete_ = true;
  std::vector<WordInSegment> words_;  // of the first segment all words, then of the next
  std::vector<WordScore> scores_;
  std::vector<Source> sources_;
  std::uint32_t floor_ = 0;
};

}  // namespace

void LiveMatches::add(const LiveSegment& live, const Query& query) {
  std::vector<Postings> words;
  for (const Word& word : query.words) {
    words.push_back(live.find(word));
    tracks_with[words.size() - 1] += static_cast<std::int64_t>(words.back().size());
  }
  std::vector<Cursor> cursors;
  cursors.reserve(words.size());
  for (const Postings& postings : words) cursors.emplace_back(std::span<const Posting>(postings));
  for (const Posting& posting : words[0]) {
    const std::size_t before = counts.size();
    for (Cursor& cursor : cursors) {
      const std::uint8_t count = cursor.count_in(posting.doc);
      if (count == 0) break;
      counts.push_back(count);
    }
    if (counts.size() == before + words.size()) {
      candidates.push_back(live.entry(posting.doc));
    } else {
      counts.resize(before);
    }
  }
}

Result<Answer> search(const Query& query, const View& view, const LiveMatches& live, const Totals& totals,
                      std::size_t limit, const Budget& budget) {
  return Search(query, view, live, totals, limit, budget).run();
}

}  // namespace earshot::index
