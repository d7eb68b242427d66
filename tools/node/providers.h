// Who holds a content that somebody fetches or plays here: asked in the network by its id (schema/search.h, content_asked).
//
//  1. A content of which no holder is known is asked for at once; one that has a holder, after kLater, if it is not complete
//     by then. Rationale: one good holder brings most tracks in that time, and a question for what exists once visits thousands.
//  2. It is asked for again, each time after twice as long, up to kSeldom, until kEnough holders are known, those who want it have
//     all of it, or nobody wants it any more. Holders come and go while something long is played.
//  3. One question a content, however many want it; who comes later is told at once what is known.
//  4. At most kMostWanted contents, and kMostWanters of each: more are refused.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "schema/ids.h"
#include "tools/node/node.h"

namespace earshot::node {

/// Where holders serve their bytes.
std::vector<Endpoint> stream_endpoints(std::span<const ReachableHit> holders);

/// Thread-safe. Made before those who want something and stopped before the node goes.
class Providers {
  struct State;

 public:
  static constexpr std::size_t kEnough = 8;
  static constexpr std::size_t kMostWanted = 64;
  static constexpr std::size_t kMostWanters = 16;
  static constexpr std::chrono::seconds kLater{10};
  static constexpr std::chrono::seconds kSeldom{300};

  /// Both are called from any thread and must neither block nor call this object.
  struct Wanter {
    std::function<void(std::span<const ReachableHit>)> found;  // holders not told before, with what they say of the content
    std::function<bool()> has_all;
  };

  /// As long as it lives, holders are told. Nothing is called once it is gone.
  class Wanted {
   public:
    ~Wanted();
    Wanted(const Wanted&) = delete;
    Wanted& operator=(const Wanted&) = delete;

   private:
    friend class Providers;
    Wanted(std::shared_ptr<State> state, const ContentId& content, std::uint64_t number)
        : state_(std::move(state)), content_(content), number_(number) {}

    std::shared_ptr<State> state_;
    ContentId content_;
    std::uint64_t number_;
  };

  Providers();
  ~Providers();
  Providers(const Providers&) = delete;
  Providers& operator=(const Providers&) = delete;

  /// Asks from now on, of what is wanted already too. The node must live until stop().
  void start(Node& node);
  void stop();

  /// Null beyond rule 4, and for torrents, which find their own.
  std::unique_ptr<Wanted> want(const ContentId& content, bool has_holder, Wanter wanter);

  /// Calls `answer` once: with the first holders, or with none when the question has ended. False beyond rule 4, and where
  /// nobody can be asked.
  [[nodiscard]] bool ask(const ContentId& content, std::function<void(std::span<const ReachableHit>)> answer);

 private:
  void run();

  std::shared_ptr<State> state_;
  std::thread thread_;
};

/// For a stream or a playback, which must outlive what is made of it.
template <class Bytes>
Providers::Wanter wanter_of(Bytes& bytes) {
  return {[&bytes](std::span<const ReachableHit> holders) { bytes.add_providers(stream_endpoints(holders)); },
          [&bytes] { return bytes.status().complete; }};
}

}  // namespace earshot::node
