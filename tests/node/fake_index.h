// Libraries for tests: one that holds nothing, one that finds by a word of the title, as slowly as it is told.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "index/index.h"
#include "schema/search.h"

namespace earshot::node {

class EmptyIndex : public index::Index {
 public:
  Result<void> add(std::span<const Track>) override { return {}; }
  Result<std::size_t> remove(std::span<const ContentId>) override { return 0u; }
  Result<std::optional<Track>> find(const ContentId&) const override { return std::nullopt; }
  Result<index::Answer> search(std::string_view, const index::SearchOptions&) const override { return index::Answer{}; }
  index::Stats stats() const override { return {}; }
  Result<void> compact() override { return {}; }
  index::Storage storage() const override { return {}; }
  Result<void> visit(const std::function<bool(const Track&)>&) const override { return {}; }
  Result<std::uint64_t> verify(const std::function<bool(std::uint64_t)>&) const override { return 0; }
  Result<void> back_up(const std::filesystem::path&) override { return {}; }
  Result<void> snapshot(const std::filesystem::path&) override { return {}; }
};

class FakeIndex final : public EmptyIndex {
 public:
  explicit FakeIndex(std::vector<std::string> titles = {}, Duration pause = Duration::zero()) : pause_(pause) {
    for (const std::string& title : titles) {
      Track track;
      track.title = title;
      track.content.scheme = Scheme::kPpspp;
      track.content.digest[0] = static_cast<std::uint8_t>(title.size());
      tracks_.push_back(track);
    }
  }

  Result<index::Answer> search(std::string_view query, const index::SearchOptions& options) const override {
    ++searches;
    std::this_thread::sleep_for(pause_);
    index::Answer answer;
    const auto content = content_asked(query);
    for (const Track& track : tracks_) {
      if (content && track.content == *content) answer.tracks.push_back({track, 0});
      if (!content && track.title.find(query) != std::string::npos && answer.tracks.size() < options.limit)
        answer.tracks.push_back({track, 1000});
    }
    return answer;
  }

  Result<void> visit(const std::function<bool(const Track&)>& take) const override {
    for (const Track& track : tracks_) {
      if (!take(track)) break;
    }
    return {};
  }
  Result<std::optional<Track>> find(const ContentId& content) const override {
    for (const Track& track : tracks_) {
      if (track.content == content) return std::optional(track);
    }
    return std::nullopt;
  }

  mutable std::atomic<int> searches = 0;

 private:
  std::vector<Track> tracks_;
  Duration pause_;
};

}  // namespace earshot::node
