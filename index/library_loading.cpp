// From the store into memory.
#include <map>
#include <unordered_set>

#include "index/library_index.h"
#include "index/records.h"
#include "index/varint.h"

namespace earshot::index {

Result<void> LibraryIndex::load() {
  for (const auto step :
       {&LibraryIndex::load_state, &LibraryIndex::load_removed, &LibraryIndex::load_live, &LibraryIndex::load_rule}) {
    if (auto loaded = (this->*step)(); !loaded) return loaded;
  }
  auto digests = HostedDigests::open(*store_, pages_);
  if (!digests) return tl::unexpected(digests.error());
  digests_ = std::move(*digests);
  return check_count();
}

// A flipped bit in RocksDB's manifest can look like a torn write there, and takes whole tables with it in silence. What
// is left then does not add up.
Result<void> LibraryIndex::check_count() const {
  std::uint64_t tracks = 0;
  for (const auto& live : lives_) tracks += live->tracks();
  for (const Part& part : view_->parts) tracks += part.tracks();
  return tracks == totals_.tracks ? Result<void>{} : store_->damaged("number of tracks");
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
    auto segment = Segment::open(*store_, pages_, number);
    if (!segment) return tl::unexpected(segment.error());
    view->parts.push_back({std::move(*segment), nullptr});
    totals_.next_segment = std::max(totals_.next_segment, number + 1);
  }
  view_ = std::move(view);
  return {};
}

// Terms of a track are made again when it is removed, so the rule must be the one that it was added by.
Result<void> LibraryIndex::load_rule() {
  if (options_.only_to_visit) return {};
  const bool works = !options_.transliterate || !tokenizer_.latin_spellings("Я").empty();
  if (!works) return fail(ErrorCode::kUnsupported, "this program cannot transliterate: it was built without ICU");
  const std::string rule = options_.transliterate ? Transliterator::rule() : "";
  const auto stored = store_->get(Family::kState, kTransliterationKey);
  if (!stored) return tl::unexpected(stored.error());
  const std::string made_by = stored->value_or("");
  if (made_by == rule) return {};
  const bool is_empty = view_->parts.empty() && lives_.size() == 1 && lives_.back()->docs() == 0;
  if (!is_empty) {
    const auto name = [](const std::string& one) { return one.empty() ? "none" : one; };
    return fail(ErrorCode::kInvalid, "the index was made with transliteration '{}', not '{}': earshot index rebuild makes it anew",
                name(made_by), name(rule));
  }
  auto batch = store_->batch();
  batch->put(Family::kState, kTransliterationKey, rule);
  return store_->write(std::move(batch));
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
  const PageCache::Reading reading(pages_);
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

Result<std::unique_ptr<Index>> Index::open(const std::filesystem::path& folder, const Options& options) {
  auto store = Store::open(folder, {options.sync, options.cache_bytes / 2, options.disk_limit});
  if (!store) return tl::unexpected(store.error());
  auto index = std::make_unique<LibraryIndex>(std::move(*store), options);
  if (auto loaded = index->load(); !loaded) return tl::unexpected(loaded.error());
  if (!options.only_to_visit) index->start();  // the worker would take apart what another rule made
  return index;
}

}  // namespace earshot::index
