// Changes and searches.
#include "index/index.h"

#include <algorithm>
#include <map>
#include <unordered_set>

#include "index/edits.h"
#include "index/library_index.h"
#include "index/query_parser.h"
#include "index/records.h"
#include "index/searcher.h"
#include "index/varint.h"
#include "schema/search.h"

namespace earshot::index {

std::string source_key(std::uint32_t source, std::uint32_t doc) {
  std::string key;
  put_u32(key, source);
  put_u32(key, doc);
  return key;
}

LibraryIndex::~LibraryIndex() {
  {
    const std::lock_guard writing(writer_);
    stop_ = true;
  }
  changed_.notify_all();
  if (worker_.joinable()) worker_.join();
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

namespace {

// Of a content id that comes twice, the last counts.
std::vector<const Track*> last_of_each_content(std::span<const Track> tracks) {
  DocTable seen;
  std::vector<const Track*> last;
  last.reserve(tracks.size());
  for (std::size_t i = tracks.size(); i-- > 0;) {
    const auto is_same = [&](Doc other) { return tracks[other].content == tracks[i].content; };
    if (seen.find(tracks[i].content, is_same)) continue;
    seen.insert(tracks[i].content, static_cast<Doc>(i));
    last.push_back(&tracks[i]);
  }
  std::reverse(last.begin(), last.end());
  return last;
}

}  // namespace

// Of an index that is open only to be visited.
tl::unexpected<Error> LibraryIndex::refused() {
  return fail(ErrorCode::kInvalid, "the index is open to be read only");
}

Result<void> LibraryIndex::add(std::span<const Track> tracks) {
  if (options_.only_to_visit) return refused();
  if (tracks.size() > kMaxTracksPerAdd) {
    return fail(ErrorCode::kInvalid, "{} tracks at once are more than {}: add them in parts", tracks.size(),
                kMaxTracksPerAdd);
  }
  for (const Track& track : tracks) {
    if (!is_tidy(track)) return fail(ErrorCode::kInvalid, "track {} has untidy texts", to_string(track.content));
  }
  Writing writing(writer_);
  last_add_ = std::chrono::steady_clock::now();
  if (auto room = wait_for_room(writing, tracks.size()); !room) return room;
  Change change;
  change.batch = store_->batch();
  const std::vector<const Track*> last_of_each = last_of_each_content(tracks);
  std::string records;
  std::string record;
  std::vector<ContentId> next;
  for (std::size_t i = 0; i < last_of_each.size(); ++i) {
    constexpr std::size_t kAtOnce = 32;
    if (i % kAtOnce == 0) {
      next.clear();
      for (std::size_t j = i; j < std::min(i + kAtOnce, last_of_each.size()); ++j) next.push_back(last_of_each[j]->content);
      prefetch_places(next);
    }
    const Track* track = last_of_each[i];
    const auto located = locate(track->content, lives_, *view_);
    if (!located) return tl::unexpected(located.error());
    if (*located && *(*located)->track == *track) continue;  // a rescan finds most tracks unchanged
    if (*located) take_out(**located, change);
    terms_.read(*track);
    change.terms.add(terms_);
    change.enter.emplace_back(std::make_shared<const Track>(*track), change.read++);
    ++change.tracks;
    change.length += terms_.length();
    record.clear();
    append_record(record, *track);
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
  if (options_.only_to_visit) return refused();
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
  change.length -= located.length;
  const std::uint32_t source = located.live ? located.live->source() : view_->parts[*located.part].segment->number();
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
    if (!docs)
      docs = part.removed ? std::make_shared<RemovedDocs>(*part.removed)
                          : std::make_shared<RemovedDocs>(part.segment->docs());
    docs->add(located.doc);
  }
  for (auto& [part, docs] : removed) view->parts[part].removed = std::move(docs);

  const std::unique_lock exclusive(state_);
  auto leave = change.leave.begin();
  auto enter = change.enter.begin();
  // Memory is asked two tracks ahead for where the terms are, and one ahead for what is there.
  LiveSegment& live = *lives_.back();
  std::vector<TrackTerms::Term> terms, next, next_but_one;
  change.terms.read(0, next);
  change.terms.read(1, next_but_one);
  for (std::size_t number = 0; number < change.terms.tracks(); ++number) {
    terms.swap(next);
    next.swap(next_but_one);
    change.terms.read(number + 2, next_but_one);
    live.prefetch_slots(next_but_one);
    live.prefetch_entries(next);
    if (leave != change.leave.end() && leave->second == number) {
      if (leave->first.live) {
        leave->first.live->remove(leave->first.track->content, terms);
      } else {
        removed_terms_.add(terms);
      }
      ++leave;
    } else {
      live.add(std::move(enter->first), terms, change.terms.length_of(number));
      ++enter;
    }
  }
  totals_ = totals;
  if (!removed.empty()) view_ = std::move(view);
}

// Asks memory for all that locate() will look at.
void LibraryIndex::prefetch_places(std::span<const ContentId> contents) const {
  for (const auto& live : lives_) {
    for (const ContentId& content : contents) live->prefetch(content);
  }
  for (const Part& part : view_->parts) part.segment->prefetch(contents);
}

Result<std::optional<Located>> LibraryIndex::locate(const ContentId& content, const Lives& lives,
                                                       const View& view) const {
  for (const auto& live : lives) {
    if (const auto doc = live->doc_of(content)) {
      return Located{live, std::nullopt, *doc, live->entry(*doc).track, live->entry(*doc).length};
    }
  }
  const PageCache::Reading reading(pages_);
  for (std::size_t i = 0; i < view.parts.size(); ++i) {
    const Part& part = view.parts[i];
    const auto doc = part.segment->doc_of(content);
    if (!doc) return tl::unexpected(doc.error());
    if (!*doc || part.is_removed(**doc)) continue;
    auto track = part.segment->track(**doc);
    if (!track) return tl::unexpected(track.error());
    return Located{nullptr, i, **doc, std::make_shared<const Track>(std::move(*track)), part.segment->length_of(**doc)};
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
  if (const auto content = content_asked(text)) return find_content(*content, options);
  const Budget budget(options.budget);
  auto query = parse_query(text, tokenizer_);
  if (!query) return tl::unexpected(query.error());
  if (options.limit == 0) return Answer{};
  auto searched = search_once(*query, options, budget);
  // A word that is nowhere is a slip first of all; when every word is somewhere, any may be one.
  bool with_typos = false;
  while (options.typos && searched && searched->answer.tracks.empty() && searched->answer.complete) {
    if (!take_for_typo(*query, searched->missing)) break;
    with_typos = true;
    searched = search_once(*query, options, budget);
  }
  if (!searched) return tl::unexpected(searched.error());
  searched->answer.with_typos = with_typos;
  return std::move(searched->answer);
}

// Who is asked for a content by its id either has it or has not.
Result<Answer> LibraryIndex::find_content(const ContentId& content, const SearchOptions& options) const {
  auto track = find(content);
  if (!track) return tl::unexpected(track.error());
  Answer answer;
  if (*track && options.limit > 0) answer.tracks.push_back({std::move(**track), 0, 0});
  return answer;
}

// Lets one word match with edits, or without a word all of them; false when that changes nothing.
bool LibraryIndex::take_for_typo(Query& query, std::optional<std::size_t> word) {
  bool changed = false;
  for (std::size_t i = 0; i < query.words.size(); ++i) {
    const auto* term = std::get_if<Term>(&query.words[i]);
    if ((word && *word != i) || term == nullptr || term->is_quoted) continue;
    const unsigned edits = allowed_edits(term->text);
    if (edits == 0) continue;
    query.words[i] = Near{std::string(term->text), edits};
    changed = true;
  }
  return changed;
}

Result<Searched> LibraryIndex::search_once(const Query& query, const SearchOptions& options,
                                           const Budget& budget) const {
  const Plan plan(query);
  LiveMatches live(query);
  std::shared_lock shared(state_);
  for (const auto& segment : lives_) {
    if (segment->tracks() > 0) live.add(*segment, query, plan);
  }
  for (WordTracks& word : live.tracks_with) {
    word.visit_terms([&](const std::string& term, std::int64_t& tracks) { tracks -= removed_terms_.tracks_with(term); });
  }
  const Totals totals = totals_;
  const std::shared_ptr<const View> view = view_;
  shared.unlock();
  const PageCache::Reading reading(pages_);
  return index::search(query, plan, {*view, live, totals, tokenizer_}, options, budget);
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
  if (options_.only_to_visit) return refused();
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

}  // namespace earshot::index
