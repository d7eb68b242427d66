// Reading the node's JSON, forgivingly; writing requests, strictly.
#include "tools/cli/replies.h"

#include <nlohmann/json.hpp>

#include "overlay/search/strategy.h"
#include "tools/cli/json_fields.h"
#include "tools/node/api_json.h"
#include "tools/node/json_line.h"

namespace earshot::cli {

using nlohmann::ordered_json;

namespace {

std::vector<SourceLine> sources(const ordered_json& object) {
  std::vector<SourceLine> rows;
  const auto found = object.find("sources");
  if (found == object.end() || !found->is_array()) return rows;
  for (const auto& source : *found) {
    if (source.is_object()) rows.push_back({text(source, "endpoint"), number(source, "bytes")});
  }
  return rows;
}

}  // namespace

std::string type_of(std::string_view line) {
  return text(parsed(line), "type");
}

HitLine hit_from(std::string_view line) {
  const ordered_json value = parsed(line);
  HitLine hit;
  hit.content = text(value, "content");
  hit.title = text(value, "title");
  hit.artist = text(value, "artist");
  hit.album = text(value, "album");
  hit.codec = text(value, "codec");
  hit.kind = text(value, "kind");
  hit.publisher = text(value, "publisher");
  hit.year = number(value, "year");
  hit.duration_ms = number(value, "duration_ms");
  hit.size_bytes = number(value, "size_bytes");
  hit.hops = number(value, "hops");
  hit.ms = number(value, "ms");
  const auto holders = value.find("holders");
  if (holders == value.end() || !holders->is_array()) return hit;
  for (const auto& holder : *holders) {
    if (holder.is_object())
      hit.holders.push_back({text(holder, "key"), text(holder, "endpoint"), text(holder, "stream")});
  }
  return hit;
}

SummaryLine summary_from(std::string_view line) {
  const ordered_json value = parsed(line);
  SummaryLine summary;
  summary.hits = number(value, "hits");
  summary.holders = number(value, "holders");
  summary.ms = number(value, "ms");
  summary.messages = number(value, "messages");
  summary.answers = number(value, "answers");
  summary.neighbors = number(value, "neighbors");
  summary.asked = number(value, "asked");
  summary.cost = number(value, "cost");
  if (const auto coverage = value.find("coverage"); coverage != value.end() && coverage->is_object()) {
    summary.coverage = number(*coverage, "permille");
    summary.least = number(*coverage, "least");
    summary.most = number(*coverage, "most");
  }
  if (const auto dropped = value.find("dropped"); dropped != value.end() && dropped->is_array()) {
    for (const auto& word : *dropped) {
      if (word.is_string()) summary.dropped.push_back(word.get<std::string>());
    }
  }
  return summary;
}

WishLine wish_line_from(std::string_view line) {
  const ordered_json value = parsed(line);
  return {number(value, "id"), number(value, "found"), number(value, "fresh"), text(value, "text")};
}

ProgressLine progress_from(std::string_view line) {
  const ordered_json value = parsed(line);
  return {number(value, "bytes"), number(value, "size"), number(value, "files"), number(value, "of"),
          number(value, "rows"),  number(value, "done"), sources(value)};
}

DoneLine done_from(std::string_view line) {
  const ordered_json value = parsed(line);
  DoneLine done;
  done.file = text(value, "file");
  done.path = text(value, "path");
  done.content = text(value, "content");
  done.verified = yes(value, "verified");
  done.bytes = number(value, "bytes");
  done.ms = number(value, "ms");
  done.tracks = number(value, "tracks");
  done.files = number(value, "files");
  done.symlinks = number(value, "symlinks");
  done.failed = number(value, "failed");
  done.removed = number(value, "removed");
  done.rows = number(value, "rows");
  done.skipped = number(value, "skipped");
  done.copies = number(value, "copies");
  done.sources = sources(value);
  return done;
}

PageLine page_from(std::string_view line) {
  const ordered_json value = parsed(line);
  return {number(value, "next"), number(value, "shared")};
}

StatusLine status_from(std::string_view line) {
  const ordered_json value = parsed(line);
  StatusLine status;
  status.version = text(value, "version");
  status.role = text(value, "role");
  status.self = text(value, "self");
  status.invitation = text(value, "invitation");
  status.key = text(value, "key");
  status.endpoint = text(value, "endpoint");
  status.http = text(value, "http");
  status.neighbors = number(value, "neighbors");
  status.passive = number(value, "passive");
  status.links = number(value, "links");
  status.contacts = number(value, "contacts");
  status.uptime_ms = number(value, "uptime_ms");
  status.tracks = number(value, "tracks");
  status.terms = number(value, "terms");
  status.index_bytes = number(value, "index_bytes");
  status.shares = number(value, "shares");
  status.queries_in = number(value, "queries_in");
  status.queries_out = number(value, "queries_out");
  status.duplicates = number(value, "duplicates");
  status.hits_relayed = number(value, "hits_relayed");
  status.malformed = number(value, "malformed");
  status.unknown = number(value, "unknown");
  status.network_peers = number(value, "network_peers");
  status.digests = number(value, "digests");
  status.standing = number(value, "standing");
  status.fetches = number(value, "fetches");
  status.scanning = yes(value, "scanning");
  if (const auto scan = value.find("scan"); scan != value.end() && scan->is_object()) {
    status.scan_files = number(*scan, "files");
    status.scan_of = number(*scan, "of");
    status.scan_bytes = number(*scan, "bytes");
  }
  status.index_paused = yes(value, "index_paused");
  status.index_trouble = text(value, "index_trouble");
  status.index_moved_aside = text(value, "index_moved_aside");
  return status;
}

IndexLine index_from(std::string_view line) {
  const ordered_json value = parsed(line);
  IndexLine index;
  index.task = text(value, "task");
  index.path = text(value, "path");
  index.refusal = text(value, "refusal");
  index.trouble = text(value, "trouble");
  index.paused = yes(value, "paused");
  for (const auto& [field, to] : {std::pair{"tracks", &index.tracks},
                                  {"skipped", &index.skipped},
                                  {"unreadable", &index.unreadable},
                                  {"ms", &index.ms},
                                  {"terms", &index.terms},
                                  {"bytes_on_disk", &index.bytes_on_disk},
                                  {"table_bytes", &index.table_bytes},
                                  {"table_files", &index.table_files},
                                  {"log_bytes", &index.log_bytes},
                                  {"memory_bytes", &index.memory_bytes},
                                  {"disk_limit", &index.disk_limit},
                                  {"bytes_added", &index.bytes_added},
                                  {"bytes_flushed", &index.bytes_flushed},
                                  {"bytes_compacted", &index.bytes_compacted},
                                  {"syncs", &index.syncs},
                                  {"stalled_us", &index.stalled_us}}) {
    *to = number(value, field);
  }
  return index;
}

PeerLine peer_from(std::string_view line) {
  const ordered_json value = parsed(line);
  std::string deeds;
  const ordered_json counts = value.value("deeds", ordered_json::object());
  for (const auto& [deed, times] : counts.items()) {
    deeds += fmt::format("{}{} {}", deeds.empty() ? "" : ", ", deed, times.dump());
  }
  return {text(value, "key"),         text(value, "endpoint"),    text(value, "agent"),
          yes(value, "neighbor"),     yes(value, "inbound"),      number(value, "connected_ms"),
          number(value, "bytes_in"),  number(value, "bytes_out"), number(value, "frames_in"),
          number(value, "frames_out"), value.value("score", 0.0), std::move(deeds)};
}

ShareLine share_from(std::string_view line) {
  const ordered_json value = parsed(line);
  return {text(value, "path"), number(value, "tracks")};
}

Error error_from(std::string_view line) {
  const ordered_json value = parsed(line);
  const std::string what = text(value, "what");
  return {node::json::code_named(text(value, "code")), what.empty() ? "the node refused without saying why" : what};
}

std::string url_from(std::string_view line) {
  return text(parsed(line), "url");
}

PlayLine play_from(std::string_view line) {
  const ordered_json value = parsed(line);
  return {text(value, "content"), text(value, "url"), number(value, "bytes"), number(value, "size"), sources(value)};
}

std::string search_body(const SearchRequest& request) {
  ordered_json value = {{"text", request.text}, {"limit", request.limit}};
  value["strategy"] = overlay::strategies()[static_cast<std::size_t>(request.strategy)].name;
  value["ttl"] = request.ttl;
  value["walkers"] = request.walkers;
  value["time_ms"] = request.time / 1ms;
  return written(value);
}

std::string join_body(const std::vector<std::string>& links) {
  return written({{"contacts", links}});
}

std::string browse_body(const std::string& peer, std::uint64_t from) {
  return written({{"peer", peer}, {"from", from}});
}

std::string invitation_line(std::string_view link) {
  return written({{"v", 1}, {"type", "invitation"}, {"link", link}});
}

std::string wish_body(const std::string& text) {
  return written({{"text", text}});
}

FetchWish wish_for(const HitLine& hit) {
  FetchWish wish{hit.content, hit.title, hit.artist, hit.codec, "", {}};
  for (const HitLine::Holder& holder : hit.holders) {
    if (!holder.stream.empty()) wish.providers.push_back(holder.stream);
  }
  return wish;
}

std::string fetch_body(const FetchWish& wish) {
  ordered_json value = {{"content", wish.content}, {"providers", wish.providers}};
  const auto put = [&](const char* field, const std::string& text) {
    if (!text.empty()) value[field] = text;
  };
  put("title", wish.title);
  put("artist", wish.artist);
  put("codec", wish.codec);
  put("out", wish.out);
  return written(value);
}

std::string path_body(const std::string& path) {
  return written({{"path", path}});
}

std::string import_body(const std::string& path, std::uint64_t skip, std::uint64_t limit) {
  return written({{"path", path}, {"skip", skip}, {"limit", limit}});
}

std::string index_body(std::string_view task, const std::string& path, std::uint64_t skip, std::uint64_t limit) {
  ordered_json value = {{"task", task}, {"skip", skip}, {"limit", limit}};
  if (!path.empty()) value["path"] = path;
  return written(value);
}

std::string error_line(const Error& error) {
  return node::json::error(error);
}

std::string verified_line(std::string_view content, std::string_view file) {
  return written({{"v", 1}, {"type", "verified"}, {"content", content}, {"file", file}});
}

std::string live_line(std::string_view id, std::string_view name) {
  return written({{"v", 1}, {"type", "live"}, {"id", id}, {"name", name}});
}

std::string version_line(std::string_view version) {
  return written({{"v", 1}, {"type", "version"}, {"version", version}});
}

std::string help_line(std::string_view topic, std::string_view help) {
  return written({{"v", 1}, {"type", "help"}, {"topic", topic}, {"text", help}});
}

}  // namespace earshot::cli
