// The lead names documents, the other words and the conditions judge them.
#include "index/walk.h"

#include <algorithm>

#include "index/holds.h"

namespace earshot::index {

void Best::add(const Ranked& ranked) {
  if (is_hopeless(ranked.score)) return;
  if (heap_.size() == limit_) {
    std::pop_heap(heap_.begin(), heap_.end(), is_better);
    heap_.pop_back();
  }
  heap_.push_back(ranked);
  std::push_heap(heap_.begin(), heap_.end(), is_better);
}

std::vector<Ranked> Best::take() {
  std::sort(heap_.begin(), heap_.end(), is_better);
  return std::move(heap_);
}

/// What a segment knows of one document (index/holds.h).
struct DocFacts {
  Walk& walk;
  Doc doc;

  const Numbers& numbers() const { return walk.part_.segment->numbers(); }
  bool has(std::size_t word) const { return walk.cursors_[word].count_in(doc) > 0; }
  std::uint32_t number(Number number) const {
    switch (number) {
      case Number::kYear: return numbers().year(doc);
      case Number::kSeconds: return numbers().seconds(doc);
      case Number::kKbps: return numbers().kbps(doc);
    }
    return 0;
  }
  Codec codec() const { return numbers().codec(doc); }
  Kind kind() const { return numbers().kind(doc); }
  std::string_view licence() const { return numbers().licence(doc); }
  bool holds(const InText& text) const {
    const auto texts = walk.part_.segment->texts(doc);
    if (!texts) walk.error_ = texts.error();
    return texts && walk.walked_.text_match.holds(text, *texts);
  }
};

Walk::Walk(const WalkedQuery& walked, const Part& part, std::span<const WordInSegment> words, const Budget& budget)
    : walked_(walked), part_(part), words_(words), budget_(budget), required_(walked.plan.required) {
  cursors_.reserve(words.size());
  for (const WordInSegment& word : words) cursors_.push_back(word.cursor());
  std::sort(required_.begin(), required_.end(),
            [&](std::size_t a, std::size_t b) { return words[a].size() < words[b].size(); });
  if (!required_.empty()) {
    lead_ = required_.front();
    required_.erase(required_.begin());
  }
  enter(0);
}

Result<bool> Walk::run(Best& best) {
  bool is_whole = true;
  if (lead_) {
    const auto lead = walk_of(*lead_);
    is_whole = !lead || walk_list(*lead, best);
  } else if (const auto cover = walked_.plan.cover([&](std::size_t word) { return words_[word].size(); })) {
    const Postings united = united_cover(*cover);
    is_whole = walk_list(Cursor(united), best);
  } else {
    is_whole = walk_all(best);
  }
  if (error_) return tl::unexpected(*error_);
  for (const WordCursor& cursor : cursors_) {
    if (cursor.damaged()) return part_.segment->damaged("postings");
  }
  return is_whole;
}

std::optional<Cursor> Walk::walk_of(std::size_t word) {
  auto cursor = words_[word].walk(made_);
  if (!cursor) error_ = part_.segment->damaged("postings").value();
  return cursor;
}

// Documents that hold any of these words; what each of them counts is asked of its own cursor.
Postings Walk::united_cover(const std::vector<std::size_t>& cover) {
  Postings all;
  for (const std::size_t word : cover) {
    const auto cursor = walk_of(word);
    if (!cursor) return {};
    const Postings postings = read_all(*cursor);
    all.insert(all.end(), postings.begin(), postings.end());
  }
  merge_duplicates(all);
  return all;
}

bool Walk::walk_list(Cursor lead, Best& best) {
  constexpr std::size_t kClockEvery = 64;
  for (std::size_t blocks = 1; lead.has_block() && !error_; ++blocks) {
    if (blocks % kClockEvery == 0 && budget_.is_spent()) return false;
    advance(lead.block_first());
    if (best.is_hopeless(lead_most_ + others_)) break;
    if (lead_ && best.is_hopeless(walked_.scores[*lead_].of(lead.block_most(), length_) + others_)) {
      lead.skip_block();
      continue;
    }
    read_joined(lead);
    for (std::uint32_t i = 0; i < block_.size; ++i) {
      const Doc doc = block_.docs[i];
      const std::uint8_t count = lead.count_at(block_.places[i]);
      if (count < least_ && doc < step_end_) continue;
      consider(doc, count, best);
      if (is_time_up()) return false;
    }
  }
  if (lead.damaged() && !error_) error_ = part_.segment->damaged("postings").value();
  return true;
}

// Of the next block, what the bitmaps of the other words have too.
void Walk::read_joined(Cursor& lead) {
  if (!lead.is_bitmap()) {
    lead.read_block(block_);
    for (const std::size_t word : required_) {
      if (const Cursor* bitmap = cursors_[word].bitmap()) bitmap->keep_common(block_);
    }
    return;
  }
  RangeBits bits = lead.next_bits();
  for (const std::size_t word : required_) {
    if (const Cursor* bitmap = cursors_[word].bitmap()) bitmap->join(lead.next_range(), bits);
  }
  lead.read_some(bits, block_);
}

// No word leads: every document is asked.
bool Walk::walk_all(Best& best) {
  constexpr Doc kClockEvery = 4096;
  for (Doc doc = 0; doc < part_.segment->docs() && !error_; ++doc) {
    if (doc % kClockEvery == 0 && budget_.is_spent()) return false;
    advance(doc);
    if (best.is_hopeless(others_)) break;
    consider(doc, 0, best);
    if (is_time_up()) return false;
  }
  return true;
}

void Walk::consider(Doc doc, std::uint8_t count, Best& best) {
  if (doc >= step_end_) advance(doc);
  std::uint32_t score = 0;
  if (lead_) {
    score = walked_.scores[*lead_].of(count, length_);
    if (best.is_hopeless(score + others_)) {
      least_ = count + 1u;
      return;
    }
  }
  for (const std::size_t word : required_) {
    const std::uint8_t here = cursors_[word].count_in(doc);
    if (here == 0) return;
    score += walked_.scores[word].of(here, length_);
  }
  if (!walked_.plan.optional.empty()) {
    if (best.is_hopeless(score + optional_)) return;
    for (const std::size_t word : walked_.plan.optional) {
      const std::uint8_t here = cursors_[word].count_in(doc);
      if (here > 0) score += walked_.scores[word].of(here, length_);
    }
  }
  if (best.is_hopeless(score) || part_.is_removed(doc) || !conditions_hold(doc)) return;
  best.add({score, doc});
}

bool Walk::conditions_hold(Doc doc) {
  if (walked_.plan.conditions.empty()) return true;
  if (walked_.plan.reads_texts) ++looks_;
  DocFacts facts{*this, doc};
  return std::all_of(walked_.plan.conditions.begin(), walked_.plan.conditions.end(),
                     [&](const Node* node) { return holds(*node, facts); });
}

// Texts take long, so their reader looks at the clock himself.
bool Walk::is_time_up() {
  constexpr std::size_t kClockEvery = 16;
  if (looks_ < kClockEvery) return false;
  looks_ = 0;
  return budget_.is_spent();
}

void Walk::advance(Doc doc) {
  const auto& steps = part_.segment->steps();
  std::size_t step = step_;
  while (step + 2 < steps.size() && steps[step + 1].first <= doc) ++step;
  if (step != step_) enter(step);
}

std::uint32_t Walk::most_at_length(std::size_t word) const {
  return cursors_[word].most() == 0 ? 0 : walked_.scores[word].of(cursors_[word].most(), length_);
}

void Walk::enter(std::size_t step) {
  step_ = step;
  step_end_ = part_.segment->steps()[step + 1].first;
  least_ = 0;
  length_ = part_.segment->steps()[step].length;
  lead_most_ = lead_ ? most_at_length(*lead_) : 0;
  optional_ = 0;
  for (const std::size_t word : walked_.plan.optional) optional_ += most_at_length(word);
  others_ = optional_;
  for (const std::size_t word : required_) others_ += most_at_length(word);
}

}  // namespace earshot::index
