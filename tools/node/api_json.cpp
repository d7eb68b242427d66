// Bodies in, lines out.
#include "tools/node/api_json.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>

#include "overlay/search/strategy.h"
#include "tools/node/json_line.h"

namespace earshot::node::json {

using nlohmann::ordered_json;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxContacts = 64;
constexpr std::size_t kMaxProviders = 64;
constexpr std::uint64_t kMostRows = std::uint64_t{1} << 40;

constexpr std::array<std::string_view, 10> kCodeNames = {"invalid",   "not_found",  "unreachable", "denied",
                                                         "timed_out", "stopped",    "corrupt",     "disk",
                                                         "exhausted", "unsupported"};

Result<ordered_json> object_from(std::string_view body, std::initializer_list<std::string_view> fields) {
  ordered_json value = ordered_json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) return fail(ErrorCode::kInvalid, "the body is not JSON");
  if (!value.is_object()) return fail(ErrorCode::kInvalid, "the body is not a JSON object");
  for (const auto& [key, member] : value.items()) {
    if (std::find(fields.begin(), fields.end(), key) == fields.end()) {
      return fail(ErrorCode::kInvalid, "unknown field '{}'", clip_utf8(key, 64));
    }
  }
  return value;
}

Result<std::string> text_in(const ordered_json& object, const char* field) {
  const auto found = object.find(field);
  if (found == object.end() || !found->is_string()) return fail(ErrorCode::kInvalid, "'{}' must be a text", field);
  auto text = found->get<std::string>();
  if (text.find('\0') != std::string::npos) return fail(ErrorCode::kInvalid, "'{}' has a NUL in it", field);
  return text;
}

Result<std::uint64_t> number_in(const ordered_json& object, const char* field, std::uint64_t fallback,
                                std::uint64_t most) {
  const auto found = object.find(field);
  if (found == object.end()) return fallback;
  if (!found->is_number_unsigned() || found->get<std::uint64_t>() > most) {
    return fail(ErrorCode::kInvalid, "'{}' must be a whole number in 0..{}", field, most);
  }
  return found->get<std::uint64_t>();
}

Result<std::vector<std::string>> texts_in(const ordered_json& object, const char* field, std::size_t most) {
  std::vector<std::string> texts;
  const auto found = object.find(field);
  if (found == object.end()) return texts;
  if (!found->is_array() || found->size() > most) {
    return fail(ErrorCode::kInvalid, "'{}' must be a list of at most {} texts", field, most);
  }
  for (const auto& element : *found) {
    if (!element.is_string()) return fail(ErrorCode::kInvalid, "'{}' must be a list of texts", field);
    texts.push_back(element.get<std::string>());
  }
  return texts;
}

Result<fs::path> path_in(const ordered_json& object, const char* field) {
  auto text = text_in(object, field);
  if (!text) return tl::unexpected(text.error());
  fs::path path(*text);
  if (!path.is_absolute()) return fail(ErrorCode::kInvalid, "'{}' must be an absolute path", field);
  return path;
}

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
}

ordered_json sources_of(const std::vector<stream::Source>& sources) {
  ordered_json list = ordered_json::array();
  for (const stream::Source& source : sources) {
    list.push_back({{"endpoint", to_string(source.endpoint)}, {"bytes", source.bytes}, {"banned", source.banned}});
  }
  return list;
}

}  // namespace

Result<SearchOrder> search_from(std::string_view body) {
  const auto value = object_from(body, {"text", "limit", "strategy", "ttl", "walkers", "time_ms", "relax", "content"});
  if (!value) return tl::unexpected(value.error());
  SearchOrder order;
  SearchRequest& request = order.request;
  auto text = text_in(*value, "text");
  if (!text) return tl::unexpected(text.error());
  request.text = std::move(*text);
  const auto limit = number_in(*value, "limit", request.limit, std::numeric_limits<std::uint16_t>::max());
  const auto ttl = number_in(*value, "ttl", 0, std::numeric_limits<std::uint16_t>::max());
  const auto walkers = number_in(*value, "walkers", 0, std::numeric_limits<std::uint8_t>::max());
  const auto time = number_in(*value, "time_ms", limits::kDefaultQueryTime / 1ms, limits::kMaxQueryTime / 1ms);
  for (const auto* number : {&limit, &ttl, &walkers, &time}) {
    if (!*number) return tl::unexpected(number->error());
  }
  request.limit = static_cast<std::uint16_t>(*limit);
  request.ttl = static_cast<std::uint16_t>(*ttl);
  request.walkers = static_cast<std::uint8_t>(*walkers);
  request.time = std::chrono::milliseconds(*time);
  if (value->contains("strategy")) {
    const auto strategy = text_in(*value, "strategy");
    const overlay::StrategyEntry* const entry = strategy ? overlay::strategy_named(*strategy) : nullptr;
    if (entry == nullptr) return fail(ErrorCode::kInvalid, "'strategy' must be one of {}", overlay::strategy_names());
    request.strategy = entry->kind;
  }
  if (const auto relax = value->find("relax"); relax != value->end()) {
    if (!relax->is_boolean()) return fail(ErrorCode::kInvalid, "'relax' must be true or false");
    order.relax = relax->get<bool>();
  }
  if (value->contains("content")) {
    const auto text_of_id = text_in(*value, "content");
    if (!text_of_id) return tl::unexpected(text_of_id.error());
    const auto content = content_id_from(*text_of_id);
    if (!content) return fail_in("'content'", content.error());
    order.content = *content;
    order.relax = false;
  }
  if (auto valid = validate(request); !valid) return tl::unexpected(valid.error());
  return order;
}

Result<std::string> wish_from(std::string_view body) {
  const auto value = object_from(body, {"text"});
  if (!value) return tl::unexpected(value.error());
  return text_in(*value, "text");
}

Result<FetchOrder> fetch_from(std::string_view body) {
  const auto value = object_from(body, {"content", "providers", "out", "title", "artist", "codec"});
  if (!value) return tl::unexpected(value.error());
  FetchOrder order;
  const auto text = text_in(*value, "content");
  if (!text) return tl::unexpected(text.error());
  const auto content = content_id_from(*text);
  if (!content) return fail_in("'content'", content.error());
  order.content = *content;
  const auto providers = texts_in(*value, "providers", kMaxProviders);
  if (!providers) return tl::unexpected(providers.error());
  for (const std::string& provider : *providers) {
    const auto endpoint = endpoint_from(provider);
    if (!endpoint) return fail_in("'providers'", endpoint.error());
    order.providers.push_back(*endpoint);
  }
  if (value->contains("out")) {
    auto out = path_in(*value, "out");
    if (!out) return tl::unexpected(out.error());
    order.out = std::move(*out);
  }
  std::string codec;
  for (const auto& [field, to] :
       {std::pair{"title", &order.named.title}, {"artist", &order.named.artist}, {"codec", &codec}}) {
    if (!value->contains(field)) continue;
    auto named = text_in(*value, field);
    if (!named) return tl::unexpected(named.error());
    *to = std::move(*named);
  }
  order.named.codec = codec_from(codec);
  order.named = tidied(std::move(order.named));
  return order;
}

Result<fs::path> share_from(std::string_view body) {
  const auto value = object_from(body, {"path"});
  if (!value) return tl::unexpected(value.error());
  return path_in(*value, "path");
}

Result<ImportOrder> import_from(std::string_view body) {
  const auto value = object_from(body, {"path", "skip", "limit"});
  if (!value) return tl::unexpected(value.error());
  auto path = path_in(*value, "path");
  if (!path) return tl::unexpected(path.error());
  const auto skip = number_in(*value, "skip", 0, kMostRows);
  if (!skip) return tl::unexpected(skip.error());
  const auto limit = number_in(*value, "limit", 0, kMostRows);
  if (!limit) return tl::unexpected(limit.error());
  return ImportOrder{std::move(*path), *skip, *limit};
}

Result<IndexOrder> index_order_from(std::string_view body) {
  const auto value = object_from(body, {"task", "path", "skip", "limit"});
  if (!value) return tl::unexpected(value.error());
  const auto name = text_in(*value, "task");
  if (!name) return tl::unexpected(name.error());
  const auto row = std::find_if(kIndexTasks.begin(), kIndexTasks.end(), [&](const auto& known) { return known.name == *name; });
  if (row == kIndexTasks.end()) return fail(ErrorCode::kInvalid, "'task' '{}' is not known", clip_utf8(*name, 64));
  IndexOrder order{row->task, {}, 0, 0};
  if (row->takes_path) {
    auto path = path_in(*value, "path");
    if (!path) return tl::unexpected(path.error());
    order.path = std::move(*path);
  }
  const auto skip = number_in(*value, "skip", 0, kMostRows);
  if (!skip) return tl::unexpected(skip.error());
  const auto limit = number_in(*value, "limit", 0, kMostRows);
  if (!limit) return tl::unexpected(limit.error());
  order.skip = *skip;
  order.limit = *limit;
  return order;
}

Result<std::vector<Contact>> join_from(std::string_view body) {
  const auto value = object_from(body, {"contacts"});
  if (!value) return tl::unexpected(value.error());
  const auto texts = texts_in(*value, "contacts", kMaxContacts);
  if (!texts) return tl::unexpected(texts.error());
  if (texts->empty()) return fail(ErrorCode::kInvalid, "'contacts' must name at least one node");
  std::vector<Contact> contacts;
  for (const std::string& text : *texts) {
    const auto contact = contact_from(text);
    if (!contact) return fail_in("'contacts'", contact.error());
    contacts.push_back(*contact);
  }
  return contacts;
}

Result<SessionOrder> session_from(std::string_view body) {
  const auto value = object_from(body, {"link", "user", "password"});
  if (!value) return tl::unexpected(value.error());
  SessionOrder order;
  if (value->contains("link")) {
    if (value->size() != 1) return fail(ErrorCode::kInvalid, "'link' stands alone");
    auto link = text_in(*value, "link");
    if (!link) return tl::unexpected(link.error());
    order.link = std::move(*link);
    return order;
  }
  for (const auto& [field, to] : {std::pair{"user", &order.user}, {"password", &order.password}}) {
    auto text = text_in(*value, field);
    if (!text) return tl::unexpected(text.error());
    *to = std::move(*text);
  }
  return order;
}

Result<UserOrder> user_from(std::string_view body) {
  const auto value = object_from(body, {"name", "role", "password"});
  if (!value) return tl::unexpected(value.error());
  UserOrder order;
  std::string role;
  for (const auto& [field, to] : {std::pair{"name", &order.name}, {"role", &role}, {"password", &order.password}}) {
    auto text = text_in(*value, field);
    if (!text) return tl::unexpected(text.error());
    *to = std::move(*text);
  }
  if (role != "owner" && role != "guest") return fail(ErrorCode::kInvalid, "'role' must be \"owner\" or \"guest\"");
  order.role = role == "owner" ? UserRole::kOwner : UserRole::kGuest;
  return order;
}

Result<UploadOrder> upload_from(std::string_view body) {
  const auto value = object_from(body, {"name", "size"});
  if (!value) return tl::unexpected(value.error());
  auto name = text_in(*value, "name");
  if (!name) return tl::unexpected(name.error());
  const auto size = number_in(*value, "size", 0, std::numeric_limits<std::uint64_t>::max());
  if (!size) return tl::unexpected(size.error());
  return UploadOrder{std::move(*name), *size};
}

Result<SocketMessage> socket_message_from(std::string_view text) {
  const auto value = object_from(text, {"id", "method", "path", "body", "cancel"});
  if (!value) return tl::unexpected(value.error());
  SocketMessage message;
  const auto id = number_in(*value, "id", 0, std::numeric_limits<std::uint32_t>::max());
  if (!id) return tl::unexpected(id.error());
  message.id = *id;
  if (const auto cancel = value->find("cancel"); cancel != value->end()) {
    if (*cancel != true || value->size() != 2) return fail(ErrorCode::kInvalid, "'cancel' stands beside 'id' and is true");
    message.cancel = true;
    return message;
  }
  auto method = text_in(*value, "method");
  if (!method) return tl::unexpected(method.error());
  auto path = text_in(*value, "path");
  if (!path) return tl::unexpected(path.error());
  message.request.method = std::move(*method);
  message.request.target = std::move(*path);
  message.request.content_type = "application/json";
  if (const auto body = value->find("body"); body != value->end()) message.request.body = written(*body);
  return message;
}

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
