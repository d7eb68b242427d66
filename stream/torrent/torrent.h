// One torrent of the session: which pieces are here, who reads what of it, and how that is said to libtorrent. Only engine.cpp
// includes this.
#pragma once

#include <libtorrent/download_priority.hpp>
#include <libtorrent/file_storage.hpp>
#include <libtorrent/sha1_hash.hpp>
#include <libtorrent/socket.hpp>
#include <libtorrent/torrent_handle.hpp>
#include <libtorrent/torrent_info.hpp>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "schema/bytes.h"
#include "schema/endpoint.h"
#include "schema/ids.h"
#include "schema/result.h"
#include "stream/wish.h"

namespace earshot::stream::torrent {

namespace fs = std::filesystem;
namespace lt = libtorrent;

/// Deadlines at once: with more, libtorrent asks every peer for everything and slows down.
inline constexpr std::size_t kMaxDeadlines = 16;
inline constexpr std::size_t kMaxSources = 256;

inline lt::sha1_hash info_hash_of(const ContentId& content) {
  return lt::sha1_hash(reinterpret_cast<const char*>(content.digest.data()));
}

inline ContentId content_of(const lt::sha1_hash& hash) {
  ContentId content{Scheme::kTorrent, {}};
  std::memcpy(content.digest.data(), hash.data(), kInfoHashSize);
  return content;
}

inline std::string hex_of(const lt::sha1_hash& hash) { return to_hex(ByteView(content_of(hash).digest).first(kInfoHashSize)); }

inline lt::tcp::endpoint to_tcp(const Endpoint& endpoint) {
  boost::asio::ip::address_v6::bytes_type bytes;
  std::copy(endpoint.address.begin(), endpoint.address.end(), bytes.begin());
  const boost::asio::ip::address_v6 six(bytes);
  if (!six.is_v4_mapped()) return {six, endpoint.port};
  return {boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, six), endpoint.port};
}

inline Endpoint from_tcp(const lt::tcp::endpoint& tcp) {
  const auto six = tcp.address().is_v4() ? boost::asio::ip::make_address_v6(boost::asio::ip::v4_mapped, tcp.address().to_v4())
                                         : tcp.address().to_v6();
  Endpoint endpoint;
  const auto bytes = six.to_bytes();
  std::copy(bytes.begin(), bytes.end(), endpoint.address.begin());
  endpoint.port = tcp.port();
  return endpoint;
}

/// One file of a torrent, by its place in the torrent's bytes.
struct Extent {
  std::uint64_t begin = 0, size = 0;
  fs::path path;
};

struct Demand {
  std::uint32_t file = 0;  // as in the content id: 0 is the largest
  std::vector<Wish> wishes;
  Rest rest = Rest::kFetch;
};

/// A torrent and who reads it. All of it is guarded by the engine's mutex.
struct Torrent {
  lt::torrent_handle handle;
  std::shared_ptr<const lt::torrent_info> info;  // once the metadata is here
  fs::path folder;
  std::vector<bool> here;                        // pieces that were checked
  std::map<const void*, Demand> demands;         // by stream
  std::optional<Error> failed;
  std::map<Endpoint, std::uint64_t> given;       // bytes, by who gave them; the first kMaxSources are counted

  void credit(const Endpoint& source) {
    constexpr std::uint64_t kBlock = 16 * 1024;
    if (given.size() < kMaxSources || given.contains(source)) given[source] += kBlock;
  }

  /// Errors: kNotFound. REQUIRES: info.
  Result<Extent> extent_of(std::uint32_t file) const {
    const lt::file_storage& files = info->files();
    lt::file_index_t chosen{static_cast<int>(file) - 1};
    if (file == 0) {
      std::int64_t largest = -1;
      for (const lt::file_index_t each : files.file_range()) {
        if (files.pad_file_at(each) || files.file_size(each) <= largest) continue;
        largest = files.file_size(each);
        chosen = each;
      }
    }
    if (static_cast<int>(chosen) < 0 || static_cast<int>(chosen) >= files.num_files()) {
      return fail(ErrorCode::kNotFound, "the torrent has {} files, not a number {}", files.num_files(), file);
    }
    return Extent{static_cast<std::uint64_t>(files.file_offset(chosen)), static_cast<std::uint64_t>(files.file_size(chosen)),
                  fs::path(files.file_path(chosen, folder.string()))};
  }
  std::uint64_t piece_size() const { return static_cast<std::uint64_t>(info->piece_length()); }
  std::size_t piece_of(std::uint64_t place) const { return static_cast<std::size_t>(place / piece_size()); }

  /// Bytes that are here from `offset` of a file on.
  std::uint64_t run_from(const Extent& file, std::uint64_t offset, std::uint64_t most) const {
    std::uint64_t run = 0;
    const std::uint64_t end = std::min(file.size, offset + most);
    while (offset + run < end) {
      const std::size_t piece = piece_of(file.begin + offset + run);
      if (piece >= here.size() || !here[piece]) break;
      run = std::min((piece + 1) * piece_size() - file.begin, end) - offset;
    }
    return run;
  }

  std::uint64_t verified_of(const Extent& file) const {
    std::uint64_t bytes = 0;
    for (std::uint64_t offset = 0; offset < file.size;) {
      const std::uint64_t next = std::min((piece_of(file.begin + offset) + 1) * piece_size() - file.begin, file.size);
      bytes += run_from(file, offset, next - offset);
      offset = next;
    }
    return bytes;
  }

  /// Tells libtorrent what all readers want together.
  void apply() {
    if (!info) return;
    std::vector<lt::download_priority_t> priorities(static_cast<std::size_t>(info->num_pieces()), lt::dont_download);
    std::vector<std::pair<Duration, std::size_t>> urgent;
    for (const auto& [stream, demand] : demands) {
      const auto file = extent_of(demand.file);
      if (!file || file->size == 0) continue;
      if (demand.rest == Rest::kFetch) {
        for (std::size_t piece = piece_of(file->begin); piece <= piece_of(file->begin + file->size - 1); ++piece) {
          priorities[piece] = std::max(priorities[piece], lt::default_priority);
        }
      }
      for (const Wish& wish : demand.wishes) {
        const std::uint64_t first = wish.from_end ? file->size - std::min(file->size, wish.range.first) : std::min(file->size, wish.range.first);
        const std::uint64_t end = first + std::min(wish.range.size, file->size - first);
        if (first == end) continue;
        for (std::size_t piece = piece_of(file->begin + first); piece <= piece_of(file->begin + end - 1); ++piece) {
          priorities[piece] = lt::top_priority;
          if (!here[piece]) urgent.emplace_back(wish.within, piece);
        }
      }
    }
    handle.prioritize_pieces(priorities);
    std::sort(urgent.begin(), urgent.end());
    urgent.resize(std::min(urgent.size(), kMaxDeadlines));
    handle.clear_piece_deadlines();
    for (const auto& [within, piece] : urgent) {
      handle.set_piece_deadline(lt::piece_index_t(static_cast<int>(piece)), static_cast<int>(within / 1ms));
    }
  }
};

}  // namespace earshot::stream::torrent
