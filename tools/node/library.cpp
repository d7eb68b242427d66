// Passing calls on, and exchanging who answers them.
#include "tools/node/library.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace earshot::node {

namespace fs = std::filesystem;

namespace {

// Tracks in one change of a new index.
constexpr std::size_t kImportBatch = 4096;

tl::unexpected<Error> gone() {
  return fail(ErrorCode::kDisk, "the index could not be opened after it was replaced: restart the node");
}

}  // namespace

index::Index::Options index_options(const Config& config) {
  index::Index::Options options;
  options.sync = config.sync;
  options.cache_bytes = std::size_t{config.cache_mb} << 20;
  options.disk_limit = std::uint64_t{config.disk_mb} << 20;
  options.transliterate = config.transliterate;
  return options;
}

Result<std::unique_ptr<Library>> Library::open(const fs::path& folder, const Options& options) {
  std::unique_ptr<Library> library(new Library(folder, options));
  std::error_code ignored;
  fs::remove_all(library->fresh(), ignored);
  auto opened = library->open_as_made(folder);
  if (!opened && opened.error().code == ErrorCode::kCorrupt) {
    library->refusal_ = opened.error().what;
    library->moved_aside_ = library->next_aside();
    std::error_code error;
    fs::rename(folder, library->moved_aside_, error);
    if (error) return fail(ErrorCode::kDisk, "move '{}' aside: {}", folder.string(), error.message());
    library->forget_old_asides();
    opened = index::Index::open(folder, options);
  }
  if (!opened && opened.error().code == ErrorCode::kInvalid) {
    if (auto made = library->make_anew(); !made) return tl::unexpected(made.error());
    return library;
  }
  if (!opened) return tl::unexpected(opened.error());
  library->index_ = std::move(*opened);
  return library;
}

// As asked, or else as it was made. Errors: kInvalid when this program cannot do that.
Result<std::unique_ptr<index::Index>> Library::open_as_made(const fs::path& folder) const {
  auto opened = index::Index::open(folder, options_);
  if (opened || opened.error().code != ErrorCode::kInvalid) return opened;
  Options other = options_;
  other.transliterate = !other.transliterate;
  auto again = index::Index::open(folder, other);
  return again ? std::move(again) : std::move(opened);
}

Result<void> Library::make_anew() {
  Options to_visit = options_;
  to_visit.only_to_visit = true;
  auto opened = index::Index::open(folder_, to_visit);
  if (!opened) return tl::unexpected(opened.error());
  index_ = std::move(*opened);
  const auto rebuilt = rebuild([](std::uint64_t) { return true; });
  return rebuilt ? Result<void>{} : tl::unexpected(rebuilt.error());
}

fs::path Library::fresh() const { return folder_.string() + ".new"; }

fs::path Library::next_aside() const {
  unsigned number = 1;
  for (const auto& entry : fs::directory_iterator(folder_.parent_path())) {
    const std::string name = entry.path().filename().string();
    const std::string prefix = folder_.filename().string() + ".aside-";
    if (!name.starts_with(prefix)) continue;
    number = std::max(number, static_cast<unsigned>(std::strtoul(name.c_str() + prefix.size(), nullptr, 10)) + 1);
  }
  return fmt::format("{}.aside-{}", folder_.string(), number);
}

void Library::forget_old_asides() const {
  std::vector<std::pair<unsigned long, fs::path>> asides;
  const std::string prefix = folder_.filename().string() + ".aside-";
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder_.parent_path(), ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix)) asides.emplace_back(std::strtoul(name.c_str() + prefix.size(), nullptr, 10), entry.path());
  }
  std::sort(asides.begin(), asides.end());
  for (std::size_t i = 0; i + kAsideKept < asides.size(); ++i) fs::remove_all(asides[i].second, ignored);
}

// REQUIRES: changing_ is held and fresh() holds a closed index. The old one is moved aside.
Result<fs::path> Library::exchange() {
  const std::unique_lock alone(use_);
  const fs::path aside = next_aside();
  index_.reset();
  std::error_code error;
  fs::rename(folder_, aside, error);
  if (!error) fs::rename(fresh(), folder_, error);
  auto opened = open_as_made(folder_);
  if (opened) index_ = std::move(*opened);
  ++generation_;
  if (error) return fail(ErrorCode::kDisk, "replace '{}': {}", folder_.string(), error.message());
  if (!opened) return tl::unexpected(opened.error());
  return aside;
}

Result<Library::Rebuilt> Library::rebuild(const std::function<bool(std::uint64_t)>& go_on) {
  const std::lock_guard changing(changing_);
  std::error_code ignored;
  fs::remove_all(fresh(), ignored);
  Rebuilt rebuilt;
  bool is_wanted = true;
  Result<void> added;
  {
    auto next = index::Index::open(fresh(), options_);
    if (!next) return tl::unexpected(next.error());
    std::vector<Track> batch;
    const auto flush = [&] {
      added = batch.empty() ? Result<void>{} : (*next)->add(batch);
      rebuilt.tracks += batch.size();
      batch.clear();
      is_wanted = go_on(rebuilt.tracks);
      return added && is_wanted;
    };
    const std::uint64_t expected = stats().tracks;
    const auto visited = visit([&](const Track& track) {
      batch.push_back(track);
      return batch.size() < kImportBatch || flush();
    });
    if (added && is_wanted) flush();
    if (!visited) rebuilt.unreadable = expected - std::min(expected, rebuilt.tracks);
  }
  if (!added || !is_wanted) fs::remove_all(fresh(), ignored);
  if (!added) return tl::unexpected(added.error());
  if (!is_wanted) return fail(ErrorCode::kStopped, "stopped after {} tracks; the old index stays", rebuilt.tracks);
  auto aside = exchange();
  if (!aside) return tl::unexpected(aside.error());
  if (rebuilt.unreadable > 0) {
    rebuilt.aside = *aside;
  } else {
    fs::remove_all(*aside, ignored);
  }
  forget_old_asides();
  return rebuilt;
}

Result<fs::path> Library::restore(const fs::path& backups) {
  const std::lock_guard changing(changing_);
  std::error_code ignored;
  fs::remove_all(fresh(), ignored);
  auto restored = index::Index::restore(backups, fresh());
  // Only an index that opens takes the place of one that works.
  if (restored) {
    if (const auto tried = open_as_made(fresh()); !tried) restored = tl::unexpected(tried.error());
  }
  if (!restored) {
    fs::remove_all(fresh(), ignored);
    return tl::unexpected(restored.error());
  }
  auto aside = exchange();
  if (aside) forget_old_asides();
  return aside;
}

Result<void> Library::add(std::span<const Track> tracks) {
  const std::lock_guard changing(changing_);
  const std::shared_lock use(use_);
  ++generation_;
  return index_ ? index_->add(tracks) : gone();
}

Result<std::size_t> Library::remove(std::span<const ContentId> contents) {
  const std::lock_guard changing(changing_);
  const std::shared_lock use(use_);
  ++generation_;
  return index_ ? index_->remove(contents) : gone();
}

Result<std::optional<Track>> Library::find(const ContentId& content) const {
  const std::shared_lock use(use_);
  return index_ ? index_->find(content) : gone();
}

Result<index::Answer> Library::search(std::string_view query, const index::SearchOptions& options) const {
  const std::shared_lock use(use_);
  return index_ ? index_->search(query, options) : gone();
}

index::Stats Library::stats() const {
  const std::shared_lock use(use_);
  return index_ ? index_->stats() : index::Stats{};
}

bool Library::transliterates() const {
  const std::shared_lock use(use_);
  return index_ && index_->transliterates();
}

Result<void> Library::compact() {
  const std::shared_lock use(use_);
  return index_ ? index_->compact() : gone();
}

index::Storage Library::storage() const {
  const std::shared_lock use(use_);
  if (index_) return index_->storage();
  index::Storage none;
  none.is_paused = true;
  none.trouble = gone().value().what;
  return none;
}

Result<void> Library::visit(const std::function<bool(const Track&)>& take) const {
  const std::shared_lock use(use_);
  return index_ ? index_->visit(take) : gone();
}

Result<std::uint64_t> Library::verify(const std::function<bool(std::uint64_t)>& go_on) const {
  const std::shared_lock use(use_);
  return index_ ? index_->verify(go_on) : gone();
}

Result<void> Library::back_up(const fs::path& folder) {
  const std::shared_lock use(use_);
  return index_ ? index_->back_up(folder) : gone();
}

Result<void> Library::snapshot(const fs::path& folder) {
  const std::shared_lock use(use_);
  return index_ ? index_->snapshot(folder) : gone();
}

template <class T, class Ask>
T Library::CurrentOwners::ask(Ask ask, T otherwise) const {
  const std::shared_lock use(library_.use_);
  index::Owners* const owners = library_.index_ ? library_.index_->owners() : nullptr;
  return owners != nullptr ? ask(*owners) : std::move(otherwise);
}

Result<index::Taken> Library::CurrentOwners::host(const index::Hosting& hosting, std::span<const index::DigestKey> keys) {
  return ask<Result<index::Taken>>([&](index::Owners& owners) { return owners.host(hosting, keys); }, gone());
}

Result<std::vector<NodeKey>> Library::CurrentOwners::owners_of(std::span<const index::DigestKey> keys,
                                                               std::size_t limit) const {
  return ask<Result<std::vector<NodeKey>>>([&](index::Owners& owners) { return owners.owners_of(keys, limit); }, gone());
}

Result<std::size_t> Library::CurrentOwners::owners_with(index::DigestKey key) const {
  return ask<Result<std::size_t>>([&](index::Owners& owners) { return owners.owners_with(key); }, gone());
}

bool Library::CurrentOwners::has_canary(std::uint64_t canary) const {
  return ask<bool>([&](index::Owners& owners) { return owners.has_canary(canary); }, false);
}

Result<bool> Library::CurrentOwners::drop(const NodeKey& owner) {
  return ask<Result<bool>>([&](index::Owners& owners) { return owners.drop(owner); }, gone());
}

Result<std::size_t> Library::CurrentOwners::expire(index::Expiry now) {
  return ask<Result<std::size_t>>([&](index::Owners& owners) { return owners.expire(now); }, gone());
}

index::HostedStats Library::CurrentOwners::stats() const {
  return ask<index::HostedStats>([](index::Owners& owners) { return owners.stats(); }, {});
}

}  // namespace earshot::node
