// A slow, obvious index: every track in a map, every query answered by looking at all of them.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "index/index.h"
#include "index/query.h"
#include "index/tokenizer.h"

namespace earshot::index {

class Twin {
 public:
  void add(std::span<const Track> tracks);
  std::size_t remove(std::span<const ContentId> contents);
  Result<Answer> search(std::string_view text, std::size_t limit) const;
  bool holds(const ContentId& content) const { return entries_.contains(content); }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Track track;
    std::map<std::string, unsigned> counts;  // of its terms, weighted
    std::uint8_t length = 0;
  };

  Answer answer_to(const Query& query, std::size_t limit) const;
  std::uint64_t tracks_with(const Word& word) const;

  Tokenizer tokenizer_;
  std::map<ContentId, Entry> entries_;
};

}  // namespace earshot::index
