// Lines, written.
#include "tools/node/api_json.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "tools/node/json_line.h"

namespace earshot::node::json {

using nlohmann::ordered_json;

namespace {

constexpr std::array<std::string_view, 10> kCodeNames = {"invalid",   "not_found",  "unreachable", "denied",
                                                         "timed_out", "stopped",    "corrupt",     "disk",
                                                         "exhausted", "unsupported"};

ordered_json holder(const Contact& contact) {
  ordered_json value = {{"key", to_string(contact.key)}, {"endpoint", to_string(contact.endpoint)}};
  if (contact.stream_port != 0) value["stream"] = to_string(contact.stream_endpoint());
  return value;
}

void put_track(ordered_json& value, const Track& track) {
  value["content"] = to_string(track.content);
  value["title"] = track.title;
  value["artist"] = track.artist;
  value["album"] = track.album;
  value["genre"] = track.genre;
  value["year"] = track.year;
  value["duration_ms"] = track.duration_ms;
  value["codec"] = to_string(track.codec);
  value["bitrate_kbps"] = track.bitrate_kbps;
  value["size_bytes"] = track.size_bytes;
  value["kind"] = to_string(track.kind);
  if (!track.licence.empty()) value["licence"] = track.licence;
  if (!track.publisher.empty()) value["publisher"] = track.publisher;
}

void put_hit(ordered_json& value, const HitRow& row) {
  put_track(value, row.track);
  value["holders"] = ordered_json::array();
  for (const Contact& contact : row.holders) value["holders"].push_back(holder(contact));
  value["hops"] = row.hops;
  value["ms"] = row.ms;
  value["score"] = row.score;
  value["recording"] = to_string(row.recording.value_or(row.track.content));
}

ordered_json sources_of(const std::vector<stream::Source>& sources) {
  ordered_json list = ordered_json::array();
  for (const stream::Source& source : sources) {
    list.push_back({{"endpoint", to_string(source.endpoint)}, {"bytes", source.bytes}, {"banned", source.banned}});
  }
  return list;
}

}  // namespace

std::string hit(const HitRow& row) {
  ordered_json value = line_of_type("hit");
  put_hit(value, row);
  return written(value);
}

std::string summary(const Summary& summary) {
  ordered_json value = line_of_type("summary");
  value["hits"] = summary.hits;
  value["holders"] = summary.holders;
  value["ms"] = summary.ms;
  value["messages"] = summary.messages;
  value["answers"] = summary.answers;
  value["neighbors"] = summary.neighbors;
  value["asked"] = summary.asked;
  value["cost"] = summary.cost;
  value["coverage"] = {{"permille", summary.coverage.permille},
                       {"least", summary.coverage.least},
                       {"most", summary.coverage.most}};
  value["dropped"] = summary.dropped;
  return written(value);
}

std::string wish(const Wishes::Row& row) {
  ordered_json value = line_of_type("wish");
  value["id"] = row.id;
  value["text"] = row.text;
  value["added"] = row.added;
  value["found"] = row.found;
  value["fresh"] = row.fresh;
  return written(value);
}

std::string wish_hit(std::uint64_t wish, const HitRow& row) {
  ordered_json value = line_of_type("wish_hit");
  value["wish"] = wish;
  put_hit(value, row);
  return written(value);
}

std::string status(const StatusReport& report) {
  const NodeStatus& node = report.node;
  ordered_json value = line_of_type("status");
  value["version"] = report.version;
  value["role"] = report.role;
  value["self"] = to_string(node.self);
  value["invitation"] = to_string(report.invitation);
  value["key"] = to_string(node.self.key);
  value["endpoint"] = to_string(node.self.endpoint);
  value["stream_port"] = node.self.stream_port;
  value["http"] = report.http.port == 0 ? "" : to_string(report.http);
  value["uptime_ms"] = node.uptime / 1ms;
  value["neighbors"] = node.neighbors;
  value["passive"] = node.passive;
  value["links"] = node.links;
  value["contacts"] = node.contacts;
  value["open_queries"] = node.open_queries;
  value["queries_in"] = node.queries_in;
  value["queries_out"] = node.queries_out;
  value["duplicates"] = node.duplicates;
  value["hits_relayed"] = node.hits_relayed;
  value["malformed"] = node.malformed;
  value["unknown"] = node.unknown;
  value["network_peers"] = node.network.peers;
  value["digests"] = node.digests.digests;
  value["standing"] = node.digests.standing;
  value["tracks"] = report.index.tracks;
  value["terms"] = report.index.terms;
  value["index_bytes"] = report.index.bytes_on_disk;
  value["index_paused"] = report.storage.is_paused;
  value["index_trouble"] = report.storage.trouble;
  value["index_moved_aside"] = report.moved_aside.string();
  value["shares"] = report.shares;
  value["scanning"] = report.scanning;
  if (report.scan) value["scan"] = {{"files", report.scan->files}, {"of", report.scan->of}, {"bytes", report.scan->bytes}};
  value["fetches"] = report.fetches;
  value["user"] = report.user;
  value["published"] = report.published.string();
  value["routes"] = report.routes;
  return written(value);
}

std::string peer(const PeerRow& row) {
  ordered_json value = line_of_type("peer");
  value["contact"] = to_string(row.contact);
  value["key"] = to_string(row.contact.key);
  value["endpoint"] = to_string(row.contact.endpoint);
  value["stream_port"] = row.contact.stream_port;
  value["agent"] = row.agent;
  value["neighbor"] = row.neighbor;
  value["inbound"] = row.inbound;
  value["connected_ms"] = row.connected / 1ms;
  value["bytes_in"] = row.bytes_in;
  value["bytes_out"] = row.bytes_out;
  value["frames_in"] = row.frames_in;
  value["frames_out"] = row.frames_out;
  value["dropped"] = row.dropped;
  value["score"] = row.score;
  value["deeds"] = ordered_json::object();
  for (const auto& [deed, times] : row.deeds) value["deeds"][std::string(deed)] = times;
  return written(value);
}

std::string share(const ShareRow& row) {
  ordered_json value = line_of_type("share");
  value["path"] = row.path.string();
  value["tracks"] = row.tracks;
  return written(value);
}

std::string scan_progress(const ScanProgress& progress) {
  ordered_json value = line_of_type("progress");
  value["files"] = progress.files;
  value["of"] = progress.of;
  value["bytes"] = progress.bytes;
  value["file"] = progress.file.string();
  return written(value);
}

std::string scan_done(const ScanReport& report) {
  ordered_json value = line_of_type("done");
  value["path"] = report.path.string();
  value["files"] = report.files;
  value["tracks"] = report.tracks;
  value["other_files"] = report.other_files;
  value["symlinks"] = report.symlinks;
  value["failed"] = report.failed;
  value["removed"] = report.removed;
  value["unchanged"] = report.unchanged;
  value["moved"] = report.moved;
  value["retagged"] = report.retagged;
  value["copies"] = report.copies;
  value["bytes"] = report.bytes;
  value["complete"] = report.complete;
  return written(value);
}

std::string index_progress(const IndexProgress& progress) {
  ordered_json value = line_of_type("progress");
  value["done"] = progress.done;
  value["of"] = progress.of;
  return written(value);
}

std::string index_done(const IndexDone& done) {
  const auto row = std::find_if(kIndexTasks.begin(), kIndexTasks.end(), [&](const auto& known) { return known.task == done.task; });
  const index::Storage& storage = done.storage;
  ordered_json value = line_of_type("done");
  value["task"] = row->name;
  value["tracks"] = done.tracks;
  value["skipped"] = done.skipped;
  value["unreadable"] = done.unreadable;
  value["ms"] = done.ms;
  value["path"] = done.path.string();
  value["refusal"] = done.refusal;
  value["terms"] = done.stats.terms;
  value["bytes_on_disk"] = storage.bytes_on_disk;
  value["table_bytes"] = storage.table_bytes;
  value["table_files"] = storage.table_files;
  value["log_bytes"] = storage.log_bytes;
  value["memory_bytes"] = storage.memory_bytes;
  value["disk_limit"] = storage.disk_limit;
  value["bytes_added"] = storage.bytes_added;
  value["bytes_flushed"] = storage.bytes_flushed;
  value["bytes_compacted"] = storage.bytes_compacted;
  value["syncs"] = storage.syncs;
  value["stalled_us"] = storage.stalled_us;
  value["paused"] = storage.is_paused;
  value["trouble"] = storage.trouble;
  return written(value);
}

std::string import_progress(std::uint64_t rows) {
  ordered_json value = line_of_type("progress");
  value["rows"] = rows;
  return written(value);
}

std::string import_done(std::uint64_t rows, std::uint64_t skipped) {
  ordered_json value = line_of_type("done");
  value["rows"] = rows;
  value["skipped"] = skipped;
  return written(value);
}

std::string fetch_progress(const stream::Status& status) {
  ordered_json value = line_of_type("progress");
  value["bytes"] = status.verified;
  value["size"] = status.size;
  value["sources"] = sources_of(status.sources);
  return written(value);
}

std::string fetch_done(const FetchDone& done) {
  ordered_json value = line_of_type("done");
  value["content"] = to_string(done.content);
  value["file"] = done.file.string();
  value["bytes"] = done.bytes;
  value["ms"] = done.ms;
  value["sources"] = sources_of(done.sources);
  value["title"] = done.track.title;
  value["artist"] = done.track.artist;
  value["verified"] = true;
  return written(value);
}

std::string link(std::string_view url, Duration time) {
  ordered_json value = line_of_type("link");
  value["url"] = url;
  value["valid_ms"] = time / 1ms;
  return written(value);
}

std::string session(std::string_view secret, std::string_view role) {
  ordered_json value = line_of_type("session");
  value["token"] = secret;
  value["user"] = role;
  return written(value);
}

std::string radio(const Endpoint& listen, std::string_view password) {
  ordered_json value = line_of_type("radio");
  value["listen"] = to_string(listen);
  value["user"] = "source";
  value["password"] = password;
  return written(value);
}

std::string station(const Radio::Row& row, const Endpoint& listen) {
  ordered_json value = line_of_type("station");
  value["name"] = row.name;
  value["title"] = row.title;
  value["media"] = row.type;
  value["on_air"] = row.on_air;
  value["listeners"] = row.listeners;
  value["bytes_in"] = row.bytes_in;
  value["bytes_out"] = row.bytes_out;
  value["url"] = "http://" + to_string(listen) + "/live/" + row.name;
  return written(value);
}

std::string publisher(const Publishers::Row& row, std::string_view art, std::string_view feed) {
  ordered_json value = line_of_type("publisher");
  value["key"] = to_string(row.about.publisher);
  value["name"] = row.about.name;
  value["text"] = row.about.text;
  value["language"] = row.about.language;
  value["licence"] = row.about.licence;
  value["link"] = row.about.link;
  value["art"] = art;
  value["version"] = row.about.version;
  value["updated"] = row.about.updated;
  value["items"] = row.items;
  value["held"] = row.held;
  value["holders"] = row.holders;
  value["mine"] = row.mine;
  value["mirror"] = row.mirror;
  value["feed"] = feed;
  return written(value);
}

std::string item(const CatalogueItem& item, std::string_view art) {
  ordered_json value = line_of_type("item");
  value["content"] = to_string(item.content);
  value["kind"] = to_string(item.kind);
  value["title"] = item.title;
  value["text"] = item.text;
  value["licence"] = item.licence;
  value["art"] = art;
  value["published"] = item.published;
  value["duration_ms"] = item.duration_ms;
  value["size_bytes"] = item.size_bytes;
  value["codec"] = to_string(item.codec);
  value["guid"] = item.guid;
  value["stream"] = item.stream;
  return written(value);
}

std::string playlist(std::string_view format, std::string_view text) {
  ordered_json value = line_of_type("playlist");
  value["format"] = format;
  value["text"] = text;
  return written(value);
}

std::string user(std::string_view name, UserRole role) {
  ordered_json value = line_of_type("user");
  value["name"] = name;
  value["role"] = to_string(role);
  return written(value);
}

std::string upload(std::uint64_t upload, const Uploads::State& state) {
  ordered_json value = line_of_type("upload");
  value["id"] = upload;
  value["received"] = state.received;
  value["file"] = state.file ? state.file->string() : "";
  return written(value);
}

std::string play(const ContentId& content, const Track& track, const stream::Status& status, std::string_view url) {
  ordered_json value = line_of_type("play");
  value["content"] = to_string(content);
  value["title"] = track.title;
  value["artist"] = track.artist;
  value["bytes"] = status.verified;
  value["size"] = status.size;
  value["sources"] = sources_of(status.sources);
  value["url"] = url;
  return written(value);
}

std::string browse_done(std::uint32_t from, const SharePage& page) {
  ordered_json value = line_of_type("done");
  value["from"] = from;
  value["next"] = page.next;
  value["shared"] = page.shared;
  return written(value);
}

std::string done(std::string_view what) {
  ordered_json value = line_of_type("done");
  value["what"] = what;
  return written(value);
}

std::string error(const Error& error) {
  ordered_json value = line_of_type("error");
  value["code"] = name_of(error.code);
  value["what"] = error.what;
  return written(value);
}

std::string_view name_of(ErrorCode code) {
  const auto number = static_cast<std::size_t>(code);
  return number < kCodeNames.size() ? kCodeNames[number] : kCodeNames[0];
}

ErrorCode code_named(std::string_view name) {
  const auto found = std::find(kCodeNames.begin(), kCodeNames.end(), name);
  return found == kCodeNames.end() ? ErrorCode::kInvalid : static_cast<ErrorCode>(found - kCodeNames.begin());
}

}  // namespace earshot::node::json
