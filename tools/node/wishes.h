// What a person wishes for and nobody had: questions that stay in the network (schema/search.h: keep) until they are removed.
//
//  1. A wish is asked as a bubble that those who get it keep for kKept, and asked again every kRenewed, and soon after a start
//     or when it reached nobody. Rationale: hosts leave, and the way back is remembered as long as theirs.
//  2. A content is found once: what was handed out is remembered with the wish, also over restarts, and is never handed out
//     again, whoever else has it.
//  3. Filters are part of the text (index/query_parser.h). A text of which digests cannot tell is refused: nobody could match it.
//  4. At most kMost wishes; of each at most kMostFresh hits wait to be handed out, and after kMostFound nothing more is taken.
//
// The file, text, written whole: "earshot-wishes 1", then a line each
//   wish ID ADDED TEXT          ADDED in seconds since 1970
//   fresh ID CONTENT LINE       a hit that waits, as json::wish_hit tells it
//   seen ID CONTENT             one that was handed out
// and last "end COUNT" with the number of lines between.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "index/digest_keys.h"
#include "schema/ids.h"
#include "schema/result.h"
#include "tools/node/node.h"

namespace earshot::node {

/// Thread-safe.
class Wishes {
 public:
  static constexpr std::size_t kMost = 64;
  static constexpr std::size_t kMostFresh = 200;
  static constexpr std::size_t kMostFound = 1000;
  static constexpr Duration kKept = 45min;
  static constexpr std::chrono::minutes kRenewed{30};
  static constexpr std::chrono::seconds kAgain{5};

  struct Row {
    std::uint64_t id = 0;
    std::string text;
    std::int64_t added = 0;   // seconds since 1970
    std::uint64_t found = 0;  // different contents, ever
    std::uint64_t fresh = 0;  // of these, not handed out yet
  };

  /// Reads the file and asks. The node outlives this. A damaged file is moved aside to FILE.damaged and told in `trouble`.
  static std::unique_ptr<Wishes> open(Node& node, std::filesystem::path file, std::string& trouble);
  ~Wishes();

  Wishes(const Wishes&) = delete;
  Wishes& operator=(const Wishes&) = delete;

  /// One that is there already is given back. Errors: kInvalid, kExhausted, kDisk.
  Result<Row> add(const std::string& text);
  /// Errors: kNotFound, kDisk.
  Result<void> remove(std::uint64_t id);
  std::vector<Row> list() const;

  /// Lines of the hits that wait, each only ever once. Errors: kDisk; nothing was handed out then.
  Result<std::vector<std::string>> take();

 private:
  using Clock = std::chrono::steady_clock;
  struct Wish {
    std::string text;
    std::int64_t added = 0;
    std::map<ContentId, std::string> fresh;  // and its line
    std::set<ContentId> seen;
    std::optional<QueryId> query;  // that is open for it
    Clock::time_point ask_at{};
    bool reached = false;          // somebody got the last one
    Row row(std::uint64_t id) const;
  };
  /// Shared with the callbacks of queries, which may come when we are gone.
  struct State {
    mutable std::mutex mutex;
    std::condition_variable wake;
    std::map<std::uint64_t, Wish> wishes;  // guarded by mutex, as all below
    std::uint64_t next_id = 1;
    bool dirty = false, stopping = false;

    void take(std::uint64_t id, const SearchEvent& event, const NodeKey& self);
    std::string text() const;
  };

  Wishes(Node& node, std::filesystem::path file) : node_(node), file_(std::move(file)), self_(node.self().key) {}
  Result<void> read(std::string_view text);
  Result<void> save(const State& state) const;
  void run();
  void ask(std::uint64_t id);

  Node& node_;
  const std::filesystem::path file_;
  const NodeKey self_;
  const index::DigestKeys keys_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace earshot::node
