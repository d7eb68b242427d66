// Stand-ins for the parts that the API speaks for: no network, no disk database, everything scripted.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "tests/node/fake_index.h"
#include "tests/temporary_folder.h"
#include "tools/node/api.h"

namespace earshot::node {

inline std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline ContentId content_of(std::uint8_t number) {
  ContentId content{Scheme::kPpspp, {}};
  content.digest.fill(number);
  return content;
}

inline Contact contact_of(std::uint8_t number) {
  Contact contact;
  contact.key.bytes.fill(number);
  contact.endpoint = *endpoint_from("127.0.0.1:4040");
  contact.stream_port = static_cast<std::uint16_t>(5000 + number);
  return contact;
}

inline Track track_of(std::uint8_t number, const std::string& title) {
  Track track;
  track.content = content_of(number);
  track.title = title;
  track.artist = "Artist";
  track.codec = Codec::kVorbis;
  track.size_bytes = 5;
  return track;
}

class FakeNode final : public Node {
 public:
  Contact self() const override { return contact_of(1); }

  Result<QueryId> search(SearchRequest request, std::function<void(const SearchEvent&)> on_event) override {
    if (refusal) return tl::unexpected(*refusal);
    asked.push_back(std::move(request));
    if (answer_at_once) on_event(*answer_at_once);
    listener = std::move(on_event);
    return QueryId{7, asked.size()};
  }
  void cancel(const QueryId& id) override { cancelled.push_back(id); }
  Result<void> browse(const Contact& peer, std::uint32_t place, OnPage on_page) override {
    browsed.emplace_back(peer, place);
    on_page(page);
    return {};
  }
  void join(std::vector<Contact> contacts) override { joined = std::move(contacts); }
  NodeStatus status() const override {
    NodeStatus status;
    status.self = self();
    status.neighbors = neighbors;
    return status;
  }
  std::vector<PeerRow> peers() const override { return rows; }

  std::vector<std::pair<Contact, std::uint32_t>> browsed;
  Result<SharePage> page;
  std::optional<Error> refusal;
  std::optional<SearchEvent> answer_at_once;
  std::vector<SearchRequest> asked;
  std::function<void(const SearchEvent&)> listener;
  std::vector<QueryId> cancelled;
  std::vector<Contact> joined;
  std::vector<PeerRow> rows;
  std::size_t neighbors = 3;
};

class MemoryIndex final : public EmptyIndex {
 public:
  Result<void> add(std::span<const Track> tracks) override {
    const std::lock_guard lock(mutex_);
    for (const Track& track : tracks) tracks_[track.content] = track;
    return {};
  }
  Result<std::size_t> remove(std::span<const ContentId> contents) override {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (const ContentId& content : contents) count += tracks_.erase(content);
    return count;
  }
  Result<std::optional<Track>> find(const ContentId& content) const override {
    const std::lock_guard lock(mutex_);
    const auto found = tracks_.find(content);
    return found == tracks_.end() ? std::optional<Track>() : std::optional<Track>(found->second);
  }
  Result<void> visit(const std::function<bool(const Track&)>& take) const override {
    const std::lock_guard lock(mutex_);
    for (const auto& [content, track] : tracks_) {
      if (!take(track)) break;
    }
    return {};
  }
  index::Stats stats() const override {
    const std::lock_guard lock(mutex_);
    return {tracks_.size(), 0, 0};
  }

  std::vector<std::string> titles() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> titles;
    for (const auto& [content, track] : tracks_) titles.push_back(track.title);
    std::sort(titles.begin(), titles.end());
    return titles;
  }

 private:
  mutable std::mutex mutex_;
  std::map<ContentId, Track> tracks_;
};

/// A content id made of a file's text: the same text, the same id.
inline ContentId id_of_text(const std::string& text) {
  ContentId content{Scheme::kPpspp, {}};
  for (std::size_t i = 0; i < text.size(); ++i)
    content.digest[i % 32] = static_cast<std::uint8_t>(content.digest[i % 32] * 31 + text[i]);
  return content;
}

/// Holds texts in memory instead of fetching them.
class FakeStream final : public stream::Stream {
 public:
  using Added = std::function<void(std::span<const Endpoint>)>;
  FakeStream(std::string text, bool stalls, Added added = [](auto) {}) : text_(std::move(text)), stalls_(stalls), added_(std::move(added)) {}
  void add_providers(std::span<const Endpoint> providers) override { added_(providers); }
  void want(std::span<const stream::Wish>, stream::Rest) override {}
  Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into, Duration) override {
    if (stalls_) return fail(ErrorCode::kTimedOut, "nothing came");
    const std::size_t size = std::min(into.size(), text_.size() - std::min<std::size_t>(offset, text_.size()));
    std::copy_n(text_.begin() + static_cast<std::ptrdiff_t>(offset), size, into.begin());
    return size;
  }
  stream::Status status() const override {
    return {text_.size(),
            stalls_ ? 0 : text_.size(),
            !stalls_,
            {{*endpoint_from("127.0.0.1:5002"), text_.size(), false}},
            {}};
  }

 private:
  std::string text_;
  bool stalls_;
  Added added_;
};

class FakeEngine final : public stream::Engine {
 public:
  Scheme scheme() const override { return Scheme::kPpspp; }
  std::uint16_t port() const override { return 5001; }
  Result<std::unique_ptr<stream::Stream>> open(const ContentId& content, std::span<const Endpoint> providers) override {
    const std::lock_guard lock(opening_);  // several fetches may be under way
    last_providers.assign(providers.begin(), providers.end());
    const auto found = texts.find(content);
    return std::make_unique<FakeStream>(found == texts.end() ? "" : found->second, found == texts.end(), [this](auto more) {
      const std::lock_guard added(opening_);
      added_.insert(added_.end(), more.begin(), more.end());
    });
  }
  std::vector<Endpoint> added() const {
    const std::lock_guard lock(opening_);
    return added_;
  }
  Result<ContentId> share(const std::filesystem::path& file,
                          const std::function<bool(std::uint64_t)>& progress) override {
    const std::string text = text_of(file);
    if (!progress(text.size())) return fail(ErrorCode::kStopped, "stopped");
    if (text == "unreadable") return fail(ErrorCode::kDisk, "unreadable");
    shared.push_back(file.filename().string());
    return id_of_text(text);
  }
  bool moved(const std::filesystem::path& from, const std::filesystem::path& to) override {
    moves.push_back(from.filename().string() + " -> " + to.filename().string());
    return true;
  }
  void forget(const ContentId& content) override { forgotten.push_back(content); }

  std::map<ContentId, std::string> texts;
  std::vector<Endpoint> last_providers;
  std::vector<std::string> shared;
  std::vector<ContentId> forgotten;
  std::vector<std::string> moves;

 private:
  mutable std::mutex opening_;
  std::vector<Endpoint> added_;  // guarded by opening_
};

/// Remembers what was answered.
class RecordedChannel final : public Channel {
 public:
  void reply(Reply answer) override {
    const std::lock_guard lock(mutex_);
    replied = std::move(answer);
    closed_ = true;
    wake_.notify_all();
  }
  void body(std::unique_ptr<Body> answer) override { bytes = std::move(answer); }
  void line(std::string object) override {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(object));
  }
  void close() override {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    wake_.notify_all();
  }
  void when_gone(std::function<void()> gone) override { on_gone = std::move(gone); }

  /// The lines, once the answer is complete.
  std::vector<std::string> lines() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(wake_.wait_for(lock, std::chrono::seconds(20), [this] { return closed_; })) << "no end of the answer";
    return lines_;
  }
  bool closed() {
    const std::lock_guard lock(mutex_);
    return closed_;
  }

  std::optional<Reply> replied;
  std::unique_ptr<Body> bytes;
  std::function<void()> on_gone;

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::string> lines_;
  bool closed_ = false;
};

}  // namespace earshot::node
