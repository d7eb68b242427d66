// What recent searches saw: which contents, and who holds them, so that a fetch by content id needs no second search.
#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "schema/endpoint.h"
#include "schema/ids.h"
#include "schema/track.h"

namespace earshot::node {

struct Sighting {
  Track track;
  std::vector<Contact> holders;
};

/// Thread-safe. Memory: kMaxContents x (a track of ~300 bytes + kMaxHolders x 56) is 5 MB at most.
class Sightings {
 public:
  /// Full: the content seen first is forgotten.
  static constexpr std::size_t kMaxContents = 4096;
  /// More holders of one content are left out: a fetch needs a few.
  static constexpr std::size_t kMaxHolders = 16;

  void saw(const Track& track, const Contact& holder);

  std::optional<Sighting> find(const ContentId& content) const;

 private:
  mutable std::mutex mutex_;
  std::unordered_map<ContentId, Sighting, IdHash> seen_;  // guarded by mutex_
  std::deque<ContentId> order_;                           // guarded by mutex_; same contents as seen_, oldest first
};

}  // namespace earshot::node
