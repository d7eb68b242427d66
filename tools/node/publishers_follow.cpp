// The thread that follows: asks, fetches, believes what is signed, mirrors.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "schema/bytes.h"
#include "schema/limits.h"
#include "tools/node/part_file.h"
#include "tools/node/publishers.h"
#include "tools/node/runtime_files.h"

namespace earshot::node {

namespace fs = std::filesystem;

void Publishers::State::take(const NodeKey& key, const SearchEvent& event) {
  const std::lock_guard lock(mutex);
  const auto at = others.find(key);
  if (at == others.end()) return;
  Known& known = at->second;
  for (const ReachableHit& hit : event.hits) {
    const bool is_it = hit.track.kind == Kind::kPublisher && hit.track.publisher == to_string(key);
    if (!is_it || hit.holder.stream_port == 0) continue;
    const Endpoint holder = hit.holder.stream_endpoint();
    std::erase(known.holders, holder);
    known.holders.push_back(holder);
    if (known.holders.size() > kMostHolders) known.holders.pop_front();
    // Someone who holds an old version gets no more from us than a place among the holders.
    if (hits.size() < kMostSeen && known.seen.size() < kMostSeen && known.seen.insert(hit.track.content).second)
      hits.emplace_back(key, hit);
  }
  wake.notify_all();
}

void Publishers::run() {
  std::unique_lock lock(state_->mutex);
  while (!state_->stopping) {
    const auto now = Clock::now();
    std::vector<NodeKey> due, mirrors;
    for (const auto& [key, known] : state_->others) {
      if (now >= known.ask_at) due.push_back(key);
      if (known.mirror && known.catalogue && !known.fetching && now >= known.mirror_at) mirrors.push_back(key);
    }
    auto hits = std::exchange(state_->hits, {});
    auto arrivals = std::exchange(state_->arrivals, {});
    lock.unlock();
    for (const NodeKey& key : due) ask(key);
    for (const auto& [key, hit] : hits) fetch_catalogue(key, hit);
    for (Arrival& arrival : arrivals) arrived(std::move(arrival));
    for (const NodeKey& key : mirrors) mirror_next(key);
    lock.lock();
    state_->wake.wait_for(lock, std::chrono::seconds(1),
                          [this] { return state_->stopping || !state_->hits.empty() || !state_->arrivals.empty(); });
  }
}

/// Without a neighbor nobody can be asked, so it is tried again soon.
void Publishers::ask(const NodeKey& key) {
  std::optional<QueryId> before;
  {
    const std::lock_guard lock(state_->mutex);
    const auto at = state_->others.find(key);
    if (at == state_->others.end()) return;
    before = std::exchange(at->second.query, std::nullopt);
    at->second.seen.clear();
    state_->missing.clear();
    if (at->second.content) at->second.seen.insert(*at->second.content);
  }
  if (before) parts_.node.cancel(*before);
  SearchRequest request;
  request.text = fmt::format("kind:publisher publisher:{}", to_string(key));
  request.strategy = StrategyKind::kBubble;
  request.wanted = static_cast<std::uint16_t>(limits::kMaxHitsPerHolder);
  request.keep = kKept;
  const auto query =
      parts_.node.search(request, [state = state_, key](const SearchEvent& event) { state->take(key, event); });
  const bool reaches = query && parts_.node.status().neighbors > 0;
  const std::lock_guard lock(state_->mutex);
  const auto at = state_->others.find(key);
  if (query && at == state_->others.end()) parts_.node.cancel(*query);
  if (at == state_->others.end()) return;
  if (query) at->second.query = *query;
  Known& known = at->second;
  known.asked += reaches ? 1 : 0;
  const Clock::duration again = std::min<Clock::duration>(kRenewed, kAgain * std::max(known.asked, 1u));
  known.ask_at = Clock::now() + (reaches && known.catalogue ? Clock::duration(kRenewed) : again);
}

void Publishers::fetch(const NodeKey& key, Fetch fetch, bool is_catalogue) {
  const ContentId content = fetch.content;
  Fetches::Listener listener;
  listener.on_progress = [](const stream::Status&) {};
  listener.on_done = [state = state_, key, content, is_catalogue](Result<FetchDone> done) {
    const std::lock_guard lock(state->mutex);
    state->arrivals.push_back({key, content, is_catalogue, std::move(done)});
    state->wake.notify_all();
  };
  if (const auto started = parts_.fetches.start(std::move(fetch), std::move(listener)); !started) {
    // All fetches are busy: it is found again when it is asked for again.
    const std::lock_guard lock(state_->mutex);
    if (const auto at = state_->others.find(key); at != state_->others.end()) at->second.fetching = false;
  }
}

void Publishers::fetch_catalogue(const NodeKey& key, const ReachableHit& hit) {
  if (hit.track.size_bytes == 0 || hit.track.size_bytes > Catalogue::kMostBytes) return;
  Fetch order;
  order.content = hit.track.content;
  order.providers = {hit.holder.stream_endpoint()};
  order.out = parts_.folder / fmt::format("{}.{}.arriving", to_string(key), to_hex(hit.track.content.digest));
  order.most = Catalogue::kMostBytes;
  fetch(key, std::move(order), /*is_catalogue=*/true);
}

void Publishers::arrived(Arrival arrival) {
  const auto& [key, content, is_catalogue, done] = arrival;
  if (!is_catalogue) {
    if (done && done->file.parent_path() == parts_.folder / "art") {
      (void)parts_.engine.share(done->file, [](std::uint64_t) { return true; });
    } else if (done) {
      parts_.share(done->file.parent_path());
    }
    const std::lock_guard lock(state_->mutex);
    if (state_->missing.size() >= Catalogue::kMostItems) state_->missing.clear();
    // Tried again when the publisher is asked for again; what came waits there for the scan, too.
    state_->missing.insert(content);
    if (const auto at = state_->others.find(key); at != state_->others.end()) {
      at->second.fetching = false;
      at->second.mirror_at = {};
    }
    return;
  }
  if (!done) {
    const std::lock_guard lock(state_->mutex);
    if (const auto at = state_->others.find(key); at != state_->others.end()) at->second.seen.erase(content);
    return;
  }
  std::error_code ignored;
  const auto text = read_small_file(done->file, Catalogue::kMostBytes);
  const auto fresh = text ? catalogue_from(*text) : Result<Catalogue>(tl::unexpected(text.error()));
  const auto known = catalogue(key);
  const bool is_news = fresh && fresh->publisher == key && (!known || fresh->version > known->version);
  if (!fresh) spdlog::warn("publisher={} refused='{}'", to_string(key).substr(0, 16), fresh.error().what);
  if (!is_news) {
    fs::remove(done->file, ignored);
    return;
  }
  fs::rename(done->file, file_of(key), ignored);
  const auto served = serve(key, *fresh);
  if (!served) spdlog::error("publisher={} unserved='{}'", to_string(key).substr(0, 16), served.error().what);
}

/// The newest content, or picture, that is not here yet and that nobody failed to give lately.
std::optional<Track> Publishers::next_to_mirror(const Catalogue& catalogue, fs::path& out) const {
  const auto is_missing = [this](const ContentId& content) {
    const std::lock_guard lock(state_->mutex);
    return state_->missing.contains(content);
  };
  const auto picture = [&](const std::optional<ContentId>& art) -> std::optional<Track> {
    std::error_code ignored;
    if (!art || is_missing(*art)) return std::nullopt;
    out = parts_.folder / "art" / to_hex(art->digest);
    if (fs::exists(out, ignored)) return std::nullopt;
    Track track;
    track.content = *art;
    track.size_bytes = kMostPicture;
    return track;
  };
  if (auto art = picture(catalogue.art)) return art;
  std::uint64_t bytes = 0;
  for (const CatalogueItem& item : catalogue.items) {
    if (auto art = picture(item.art)) return art;
    if (item.size_bytes == 0 || (bytes += item.size_bytes) > kMostMirrored) continue;
    if (is_held(item) || is_missing(item.content)) continue;
    out = parts_.mirrored / fmt::format("{}-{}", tidy_file_name(catalogue.name), to_string(catalogue.publisher).substr(0, 8));
    Track track;
    track.content = item.content;
    track.title = item.title;
    track.codec = item.codec;
    track.size_bytes = item.size_bytes;
    return track;
  }
  return std::nullopt;
}

void Publishers::mirror_next(const NodeKey& key) {
  const auto known = catalogue(key);
  fs::path out;
  const auto track = known ? next_to_mirror(*known, out) : std::nullopt;
  if (known) label(*known);
  if (!track) {
    const std::lock_guard lock(state_->mutex);
    if (const auto at = state_->others.find(key); at != state_->others.end()) at->second.mirror_at = Clock::now() + kLooked;
    return;
  }
  Fetch order{track->content, {}, out, *track, track->size_bytes};
  std::error_code ignored;
  if (out.parent_path() != parts_.folder / "art") fs::create_directories(out, ignored);
  {
    const std::lock_guard lock(state_->mutex);
    const auto at = state_->others.find(key);
    if (at == state_->others.end()) return;
    order.providers.assign(at->second.holders.begin(), at->second.holders.end());
    if (order.providers.empty()) return;
    at->second.fetching = true;
  }
  fetch(key, std::move(order), /*is_catalogue=*/false);
}

}  // namespace earshot::node
