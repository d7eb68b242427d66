// Rows out, rounds of questions.
#include "tools/node/search_run.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "index/described.h"
#include "schema/limits.h"
#include "tools/node/api.h"
#include "tools/node/own_address.h"
#include "tools/node/relaxation.h"

namespace earshot::node {

namespace {

std::int64_t ms_since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began).count();
}

}  // namespace

/// Neighbors are counted before: on the reactor's thread the node would wait for itself.
Result<void> SearchRun::start() {
  summary_.neighbors = parts_.node.status().neighbors;
  return ask();
}

Result<void> SearchRun::ask() {
  const auto query =
      parts_.node.search(order_.request, [self = shared_from_this()](const SearchEvent& event) { self->take(event); });
  if (!query) return tl::unexpected(query.error());
  bool gone = false;
  {
    const std::lock_guard lock(mutex_);
    query_ = *query;
    gone = gone_;
  }
  if (gone) parts_.node.cancel(*query);
  return {};
}

void SearchRun::cancel() {
  std::optional<QueryId> query;
  {
    const std::lock_guard lock(mutex_);
    gone_ = true;
    query = query_;
  }
  if (query) parts_.node.cancel(*query);
}

void SearchRun::take(const SearchEvent& event) {
  for (const ReachableHit& hit : event.hits) add(hit);
  if (!event.last) return;
  summary_.messages += event.progress.messages_sent;
  summary_.answers += event.progress.answers;
  summary_.asked = std::max<std::uint64_t>(summary_.asked, event.progress.peers_asked);
  summary_.cost += event.progress.messages;
  summary_.coverage = event.progress.coverage;
  const bool easier = rows_.empty() && order_.relax && summary_.neighbors > 0 && summary_.dropped.size() < kMostRelaxed;
  if (easier && parts_.worker->post([self = shared_from_this()](const std::atomic<bool>&) { self->ask_easier(); })) return;
  finish();
}

void SearchRun::ask_easier() {
  {
    const std::lock_guard lock(mutex_);
    if (gone_) return finish();
  }
  auto easier = relaxed(order_.request.text, [this](std::string_view word) { return known(word); });
  if (!easier) return finish();
  order_.request.text = std::move(easier->text);
  order_.request.canaries.clear();
  summary_.dropped.push_back(std::move(easier->dropped));
  if (!ask()) finish();
}

/// Libraries that have it, as far as this node can tell: its own, and those whose digests it hosts.
std::uint64_t SearchRun::known(std::string_view word) const {
  const auto own = parts_.index.search(word, {.limit = 1, .typos = false});
  std::uint64_t count = own && !own->tracks.empty() ? 1 : 0;
  const index::Owners* const owners = parts_.index.owners();
  const index::DigestKeys keys;
  const auto needs = keys.asked_by(word);
  if (owners == nullptr || needs.empty()) return count;
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  for (const index::DigestKey key : needs.front()) {
    least = std::min<std::uint64_t>(least, owners->owners_with(key).value_or(0));
  }
  return count + least;
}

void SearchRun::finish() {
  summary_.hits = rows_.size();
  summary_.holders = holders_.size();
  summary_.ms = ms_since(began_);
  channel_->line(json::summary(summary_));
  channel_->close();
}

void SearchRun::add(const ReachableHit& hit) {
  if (rows_.size() >= limits::kMaxHitsPerQuery) return;
  parts_.sightings->saw(hit.track, hit.holder);
  const auto [at, fresh] = rows_.try_emplace(hit.track.content);
  json::HitRow& row = at->second;
  if (fresh) {
    row.track = hit.track;
    row.recording = recording_of(hit.track);
    row.hops = hit.hops;
    row.ms = ms_since(began_);
  }
  const auto same = [&](const Contact& known) { return known.key == hit.holder.key; };
  if (std::any_of(row.holders.begin(), row.holders.end(), same)) return;
  holders_.insert(hit.holder.key);
  if (row.holders.size() < Sightings::kMaxHolders) row.holders.push_back(for_people(hit.holder));
  row.hops = std::min(row.hops, hit.hops);
  row.score = std::max(row.score, hit.score);
  channel_->line(json::hit(row));
}

// Rows meet by their sound, as far as this node has heard it, or by what they say of themselves.
ContentId SearchRun::recording_of(const Track& track) {
  const ContentId by_sound = parts_.scanner.recording_of(track.content);
  Track said = track;
  said.album.clear();  // a song is on several
  const bool is_named = !track.title.empty() && !track.artist.empty() && track.duration_ms > 0;
  const ContentId by_name = is_named ? index::described_id(said) : by_sound;
  const auto known = recordings_.find(recordings_.contains(by_sound) ? by_sound : by_name);
  const ContentId recording = known == recordings_.end() ? track.content : known->second;
  recordings_.emplace(by_sound, recording);
  recordings_.emplace(by_name, recording);
  return recording;
}

}  // namespace earshot::node
