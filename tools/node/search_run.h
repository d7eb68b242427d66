// One search of a person: gathers the holders of each content into rows, and asks an easier question when nothing was found.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "index/digest_keys.h"
#include "index/index.h"
#include "tools/node/api_json.h"
#include "tools/node/api_orders.h"
#include "tools/node/node.h"
#include "tools/node/scanner.h"
#include "tools/node/sightings.h"
#include "tools/node/worker.h"

namespace earshot::node {

class Channel;

/// Events come on the reactor's thread, easier questions are asked on the worker's; one of them at a time.
class SearchRun : public std::enable_shared_from_this<SearchRun> {
 public:
  /// Easier questions after the first; each takes the time of a search.
  static constexpr std::size_t kMostRelaxed = 2;

  struct Parts {
    Node& node;
    index::Index& index;
    const Scanner& scanner;
    std::shared_ptr<Sightings> sightings;
    std::shared_ptr<WorkerDoor> worker;  // closed: no more questions are asked
  };

  SearchRun(Parts parts, std::shared_ptr<Channel> channel, json::SearchOrder order)
      : parts_(std::move(parts)), channel_(std::move(channel)), order_(std::move(order)) {}

  /// Errors: those of Node::search.
  Result<void> start();
  /// The reader has gone away.
  void cancel();

 private:
  Result<void> ask();
  void take(const SearchEvent& event);
  void add(const ReachableHit& hit);
  ContentId recording_of(const Track& track);
  void ask_easier();
  std::uint64_t known(std::string_view word) const;
  void finish();

  Parts parts_;
  std::shared_ptr<Channel> channel_;
  json::SearchOrder order_;
  json::Summary summary_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::unordered_map<ContentId, json::HitRow, IdHash> rows_;
  std::unordered_set<NodeKey, IdHash> holders_;
  std::unordered_map<ContentId, ContentId, IdHash> recordings_;  // of the first row, by what its copies share
  std::mutex mutex_;
  std::optional<QueryId> query_;  // guarded by mutex_, as is the next
  bool gone_ = false;
};

}  // namespace earshot::node
