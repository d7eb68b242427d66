// The API's answers as JSON, one object per line. nlohmann::json stays inside api_json.cpp. Every object has "v" (the
// version, 1) and "type". What is asked is read by api_orders.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "index/index.h"
#include "schema/endpoint.h"
#include "schema/result.h"
#include "schema/search.h"
#include "schema/track.h"
#include "stream/engine.h"
#include "tools/node/api_access.h"
#include "tools/node/fetches.h"
#include "tools/node/index_order.h"
#include "tools/node/node.h"
#include "tools/node/publishers.h"
#include "tools/node/radio.h"
#include "tools/node/scanner.h"
#include "tools/node/uploads.h"
#include "tools/node/wishes.h"

namespace earshot::node::json {

/// One content as far as a search knows it: a later row of the same content has more holders and replaces it.
struct HitRow {
  Track track;
  std::vector<Contact> holders;
  std::uint16_t hops = 0;  // to the nearest holder
  std::int64_t ms = 0;     // from the question to the first holder
  std::uint32_t score = 0;
  std::optional<ContentId> recording;  // the content of the first row that is the same recording; none: this one
};

std::string hit(const HitRow& row);

struct Summary {
  std::uint64_t hits = 0;      // different contents
  std::uint64_t holders = 0;   // different nodes
  std::uint64_t messages = 0;  // copies of the query that this node sent
  std::uint64_t answers = 0;   // messages with hits that came back
  std::uint64_t neighbors = 0;
  std::int64_t ms = 0;
  std::uint64_t asked = 0;      // peers that the question was meant to reach
  std::uint64_t cost = 0;       // copies of it that anybody sent, an estimate
  std::vector<std::string> dropped;  // words that were left out of the question in the end
  overlay::Coverage coverage;   // the share of the network that the answer speaks for
};

std::string summary(const Summary& summary);

/// The end of a page of a share that was asked for from this place on.
std::string browse_done(std::uint32_t from, const SharePage& page);

struct StatusReport {
  NodeStatus node;
  Contact invitation;  // what others join through
  std::string version;
  std::string role;  // "node", "index" or "light"
  Endpoint http;     // port 0: no loopback listener
  index::Stats index;
  index::Storage storage;
  std::filesystem::path moved_aside;  // where a damaged index went when the node started; empty: nowhere
  std::uint64_t shares = 0;
  bool scanning = false;
  std::optional<ScanProgress> scan;
  std::uint64_t fetches = 0;
  std::string_view user;             // what the caller is: "owner" or "guest"
  std::filesystem::path published;   // where files that a page brings are kept
  std::vector<std::string> routes;   // that the caller may ask for
};

std::string status(const StatusReport& report);
std::string peer(const PeerRow& row);
std::string share(const ShareRow& row);
std::string scan_progress(const ScanProgress& progress);
std::string scan_done(const ScanReport& report);
std::string index_progress(const IndexProgress& progress);
std::string index_done(const IndexDone& done);
std::string import_progress(std::uint64_t rows);
std::string import_done(std::uint64_t rows, std::uint64_t skipped);

std::string fetch_progress(const stream::Status& status);
std::string fetch_done(const FetchDone& done);
std::string link(std::string_view url, Duration time);
std::string session(std::string_view secret, std::string_view role);
std::string radio(const Endpoint& listen, std::string_view password);
std::string station(const Radio::Row& row, const Endpoint& listen);
std::string wish(const Wishes::Row& row);
std::string wish_hit(std::uint64_t wish, const HitRow& row);
/// `art` and `feed`: where players on this machine find them.
std::string publisher(const Publishers::Row& row, std::string_view art, std::string_view feed);
std::string item(const CatalogueItem& item, std::string_view art);
std::string playlist(std::string_view format, std::string_view text);
std::string user(std::string_view name, UserRole role);
std::string upload(std::uint64_t upload, const Uploads::State& state);
/// `url`: where players on this machine find it; empty when the node serves no HTTP.
std::string play(const ContentId& content, const Track& track, const stream::Status& status, std::string_view url);
std::string done(std::string_view what);
std::string error(const Error& error);

/// For scripts: "invalid", "not_found", ...
std::string_view name_of(ErrorCode code);
/// The reverse; kInvalid for a name that is not in the table.
ErrorCode code_named(std::string_view name);

}  // namespace earshot::node::json
