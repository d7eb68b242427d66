// Publishers: what this node puts out under its own key, and the publishers that its person follows. A catalogue
// (catalogue.h) is kept, served and found like any other content, so that a feed outlives the machine that made it.
//
//  1. Who publishes signs a new version with every change; the index says the newest one only.
//  2. Who follows asks "kind:publisher publisher:KEY" as a question that stays in the network (schema/search.h: keep) for
//     kKept, and again every kRenewed or when a person follows once more. A hit is fetched from whoever has it, believed
//     only when the key has signed it, and kept when its version is higher.
//  3. A follower serves the newest catalogue that it knows; one that mirrors fetches its contents too, the newest first, and
//     shares them: kMostMirrored bytes a publisher at most.
//  4. Who had a catalogue is remembered (kMostHolders), and is asked for its contents: they are the ones who mirror.
//  5. The index names a held content as its publisher's catalogue does: title, kind, licence, publisher.
//
//   DATA/publishers/own.catalogue   what we put out
//   DATA/publishers/KEY.catalogue   the newest known of one we follow
//   DATA/publishers/art/HEX         pictures, named by the digest of their content id
//   DATA/publishers/following       "earshot-following 1", then a line "KEY mirror" or "KEY catalogue" each
#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "index/index.h"
#include "stream/engine.h"
#include "tools/node/catalogue.h"
#include "tools/node/fetches.h"
#include "tools/node/node.h"

namespace earshot::node {

/// Thread-safe.
class Publishers {
 public:
  static constexpr std::size_t kMostFollowed = 256;
  static constexpr std::size_t kMostHolders = 16;
  static constexpr std::size_t kMostSeen = 64;  // versions of one publisher that are not looked at twice
  static constexpr std::uint64_t kMostMirrored = 20ull << 30;
  static constexpr std::uint64_t kMostPicture = 2u << 20;
  static constexpr Duration kKept = 45min;
  static constexpr std::chrono::minutes kRenewed{30};
  static constexpr std::chrono::seconds kAgain{5};    // while nothing was heard, and then ever longer
  static constexpr std::chrono::seconds kLooked{30};  // between two looks at a mirror that lacks nothing

  struct Parts {
    Node& node;
    const overlay::net::Identity& identity;
    index::Index& index;
    stream::Engine& engine;
    Fetches& fetches;
    std::function<void(const std::filesystem::path&)> share;  // a folder, from now on
    std::filesystem::path folder;                             // DATA/publishers
    std::filesystem::path mirrored;                           // where contents of others are kept
  };

  struct Row {
    Catalogue about{};         // without its items; of one that was not heard of yet only the key is known
    std::size_t items = 0, held = 0;
    std::size_t holders = 0;  // known ones
    bool mine = false, mirror = false;
  };

  /// Reads what is kept and serves it. What cannot be read is left out and told in `trouble`. Errors: kDisk.
  static Result<std::unique_ptr<Publishers>> open(Parts parts, std::string& trouble);
  ~Publishers();
  Publishers(const Publishers&) = delete;
  Publishers& operator=(const Publishers&) = delete;

  struct About {
    std::string name, text, language, licence, link, guid;
    std::filesystem::path art;  // a picture; empty: as it was
  };
  /// Says who we are; what is published stays. Errors: kInvalid, kNotFound (art), kDisk.
  Result<Row> describe(const About& about);

  /// Puts a content that this node shares, or a station, into our catalogue, or changes it there; what is empty is taken
  /// from the index. Errors: kInvalid, kNotFound (not shared), kExhausted, kDisk.
  Result<CatalogueItem> publish(CatalogueItem item, const std::filesystem::path& art);
  /// Errors: kNotFound, kDisk.
  Result<void> withdraw(const ContentId& content);

  /// Follows, or changes whether contents are mirrored; looks for news at once. Errors: kInvalid, kExhausted, kDisk.
  Result<Row> follow(const NodeKey& key, bool mirror);
  /// What was mirrored stays in its folder. Errors: kNotFound, kDisk.
  Result<void> unfollow(const NodeKey& key);

  /// Ours first, then by name.
  std::vector<Row> list() const;
  /// Errors: kNotFound.
  Result<Catalogue> catalogue(const NodeKey& key) const;
  /// Whom to ask for a content that a catalogue names.
  std::vector<Endpoint> holders_of(const ContentId& content) const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Known {
    std::optional<Catalogue> catalogue;
    std::optional<ContentId> content;  // of the catalogue's bytes
    bool mirror = false;
    std::optional<QueryId> query;
    Clock::time_point ask_at{}, mirror_at{};
    unsigned asked = 0;            // times, since it was heard of
    std::deque<Endpoint> holders;  // the latest last
    std::set<ContentId> seen;      // looked at, or being fetched
    bool fetching = false;         // a content of it, for the mirror
  };
  struct Arrival {
    NodeKey key;
    ContentId content;
    bool is_catalogue = false;
    Result<FetchDone> done;
  };
  /// Shared with callbacks, which may come when we are gone.
  struct State {
    mutable std::mutex mutex;
    std::condition_variable wake;
    Known own;                        // guarded by mutex, as all below
    std::map<NodeKey, Known> others;
    std::deque<std::pair<NodeKey, ReachableHit>> hits;
    std::deque<Arrival> arrivals;
    std::set<ContentId> missing;      // contents that nobody gave lately
    bool stopping = false;

    void take(const NodeKey& key, const SearchEvent& event);
  };

  explicit Publishers(Parts parts) : parts_(std::move(parts)) {}
  Result<void> recall(std::string& trouble);
  Result<void> remember(const State& state) const;
  std::filesystem::path file_of(const NodeKey& key) const;
  Row row_of(const Known& known, const NodeKey& key) const;
  Known* known_of(State& state, const NodeKey& key) const;

  Result<void> put_out(Catalogue catalogue);
  Result<void> serve(const NodeKey& key, const Catalogue& catalogue);
  Result<ContentId> keep_picture(const std::filesystem::path& picture);
  void label(const Catalogue& catalogue);
  bool is_held(const CatalogueItem& item) const;

  void run();
  void ask(const NodeKey& key);
  void fetch_catalogue(const NodeKey& key, const ReachableHit& hit);
  void arrived(Arrival arrival);
  void mirror_next(const NodeKey& key);
  std::optional<Track> next_to_mirror(const Catalogue& catalogue, std::filesystem::path& out) const;
  void fetch(const NodeKey& key, Fetch fetch, bool is_catalogue);

  const Parts parts_;
  std::mutex changing_;  // own catalogue: one change at a time
  std::shared_ptr<State> state_ = std::make_shared<State>();
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace earshot::node
