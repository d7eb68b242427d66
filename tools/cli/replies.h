// The node's lines as values: what tools/node/api_json writes, read back. nlohmann::json stays inside replies.cpp.
// A field that is missing or of another type is empty or zero: a newer node may say more, an older one less.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/result.h"
#include "schema/search.h"

namespace earshot::cli {

/// "hit", "summary", "done", ...; empty for what is no object.
std::string type_of(std::string_view line);

struct HitLine {
  std::string content, title, artist, album, codec, kind, publisher;
  std::uint64_t year = 0, duration_ms = 0, size_bytes = 0, hops = 0, ms = 0;
  struct Holder {
    std::string key, endpoint, stream;
  };
  std::vector<Holder> holders;
};

struct SummaryLine {
  std::uint64_t hits = 0, holders = 0, ms = 0, messages = 0, answers = 0, neighbors = 0;
  std::uint64_t asked = 0, cost = 0;                     // peers, and copies of the question in all, as far as it is known
  std::uint64_t coverage = 0, least = 0, most = 1000;  // of the network, in thousandths
  std::vector<std::string> dropped{};                    // words that were left out in the end
};

struct WishLine {
  std::uint64_t id = 0, found = 0, fresh = 0;
  std::string text;
};

struct SourceLine {
  std::string endpoint;
  std::uint64_t bytes = 0;
};

/// Of a fetch (bytes, size), of a scan (files, of, bytes), of an import (rows) or of work on the index (done, of).
struct ProgressLine {
  std::uint64_t bytes = 0, size = 0, files = 0, of = 0, rows = 0, done = 0;
  std::vector<SourceLine> sources;
};

struct DoneLine {
  std::string file, path, content;
  bool verified = false;
  std::uint64_t bytes = 0, ms = 0, tracks = 0, files = 0, symlinks = 0, failed = 0, removed = 0, rows = 0, skipped = 0,
                copies = 0;
  std::vector<SourceLine> sources;
};

struct IndexLine {
  std::string task, path, refusal, trouble;
  std::uint64_t tracks = 0, skipped = 0, unreadable = 0, ms = 0, terms = 0, bytes_on_disk = 0, table_bytes = 0,
                table_files = 0, log_bytes = 0, memory_bytes = 0, disk_limit = 0, bytes_added = 0, bytes_flushed = 0,
                bytes_compacted = 0, syncs = 0, stalled_us = 0;
  bool paused = false;
};

/// Where a page of a share ended.
struct PageLine {
  std::uint64_t next = 0, shared = 0;
};
PageLine page_from(std::string_view line);

struct StatusLine {
  std::string version, role, self, invitation, key, endpoint, http;
  std::uint64_t neighbors = 0, passive = 0, links = 0, contacts = 0, uptime_ms = 0, tracks = 0, terms = 0,
                index_bytes = 0, shares = 0;
  std::uint64_t queries_in = 0, queries_out = 0, duplicates = 0, hits_relayed = 0, malformed = 0, unknown = 0,
                fetches = 0, network_peers = 0, digests = 0, standing = 0;
  std::uint64_t scan_files = 0, scan_of = 0, scan_bytes = 0;
  bool scanning = false, index_paused = false;
  std::string index_trouble, index_moved_aside;
};

struct PeerLine {
  std::string key, endpoint, agent;
  bool neighbor = false, inbound = false;
  std::uint64_t connected_ms = 0, bytes_in = 0, bytes_out = 0, frames_in = 0, frames_out = 0;
  double score = 0;
  std::string deeds;  // "useful 3, over-rate 12"
};

struct ShareLine {
  std::string path;
  std::uint64_t tracks = 0;
};

HitLine hit_from(std::string_view line);
SummaryLine summary_from(std::string_view line);
WishLine wish_line_from(std::string_view line);
ProgressLine progress_from(std::string_view line);
DoneLine done_from(std::string_view line);
StatusLine status_from(std::string_view line);
IndexLine index_from(std::string_view line);
PeerLine peer_from(std::string_view line);
ShareLine share_from(std::string_view line);
Error error_from(std::string_view line);
/// The address in an answer that has one; empty: none.
std::string url_from(std::string_view line);
/// A content that is open for playing. `url`: where a player finds it; empty: nowhere, its bytes must be poured.
struct PlayLine {
  std::string content, url;
  std::uint64_t bytes = 0, size = 0;  // here, of all
  std::vector<SourceLine> sources;
};
PlayLine play_from(std::string_view line);

/// Bodies of requests.
/// Links as the invitation gives them.
std::string join_body(const std::vector<std::string>& links);
std::string browse_body(const std::string& peer, std::uint64_t from);
std::string invitation_line(std::string_view link);
std::string wish_body(const std::string& text);
/// `content`: only who holds this one; empty: everything.
std::string search_body(const SearchRequest& request);
/// What and from whom; texts that are empty are left out.
struct FetchWish {
  std::string content, title, artist, codec, out;
  std::vector<std::string> providers;
};
/// The wish for a row, from all of its holders that serve streams.
FetchWish wish_for(const HitLine& hit);
std::string fetch_body(const FetchWish& wish);
std::string path_body(const std::string& path);
std::string index_body(std::string_view task, const std::string& path, std::uint64_t skip, std::uint64_t limit);
std::string import_body(const std::string& path, std::uint64_t skip, std::uint64_t limit);

/// Lines that the command line itself writes.
std::string error_line(const Error& error);
std::string verified_line(std::string_view content, std::string_view file);
std::string live_line(std::string_view id, std::string_view name);
std::string version_line(std::string_view version);
std::string help_line(std::string_view topic, std::string_view text);

}  // namespace earshot::cli
