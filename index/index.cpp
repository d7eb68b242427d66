// The writer, the worker that seals and merges behind it, and the doors to the searcher.
#include "index/index.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <unordered_set>

#include "index/live_segment.h"
#include "index/merge.h"
#include "index/query_parser.h"
#include "index/records.h"
#include "index/removed_terms.h"
#include "index/searcher.h"
#include "index/segment_builder.h"
#include "index/store.h"
#include "index/totals.h"
#include "index/varint.h"
#include "index/view.h"
#include "schema/check.h"

namespace earshot::index {

namespace {

constexpr std::string_view kTotalsKey = "totals";
constexpr std::string_view kTermsKey = "terms";
constexpr std::string_view kSegmentsKey = "segments";

// Full live segments that wait to be sealed. More: the writer waits, which bounds memory to kMaxWaiting + 1 of them.
constexpr std::size_t kMaxWaiting = 2;

// How long no segment was sealed before merges begin: a bulk load is not slowed by them.
constexpr auto kQuiet = std::chrono::seconds(1);

// After a failure, a full disk mostly, the worker tries again.
constexpr auto kRetry = std::chrono::seconds(1);

std::string source_key(std::uint32_t source, std::uint32_t doc) {
  std::string key;
  put_u32(key, source);
  put_u32(key, doc);
  return key;
}

// Terms of many tracks, copied once from the tokenizer.
class TermsOfMany {
 public:
  void add(const TrackTerms& terms) {
    tracks_.push_back({terms_.size(), terms.length()});
    for (const auto& term : terms.terms()) {
      terms_.push_back({text_.size(), term.text.size(), term.count});
      text_ += term.text;
    }
  }

  template <class Visit>
  void visit(const Visit& visit) const {
    std::vector<TrackTerms::Term> terms;
    for (std::size_t i = 0; i < tracks_.size(); ++i) {
      terms.clear();
      const std::size_t end = i + 1 < tracks_.size() ? tracks_[i + 1].begin : terms_.size();
      for (std::size_t at = tracks_[i].begin; at < end; ++at) {
        terms.push_back({std::string_view(text_).substr(terms_[at].begin, terms_[at].size), terms_[at].count});
      }
      visit(i, terms, tracks_[i].length);
    }
  }

 private:
  struct Slice {
    std::size_t begin;
    std::size_t size;
    std::uint8_t count;
  };
  struct Slices {
    std::size_t begin;
    std::uint8_t length;
  };
  std::string text_;
  std::vector<Slice> terms_;
  std::vector<Slices> tracks_;
};

// Where a track is. One of the two is set.
struct Located {
  std::shared_ptr<LiveSegment> live;
  std::optional<std::size_t> part;  // of the view
  Doc doc = 0;
  std::shared_ptr<const Track> track;
};

class LibraryIndex final : public Index {
 public:
  LibraryIndex(std::unique_ptr<Store> store, const Options& options) : store_(std::move(store)), options_(options) {}
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
  Result<void> compact() override;

 private:
  using Lives = std::vector<std::shared_ptr<LiveSegment>>;
  using Writing = std::unique_lock<std::mutex>;

  // A change while it is put together: what goes to the store at once, and to memory after it.
  struct Change {
    std::unique_ptr<Batch> batch;
    std::vector<std::pair<Located, std::size_t>> leave;        // and their number among `terms`
    std::vector<std::pair<std::shared_ptr<const Track>, std::size_t>> enter;
    TermsOfMany terms;
    std::size_t read = 0;  // tracks in `terms`
    std::int64_t tracks = 0;
    std::int64_t length = 0;
  };

  Result<void> load_state();
  Result<void> load_removed();
  Result<void> load_live();
  Result<std::vector<std::uint32_t>> stored_segments() const;
  Result<void> wait_for_room(Writing& writing, std::size_t tracks);
  void freeze();
  static Result<std::optional<Located>> locate(const ContentId& content, const Lives& lives, const View& view);
  void take_out(const Located& located, Change& change);
  Result<void> commit(Change change);
  void apply(Change& change, const Totals& totals);

  void work();
  Result<void> seal(Writing& writing);
  Result<void> merge(Writing& writing, const std::vector<std::size_t>& picked);
  std::vector<std::size_t> pick() const;
  bool is_quiet() const { return std::chrono::steady_clock::now() - last_seal_ >= kQuiet; }
  Result<Part> write_segment(std::uint32_t number, std::vector<NewPage> pages);
  void put_state(Batch& batch, const View& view, const DistinctTerms& terms) const;
  Result<void> bury();
  std::uint32_t next_number();
  bool has_frozen() const { return lives_.size() > 1; }

  const std::unique_ptr<Store> store_;
  const Options options_;
  const Tokenizer tokenizer_;

  // Held by whoever changes anything: the writer for the whole change, the worker while it puts a new segment in place.
  mutable std::mutex writer_;
  std::condition_variable changed_;  // with writer_: something for the worker to do, or done by it
  TrackTerms terms_{tokenizer_};     // guarded by writer_, as are the next five
  std::optional<Error> failure_;     // of the worker, until it succeeds
  bool wants_compact_ = false;
  std::chrono::steady_clock::time_point last_seal_;
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

LibraryIndex::~LibraryIndex() {
  {
    const std::lock_guard writing(writer_);
    stop_ = true;
  }
  changed_.notify_all();
  if (worker_.joinable()) worker_.join();
}

Result<void> LibraryIndex::load() {
  for (const auto step : {&LibraryIndex::load_state, &LibraryIndex::load_removed, &LibraryIndex::load_live}) {
    if (auto loaded = (this->*step)(); !loaded) return loaded;
  }
  return {};
}

Result<std::vector<std::uint32_t>> LibraryIndex::stored_segments() const {
  const auto stored = store_->get(Family::kState, kSegmentsKey);
  if (!stored) return tl::unexpected(stored.error());
  std::vector<std::uint32_t> segments;
  std::string_view in = *stored ? std::string_view(**stored) : std::string_view();
  while (!in.empty()) {
    const auto number = take_varint<std::uint32_t>(in);
    if (!number || (!segments.empty() && *number <= segments.back())) return store_->damaged("segments");
    segments.push_back(*number);
  }
  return segments;
}

Result<void> LibraryIndex::load_state() {
  const auto totals = store_->get(Family::kState, kTotalsKey);
  if (!totals) return tl::unexpected(totals.error());
  if (*totals) {
    const auto read = decode_totals(**totals);
    if (!read) return store_->damaged("totals");
    totals_ = *read;
  }
  const auto terms = store_->get(Family::kState, kTermsKey);
  if (!terms) return tl::unexpected(terms.error());
  if (*terms) {
    const auto read = DistinctTerms::from(**terms);
    if (!read) return store_->damaged("terms");
    sealed_terms_ = *read;
  }
  const auto segments = stored_segments();
  if (!segments) return tl::unexpected(segments.error());
  if (auto erased = store_->erase_orphans(*segments); !erased) return erased;
  auto view = std::make_shared<View>();
  for (const std::uint32_t number : *segments) {
    auto segment = Segment::open(*store_, number);
    if (!segment) return tl::unexpected(segment.error());
    view->parts.push_back({std::move(*segment), nullptr});
    totals_.next_segment = std::max(totals_.next_segment, number + 1);
  }
  view_ = std::move(view);
  return {};
}

Result<void> LibraryIndex::load_removed() {
  auto view = std::make_shared<View>(*view_);
  std::map<std::uint32_t, std::shared_ptr<RemovedDocs>> removed;
  std::vector<std::pair<const Segment*, Doc>> gone;
  bool sound = true;
  const auto scanned = store_->scan(Family::kRemoved, [&](std::string_view key, std::string_view) {
    sound = key.size() == 8;
    if (!sound) return false;
    for (const Part& part : view->parts) {
      if (part.segment->number() != u32_at(key)) continue;
      const Doc doc = u32_at(key.substr(4));
      sound = doc < part.segment->docs();
      if (!sound) return false;
      auto& docs = removed[part.segment->number()];
      if (!docs) docs = std::make_shared<RemovedDocs>(part.segment->docs());
      docs->add(doc);
      gone.emplace_back(part.segment.get(), doc);
    }
    return true;
  });
  if (!scanned) return scanned;
  if (!sound) return store_->damaged("removed");
  for (const auto& [segment, doc] : gone) {
    const auto track = segment->track(doc);
    if (!track) return tl::unexpected(track.error());
    terms_.read(*track);
    removed_terms_.add(terms_.terms());
  }
  for (Part& part : view->parts) {
    if (const auto at = removed.find(part.segment->number()); at != removed.end()) part.removed = at->second;
  }
  view_ = std::move(view);
  return {};
}

Result<void> LibraryIndex::load_live() {
  std::unordered_set<std::string> removed;
  auto scanned = store_->scan(Family::kRemoved, [&](std::string_view key, std::string_view) {
    removed.emplace(key);
    return true;
  });
  if (!scanned) return scanned;
  bool sound = true;
  scanned = store_->scan(Family::kLive, [&](std::string_view key, std::string_view value) {
    sound = key.size() == 8;
    if (!sound) return false;
    const std::uint32_t source = u32_at(key);
    if (lives_.empty() || lives_.back()->source() != source) lives_.push_back(std::make_shared<LiveSegment>(source));
    LiveSegment& live = *lives_.back();
    sound = live.docs() == u32_at(key.substr(4));
    while (sound && !value.empty()) {
      const auto size = take_varint<std::uint32_t>(value);
      auto track = size && *size <= value.size() ? decode_record(value.substr(0, *size)) : std::nullopt;
      sound = track.has_value();
      if (!sound) break;
      value.remove_prefix(*size);
      if (removed.contains(source_key(source, static_cast<std::uint32_t>(live.docs())))) {
        live.add_removed();
        continue;
      }
      sound = !live.doc_of(track->content);
      if (!sound) break;
      terms_.read(*track);
      live.add(std::make_shared<const Track>(std::move(*track)), terms_.terms(), terms_.length());
    }
    return sound;
  });
  if (!scanned) return scanned;
  if (!sound) return store_->damaged("live record");
  if (!lives_.empty()) totals_.next_segment = std::max(totals_.next_segment, lives_.back()->source() + 1);
  if (lives_.empty()) lives_.push_back(std::make_shared<LiveSegment>(totals_.next_segment++));
  return {};
}

// REQUIRES: writer_ is held.
Result<void> LibraryIndex::wait_for_room(Writing& writing, std::size_t tracks) {
  const auto is_full = [&] {
    const std::size_t docs = lives_.back()->docs();
    return docs > 0 && docs + tracks > std::max<std::size_t>(options_.live_tracks, 1);
  };
  changed_.wait(writing, [&] { return !is_full() || lives_.size() <= kMaxWaiting || failure_; });
  if (!is_full()) return {};
  if (lives_.size() > kMaxWaiting) return tl::unexpected(*failure_);
  freeze();
  changed_.notify_all();
  return {};
}

// REQUIRES: writer_ is held.
void LibraryIndex::freeze() {
  auto fresh = std::make_shared<LiveSegment>(next_number());
  const std::unique_lock exclusive(state_);
  lives_.push_back(std::move(fresh));
}

// REQUIRES: writer_ is held.
std::uint32_t LibraryIndex::next_number() {
  const std::unique_lock exclusive(state_);
  return totals_.next_segment++;
}

Result<void> LibraryIndex::add(std::span<const Track> tracks) {
  if (tracks.size() > kMaxTracksPerAdd) {
    return fail(ErrorCode::kInvalid, "{} tracks at once are more than {}: add them in parts", tracks.size(),
                kMaxTracksPerAdd);
  }
  for (const Track& track : tracks) {
    if (!is_tidy(track)) return fail(ErrorCode::kInvalid, "track {} has untidy texts", to_string(track.content));
  }
  Writing writing(writer_);
  if (auto room = wait_for_room(writing, tracks.size()); !room) return room;
  Change change;
  change.batch = store_->batch();
  std::unordered_set<ContentId, IdHash> seen;
  std::vector<const Track*> last_of_each;  // of a content id that comes twice, the last counts
  for (auto track = tracks.rbegin(); track != tracks.rend(); ++track) {
    if (seen.insert(track->content).second) last_of_each.push_back(&*track);
  }
  std::reverse(last_of_each.begin(), last_of_each.end());
  std::string records;
  for (const Track* track : last_of_each) {
    const auto located = locate(track->content, lives_, *view_);
    if (!located) return tl::unexpected(located.error());
    if (*located && *(*located)->track == *track) continue;  // a rescan finds most tracks unchanged
    if (*located) take_out(**located, change);
    terms_.read(*track);
    change.terms.add(terms_);
    change.enter.emplace_back(std::make_shared<const Track>(*track), change.read++);
    ++change.tracks;
    change.length += terms_.length();
    const std::string record = encode(*track);
    put_varint(records, record.size());
    records += record;
  }
  if (!records.empty()) {
    change.batch->put(Family::kLive,
                      source_key(lives_.back()->source(), static_cast<std::uint32_t>(lives_.back()->docs())), records);
  }
  return commit(std::move(change));
}

Result<std::size_t> LibraryIndex::remove(std::span<const ContentId> contents) {
  const Writing writing(writer_);
  Change change;
  change.batch = store_->batch();
  std::unordered_set<ContentId, IdHash> seen;
  std::size_t removed = 0;
  for (const ContentId& content : contents) {
    if (!seen.insert(content).second) continue;
    const auto located = locate(content, lives_, *view_);
    if (!located) return tl::unexpected(located.error());
    if (!*located) continue;
    take_out(**located, change);
    ++removed;
  }
  if (auto done = commit(std::move(change)); !done) return tl::unexpected(done.error());
  return removed;
}

void LibraryIndex::take_out(const Located& located, Change& change) {
  terms_.read(*located.track);
  change.terms.add(terms_);
  --change.tracks;
  change.length -= terms_.length();
  const std::uint32_t source =
      located.live ? located.live->source() : view_->parts[*located.part].segment->number();
  change.batch->put(Family::kRemoved, source_key(source, located.doc), "");
  change.leave.emplace_back(located, change.read++);
}

Result<void> LibraryIndex::commit(Change change) {
  if (change.enter.empty() && change.leave.empty()) return {};
  Totals totals = totals_;
  totals.tracks += static_cast<std::uint64_t>(change.tracks);
  totals.length += static_cast<std::uint64_t>(change.length);
  change.batch->put(Family::kState, kTotalsKey, encode(totals));
  if (auto written = store_->write(std::move(change.batch)); !written) return written;
  apply(change, totals);
  return {};
}

void LibraryIndex::apply(Change& change, const Totals& totals) {
  auto view = std::make_shared<View>(*view_);
  std::map<std::size_t, std::shared_ptr<RemovedDocs>> removed;
  for (const auto& [located, number] : change.leave) {
    if (!located.part) continue;
    const Part& part = view->parts[*located.part];
    auto& docs = removed[*located.part];
    if (!docs) docs = part.removed ? std::make_shared<RemovedDocs>(*part.removed) : std::make_shared<RemovedDocs>(part.segment->docs());
    docs->add(located.doc);
  }
  for (auto& [part, docs] : removed) view->parts[part].removed = std::move(docs);

  const std::unique_lock exclusive(state_);
  auto leave = change.leave.begin();
  auto enter = change.enter.begin();
  change.terms.visit([&](std::size_t number, const std::vector<TrackTerms::Term>& terms, std::uint8_t length) {
    if (leave != change.leave.end() && leave->second == number) {
      if (leave->first.live) {
        leave->first.live->remove(leave->first.track->content, terms);
      } else {
        removed_terms_.add(terms);
      }
      ++leave;
    } else {
      lives_.back()->add(std::move(enter->first), terms, length);
      ++enter;
    }
  });
  totals_ = totals;
  if (!removed.empty()) view_ = std::move(view);
}

Result<std::optional<Located>> LibraryIndex::locate(const ContentId& content, const Lives& lives, const View& view) {
  for (const auto& live : lives) {
    if (const auto doc = live->doc_of(content)) return Located{live, std::nullopt, *doc, live->entry(*doc).track};
  }
  for (std::size_t i = 0; i < view.parts.size(); ++i) {
    const Part& part = view.parts[i];
    const auto doc = part.segment->doc_of(content);
    if (!doc) return tl::unexpected(doc.error());
    if (!*doc || part.is_removed(**doc)) continue;
    auto track = part.segment->track(**doc);
    if (!track) return tl::unexpected(track.error());
    return Located{nullptr, i, **doc, std::make_shared<const Track>(std::move(*track))};
  }
  return std::optional<Located>();
}

Result<std::optional<Track>> LibraryIndex::find(const ContentId& content) const {
  std::shared_lock shared(state_);
  const std::shared_ptr<const View> view = view_;
  for (const auto& live : lives_) {
    if (const auto doc = live->doc_of(content)) return std::optional<Track>(*live->entry(*doc).track);
  }
  shared.unlock();
  const auto located = locate(content, {}, *view);
  if (!located) return tl::unexpected(located.error());
  if (!*located) return std::optional<Track>();
  return std::optional<Track>(*(*located)->track);
}

Result<Answer> LibraryIndex::search(std::string_view text, const SearchOptions& options) const {
  const Budget budget(options.budget);
  auto query = parse_query(text, tokenizer_);
  if (!query) return tl::unexpected(query.error());
  if (options.limit == 0) return Answer{};
  LiveMatches live(*query);
  std::shared_lock shared(state_);
  for (const auto& segment : lives_) {
    if (segment->tracks() > 0) live.add(*segment, *query);
  }
  for (std::size_t i = 0; i < query->words.size(); ++i) {
    if (const auto* term = std::get_if<Term>(&query->words[i])) live.tracks_with[i] -= removed_terms_.tracks_with(term->text);
  }
  const Totals totals = totals_;
  const std::shared_ptr<const View> view = view_;
  shared.unlock();
  return index::search(*query, *view, live, totals, options.limit, budget);
}

Stats LibraryIndex::stats() const {
  std::shared_lock shared(state_);
  DistinctTerms terms = sealed_terms_;
  for (const auto& live : lives_) live->count_terms(terms);
  const std::uint64_t tracks = totals_.tracks;
  shared.unlock();
  return {tracks, terms.estimate(), store_->bytes_on_disk()};
}

Result<void> LibraryIndex::compact() {
  Writing writing(writer_);
  if (lives_.back()->docs() > 0) freeze();
  wants_compact_ = true;
  failure_.reset();
  changed_.notify_all();
  changed_.wait(writing, [&] { return !wants_compact_ || failure_; });
  if (failure_) {
    wants_compact_ = false;
    return tl::unexpected(*failure_);
  }
  writing.unlock();
  return store_->flush();
}

void LibraryIndex::work() {
  Writing writing(writer_);
  while (!stop_) {
    Result<void> done;
    const std::vector<std::size_t> picked = has_frozen() ? std::vector<std::size_t>() : pick();
    if (has_frozen()) {
      done = seal(writing);
    } else if (!picked.empty()) {
      done = merge(writing, picked);
    } else {
      done = bury();
      wants_compact_ = wants_compact_ && !done;
      changed_.notify_all();
      if (!stop_ && !has_frozen() && !wants_compact_) changed_.wait_for(writing, kQuiet);
    }
    failure_.reset();
    if (!done && !stop_) failure_ = done.error();
    changed_.notify_all();
    if (failure_) changed_.wait_for(writing, kRetry, [&] { return stop_.load(); });
  }
}

// The oldest waiting live segment becomes a sealed one.
Result<void> LibraryIndex::seal(Writing& writing) {
  const std::shared_ptr<LiveSegment> live = lives_.front();
  std::vector<std::pair<LiveSegment::Entry, Doc>> order;
  for (Doc doc = 0; doc < live->docs(); ++doc) {
    if (live->entry(doc).track) order.emplace_back(live->entry(doc), doc);
  }
  const std::uint32_t number = next_number();
  DistinctTerms terms = sealed_terms_;
  writing.unlock();
  Result<Part> fresh;
  if (!order.empty()) {
    std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
      return comes_before(*a.first.track, a.first.length, *b.first.track, b.first.length);
    });
    constexpr int kFast = 3;
    SegmentBuilder builder(kFast);
    TrackTerms track_terms(tokenizer_);
    for (const auto& [entry, doc] : order) {
      track_terms.read(*entry.track);
      builder.add(*entry.track, track_terms);
    }
    builder.count_terms(terms);
    fresh = write_segment(number, builder.finish());
  }
  writing.lock();
  if (!fresh) return tl::unexpected(fresh.error());

  // Tracks that were removed meanwhile are removed from the segment instead.
  auto batch = store_->batch();
  std::shared_ptr<RemovedDocs> removed;
  RemovedTerms removed_terms;
  for (Doc doc = 0; doc < order.size(); ++doc) {
    if (live->entry(order[doc].second).track) continue;
    if (!removed) removed = std::make_shared<RemovedDocs>(fresh->segment->docs());
    removed->add(doc);
    terms_.read(*order[doc].first.track);
    removed_terms.add(terms_.terms());
    batch->put(Family::kRemoved, source_key(number, doc), "");
  }
  fresh->removed = removed;
  batch->erase_all(Family::kLive, live->source());
  batch->erase_all(Family::kRemoved, live->source());
  auto view = std::make_shared<View>(*view_);
  if (fresh->segment) view->parts.push_back(std::move(*fresh));
  put_state(*batch, *view, terms);
  if (auto done = store_->write(std::move(batch)); !done) return done;
  const std::unique_lock exclusive(state_);
  lives_.erase(lives_.begin());
  view_ = std::move(view);
  sealed_terms_ = terms;
  removed_terms_.add(removed_terms);
  last_seal_ = std::chrono::steady_clock::now();
  return {};
}

Result<Part> LibraryIndex::write_segment(std::uint32_t number, std::vector<NewPage> pages) {
  if (auto written = store_->ingest(number, std::move(pages)); !written) return tl::unexpected(written.error());
  auto segment = Segment::open(*store_, number);
  if (!segment) return tl::unexpected(segment.error());
  return Part{std::move(*segment), nullptr};
}

void LibraryIndex::put_state(Batch& batch, const View& view, const DistinctTerms& terms) const {
  std::string segments;
  for (const Part& part : view.parts) put_varint(segments, part.segment->number());
  batch.put(Family::kState, kSegmentsKey, segments);
  batch.put(Family::kState, kTermsKey, terms.bytes());
  batch.put(Family::kState, kTotalsKey, encode(totals_));
}

// Segments to merge now, as positions in the view; none: all is well. Sizes fall into tiers, each kFan times the one
// below, and kFan segments of one tier become one of the next: a track is merged once a tier.
std::vector<std::size_t> LibraryIndex::pick() const {
  constexpr std::size_t kFan = 4;
  constexpr std::size_t kMaxParts = 32;                // more: searches slow down, so merges do not wait for quiet
  constexpr std::uint64_t kMaxMergedDocs = 2u << 20;   // 220 bytes each while they are merged
  const auto& parts = view_->parts;
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < parts.size(); ++i) all.push_back(i);
  const auto is_quarter_gone = [&](std::size_t i) { return parts[i].removed && parts[i].removed->count() * 4 >= parts[i].segment->docs(); };
  const bool any_removed = std::any_of(parts.begin(), parts.end(), [](const Part& part) { return part.removed != nullptr; });
  if (wants_compact_) return parts.size() > 1 || any_removed ? all : std::vector<std::size_t>();
  if (!is_quiet() && parts.size() <= kMaxParts) return {};
  const auto worn = std::find_if(all.begin(), all.end(), is_quarter_gone);
  if (worn != all.end()) return {*worn};
  std::map<unsigned, std::vector<std::size_t>> tiers;
  for (const std::size_t i : all) {
    unsigned tier = 0;
    for (std::uint64_t size = std::max<std::size_t>(options_.live_tracks, 1); size * 2 <= parts[i].tracks(); size *= kFan) ++tier;
    tiers[tier].push_back(i);
  }
  for (const auto& [tier, members] : tiers) {
    std::uint64_t docs = 0;
    for (const std::size_t i : members) docs += parts[i].tracks();
    if (members.size() >= kFan && docs <= kMaxMergedDocs) return members;
  }
  return {};
}

Result<void> LibraryIndex::merge(Writing& writing, const std::vector<std::size_t>& picked) {
  std::vector<Part> old;
  for (const std::size_t i : picked) old.push_back(view_->parts[i]);
  const std::uint32_t number = next_number();
  writing.unlock();
  auto merged = merge_segments(old, tokenizer_, stop_);
  Result<Part> fresh;
  if (merged && !merged->pages.empty()) fresh = write_segment(number, std::move(merged->pages));
  writing.lock();
  if (!merged) return tl::unexpected(merged.error());
  if (!fresh) return tl::unexpected(fresh.error());

  // Tracks that were removed meanwhile are removed from the new segment too; their terms stay counted.
  auto batch = store_->batch();
  auto view = std::make_shared<View>();
  std::shared_ptr<RemovedDocs> removed;
  for (const Part& part : view_->parts) {
    const auto at = std::find_if(old.begin(), old.end(), [&](const Part& was) { return was.segment == part.segment; });
    if (at == old.end()) {
      view->parts.push_back(part);
      continue;
    }
    batch->erase_all(Family::kRemoved, part.segment->number());
    const auto& new_docs = merged->new_docs[static_cast<std::size_t>(at - old.begin())];
    for (Doc doc = 0; doc < part.segment->docs(); ++doc) {
      if (!part.is_removed(doc) || at->is_removed(doc)) continue;
      if (!removed) removed = std::make_shared<RemovedDocs>(fresh->segment->docs());
      removed->add(new_docs[doc]);
      batch->put(Family::kRemoved, source_key(number, new_docs[doc]), "");
    }
  }
  fresh->removed = removed;
  if (fresh->segment) view->parts.push_back(std::move(*fresh));
  put_state(*batch, *view, sealed_terms_);
  if (auto done = store_->write(std::move(batch)); !done) return done;
  for (const Part& part : old) graveyard_.push_back(part.segment);
  const std::unique_lock exclusive(state_);
  view_ = std::move(view);
  removed_terms_.subtract(merged->dropped);
  return {};
}

// Erases the pages of segments that nobody reads any more.
Result<void> LibraryIndex::bury() {
  auto batch = store_->batch();
  const auto erase = [&](const std::shared_ptr<const Segment>& segment) {
    if (segment.use_count() > 1) return false;
    batch->erase_all(Family::kPages, segment->number());
    return true;
  };
  if (std::erase_if(graveyard_, erase) == 0) return {};
  return store_->write(std::move(batch));
}

}  // namespace

Result<std::unique_ptr<Index>> Index::open(const std::filesystem::path& folder, const Options& options) {
  auto store = Store::open(folder, {options.sync, options.cache_bytes});
  if (!store) return tl::unexpected(store.error());
  auto index = std::make_unique<LibraryIndex>(std::move(*store), options);
  if (auto loaded = index->load(); !loaded) return tl::unexpected(loaded.error());
  index->start();
  return index;
}

}  // namespace earshot::index
