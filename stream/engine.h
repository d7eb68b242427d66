// The plug: here is a content id and some providers, give me its bytes, verified. An engine is one folder under stream/
// and one line in the table of stream/engines.cpp; a content id's scheme says which one is asked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/endpoint.h"
#include "schema/ids.h"
#include "schema/result.h"
#include "schema/time.h"
#include "stream/wish.h"

namespace earshot::stream {

/// Which provider gave how much; shown to people.
struct Source {
  Endpoint endpoint;
  std::uint64_t bytes = 0;     // verified bytes received
  bool banned = false;         // sent something that failed verification
};

struct Status {
  std::uint64_t size = 0;      // content size in bytes; 0 until known
  std::uint64_t verified = 0;  // bytes here, all of them verified
  bool complete = false;
  std::vector<Source> sources;
  std::filesystem::path file;  // where the bytes lie
};

/// One content being fetched or served. Thread-safe. Closing (destroying) stops fetching; what was verified stays on
/// disk and is continued by the next open().
class Stream {
 public:
  virtual ~Stream() = default;

  /// More peers that may hold it.
  virtual void add_providers(std::span<const Endpoint> providers) = 0;

  /// Fetch these parts before all else, and then the rest or nothing; replaces what this stream wanted before. At least one
  /// wish must not be from the end. A fresh stream has no wishes and fetches everything. What several streams of one
  /// content want is fetched together.
  virtual void want(std::span<const Wish> wishes, Rest rest) = 0;

  /// Copies verified bytes at `offset`, waiting for at least one until `patience` is over. 0: end of content.
  /// Errors: kTimedOut, kUnreachable (no provider answers), kStopped (engine closed), kDisk.
  virtual Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into, Duration patience) = 0;

  virtual Status status() const = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;

  virtual Scheme scheme() const = 0;

  /// UDP port on which this engine serves, for our own contact.
  virtual std::uint16_t port() const = 0;

  /// What is known of a content beyond its id: a link or a file of the engine's own kind (a magnet link, the path of a .torrent).
  /// Errors: kUnsupported (not of this engine's kind), kInvalid.
  virtual Result<ContentId> introduce(std::string_view link) {
    return fail(ErrorCode::kUnsupported, "'{}' is nothing that this engine knows", link);
  }

  /// Fetches a content, or serves it at once when it is already here. Errors: kInvalid (scheme), kDisk, kExhausted.
  virtual Result<std::unique_ptr<Stream>> open(const ContentId& content, std::span<const Endpoint> providers) = 0;

  /// Computes (or recalls) the content id of a local file and serves it from where it lies, until forgotten.
  /// `progress` is called with bytes hashed so far and may return false to give up. Errors: kNotFound, kDisk, kStopped.
  virtual Result<ContentId> share(const std::filesystem::path& file, const std::function<bool(std::uint64_t)>& progress) = 0;

  /// A shared file has another path now and is otherwise as it was: the next share() recalls it, nothing is hashed again.
  /// False: nothing is known of it.
  virtual bool moved(const std::filesystem::path& from, const std::filesystem::path& to) = 0;

  /// Serves it no longer. The file itself is not touched.
  virtual void forget(const ContentId& content) = 0;
};

}  // namespace earshot::stream
