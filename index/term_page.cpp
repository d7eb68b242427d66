// Reading terms; every byte is judged.
#include "index/term_page.h"

#include <algorithm>
#include <optional>

#include "index/varint.h"

namespace earshot::index {

namespace {

// A segment has fewer documents (index/segment.cpp): sums of gaps do not wrap.
constexpr Doc kMaxDoc = 1u << 24;

bool take_inlined(std::string_view& in, TermEntry& entry) {
  std::uint32_t next = 0;
  for (std::uint32_t i = 0; i < entry.df; ++i) {
    const auto gap = take_varint<std::uint32_t>(in);
    const auto count = take_byte(in);
    if (!gap || !count || next > kMaxDoc || *gap > kMaxDoc - next) return false;
    entry.inlined[i] = {next + *gap, *count};
    next = entry.inlined[i].doc + 1;
  }
  return true;
}

}  // namespace

bool take_entry(std::string_view& in, TermEntry& entry) {
  const auto df = take_varint<std::uint32_t>(in);
  if (!df || *df == 0) return false;
  entry.df = *df;
  if (entry.df <= kMaxInlined) return take_inlined(in, entry);
  const auto most = take_byte(in);
  const auto page = take_varint<std::uint32_t>(in);
  const auto offset = take_varint<std::uint32_t>(in);
  if (!most || !page || !offset) return false;
  entry.most = *most;
  entry.page = *page;
  entry.offset = *offset;
  return true;
}

bool TermPage::next() {
  if (rest_.empty()) return false;
  is_damaged_ = true;
  const auto shared = take_varint<std::uint32_t>(rest_);
  const auto size = take_varint<std::uint32_t>(rest_);
  if (!shared || !size || *shared > size_ || *size > rest_.size() || *shared + *size > kMaxTerm) return false;
  shares_ = *shared > 0;
  std::copy_n(rest_.begin(), *size, text_.begin() + *shared);
  size_ = *shared + *size;
  rest_.remove_prefix(*size);
  is_damaged_ = !take_entry(rest_, entry_);
  return !is_damaged_;
}

}  // namespace earshot::index
