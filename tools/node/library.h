// The node's index, and what a person does to it while it is in use. It stands for the index (index/index.h) to everybody
// else, so that it can be replaced under them: by one from a backup, or by one made anew from what can still be read.
//
//   DATA/index           the one in use
//   DATA/index.new       one being made; what is left of it after a crash is removed
//   DATA/index.aside-N   what was refused or replaced; the newest kAsideKept stay
//
// An index that is damaged is never repaired in place: it is moved aside and a fresh one begins, which the shared folders
// fill again. One of a newer format is left alone. One that was made with another transliteration than is asked for now stays
// what it is until rebuild(); when this program cannot do as it was made (no ICU, or another one), it is made anew at once.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>

#include "index/index.h"
#include "schema/result.h"
#include "tools/node/config.h"

namespace earshot::node {

/// As a person configured it.
index::Index::Options index_options(const Config& config);

inline constexpr std::size_t kAsideKept = 2;

/// Thread-safe. Whoever changes the index waits while it is replaced; searches wait only for the moment of the exchange.
class Library final : public index::Index {
 public:
  /// Errors: those of Index::open, but a damaged index is moved aside: see moved_aside().
  static Result<std::unique_ptr<Library>> open(const std::filesystem::path& folder, const Options& options);

  /// Where an index went that was refused, and why; empty: it was not.
  const std::filesystem::path& moved_aside() const { return moved_aside_; }
  const std::string& refusal() const { return refusal_; }

  /// False for an index that was made with another transliteration than is asked for: rebuild() changes that.
  bool is_as_asked() const { return transliterates() == options_.transliterate; }

  Result<void> add(std::span<const Track> tracks) override;
  Result<std::size_t> remove(std::span<const ContentId> contents) override;
  Result<std::optional<Track>> find(const ContentId& content) const override;
  Result<index::Answer> search(std::string_view query, const index::SearchOptions& options) const override;
  index::Stats stats() const override;
  bool transliterates() const override;
  std::uint64_t generation() const override { return generation_; }
  /// Those of the index in use, whichever it is.
  index::Owners* owners() override { return &owners_; }
  Result<void> compact() override;
  index::Storage storage() const override;
  Result<void> visit(const std::function<bool(const Track&)>& take) const override;
  Result<std::uint64_t> verify(const std::function<bool(std::uint64_t)>& go_on) const override;
  Result<void> back_up(const std::filesystem::path& folder) override;
  Result<void> snapshot(const std::filesystem::path& folder) override;

  struct Rebuilt {
    std::uint64_t tracks = 0;       // in the new index
    std::uint64_t unreadable = 0;   // of the old one
    std::filesystem::path aside;    // where the old one is, when some of it was unreadable
  };

  /// Every track that can still be read, in a new index. `go_on` hears of tracks read and ends it with false.
  /// Errors: kDisk, kStopped; the old index stays then.
  Result<Rebuilt> rebuild(const std::function<bool(std::uint64_t)>& go_on);

  /// The newest backup instead of what is there, which is moved aside; where to.
  /// Errors: those of Index::restore and Index::open; the old index stays then.
  Result<std::filesystem::path> restore(const std::filesystem::path& backups);

 private:
  Library(std::filesystem::path folder, const Options& options) : folder_(std::move(folder)), options_(options) {}

  /// Passes calls on to the owners of the index in use.
  class CurrentOwners final : public index::Owners {
   public:
    explicit CurrentOwners(const Library& library) : library_(library) {}
    Result<index::Taken> host(const index::Hosting& hosting, std::span<const index::DigestKey> keys) override;
    Result<std::vector<NodeKey>> owners_of(std::span<const index::DigestKey> keys, std::size_t limit) const override;
    Result<std::size_t> owners_with(index::DigestKey key) const override;
    bool has_canary(std::uint64_t canary) const override;
    Result<bool> drop(const NodeKey& owner) override;
    Result<std::size_t> expire(index::Expiry now) override;
    index::HostedStats stats() const override;

   private:
    template <class T, class Ask>
    T ask(Ask ask, T otherwise) const;
    const Library& library_;
  };

  Result<std::unique_ptr<index::Index>> open_as_made(const std::filesystem::path& folder) const;
  Result<void> make_anew();
  std::filesystem::path fresh() const;
  std::filesystem::path next_aside() const;
  void forget_old_asides() const;
  Result<std::filesystem::path> exchange();

  const std::filesystem::path folder_;
  const Options options_;
  std::filesystem::path moved_aside_;
  std::string refusal_;
  std::mutex changing_;                   // held by whoever changes the index, and while it is replaced
  std::atomic<std::uint64_t> generation_ = 1;
  CurrentOwners owners_{*this};
  mutable std::shared_mutex use_;         // shared by every call; alone for the exchange
  std::unique_ptr<index::Index> index_;   // guarded by use_; null only when the exchange failed
};

}  // namespace earshot::node
