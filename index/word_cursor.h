// One word of a query in one segment: a term's list as it is stored, postings that were made of many terms, or the
// spellings of a compound side by side.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "index/postings.h"
#include "index/segment.h"

namespace earshot::index {

class WordCursor {
 public:
  explicit WordCursor(const Cursor& list) : list_(list) {}
  /// Documents that hold any of the spellings, or all of the parts (index/query.h); counts add up.
  WordCursor(std::vector<Cursor> spellings, std::vector<Cursor> parts);

  /// Bounds every count.
  std::uint8_t most() const { return several_ ? several_->most : list_.most(); }
  bool damaged() const;

  /// How much the word counts in `doc`, 0 when it does not match. REQUIRES: docs asked for never fall.
  std::uint8_t count_in(Doc doc) { return several_ ? count_in_several(doc) : list_.count_in(doc); }

  /// The word's only list, when that is a bitmap; else null.
  const Cursor* bitmap() const { return !several_ && list_.is_bitmap() ? &list_ : nullptr; }

 private:
  struct Several {
    std::vector<Cursor> spellings;
    std::vector<Cursor> parts;
    std::uint8_t most;
  };

  std::uint8_t count_in_several(Doc doc);

  Cursor list_;
  std::unique_ptr<Several> several_;
};

class WordInSegment {
 public:
  WordInSegment() = default;
  explicit WordInSegment(TermPostings term) : form_(Form::kTerm), term_(term) {}
  explicit WordInSegment(Postings made) : made_(std::move(made)) {}
  /// A compound: its spellings, then its parts, of which there is one at least.
  WordInSegment(std::vector<TermPostings> terms, std::size_t spellings)
      : form_(Form::kCompound), compound_(std::move(terms)), spellings_(spellings) {}

  /// Of a compound an upper bound.
  std::uint32_t size() const;
  WordCursor cursor() const;

  /// A walk over all documents, which are kept in `made` where they are not stored so; nothing when they are damaged.
  std::optional<Cursor> walk(Postings& made) const;

 private:
  enum class Form : std::uint8_t { kTerm, kMade, kCompound };

  std::span<const TermPostings> spellings() const { return std::span(compound_).first(spellings_); }
  std::span<const TermPostings> parts() const { return std::span(compound_).subspan(spellings_); }
  std::optional<Postings> united_compound() const;

  Form form_ = Form::kMade;
  TermPostings term_;
  Postings made_;
  std::vector<TermPostings> compound_;
  std::size_t spellings_ = 0;
};

}  // namespace earshot::index
