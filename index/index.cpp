// The one writer, and the doors to the searcher.
#include "index/index.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>

#include "index/live_segment.h"
#include "index/query_parser.h"
#include "index/records.h"
#include "index/searcher.h"
#include "index/store.h"
#include "index/totals.h"
#include "schema/check.h"

namespace earshot::index {

namespace {

constexpr std::string_view kTotalsKey = "totals";
constexpr std::string_view kTermsKey = "terms";

std::string live_key(Doc doc) {
  std::string key;
  put_u32(key, doc);
  return key;
}

// Where a sealed track is: also its key in `records`.
struct Place {
  std::uint32_t segment;
  Doc doc;

  std::string key() const {
    std::string key;
    put_u32(key, segment);
    put_u16(key, doc);
    return key;
  }
};

std::string content_prefix(const ContentId& content) {
  return std::string(as_text(content.digest).substr(0, kContentPrefix));
}

std::string postings_key(std::string_view term, std::uint32_t segment) {
  std::string key(term);
  key.push_back('\0');
  put_u32(key, segment);
  return key;
}

struct Located {
  std::optional<Place> sealed;  // nothing: the live segment holds it
  Track track;
};

class LibraryIndex final : public Index {
 public:
  LibraryIndex(std::unique_ptr<Store> store, const Options& options) : store_(std::move(store)), options_(options) {}

  Result<void> load();

  Result<void> add(std::span<const Track> tracks) override;
  Result<std::size_t> remove(std::span<const ContentId> contents) override;
  Result<std::optional<Track>> find(const ContentId& content) const override;
  Result<Answer> search(std::string_view query, const SearchOptions& options) const override;
  Stats stats() const override;

 private:
  // A change while it is put together: what goes to the store at once, and to memory after it.
  struct Change {
    std::unique_ptr<Batch> batch;
    std::map<std::string, Postings> postings;   // of sealed segments, as they will be
    std::vector<Track> leave_live;
    std::vector<std::pair<Doc, Track>> enter_live;
    std::int64_t tracks = 0;
    std::int64_t length = 0;
  };

  Change begin() const {
    Change change;
    change.batch = store_->batch();
    return change;
  }

  static Result<std::optional<Located>> locate(const ContentId& content, std::optional<Doc> live_doc, const View& view);
  Result<void> take_out(const Located& located, Change& change);
  Result<void> take_out_of_segment(const Place& place, const ContentId& content, Change& change);
  Result<void> commit(Change change);
  Result<void> seal();
  void put_postings(const std::vector<std::pair<ContentId, Doc>>& order, Batch& batch);

  const std::unique_ptr<Store> store_;
  const Options options_;
  const Tokenizer tokenizer_;

  // Held by whoever changes anything, for the whole change.
  std::mutex writer_;
  TrackTerms terms_{tokenizer_};  // guarded by writer_

  // Guards what follows. Held exclusively only while memory is brought up to a change that is durable already, and shared
  // only while a search copies its part of the live segment.
  mutable std::shared_mutex state_;
  std::unique_ptr<LiveSegment> live_ = std::make_unique<LiveSegment>();
  std::shared_ptr<const View> view_;
  Totals totals_;
  DistinctTerms sealed_terms_;
};

Result<void> LibraryIndex::load() {
  view_ = store_->view();
  auto stored = view_->get(Family::kState, kTotalsKey);
  if (!stored) return tl::unexpected(stored.error());
  if (*stored) {
    const auto totals = decode_totals(**stored);
    if (!totals) return view_->damaged("totals");
    totals_ = *totals;
  }
  auto stored_terms = view_->get(Family::kState, kTermsKey);
  if (!stored_terms) return tl::unexpected(stored_terms.error());
  if (*stored_terms) {
    const auto terms = DistinctTerms::from(**stored_terms);
    if (!terms) return view_->damaged("terms");
    sealed_terms_ = *terms;
  }
  bool sound = true;
  auto scanned = view_->scan(Family::kLive, "", [&](std::string_view key, std::string_view value) {
    const auto track = decode_record(value);
    sound = track.has_value() && key.size() == 4 && u32_at(key) < kSegmentDocs && !live_->doc_of(track->content);
    if (!sound) return false;
    terms_.read(*track);
    live_->add(static_cast<Doc>(u32_at(key)), track->content, terms_);
    return true;
  });
  if (!scanned) return scanned;
  if (!sound) return view_->damaged("live record");
  return {};
}

Result<void> LibraryIndex::add(std::span<const Track> tracks) {
  if (tracks.size() > kMaxTracksPerAdd) {
    return fail(ErrorCode::kInvalid, "{} tracks at once are more than {}: add them in parts", tracks.size(), kMaxTracksPerAdd);
  }
  for (const Track& track : tracks) {
    if (!is_tidy(track)) return fail(ErrorCode::kInvalid, "track {} has untidy texts", to_string(track.content));
  }
  const std::lock_guard writing(writer_);
  if (live_->docs() + tracks.size() > std::max<std::size_t>(options_.live_tracks, 1) && live_->docs() > 0) {
    if (auto sealed = seal(); !sealed) return sealed;
  }
  Change change = begin();
  std::set<ContentId> seen;
  std::vector<const Track*> last_of_each;  // of a content id that comes twice, the last counts
  for (auto track = tracks.rbegin(); track != tracks.rend(); ++track) {
    if (seen.insert(track->content).second) last_of_each.push_back(&*track);
  }
  std::reverse(last_of_each.begin(), last_of_each.end());
  std::size_t doc = live_->docs();
  for (const Track* track : last_of_each) {
    auto located = locate(track->content, live_->doc_of(track->content), *view_);
    if (!located) return tl::unexpected(located.error());
    if (*located && (*located)->track == *track) continue;  // a rescan finds most tracks unchanged
    if (*located) {
      if (auto out = take_out(**located, change); !out) return out;
    }
    terms_.read(*track);
    ++change.tracks;
    change.length += terms_.length();
    change.batch->put(Family::kLive, live_key(static_cast<Doc>(doc)), encode(*track));
    change.enter_live.emplace_back(static_cast<Doc>(doc), *track);
    ++doc;
  }
  return commit(std::move(change));
}

Result<std::size_t> LibraryIndex::remove(std::span<const ContentId> contents) {
  const std::lock_guard writing(writer_);
  Change change = begin();
  std::size_t removed = 0;
  for (const ContentId& content : std::set<ContentId>(contents.begin(), contents.end())) {
    auto located = locate(content, live_->doc_of(content), *view_);
    if (!located) return tl::unexpected(located.error());
    if (!*located) continue;
    if (auto out = take_out(**located, change); !out) return tl::unexpected(out.error());
    ++removed;
  }
  if (auto done = commit(std::move(change)); !done) return tl::unexpected(done.error());
  return removed;
}

Result<void> LibraryIndex::take_out(const Located& located, Change& change) {
  terms_.read(located.track);
  --change.tracks;
  change.length -= terms_.length();
  if (located.sealed) return take_out_of_segment(*located.sealed, located.track.content, change);
  change.batch->erase(Family::kLive, live_key(*live_->doc_of(located.track.content)));
  change.leave_live.push_back(located.track);
  return {};
}

// REQUIRES: terms_ are the track's.
Result<void> LibraryIndex::take_out_of_segment(const Place& place, const ContentId& content, Change& change) {
  change.batch->erase(Family::kRecords, place.key());
  change.batch->erase(Family::kContents, content_prefix(content) + place.key());
  for (const TrackTerms::Term& term : terms_.terms()) {
    const std::string key = postings_key(term.text, place.segment);
    auto at = change.postings.find(key);
    if (at == change.postings.end()) {
      auto stored = view_->get(Family::kPostings, key);
      if (!stored) return tl::unexpected(stored.error());
      auto postings = *stored ? decode_postings(**stored) : std::nullopt;
      if (!postings) return view_->damaged("postings");
      at = change.postings.emplace(key, std::move(*postings)).first;
    }
    if (!erase(at->second, place.doc)) return view_->damaged("postings");
  }
  return {};
}

Result<void> LibraryIndex::commit(Change change) {
  if (change.enter_live.empty() && change.tracks == 0) return {};
  for (const auto& [key, postings] : change.postings) {
    if (postings.empty()) {
      change.batch->erase(Family::kPostings, key);
    } else {
      change.batch->put(Family::kPostings, key, encode(postings));
    }
  }
  Totals totals = totals_;
  totals.tracks += static_cast<std::uint64_t>(change.tracks);
  totals.length += static_cast<std::uint64_t>(change.length);
  change.batch->put(Family::kState, kTotalsKey, encode(totals));
  if (auto written = store_->write(std::move(change.batch)); !written) return written;

  auto view = store_->view();
  const std::unique_lock exclusive(state_);
  for (const Track& track : change.leave_live) {
    terms_.read(track);
    live_->remove(track.content, terms_);
  }
  for (const auto& [doc, track] : change.enter_live) {
    terms_.read(track);
    live_->add(doc, track.content, terms_);
  }
  totals_ = totals;
  view_.swap(view);
  return {};
}

// The live tracks become a sealed segment, numbered in the order of their content ids.
Result<void> LibraryIndex::seal() {
  std::vector<std::pair<ContentId, Doc>> order(live_->contents().begin(), live_->contents().end());
  std::sort(order.begin(), order.end());
  Totals totals = totals_;
  auto batch = store_->batch();
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto& [content, live_doc] = order[i];
    auto record = view_->get(Family::kLive, live_key(live_doc));
    if (!record) return tl::unexpected(record.error());
    if (!*record) return view_->damaged("live record");
    const Place place{totals.next_segment, static_cast<Doc>(i)};
    batch->put(Family::kRecords, place.key(), **record);
    batch->put(Family::kContents, content_prefix(content) + place.key(), "");
  }
  // Keys that rise are written faster than keys that jump.
  for (std::size_t doc = 0; doc < live_->docs(); ++doc) batch->erase(Family::kLive, live_key(static_cast<Doc>(doc)));
  put_postings(order, *batch);
  DistinctTerms terms = sealed_terms_;
  for (const auto& [term, postings] : live_->sorted_terms()) terms.add(term);
  batch->put(Family::kState, kTermsKey, terms.bytes());
  ++totals.next_segment;
  batch->put(Family::kState, kTotalsKey, encode(totals));
  if (auto written = store_->write(std::move(batch)); !written) return written;

  auto fresh = std::make_unique<LiveSegment>();
  auto view = store_->view();
  const std::unique_lock exclusive(state_);
  live_.swap(fresh);
  view_.swap(view);
  totals_ = totals;
  sealed_terms_ = terms;
  return {};
}

void LibraryIndex::put_postings(const std::vector<std::pair<ContentId, Doc>>& order, Batch& batch) {
  std::vector<Doc> sealed_doc(live_->docs());
  for (std::size_t i = 0; i < order.size(); ++i) sealed_doc[order[i].second] = static_cast<Doc>(i);
  for (const auto& [term, live_postings] : live_->sorted_terms()) {
    Postings postings = *live_postings;
    for (Posting& posting : postings) posting.doc = sealed_doc[posting.doc];
    merge_duplicates(postings);
    batch.put(Family::kPostings, postings_key(term, totals_.next_segment), encode(postings));
  }
}

Result<std::optional<Located>> LibraryIndex::locate(const ContentId& content, std::optional<Doc> live_doc, const View& view) {
  if (live_doc) {
    auto record = view.get(Family::kLive, live_key(*live_doc));
    if (!record) return tl::unexpected(record.error());
    auto track = *record ? decode_record(**record) : std::nullopt;
    if (!track) return view.damaged("live record");
    return Located{std::nullopt, std::move(*track)};
  }
  std::vector<Place> places;
  bool sound = true;
  auto scanned = view.scan(Family::kContents, content_prefix(content), [&](std::string_view key, std::string_view) {
    sound = key.size() == kContentPrefix + 6;
    if (sound) places.push_back({u32_at(key.substr(kContentPrefix)), u16_at(key.substr(kContentPrefix + 4))});
    return sound;
  });
  if (!scanned) return tl::unexpected(scanned.error());
  if (!sound) return view.damaged("contents");
  for (const Place& place : places) {
    auto record = view.get(Family::kRecords, place.key());
    if (!record) return tl::unexpected(record.error());
    auto track = *record ? decode_record(**record) : std::nullopt;
    if (!track) return view.damaged("record");
    if (track->content == content) return Located{place, std::move(*track)};
  }
  return std::optional<Located>();
}

Result<std::optional<Track>> LibraryIndex::find(const ContentId& content) const {
  std::shared_lock shared(state_);
  const std::shared_ptr<const View> view = view_;
  const std::optional<Doc> live_doc = live_->doc_of(content);
  shared.unlock();
  auto located = locate(content, live_doc, *view);
  if (!located) return tl::unexpected(located.error());
  if (!*located) return std::optional<Track>();
  return std::optional<Track>(std::move((*located)->track));
}

Result<Answer> LibraryIndex::search(std::string_view text, const SearchOptions& options) const {
  const Budget budget(options.budget);
  auto query = parse_query(text, tokenizer_);
  if (!query) return tl::unexpected(query.error());
  if (options.limit == 0) return Answer{};
  std::shared_lock shared(state_);
  const LiveMatches live = live_matches(*live_, *query);
  const Totals totals = totals_;
  const std::shared_ptr<const View> view = view_;
  shared.unlock();
  return index::search(*query, *view, live, totals, options.limit, budget);
}

Stats LibraryIndex::stats() const {
  std::shared_lock shared(state_);
  DistinctTerms terms = sealed_terms_;
  for (const auto& [term, postings] : live_->sorted_terms()) terms.add(term);
  const std::uint64_t tracks = totals_.tracks;
  shared.unlock();
  return {tracks, terms.estimate(), store_->bytes_on_disk()};
}

}  // namespace

Result<std::unique_ptr<Index>> Index::open(const std::filesystem::path& folder, const Options& options) {
  auto store = Store::open(folder, {options.sync, options.cache_bytes});
  if (!store) return tl::unexpected(store.error());
  auto index = std::make_unique<LibraryIndex>(std::move(*store), options);
  if (auto loaded = index->load(); !loaded) return tl::unexpected(loaded.error());
  return index;
}

}  // namespace earshot::index
