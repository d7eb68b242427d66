// The index behind index/index.h: one writer at a time, any number of searches, and a worker that seals and merges
// segments behind them.
//
// The writer's part is in index.cpp, opening in library_loading.cpp, the worker's in library_worker.cpp.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <thread>

#include "index/hosted_digests.h"
#include "index/index.h"
#include "index/live_segment.h"
#include "index/page_cache.h"
#include "index/removed_terms.h"
#include "index/searcher.h"
#include "index/store.h"
#include "index/terms_of_many.h"
#include "index/totals.h"
#include "index/view.h"

namespace earshot::index {

inline constexpr std::string_view kTotalsKey = "totals";
inline constexpr std::string_view kTermsKey = "terms";
inline constexpr std::string_view kSegmentsKey = "segments";
inline constexpr std::string_view kTransliterationKey = "transliteration";

/// Full live segments that wait to be sealed. More: the writer waits, which bounds memory to kMaxWaiting + 1 of them.
inline constexpr std::size_t kMaxWaiting = 2;

/// Of the families `live` and `removed`.
std::string source_key(std::uint32_t source, std::uint32_t doc);

/// Where a track is. One of the first two is set.
struct Located {
  std::shared_ptr<LiveSegment> live;
  std::optional<std::size_t> part;  // of the view
  Doc doc = 0;
  std::shared_ptr<const Track> track;
  std::uint8_t length = 0;  // as it was indexed
};

class LibraryIndex final : public Index {
 public:
  LibraryIndex(std::unique_ptr<Store> store, const Options& options)
      : store_(std::move(store)),
        pages_(options.cache_bytes / 2),
        options_(options),
        tokenizer_(options.transliterate ? Transliterator::instance() : nullptr) {}
  ~LibraryIndex() override;

  Result<void> load();
  void start() {
    worker_ = std::thread([this] { work(); });
  }

  Result<void> add(std::span<const Track> tracks) override;
  Result<std::size_t> remove(std::span<const ContentId> contents) override;
  Result<std::optional<Track>> find(const ContentId& content) const override;
  Result<Answer> search(std::string_view query, const SearchOptions& options) const override;
  Stats stats() const override;
  bool transliterates() const override { return options_.transliterate; }
  Owners* owners() override { return digests_.get(); }
  Result<void> compact() override;
  Storage storage() const override;
  Result<void> visit(const std::function<bool(const Track&)>& take) const override;
  Result<std::uint64_t> verify(const std::function<bool(std::uint64_t)>& go_on) const override;
  Result<void> back_up(const std::filesystem::path& folder) override { return store_->back_up(folder); }
  Result<void> snapshot(const std::filesystem::path& folder) override { return store_->snapshot(folder); }

 private:
  using Lives = std::vector<std::shared_ptr<LiveSegment>>;
  using Writing = std::unique_lock<std::mutex>;

  // A change while it is put together: what goes to the store at once, and to memory after it.
  struct Change {
    std::unique_ptr<Batch> batch;
    std::vector<std::pair<Located, std::size_t>> leave;  // and their number among `terms`
    std::vector<std::pair<std::shared_ptr<const Track>, std::size_t>> enter;
    TermsOfMany terms;
    std::size_t read = 0;  // tracks in `terms`
    std::int64_t tracks = 0;
    std::int64_t length = 0;
  };

  // What was there at one time, whatever changes later.
  struct Moment {
    std::vector<std::shared_ptr<const Track>> live;
    std::shared_ptr<const View> view;
    std::uint64_t tracks = 0;
  };

  static tl::unexpected<Error> refused();
  Moment moment() const;
  static Result<void> visit_part(const Part& part, const std::function<bool(Doc, const Track&)>& take);
  Result<void> load_state();
  Result<void> load_rule();
  Result<void> load_removed();
  Result<void> load_live();
  Result<void> check_count() const;
  Result<std::vector<std::uint32_t>> stored_segments() const;
  Result<void> wait_for_room(Writing& writing, std::size_t tracks);
  void freeze();
  Result<std::optional<Located>> locate(const ContentId& content, const Lives& lives, const View& view) const;
  void prefetch_places(std::span<const ContentId> contents) const;
  Result<Answer> find_content(const ContentId& content, const SearchOptions& options) const;
  static bool take_for_typo(Query& query, std::optional<std::size_t> word);
  Result<Searched> search_once(const Query& query, const SearchOptions& options, const Budget& budget) const;
  void take_out(const Located& located, Change& change);
  Result<void> commit(Change change);
  void apply(Change& change, const Totals& totals);

  void work();
  Result<void> seal(Writing& writing);
  Result<void> merge(Writing& writing, const std::vector<std::size_t>& picked);
  std::vector<std::size_t> pick() const;
  std::vector<std::size_t> pick_to_compact() const;
  bool is_quiet() const;
  Result<Part> write_segment(std::uint32_t number, std::vector<NewPage> pages);
  void put_state(Batch& batch, const View& view, const DistinctTerms& terms) const;
  Result<void> bury();
  std::uint32_t next_number();
  bool has_frozen() const { return lives_.size() > 1; }

  const std::unique_ptr<Store> store_;
  mutable PageCache pages_;
  const Options options_;
  const Tokenizer tokenizer_;
  std::unique_ptr<HostedDigests> digests_;

  // Held by whoever changes anything: the writer for the whole change, the worker while it puts a new segment in place.
  mutable std::mutex writer_;
  std::condition_variable changed_;  // with writer_: something for the worker to do, or done by it
  TrackTerms terms_{tokenizer_};     // guarded by writer_, as are the next five
  std::optional<Error> failure_;     // of the worker, until it succeeds
  bool wants_compact_ = false;
  std::chrono::steady_clock::time_point last_add_;
  std::vector<std::shared_ptr<const Segment>> graveyard_;  // merged away, perhaps still read
  std::atomic<bool> stop_ = false;
  std::thread worker_;

  // Guards what follows. Held exclusively only while memory is brought up to a change that is durable already, and
  // shared only while a search copies its part of the live segments. Whoever holds writer_ may read without it.
  mutable std::shared_mutex state_;
  Lives lives_;  // the last one takes tracks, those before wait to be sealed
  std::shared_ptr<const View> view_ = std::make_shared<View>();
  Totals totals_;
  DistinctTerms sealed_terms_;
  RemovedTerms removed_terms_;  // how many removed documents of sealed segments hold each
};

}  // namespace earshot::index
