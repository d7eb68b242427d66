// What the API is asked, as JSON: bodies parsed once into types that cannot be wrong. nlohmann::json stays inside
// api_orders.cpp.
//
// Bodies are strict: an unknown field, a wrong type or a value out of range is kInvalid and names the field.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/endpoint.h"
#include "schema/result.h"
#include "schema/search.h"
#include "schema/track.h"
#include "tools/node/api_access.h"
#include "tools/node/index_order.h"
#include "tools/node/playlist.h"
#include "tools/node/publishers.h"

namespace earshot::node::json {

struct SearchOrder {
  SearchRequest request;
  bool relax = true;  // when nothing is found, the same with a word less; never for a content id
};

/// {"text", "limit"?, "strategy"?: as in overlay/search/strategy.cpp, "ttl"?, "walkers"?, "time_ms"?, "relax"?}
Result<SearchOrder> search_from(std::string_view body);

struct FetchOrder {
  ContentId content;
  std::string link;                 // instead of a content id: a magnet link, or the path of a .torrent
  std::vector<Endpoint> providers;  // where its streams are served
  std::filesystem::path out;        // file or existing folder; empty: the download folder
  Track named;                      // title, artist and codec for the file's name; empty: what this node knows
};

/// {"content": an id or a link, "providers"?: ["127.0.0.1:4041"], "out"?: absolute path, "title"?, "artist"?, "codec"?}
Result<FetchOrder> fetch_from(std::string_view body);

/// {"path"}: absolute.
Result<std::filesystem::path> share_from(std::string_view body);

struct ImportOrder {
  std::filesystem::path file;
  std::uint64_t skip = 0;   // rows not taken
  std::uint64_t limit = 0;  // rows taken at most; 0: all
};

/// {"path", "skip"?, "limit"?}: the path is absolute.
Result<ImportOrder> import_from(std::string_view body);

/// {"task": a name of kIndexTasks, "path"?, "skip"?, "limit"?}: the path is absolute, and there when the task takes one.
Result<IndexOrder> index_order_from(std::string_view body);

/// What one peer shares, from a place of his list on. The contact may be a key only.
struct BrowseOrder {
  Contact peer;
  std::uint32_t from = 0;
};

/// {"peer": a contact or a key, "from"?}
Result<BrowseOrder> browse_from(std::string_view body);

/// {"contacts": ["earshot://..."]}, 1 to 64 of them.
Result<std::vector<Contact>> join_from(std::string_view body);

struct SessionOrder {
  std::string link;            // the secret of a link, or
  std::string user, password;  // both
};

/// {"link"} or {"user", "password"}
Result<SessionOrder> session_from(std::string_view body);

/// {"text"}
Result<std::string> wish_from(std::string_view body);

struct FollowOrder {
  NodeKey key;
  bool mirror = false;
};

/// {"key", "mirror"?}
Result<FollowOrder> follow_from(std::string_view body);

/// {"name", "text"?, "language"?, "licence"?, "link"?, "guid"?, "art"?: absolute path of a picture}
Result<Publishers::About> about_from(std::string_view body);

struct ItemOrder {
  CatalogueItem item;
  std::filesystem::path file;  // instead of the content: a shared file that is it
  std::filesystem::path art;   // a picture; empty: none
};

/// {"content" or "file": absolute path, "kind"?, "title"?, "text"?, "licence"?, "published"?, "guid"?, "art"?}; a station has
/// "stream" instead.
Result<ItemOrder> item_from(std::string_view body);

struct PlaylistOrder {
  PlaylistFormat format = PlaylistFormat::kM3u8;
  std::vector<Track> tracks;
};

/// {"format": "m3u8"|"xspf", "tracks": [{"content", "title"?, "artist"?, "album"?, "duration_ms"?}]}
Result<PlaylistOrder> playlist_from(std::string_view body);

struct UserOrder {
  std::string name;
  UserRole role = UserRole::kGuest;
  std::string password;
};

/// {"name", "role": "owner"|"guest", "password"}
Result<UserOrder> user_from(std::string_view body);

struct UploadOrder {
  std::string name;  // of the file, as the browser gave it
  std::uint64_t size = 0;
};

/// {"name", "size"}
Result<UploadOrder> upload_from(std::string_view body);

struct SocketMessage {
  std::uint64_t id = 0;
  bool cancel = false;
  Request request;  // a call: method, target and body
};

/// A text from a page's WebSocket (socket_calls.h).
Result<SocketMessage> socket_message_from(std::string_view text);

}  // namespace earshot::node::json
