// Gather the postings of each word, intersect them segment by segment, keep the best, read their records.
#include "index/searcher.h"

#include <algorithm>
#include <map>
#include <queue>

#include "index/bm25.h"
#include "index/records.h"
#include "schema/check.h"

namespace earshot::index {

namespace {

constexpr std::uint32_t kLive = 0xFFFFFFFF;  // the live segment's number; sealed ones count from 0

// Tracks of one sealed segment that match one word, still encoded: an intersection reads few of them.
struct SegmentPostings {
  std::uint32_t segment;
  std::uint32_t count;
  std::string bytes;
};

// Of one word, by segment.
using WordPostings = std::vector<SegmentPostings>;

struct Ranked {
  std::uint32_t score;
  std::uint32_t segment;
  Doc doc;  // in the live segment: the position among LiveMatches::candidates
};

std::uint64_t tracks_of(const WordPostings& postings) {
  std::uint64_t tracks = 0;
  for (const SegmentPostings& segment : postings) tracks += segment.count;
  return tracks;
}

// Reads the postings of words from the sealed segments.
class Gatherer {
 public:
  Gatherer(const View& view, const Budget& budget) : view_(view), budget_(budget) {}

  bool stopped_early() const { return stopped_early_; }

  Result<WordPostings> gather(const Word& word) {
    if (const auto* term = std::get_if<Term>(&word)) return gather_term(term->text);
    if (const auto* prefix = std::get_if<Prefix>(&word)) return gather_prefix(prefix->text);
    return gather_compound(std::get<Compound>(word));
  }

 private:
  static constexpr std::size_t kSegmentKey = 5;  // 0x00 and the segment's number

  Result<WordPostings> gather_term(std::string_view term) {
    std::string prefix(term);
    prefix.push_back('\0');
    WordPostings found;
    bool sound = true;
    auto scanned = view_.scan(Family::kPostings, prefix, [&](std::string_view key, std::string_view value) {
      const auto count = count_postings(value);
      sound = count.has_value() && key.size() == term.size() + kSegmentKey;
      if (sound) found.push_back({u32_at(key.substr(key.size() - 4)), *count, std::string(value)});
      return sound;
    });
    if (!scanned) return tl::unexpected(scanned.error());
    if (!sound) return view_.damaged("postings");
    return found;
  }

  // Terms come one after the other, each with its segments, so the lists of a segment are collected in a table.
  Result<WordPostings> gather_prefix(std::string_view prefix) {
    constexpr std::size_t kClockEvery = 16;
    std::map<std::uint32_t, Postings> by_segment;
    bool sound = true;
    std::size_t visited = 0;
    auto scanned = view_.scan(Family::kPostings, prefix, [&](std::string_view key, std::string_view value) {
      const auto postings = decode_postings(value);
      sound = postings.has_value() && key.size() >= kSegmentKey;
      if (!sound) return false;
      Postings& all = by_segment[u32_at(key.substr(key.size() - 4))];
      all.insert(all.end(), postings->begin(), postings->end());
      stopped_early_ = stopped_early_ || (++visited % kClockEvery == 0 && budget_.is_spent());
      return !stopped_early_;
    });
    if (!scanned) return tl::unexpected(scanned.error());
    if (!sound) return view_.damaged("postings");
    WordPostings found;
    for (auto& [segment, postings] : by_segment) {
      merge_duplicates(postings);
      found.push_back({segment, static_cast<std::uint32_t>(postings.size()), encode(postings)});
    }
    return found;
  }

  Result<WordPostings> gather_compound(const Compound& compound) {
    Result<WordPostings> found = gather_term(compound.parts[0]);
    for (std::size_t i = 1; i < compound.parts.size() && found; ++i) found = combine(*found, compound.parts[i], intersected);
    for (std::size_t i = 0; i < compound.spellings.size() && found; ++i) found = combine(*found, compound.spellings[i], united);
    return found;
  }

  using Combination = Postings (*)(const Postings&, const Postings&);

  Result<WordPostings> combine(const WordPostings& found, std::string_view term, Combination combination) {
    auto more = gather_term(term);
    if (!more) return more;
    std::map<std::uint32_t, std::pair<std::string_view, std::string_view>> sides;
    for (const SegmentPostings& left : found) sides[left.segment].first = left.bytes;
    for (const SegmentPostings& right : *more) sides[right.segment].second = right.bytes;
    WordPostings both;
    for (const auto& [segment, side] : sides) {
      const auto left = side.first.empty() ? Postings() : decode_postings(side.first);
      const auto right = side.second.empty() ? Postings() : decode_postings(side.second);
      if (!left || !right) return view_.damaged("postings");
      const Postings result = combination(*left, *right);
      if (!result.empty()) both.push_back({segment, static_cast<std::uint32_t>(result.size()), encode(result)});
    }
    return both;
  }

  const View& view_;
  const Budget& budget_;
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

// Intersects the words of one segment, shortest list first, and adds up their scores.
class Intersection {
 public:
  explicit Intersection(std::uint32_t segment) : segment_(segment) {}

  void start(const Postings& postings, const WordScore& score) {
    matches_.reserve(postings.size());
    for (const Posting& posting : postings) matches_.push_back({score.of(posting.count, posting.length), segment_, posting.doc});
  }

  void narrow(const Postings& postings, const WordScore& score) {
    auto other = postings.begin();
    std::size_t kept = 0;
    for (const Ranked& match : matches_) {
      while (other != postings.end() && other->doc < match.doc) ++other;
      if (other == postings.end()) break;
      if (other->doc != match.doc) continue;
      matches_[kept] = match;
      matches_[kept++].score += score.of(other->count, other->length);
    }
    matches_.resize(kept);
  }

  bool empty() const { return matches_.empty(); }
  std::vector<Ranked> take() { return std::move(matches_); }

 private:
  std::uint32_t segment_;
  std::vector<Ranked> matches_;
};

// Keeps the best `limit`, in order; `first` says which of two with one score comes first.
template <class First>
void keep_best(std::vector<Ranked>& matches, std::size_t limit, const First& first) {
  const auto better = [&](const Ranked& a, const Ranked& b) { return a.score != b.score ? a.score > b.score : first(a, b); };
  if (matches.size() > limit) {
    std::nth_element(matches.begin(), matches.begin() + static_cast<std::ptrdiff_t>(limit), matches.end(), better);
    matches.resize(limit);
  }
  std::sort(matches.begin(), matches.end(), better);
}

// The order of documents is the order of content ids inside a sealed segment.
bool by_doc(const Ranked& a, const Ranked& b) { return a.doc < b.doc; }

class Search {
 public:
  Search(const Query& query, const View& view, const LiveMatches& live, const Totals& totals, std::size_t limit, const Budget& budget)
      : query_(query), view_(view), live_(live), totals_(totals), limit_(limit), budget_(budget) {}

  Result<Answer> run() {
    auto gathered = gather();
    if (!gathered) return tl::unexpected(gathered.error());
    if (!*gathered) return Answer{{}, complete_};
    make_scores();
    rank_live();
    if (auto ranked = rank_sealed(); !ranked) return tl::unexpected(ranked.error());
    return read_best();
  }

 private:
  // False: some word has no track at all.
  Result<bool> gather() {
    Gatherer gatherer(view_, budget_);
    words_.resize(query_.words.size());
    // A word that is nowhere ends the search, so the dear ones, by prefix, come last.
    for (const bool prefixes : {false, true}) {
      for (std::size_t i = 0; i < query_.words.size(); ++i) {
        if (std::holds_alternative<Prefix>(query_.words[i]) != prefixes) continue;
        auto found = gatherer.gather(query_.words[i]);
        if (!found) return tl::unexpected(found.error());
        words_[i] = std::move(*found);
        complete_ = complete_ && !gatherer.stopped_early();
        if (words_[i].empty() && live_.words[i].empty()) return false;
      }
    }
    return true;
  }

  void make_scores() {
    std::vector<std::uint64_t> tracks_with;
    for (std::size_t i = 0; i < words_.size(); ++i) tracks_with.push_back(tracks_of(words_[i]) + live_.words[i].size());
    const OwnStatistics statistics(totals_, std::move(tracks_with));
    for (std::size_t i = 0; i < words_.size(); ++i) scores_.emplace_back(statistics, i);
  }

  void rank_live() {
    Intersection intersection(kLive);
    intersection.start(live_.words[0], scores_[0]);
    for (std::size_t i = 1; i < live_.words.size(); ++i) intersection.narrow(live_.words[i], scores_[i]);
    best_ = intersection.take();
    EARSHOT_CHECK(best_.size() == live_.candidates.size());
    // Both lists are by doc. Renumbered by position, a match finds its content id without a search.
    for (std::size_t i = 0; i < best_.size(); ++i) best_[i].doc = static_cast<Doc>(i);
    keep_best(best_, limit_, [&](const Ranked& a, const Ranked& b) { return live_content(a) < live_content(b); });
  }

  const ContentId& live_content(const Ranked& match) const { return live_.candidates[match.doc].second; }

  Result<void> rank_sealed() {
    const auto& rarest = *std::min_element(words_.begin(), words_.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
    for (const SegmentPostings& segment : rarest) {
      if (budget_.is_spent()) {
        complete_ = false;
        return {};
      }
      auto matches = matches_in(segment.segment);
      if (!matches) return tl::unexpected(matches.error());
      keep_best(*matches, limit_, by_doc);
      best_.insert(best_.end(), matches->begin(), matches->end());
    }
    return {};
  }

  Result<std::vector<Ranked>> matches_in(std::uint32_t segment) {
    struct Part {
      const SegmentPostings* postings;
      std::size_t word;
    };
    std::vector<Part> parts;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const auto at = std::lower_bound(words_[i].begin(), words_[i].end(), segment,
                                       [](const SegmentPostings& postings, std::uint32_t wanted) { return postings.segment < wanted; });
      if (at == words_[i].end() || at->segment != segment) return std::vector<Ranked>();
      parts.push_back({&*at, i});
    }
    std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.postings->count < b.postings->count; });
    Intersection intersection(segment);
    for (const Part& part : parts) {
      const auto postings = decode_postings(part.postings->bytes);
      if (!postings) return view_.damaged("postings");
      if (part.postings == parts[0].postings) {
        intersection.start(*postings, scores_[part.word]);
      } else {
        intersection.narrow(*postings, scores_[part.word]);
      }
      if (intersection.empty()) break;
    }
    return intersection.take();
  }

  // Sealed segments and the live one each have their best in order; equal scores across them need content ids, which are
  // in the records. Only the heads of the tied lists are read.
  Result<Answer> read_best() {
    std::sort(best_.begin(), best_.end(), [](const Ranked& a, const Ranked& b) { return a.score > b.score; });
    Answer answer;
    answer.complete = complete_;
    std::vector<Ranked> sure = best_;
    std::vector<Ranked> tied;
    if (best_.size() > limit_) {
      const std::uint32_t last_score = best_[limit_ - 1].score;
      const auto score_at = [&](auto compare) { return std::partition_point(sure.begin(), sure.end(), compare); };
      const auto tie_begin = score_at([&](const Ranked& match) { return match.score > last_score; });
      const auto tie_end = score_at([&](const Ranked& match) { return match.score >= last_score; });
      tied.assign(tie_begin, tie_end);
      sure.erase(tie_begin, sure.end());
    }
    if (auto read = read_records(sure, answer); !read) return tl::unexpected(read.error());
    if (auto read = read_tied(tied, answer); !read) return tl::unexpected(read.error());
    std::sort(answer.tracks.begin(), answer.tracks.end(), [](const Found& a, const Found& b) {
      return a.score != b.score ? a.score > b.score : a.track.content < b.track.content;
    });
    return answer;
  }

  std::string record_key(const Ranked& match) const {
    std::string key;
    if (match.segment == kLive) {
      put_u32(key, live_.candidates[match.doc].first);
    } else {
      put_u32(key, match.segment);
      put_u16(key, match.doc);
    }
    return key;
  }

  Result<void> read_records(const std::vector<Ranked>& matches, Answer& answer) {
    for (const Family family : {Family::kLive, Family::kRecords}) {
      std::vector<Ranked> here;
      std::copy_if(matches.begin(), matches.end(), std::back_inserter(here),
                   [&](const Ranked& match) { return (match.segment == kLive) == (family == Family::kLive); });
      std::vector<std::string> keys;
      for (const Ranked& match : here) keys.push_back(record_key(match));
      auto records = view_.get_all(family, keys);
      if (!records) return tl::unexpected(records.error());
      for (std::size_t i = 0; i < here.size(); ++i) {
        auto track = (*records)[i] ? decode_record(*(*records)[i]) : std::nullopt;
        if (!track) return view_.damaged("record");
        answer.tracks.push_back({std::move(*track), here[i].score});
      }
    }
    return {};
  }

  // One list per segment, each in the order of content ids; the smallest head is next.
  Result<void> read_tied(const std::vector<Ranked>& tied, Answer& answer) {
    std::map<std::uint32_t, std::vector<Ranked>> lists;
    for (const Ranked& match : tied) lists[match.segment].push_back(match);
    struct Head {
      Found found;
      std::uint32_t segment;
      std::size_t next;
    };
    const auto later = [](const Head& a, const Head& b) { return a.found.track.content > b.found.track.content; };
    std::priority_queue<Head, std::vector<Head>, decltype(later)> heads(later);
    const auto push = [&](std::uint32_t segment, std::size_t at) -> Result<void> {
      const auto& list = lists[segment];
      if (at == list.size()) return {};
      Answer one;
      if (auto read = read_records({list[at]}, one); !read) return read;
      heads.push({std::move(one.tracks[0]), segment, at + 1});
      return {};
    };
    for (auto& [segment, list] : lists) {
      keep_best(list, list.size(), [&, live = segment == kLive](const Ranked& a, const Ranked& b) {
        return live ? live_content(a) < live_content(b) : by_doc(a, b);
      });
      if (auto pushed = push(segment, 0); !pushed) return pushed;
    }
    while (answer.tracks.size() < limit_ && !heads.empty()) {
      const Head head = heads.top();
      heads.pop();
      answer.tracks.push_back(head.found);
      if (auto pushed = push(head.segment, head.next); !pushed) return pushed;
    }
    return {};
  }

  const Query& query_;
  const View& view_;
  const LiveMatches& live_;
  const Totals& totals_;
  const std::size_t limit_;
  const Budget& budget_;
  bool complete_ = true;
  std::vector<WordPostings> words_;
  std::vector<WordScore> scores_;
  std::vector<Ranked> best_;  // of every segment the best `limit_`
};

}  // namespace

LiveMatches live_matches(const LiveSegment& live, const Query& query) {
  LiveMatches matches;
  for (const Word& word : query.words) matches.words.push_back(live.find(word));
  Postings all = matches.words[0];
  for (std::size_t i = 1; i < matches.words.size(); ++i) all = intersected(all, matches.words[i]);
  for (const Posting& posting : all) matches.candidates.emplace_back(posting.doc, live.content_of(posting.doc));
  return matches;
}

Result<Answer> search(const Query& query, const View& view, const LiveMatches& live, const Totals& totals,
                      std::size_t limit, const Budget& budget) {
  return Search(query, view, live, totals, limit, budget).run();
}

}  // namespace earshot::index
