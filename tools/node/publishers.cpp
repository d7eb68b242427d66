// Put out, followed, kept.
#include "tools/node/publishers.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "index/described.h"
#include "schema/bytes.h"
#include "schema/limits.h"
#include "tools/node/clocks.h"
#include "tools/node/identify.h"
#include "tools/node/media_type.h"
#include "tools/node/runtime_files.h"

namespace earshot::node {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kFollowing = "earshot-following 1";
constexpr std::size_t kFollowingBytes = 64 * 1024;

bool always(std::uint64_t) { return true; }

std::string picture_name(const ContentId& picture) { return to_hex(picture.digest); }

}  // namespace

Result<std::unique_ptr<Publishers>> Publishers::open(Parts parts, std::string& trouble) {
  std::unique_ptr<Publishers> publishers(new Publishers(std::move(parts)));
  for (const fs::path& folder : {publishers->parts_.folder, publishers->parts_.folder / "art"}) {
    if (auto made = make_private_folder(folder); !made) return tl::unexpected(made.error());
  }
  if (auto recalled = publishers->recall(trouble); !recalled) return tl::unexpected(recalled.error());
  publishers->thread_ = std::thread([self = publishers.get()] { self->run(); });
  return publishers;
}

Publishers::~Publishers() {
  std::vector<QueryId> open;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    for (const auto& [key, known] : state_->others) {
      if (known.query) open.push_back(*known.query);
    }
  }
  state_->wake.notify_all();
  thread_.join();
  for (const QueryId& query : open) parts_.node.cancel(query);
}

fs::path Publishers::file_of(const NodeKey& key) const {
  return parts_.folder / ((key == parts_.identity.key() ? "own" : to_string(key)) + ".catalogue");
}

/// Null for one that is not followed. REQUIRES: the mutex is held.
Publishers::Known* Publishers::known_of(State& state, const NodeKey& key) const {
  if (key == parts_.identity.key()) return &state.own;
  const auto at = state.others.find(key);
  return at == state.others.end() ? nullptr : &at->second;
}

Result<void> Publishers::recall(std::string& trouble) {
  const auto following = read_small_file(parts_.folder / "following", kFollowingBytes);
  if (!following && following.error().code != ErrorCode::kNotFound) return tl::unexpected(following.error());
  std::string_view rest = following ? std::string_view(*following) : std::string_view();
  if (!rest.empty() && !rest.starts_with(kFollowing)) trouble = "the file of followed publishers is damaged";
  while (trouble.empty() && !rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const auto key = publisher_key_from(line.substr(0, line.find(' ')));
    if (key && state_->others.size() < kMostFollowed) state_->others[*key].mirror = line.ends_with(" mirror");
  }
  for (const auto& entry : fs::directory_iterator(parts_.folder / "art")) {
    if (entry.is_regular_file()) (void)parts_.engine.share(entry.path(), always);
  }
  std::vector<NodeKey> keys = {parts_.identity.key()};
  for (const auto& [key, known] : state_->others) keys.push_back(key);
  for (const NodeKey& key : keys) {
    const auto text = read_small_file(file_of(key), Catalogue::kMostBytes);
    if (!text && text.error().code == ErrorCode::kNotFound) continue;
    const auto catalogue = text ? catalogue_from(*text) : Result<Catalogue>(tl::unexpected(text.error()));
    if (!catalogue || catalogue->publisher != key) {
      trouble = fmt::format("'{}' cannot be used: {}", file_of(key).string(), catalogue ? "it is another's" : catalogue.error().what);
      continue;
    }
    if (auto served = serve(key, *catalogue); !served) return served;
  }
  return {};
}

Result<void> Publishers::remember(const State& state) const {
  std::string text(kFollowing);
  text += '\n';
  for (const auto& [key, known] : state.others) text += to_string(key) + (known.mirror ? " mirror\n" : " catalogue\n");
  return write_private_file(parts_.folder / "following", text);
}

/// The catalogue's file is in place: others get it from now on, and no longer the one before.
Result<void> Publishers::serve(const NodeKey& key, const Catalogue& catalogue) {
  std::optional<ContentId> before;
  {
    const std::lock_guard lock(state_->mutex);
    const Known* const known = known_of(*state_, key);
    if (known == nullptr) return {};
    before = known->content;
  }
  if (before) parts_.engine.forget(*before);
  const auto content = parts_.engine.share(file_of(key), always);
  if (!content) return tl::unexpected(content.error());
  std::error_code ignored;
  std::vector<Track> tracks = {track_of(catalogue, *content, fs::file_size(file_of(key), ignored))};
  // Stations have no bytes of their own: what is known of them is their row.
  for (const CatalogueItem& item : catalogue.items) {
    if (item.kind != Kind::kStation) continue;
    Track station;
    station.content = item.content;
    tracks.push_back(labelled(std::move(station), item, catalogue));
  }
  if (auto added = parts_.index.add(tracks); !added) return added;
  if (before && *before != *content) {
    if (auto removed = parts_.index.remove(std::array{*before}); !removed) return tl::unexpected(removed.error());
  }
  {
    const std::lock_guard lock(state_->mutex);
    if (Known* const known = known_of(*state_, key)) {
      known->catalogue = catalogue;
      known->content = *content;
      known->seen.insert(*content);
      known->mirror_at = {};
    }
  }
  label(catalogue);
  return {};
}

/// Held contents get the names that their publisher gives them.
void Publishers::label(const Catalogue& catalogue) {
  std::vector<Track> renamed;
  for (const CatalogueItem& item : catalogue.items) {
    const auto found = parts_.index.find(item.content);
    if (!found || !*found) continue;
    Track track = labelled(**found, item, catalogue);
    if (track != **found) renamed.push_back(std::move(track));
  }
  if (renamed.empty()) return;
  if (auto added = parts_.index.add(renamed); !added) spdlog::warn("publisher=unlabelled why='{}'", added.error().what);
}

bool Publishers::is_held(const CatalogueItem& item) const {
  const auto found = parts_.index.find(item.content);
  return item.size_bytes > 0 && found && *found && (*found)->size_bytes > 0;
}

Result<ContentId> Publishers::keep_picture(const fs::path& picture) {
  const auto bytes = read_small_file(picture, kMostPicture);
  if (!bytes) return tl::unexpected(bytes.error());
  if (!media_type_of(as_bytes(*bytes)).starts_with("image/"))
    return fail(ErrorCode::kInvalid, "'{}' is no picture: JPEG, PNG and WebP are", picture.string());
  auto content = identify(picture, Scheme::kPpspp);
  if (!content) return content;
  const fs::path kept = parts_.folder / "art" / picture_name(*content);
  if (auto written = write_private_file(kept, *bytes); !written) return tl::unexpected(written.error());
  return parts_.engine.share(kept, always);
}

/// REQUIRES: changing_ is held.
Result<void> Publishers::put_out(Catalogue catalogue) {
  catalogue.publisher = parts_.identity.key();
  ++catalogue.version;
  catalogue.updated = seconds_since_1970();
  if (auto valid = validate(catalogue); !valid) return valid;
  const std::string text = signed_text(catalogue, parts_.identity);
  if (text.size() > Catalogue::kMostBytes)
    return fail(ErrorCode::kExhausted, "the catalogue has more than {} bytes: take something out", Catalogue::kMostBytes);
  if (auto written = write_private_file(file_of(catalogue.publisher), text); !written) return written;
  return serve(catalogue.publisher, catalogue);
}

Result<Publishers::Row> Publishers::describe(const About& about) {
  const std::lock_guard changing(changing_);
  Catalogue next = catalogue(parts_.identity.key()).value_or(Catalogue{});
  next.name = about.name;
  next.text = about.text;
  next.language = about.language;
  next.licence = about.licence;
  next.link = about.link;
  if (!about.guid.empty()) next.guid = about.guid;
  if (!about.art.empty()) {
    const auto art = keep_picture(about.art);
    if (!art) return tl::unexpected(art.error());
    next.art = *art;
  }
  if (auto out = put_out(std::move(next)); !out) return tl::unexpected(out.error());
  return list().front();
}

Result<CatalogueItem> Publishers::publish(CatalogueItem item, const fs::path& art) {
  const std::lock_guard changing(changing_);
  auto next = catalogue(parts_.identity.key());
  if (!next) return fail(ErrorCode::kInvalid, "this node has no publisher's name yet: earshot publish --name NAME");
  if (item.kind == Kind::kStation) {
    Track station;
    station.title = item.title;
    station.artist = to_string(parts_.identity.key());
    item.content = index::described_id(station);
  } else {
    const auto found = parts_.index.find(item.content);
    if (!found) return tl::unexpected(found.error());
    if (!*found || (*found)->size_bytes == 0)
      return fail(ErrorCode::kNotFound, "this node does not share {}: share its file first", to_string(item.content));
    const Track& track = **found;
    if (item.title.empty()) item.title = track.title;
    if (item.licence.empty()) item.licence = track.licence;
    item.duration_ms = track.duration_ms;
    item.size_bytes = track.size_bytes;
    item.codec = track.codec;
  }
  if (item.licence.empty()) item.licence = next->licence;
  if (item.published == 0) item.published = seconds_since_1970();
  if (!art.empty()) {
    const auto picture = keep_picture(art);
    if (!picture) return tl::unexpected(picture.error());
    item.art = *picture;
  }
  std::erase_if(next->items, [&](const CatalogueItem& other) { return other.content == item.content; });
  const auto place = std::find_if(next->items.begin(), next->items.end(),
                                  [&](const CatalogueItem& other) { return other.published <= item.published; });
  next->items.insert(place, item);
  if (auto out = put_out(std::move(*next)); !out) return tl::unexpected(out.error());
  return item;
}

Result<void> Publishers::withdraw(const ContentId& content) {
  const std::lock_guard changing(changing_);
  auto next = catalogue(parts_.identity.key());
  if (!next || std::erase_if(next->items, [&](const CatalogueItem& item) { return item.content == content; }) == 0)
    return fail(ErrorCode::kNotFound, "{} is not published here", to_string(content));
  return put_out(std::move(*next));
}

Result<Publishers::Row> Publishers::follow(const NodeKey& key, bool mirror) {
  if (key == parts_.identity.key()) return fail(ErrorCode::kInvalid, "this is our own key: nobody follows himself");
  const std::lock_guard lock(state_->mutex);
  const bool is_new = !state_->others.contains(key);
  if (is_new && state_->others.size() >= kMostFollowed)
    return fail(ErrorCode::kExhausted, "{} publishers are followed already: leave one", kMostFollowed);
  Known& known = state_->others[key];
  const bool before = std::exchange(known.mirror, mirror);
  if (auto remembered = remember(*state_); !remembered) {
    known.mirror = before;
    if (is_new) state_->others.erase(key);
    return tl::unexpected(remembered.error());
  }
  known.ask_at = {};
  known.asked = 0;
  state_->wake.notify_all();
  return row_of(known, key);
}

Result<void> Publishers::unfollow(const NodeKey& key) {
  std::optional<QueryId> query;
  std::optional<ContentId> content;
  {
    const std::lock_guard lock(state_->mutex);
    auto gone = state_->others.extract(key);
    if (!gone) return fail(ErrorCode::kNotFound, "{} is not followed", to_string(key));
    query = gone.mapped().query;
    content = gone.mapped().content;
    if (auto remembered = remember(*state_); !remembered) {
      state_->others.insert(std::move(gone));
      return remembered;
    }
  }
  if (query) parts_.node.cancel(*query);
  std::error_code ignored;
  fs::remove(file_of(key), ignored);
  if (!content) return {};
  parts_.engine.forget(*content);
  const auto removed = parts_.index.remove(std::array{*content});
  return removed ? Result<void>() : tl::unexpected(removed.error());
}

/// REQUIRES: the mutex is held.
Publishers::Row Publishers::row_of(const Known& known, const NodeKey& key) const {
  Row row;
  row.mine = key == parts_.identity.key();
  row.mirror = known.mirror;
  row.holders = known.holders.size();
  if (known.catalogue) {
    row.about = *known.catalogue;
    row.items = row.about.items.size();
    row.held = static_cast<std::size_t>(
        std::count_if(row.about.items.begin(), row.about.items.end(), [this](const CatalogueItem& item) { return is_held(item); }));
    row.about.items.clear();
  }
  row.about.publisher = key;
  return row;
}

std::vector<Publishers::Row> Publishers::list() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<Row> rows;
  for (const auto& [key, known] : state_->others) rows.push_back(row_of(known, key));
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.about.name < b.about.name; });
  if (state_->own.catalogue) rows.insert(rows.begin(), row_of(state_->own, parts_.identity.key()));
  return rows;
}

Result<Catalogue> Publishers::catalogue(const NodeKey& key) const {
  const std::lock_guard lock(state_->mutex);
  const Known* const known = known_of(*state_, key);
  if (known == nullptr) return fail(ErrorCode::kNotFound, "{} is not followed: earshot follow", to_string(key));
  if (!known->catalogue) return fail(ErrorCode::kNotFound, "nothing was heard of {} yet", to_string(key));
  return *known->catalogue;
}

std::vector<Endpoint> Publishers::holders_of(const ContentId& content) const {
  const std::lock_guard lock(state_->mutex);
  std::vector<Endpoint> holders;
  for (const auto& [key, known] : state_->others) {
    if (!known.catalogue) continue;
    const auto& items = known.catalogue->items;
    const bool is_named = known.catalogue->art == content || std::any_of(items.begin(), items.end(), [&](const CatalogueItem& item) {
                            return item.content == content || item.art == content;
                          });
    if (is_named) holders.insert(holders.end(), known.holders.begin(), known.holders.end());
  }
  return holders;
}

}  // namespace earshot::node
