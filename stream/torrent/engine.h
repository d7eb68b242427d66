// The torrent engine: BitTorrent through the same plug, on libtorrent-rasterbar 2.0, where that was there when this was built.
// A content is one file of a torrent: "torrent:INFOHASH" is its largest one, "torrent:INFOHASH:3" its third. What describes a torrent
// (a magnet link, a .torrent file) is told by introduce(); an id alone is looked for in the DHT.
//
//   folder/INFOHASH.resume     what libtorrent knows of a torrent: metadata, trackers, which pieces are here
//   folder/INFOHASH/           its files
//
// Rules
//  1. Nothing happens before the first torrent: no port, no DHT. Whose node stays on loopback or in its own network asks no DHT either.
//  2. Every byte handed on lies in a piece whose SHA-1 libtorrent has checked. Torrents of version 2 alone are refused.
//  3. What a reader wishes for is set to the highest priority; the nearest of it gets deadlines, of which libtorrent bears few.
//  4. Which pieces are here is written every few seconds, after their bytes: a kill costs no second hash.
#pragma once

#include <filesystem>
#include <memory>

#include "schema/endpoint.h"
#include "schema/result.h"
#include "stream/engine.h"

namespace earshot::stream::torrent {

struct EngineOptions {
  std::filesystem::path folder;
  Endpoint listen;              // its address; the port is any free one
  bool reach_out = true;        // DHT and local discovery
  std::uint64_t upload_limit = 0, download_limit = 0;  // bytes a second; 0: no limit

  std::size_t max_open = 64;    // torrents; full: open() fails with kExhausted
  std::size_t max_known = 256;  // introduced and not open; full: the oldest is forgotten
};

/// Errors: kDisk.
Result<std::unique_ptr<Engine>> open_engine(const EngineOptions& options);

}  // namespace earshot::stream::torrent
