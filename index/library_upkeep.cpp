// Reading all of it: for exports and for checks.
#include "index/library_index.h"

namespace earshot::index {

Storage LibraryIndex::storage() const {
  Storage storage = store_->storage();
  const std::lock_guard writing(writer_);
  if (failure_) {
    storage.is_paused = true;
    storage.trouble = failure_->what;
  }
  return storage;
}

LibraryIndex::Moment LibraryIndex::moment() const {
  const std::shared_lock shared(state_);
  Moment moment{{}, view_, totals_.tracks};
  for (const auto& segment : lives_) {
    for (Doc doc = 0; doc < segment->docs(); ++doc) {
      if (segment->entry(doc).track) moment.live.push_back(segment->entry(doc).track);
    }
  }
  return moment;
}

Result<void> LibraryIndex::visit_part(const Part& part, const std::function<bool(Doc, const Track&)>& take) {
  for (Doc first = 0; first < part.segment->docs(); first += static_cast<Doc>(kRecordsPerPage)) {
    const auto tracks = part.segment->tracks_of_page(first / static_cast<Doc>(kRecordsPerPage));
    if (!tracks) return tl::unexpected(tracks.error());
    for (Doc i = 0; i < tracks->size(); ++i) {
      if (!part.is_removed(first + i) && !take(first + i, (*tracks)[i])) return {};
    }
  }
  return {};
}

Result<void> LibraryIndex::visit(const std::function<bool(const Track&)>& take) const {
  const Moment now = moment();
  bool wanted = true;
  for (auto track = now.live.begin(); wanted && track != now.live.end(); ++track) wanted = take(**track);
  for (auto part = now.view->parts.begin(); wanted && part != now.view->parts.end(); ++part) {
    auto visited = visit_part(*part, [&](Doc, const Track& track) { return wanted = take(track); });
    if (!visited) return visited;
  }
  return {};
}

Result<std::uint64_t> LibraryIndex::verify(const std::function<bool(std::uint64_t)>& go_on) const {
  const Moment now = moment();
  std::uint64_t checked = now.live.size();
  if (auto read = store_->verify([&] { return go_on(0); }); !read) return tl::unexpected(read.error());
  for (const Part& part : now.view->parts) {
    std::optional<Error> error;
    const auto visited = visit_part(part, [&](Doc doc, const Track& track) {
      const auto found = part.segment->doc_of(track.content);
      if (!found) error = found.error();
      if (found && *found != doc) error = store_->damaged("look-up of a content id").value();
      if (!error && ++checked % 4096 == 0 && !go_on(checked)) error = Error{ErrorCode::kStopped, "stopped half-way"};
      return !error;
    });
    if (!visited) return tl::unexpected(visited.error());
    if (error) return tl::unexpected(*error);
  }
  if (checked != now.tracks) return store_->damaged("number of tracks");
  return checked;
}

Result<void> Index::restore(const std::filesystem::path& backups, const std::filesystem::path& folder) {
  return restore_store(backups, folder);
}

}  // namespace earshot::index
