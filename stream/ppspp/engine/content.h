// One content inside the engine: its swarm, its store, and the readers who wait for its bytes. Carries out the swarm's
// effects.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "stream/chunk_store.h"
#include "stream/engine.h"
#include "stream/ppspp/engine/ways.h"
#include "stream/ppspp/swarm.h"

namespace earshot::stream::ppspp {

class Content {
 public:
  Content(std::unique_ptr<ChunkStore> store, bool shared);

  const Digest32& root() const { return store_->root(); }
  /// Read from where a user keeps it: nothing is written to it.
  bool is_shared() const { return shared_; }

  // Called by the engine's thread.

  void start(ChannelIds& ids, Allowance& allowance, const SwarmConfig& config);
  /// Says good-bye and gives the swarm up; what was kept is written.
  void stop(Instant now, Ways& ways);
  bool is_running() const { return swarm_ != nullptr; }

  void receive(Instant now, const net::Incoming& datagram, Ways& ways);
  void add_peers(Instant now, std::span<const Endpoint> peers, Ways& ways);
  /// What one stream (any name that is its own) wants from now on.
  void want(Instant now, const void* stream, std::span<const Wish> wishes, Rest rest, Ways& ways);
  /// The stream has closed.
  void want_no_more(Instant now, const void* stream, Ways& ways);
  /// After whatever came: ticks when it is time to, writes what was kept, tells the readers.
  void settle(Instant now, Ways& ways);
  Instant next_deadline() const { return swarm_ ? swarm_->next_deadline() : kNever; }
  bool is_idle() const { return !swarm_ || swarm_->channels() == 0; }

  // Called by any thread.

  Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into, Duration patience);
  Status status() const;
  Result<void> sync() { return store_->sync(); }
  /// Readers return kStopped from now on.
  void close();
  bool is_complete() const;
  /// The disk refused, or a shared file has changed: what can be read is read, nothing is fetched or served any more.
  bool is_broken() const;

  /// Streams that are open on it.
  std::atomic<int> users{0};

 private:
  void carry_out(Instant now, Ways& ways);
  void carry_out(Instant now, const Load& load);
  void checked(Result<void> result);
  void apply_wishes(Instant now, Ways& ways);
  void publish();

  const bool shared_;
  const std::unique_ptr<ChunkStore> store_;

  // The engine's thread's.
  std::unique_ptr<Swarm> swarm_;
  Outbox out_;
  std::vector<net::Outgoing> outgoing_;
  Bytes chunks_;
  TreePage page_{};                         // the last one that was read for a Load
  std::optional<std::uint64_t> page_read_;  // its index
  struct Demand {
    std::vector<ChunkWish> wishes;
    Rest rest = Rest::kFetch;
  };
  std::map<const void*, Demand> demands_;  // by stream
  bool touched_ = false;  // since the last settle
  bool named_ = false;    // the store has given a whole content its name

  // What readers see, guarded by mutex_.
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  ChunkSet readable_;
  std::uint64_t chunk_count_ = 0;
  std::uint64_t size_ = 0;
  bool answered_ = false;
  bool closed_ = false;
  std::vector<Source> sources_;
  std::uint64_t bans_ = 0;  // as of sources_
  std::optional<Error> failed_;
};

}  // namespace earshot::stream::ppspp
