// Bodies, parsed once.
#include "tools/node/api_orders.h"

#include <algorithm>
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
constexpr std::size_t kMaxPlaylist = 500;
constexpr std::uint64_t kLastSecond = 253402300799;  // of the year 9999
constexpr std::uint64_t kMostRows = std::uint64_t{1} << 40;

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

Result<bool> switch_in(const ordered_json& object, const char* field, bool fallback) {
  const auto found = object.find(field);
  if (found == object.end()) return fallback;
  if (!found->is_boolean()) return fail(ErrorCode::kInvalid, "'{}' must be true or false", field);
  return found->get<bool>();
}

/// Those that are there.
Result<void> optional_texts(const ordered_json& object,
                            std::initializer_list<std::pair<const char*, std::string*>> fields) {
  for (const auto& [field, to] : fields) {
    if (!object.contains(field)) continue;
    auto text = text_in(object, field);
    if (!text) return tl::unexpected(text.error());
    *to = std::move(*text);
  }
  return {};
}

Result<fs::path> path_in(const ordered_json& object, const char* field) {
  auto text = text_in(object, field);
  if (!text) return tl::unexpected(text.error());
  fs::path path(*text);
  if (!path.is_absolute()) return fail(ErrorCode::kInvalid, "'{}' must be an absolute path", field);
  return path;
}

}  // namespace

Result<SearchOrder> search_from(std::string_view body) {
  const auto value = object_from(body, {"text", "limit", "strategy", "ttl", "walkers", "time_ms", "relax"});
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
  const auto relax = switch_in(*value, "relax", true);
  if (!relax) return tl::unexpected(relax.error());
  order.relax = *relax && !content_asked(request.text);
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
  if (text->starts_with("magnet:") || text->starts_with('/')) {
    order.link = *text;
  } else {
    const auto content = content_id_from(*text);
    if (!content) return fail_in("'content'", content.error());
    order.content = *content;
  }
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
  const auto named =
      optional_texts(*value, {{"title", &order.named.title}, {"artist", &order.named.artist}, {"codec", &codec}});
  if (!named) return tl::unexpected(named.error());
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

Result<BrowseOrder> browse_from(std::string_view body) {
  const auto value = object_from(body, {"peer", "from"});
  if (!value) return tl::unexpected(value.error());
  const auto text = text_in(*value, "peer");
  if (!text) return tl::unexpected(text.error());
  const auto from = number_in(*value, "from", 0, std::numeric_limits<std::uint32_t>::max());
  if (!from) return tl::unexpected(from.error());
  BrowseOrder order;
  order.from = static_cast<std::uint32_t>(*from);
  if (const auto key = digest_from_hex(*text)) {
    order.peer.key = NodeKey{*key};
    return order;
  }
  const auto contact = contact_from(*text);
  if (!contact) return fail_in("'peer' is no key, and", contact.error());
  order.peer = *contact;
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

Result<FollowOrder> follow_from(std::string_view body) {
  const auto value = object_from(body, {"key", "mirror"});
  if (!value) return tl::unexpected(value.error());
  const auto text = text_in(*value, "key");
  if (!text) return tl::unexpected(text.error());
  const auto key = publisher_key_from(*text);
  if (!key) return fail_in("'key'", key.error());
  const auto mirror = switch_in(*value, "mirror", false);
  if (!mirror) return tl::unexpected(mirror.error());
  return FollowOrder{*key, *mirror};
}

Result<Publishers::About> about_from(std::string_view body) {
  const auto value = object_from(body, {"name", "text", "language", "licence", "link", "guid", "art"});
  if (!value) return tl::unexpected(value.error());
  Publishers::About about;
  if (!value->contains("name")) return fail(ErrorCode::kInvalid, "'name' must be a text");
  const auto read = optional_texts(*value, {{"name", &about.name},
                                            {"text", &about.text},
                                            {"language", &about.language},
                                            {"licence", &about.licence},
                                            {"link", &about.link},
                                            {"guid", &about.guid}});
  if (!read) return tl::unexpected(read.error());
  if (value->contains("art")) {
    auto art = path_in(*value, "art");
    if (!art) return tl::unexpected(art.error());
    about.art = std::move(*art);
  }
  return about;
}

Result<ItemOrder> item_from(std::string_view body) {
  const auto value = object_from(body, {"content", "file", "kind", "title", "text", "licence", "published", "guid", "stream", "art"});
  if (!value) return tl::unexpected(value.error());
  ItemOrder order;
  CatalogueItem& item = order.item;
  std::string content, kind = "episode";
  const auto read = optional_texts(*value, {{"content", &content},
                                            {"kind", &kind},
                                            {"title", &item.title},
                                            {"text", &item.text},
                                            {"licence", &item.licence},
                                            {"guid", &item.guid},
                                            {"stream", &item.stream}});
  if (!read) return tl::unexpected(read.error());
  const auto known = kind_from(kind);
  if (!known || *known == Kind::kPublisher) return fail(ErrorCode::kInvalid, "'kind' must be track, episode or station");
  item.kind = *known;
  if (value->contains("file")) {
    auto file = path_in(*value, "file");
    if (!file) return tl::unexpected(file.error());
    order.file = std::move(*file);
  } else if (item.kind != Kind::kStation) {
    const auto id = content_id_from(content);
    if (!id) return fail_in("'content'", id.error());
    item.content = *id;
  }
  const auto published = number_in(*value, "published", 0, kLastSecond);
  if (!published) return tl::unexpected(published.error());
  item.published = static_cast<std::int64_t>(*published);
  if (value->contains("art")) {
    auto art = path_in(*value, "art");
    if (!art) return tl::unexpected(art.error());
    order.art = std::move(*art);
  }
  return order;
}

Result<PlaylistOrder> playlist_from(std::string_view body) {
  const auto value = object_from(body, {"format", "tracks"});
  if (!value) return tl::unexpected(value.error());
  const auto name = text_in(*value, "format");
  const auto format = name ? playlist_format_from(*name) : std::nullopt;
  if (!format) return fail(ErrorCode::kInvalid, "'format' must be m3u8 or xspf");
  PlaylistOrder order{*format, {}};
  const auto rows = value->find("tracks");
  if (rows == value->end() || !rows->is_array() || rows->size() > kMaxPlaylist)
    return fail(ErrorCode::kInvalid, "'tracks' must be a list of at most {} tracks", kMaxPlaylist);
  for (const auto& row : *rows) {
    const auto object = object_from(written(row), {"content", "title", "artist", "album", "duration_ms"});
    if (!object) return fail_in("'tracks'", object.error());
    Track track;
    std::string content;
    const auto read = optional_texts(
        *object, {{"content", &content}, {"title", &track.title}, {"artist", &track.artist}, {"album", &track.album}});
    if (!read) return fail_in("'tracks'", read.error());
    const auto id = content_id_from(content);
    if (!id) return fail_in("'tracks'", id.error());
    const auto length = number_in(*object, "duration_ms", 0, std::numeric_limits<std::uint32_t>::max());
    if (!length) return fail_in("'tracks'", length.error());
    track.content = *id;
    track.duration_ms = static_cast<std::uint32_t>(*length);
    order.tracks.push_back(tidied(std::move(track)));
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

}  // namespace earshot::node::json
