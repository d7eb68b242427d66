// Contents that are open for players: one Playback each, however many requests a player makes of it, kept open for a
// while after the last one, because players come back for the next range.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "schema/ids.h"
#include "stream/playback.h"
#include "tools/node/fetches.h"
#include "tools/node/providers.h"

namespace earshot::node {

/// Thread-safe.
class Plays {
 public:
  /// Each is two files and a window. Full: the one unused for longest is closed; all in use: kExhausted.
  static constexpr std::size_t kMaxOpen = 32;
  static constexpr std::chrono::seconds kIdleTime{60};

  /// Where there are `providers`, more holders are looked for while a content is open and not complete.
  explicit Plays(const Engines& engines, Providers* providers = nullptr) : engines_(engines), providers_(providers) {}

  /// Opens a content with head and tail first, or finds it open and adds the providers. `bit_rate`: bits a second; 0: not
  /// known. Errors: kUnsupported (no engine), kExhausted, those of Engine::open.
  Result<std::shared_ptr<stream::Playback>> open(const ContentId& content, std::span<const Endpoint> providers,
                                                 std::uint32_t bit_rate);

  /// What is open already; else the error.
  Result<std::shared_ptr<stream::Playback>> find(const ContentId& content, const Error& absent);

 private:
  using Clock = std::chrono::steady_clock;
  struct Play {
    std::shared_ptr<stream::Playback> playback;
    Clock::time_point used;
    std::unique_ptr<Providers::Wanted> more{};  // goes before what it tells
    bool in_use() const { return playback.use_count() > 1; }
  };

  /// Takes out what nobody uses; closing may wait for the engine, so the caller does it without the lock.
  std::vector<Play> take_idle(Clock::time_point now);

  const Engines& engines_;
  Providers* const providers_;
  std::mutex mutex_;
  std::map<ContentId, Play> plays_;  // guarded by mutex_
};

}  // namespace earshot::node
