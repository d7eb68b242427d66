// Fetching one content for a person: verified bytes from the engine into a file with a readable name, checked once more
// as a whole, and served on to others while the node runs.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "schema/endpoint.h"
#include "schema/ids.h"
#include "schema/result.h"
#include "schema/track.h"
#include "stream/engines.h"
#include "tools/node/providers.h"

namespace earshot::node {

using stream::Engines;

/// "Artist - Title.ogg": a name for people that no text of a stranger can turn into a path, a hidden file or an option.
std::string file_name_for(const Track& track);

struct Fetch {
  ContentId content;
  std::vector<Endpoint> providers;
  std::filesystem::path out;  // a file, or an existing folder
  Track track;                // for the name; may be empty
  std::uint64_t most = 0;     // bytes; a larger content is refused; 0: any size
};

/// How a fetch ended well.
struct FetchDone {
  ContentId content;
  std::filesystem::path file;
  std::uint64_t bytes = 0;
  std::int64_t ms = 0;
  std::vector<stream::Source> sources;
  Track track;  // empty when only the id is known
};

/// Since the start.
struct FetchCounts {
  std::uint64_t done = 0, failed = 0;
  std::uint64_t bytes = 0;  // of those that are done
};

/// Thread-safe.
class Fetches {
 public:
  /// At once. Each has a thread that mostly sleeps. More: kExhausted.
  static constexpr std::size_t kMaxRunning = 16;
  /// Finished contents that are kept open for others. More: the oldest is closed.
  static constexpr std::size_t kMaxServed = 64;
  /// Without a new byte for this long, a fetch gives up with kTimedOut; what is there stays for the next one.
  static constexpr Duration kPatience = 20s;

  /// Computes the content id of a file from its bytes: the check that does not trust the engine.
  using Identify = std::function<Result<ContentId>(const std::filesystem::path& file, Scheme scheme)>;

  struct Listener {
    std::function<void(const stream::Status&)> on_progress;
    std::function<void(Result<FetchDone>)> on_done;  // once, last
  };

  /// Where there are `providers`, more holders are looked for while a fetch takes long.
  Fetches(const Engines& engines, Identify identify, Providers* providers = nullptr);

  /// Stops what runs (each ends with kStopped) and waits for it.
  ~Fetches();

  /// Starts a fetch; the listener is called from its own thread. The flag that comes back stops it.
  /// Errors: kUnsupported (no engine for this scheme), kExhausted.
  Result<std::shared_ptr<std::atomic<bool>>> start(Fetch fetch, Listener listener);

  /// The content that a link describes, by whichever engine knows its kind: a magnet link, the path of a .torrent.
  /// Errors: kUnsupported (none does), those of Engine::introduce.
  Result<ContentId> introduce(std::string_view link) const;

  std::size_t running() const;
  FetchCounts counts() const;

 private:
  struct Run {
    std::thread thread;
    std::shared_ptr<std::atomic<bool>> stop = std::make_shared<std::atomic<bool>>(false);
    std::atomic<bool> finished = false;
  };

  Result<FetchDone> carry_out(stream::Engine& engine, const Fetch& fetch, const std::atomic<bool>& stop,
                                    const Listener& listener);
  void keep_serving(std::unique_ptr<stream::Stream> stream);
  void reap();
  void count(const Result<FetchDone>& done);

  const Engines& engines_;
  Identify identify_;
  Providers* const providers_;
  mutable std::mutex mutex_;
  std::list<Run> runs_;                                // guarded by mutex_
  std::list<std::unique_ptr<stream::Stream>> served_;  // guarded by mutex_
  FetchCounts counts_;                                 // guarded by mutex_
};

}  // namespace earshot::node
