// Cursors side by side.
#include "index/word_cursor.h"

#include <algorithm>

#include "index/terms.h"

namespace earshot::index {

namespace {

std::uint8_t clamped(unsigned count) {
  return static_cast<std::uint8_t>(std::min(count, kMaxCount));
}

std::vector<Cursor> cursors_of(std::span<const TermPostings> terms) {
  std::vector<Cursor> cursors;
  cursors.reserve(terms.size());
  for (const TermPostings& term : terms) cursors.push_back(term.cursor());
  return cursors;
}

bool any_damaged(const std::vector<Cursor>& cursors) {
  return std::any_of(cursors.begin(), cursors.end(), [](const Cursor& cursor) { return cursor.damaged(); });
}

std::uint8_t least_most_of(const std::vector<Cursor>& parts) {
  std::uint8_t least = UINT8_MAX;
  for (const Cursor& part : parts) least = std::min<std::uint8_t>(least, part.size() == 0 ? 0 : part.most());
  return least;
}

std::optional<Postings> all_of(const TermPostings& term) {
  Postings postings = read_all(term.cursor());
  return postings.size() == term.size() ? std::optional(std::move(postings)) : std::nullopt;
}

}  // namespace

WordCursor::WordCursor(std::vector<Cursor> spellings, std::vector<Cursor> parts)
    : several_(std::make_unique<Several>(Several{std::move(spellings), std::move(parts), 0})) {
  unsigned most = least_most_of(several_->parts);
  for (const Cursor& spelling : several_->spellings) most += spelling.size() == 0 ? 0u : spelling.most();
  several_->most = clamped(most);
}

bool WordCursor::damaged() const {
  return several_ ? any_damaged(several_->spellings) || any_damaged(several_->parts) : list_.damaged();
}

std::uint8_t WordCursor::count_in_several(Doc doc) {
  unsigned sum = 0;
  for (Cursor& spelling : several_->spellings) sum += spelling.count_in(doc);
  std::uint8_t least = UINT8_MAX;
  for (Cursor& part : several_->parts) {
    least = std::min(least, part.count_in(doc));
    if (least == 0) break;
  }
  return clamped(sum + least);
}

std::uint32_t WordInSegment::size() const {
  if (form_ == Form::kTerm) return term_.size();
  if (form_ == Form::kMade) return static_cast<std::uint32_t>(made_.size());
  std::uint32_t size = parts().front().size();
  for (const TermPostings& part : parts()) size = std::min(size, part.size());
  for (const TermPostings& spelling : spellings()) size += spelling.size();
  return size;
}

WordCursor WordInSegment::cursor() const {
  if (form_ == Form::kTerm) return WordCursor(term_.cursor());
  if (form_ == Form::kMade) return WordCursor(Cursor(made_));
  return {cursors_of(spellings()), cursors_of(parts())};
}

std::optional<Cursor> WordInSegment::walk(Postings& made) const {
  if (form_ == Form::kTerm) return term_.cursor();
  if (form_ == Form::kMade) return Cursor(made_);
  auto united = united_compound();
  if (!united) return std::nullopt;
  made = std::move(*united);
  return Cursor(made);
}

std::optional<Postings> WordInSegment::united_compound() const {
  std::optional<Postings> all = all_of(parts().front());
  const auto combine = [&](const TermPostings& term, Postings (*combination)(const Postings&, const Postings&)) {
    const auto more = all_of(term);
    all = all && more ? std::optional(combination(*all, *more)) : std::nullopt;
  };
  for (const TermPostings& part : parts().subspan(1)) combine(part, &intersected);
  for (const TermPostings& spelling : spellings()) combine(spelling, &united);
  return all;
}

}  // namespace earshot::index
