// One thread: a list, and pages of it.
#include "tools/node/share_list.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace earshot::node {

ShareList::ShareList(const index::Index& index, std::function<void()> on_page) : index_(index), on_page_(std::move(on_page)) {
  thread_ = std::thread([this] { run(); });
}

ShareList::~ShareList() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

bool ShareList::submit(PeerId asker, const overlay::Browse& question) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kMostWaiting) return false;
    waiting_.push_back({asker, question, {}, {}, 0, 0});
  }
  wake_.notify_all();
  return true;
}

std::vector<ShareList::Page> ShareList::take_pages() {
  const std::lock_guard lock(mutex_);
  return std::exchange(read_, {});
}

void ShareList::run() {
  for (;;) {
    Page page;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      page = std::move(waiting_.front());
      waiting_.pop_front();
    }
    page = read(std::move(page));
    {
      const std::lock_guard lock(mutex_);
      read_.push_back(std::move(page));
    }
    on_page_();
  }
}

ShareList::Page ShareList::read(Page page) {
  renew();
  page.shared = static_cast<std::uint32_t>(list_.size());
  const auto first = std::min(page.question.place, page.shared);
  page.end = std::min(first + static_cast<std::uint32_t>(overlay::Browsing::kMostOnPage), page.shared);
  for (std::uint32_t place = first; place < page.end; ++place) {
    const auto track = index_.find(list_[place]);
    if (!track || !*track) continue;
    page.tracks.push_back(**track);
    page.places.push_back(place);
  }
  return page;
}

void ShareList::renew() {
  const auto now = Clock::now();
  const std::uint64_t generation = index_.generation();
  if (now < renew_at_ || (generation == made_of_ && generation != 0)) return;
  using Row = std::tuple<std::string, std::string, std::string, ContentId>;
  std::vector<Row> rows;
  const auto visited = index_.visit([&](const Track& track) {
    if (track.content.scheme != Scheme::kDescribed) rows.emplace_back(track.artist, track.album, track.title, track.content);
    return rows.size() < kMostListed;
  });
  if (!visited) {
    spdlog::error("event=share-not-listed why=\"{}\"", visited.error().what);
    return;
  }
  std::sort(rows.begin(), rows.end());
  list_.clear();
  for (const Row& row : rows) list_.push_back(std::get<ContentId>(row));
  made_of_ = generation;
  renew_at_ = now + kRenewed;
}

}  // namespace earshot::node
