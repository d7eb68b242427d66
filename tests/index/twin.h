// A slow, obvious index: every track in a map, every query answered by looking at all of them.
#pragma once

#include <map>
#include <span>
#include <string_view>

#include "index/index.h"

namespace earshot::index {

class Twin {
 public:
  void add(std::span<const Track> tracks);
  std::size_t remove(std::span<const ContentId> contents);
  Result<Answer> search(std::string_view text, std::size_t limit) const;
  const std::map<ContentId, Track>& tracks() const { return tracks_; }

 private:
  std::map<ContentId, Track> tracks_;
};

}  // namespace earshot::index
