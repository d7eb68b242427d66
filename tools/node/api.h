// The HTTP API without HTTP: requests in, answers out, no sockets. The server (http_server) and the light node of the
// command line (tools/cli/client) both call it.
//
//   GET  /metrics           text for Prometheus (metrics.h)
//   GET  /api/v1/status     one object
//   GET  /api/v1/peers      lines: peer ..., done
//   GET  /api/v1/shares     lines: share ..., done
//   GET  /api/v1/cover?content=ID   the picture of a content that is shared here (covers.h)
//   GET  /content/ID        the bytes of a content, as they come (content_http.h); HEAD too
//   POST /api/v1/plays      {"content", ...}   one object: where a player finds it, and it is fetched ahead from then on
//   POST /api/v1/searches   {"text", ...}      lines: hit ... as they arrive, summary | error
//   POST /api/v1/fetches    {"content", ...}   lines: progress ..., done | error
//   POST /api/v1/shares     {"path"}           lines: progress ..., done | error
//   POST /api/v1/imports    {"path", ...}      lines: progress ..., done | error
//   POST /api/v1/index      {"task", ...}      lines: progress ..., done | error
//   POST /api/v1/browses    {"peer", "from"?}  lines: hit ..., done: a page of what one peer shares
//   POST /api/v1/join       {"contacts"}       one object
//   POST /api/v1/shutdown   {}                 one object
//   POST /api/v1/links      {}                 one object: an address that opens the page once
//   POST /api/v1/sessions   {"link"} or {"user", "password"}   one object: the secret of a session
//   DELETE /api/v1/sessions                    one object: the session of this request has ended
//   GET  /api/v1/radio      one object: where sources go on air
//   GET  /api/v1/stations   lines: station ..., done
//   GET  /api/v1/wishes     lines: wish ..., done
//   POST /api/v1/wishes     {"text"}           one object: the wish, which stays in the network
//   DELETE /api/v1/wishes?id=N                 one object: the wish is gone
//   POST /api/v1/wishes/hits {}                lines: wish_hit ..., each only ever once, done
//   GET  /api/v1/publishers lines: publisher ..., done; ours first
//   POST /api/v1/publishers {"key", "mirror"}  one object: followed from now on, and looked for at once
//   DELETE /api/v1/publishers?key=KEY          one object: followed no more
//   GET  /api/v1/catalogue?publisher=KEY       lines: item ..., done
//   POST /api/v1/catalogue  {"name", ...}      one object: who we are as a publisher
//   POST /api/v1/catalogue/items {"content", ...}    one object: in our catalogue from now on
//   DELETE /api/v1/catalogue/items?content=ID  one object: no longer
//   GET  /feed/KEY.xml      a catalogue as a podcast feed (feed.h)
//   POST /api/v1/playlists  {"format", "tracks"}     one object: a playlist's text
//   GET  /api/v1/users      lines: user ..., done
//   POST /api/v1/users      {"name", "role", "password"}   one object: the user is there, or changed
//   DELETE /api/v1/users?name=NAME             one object: the user is gone, his sessions last until the restart
//   POST /api/v1/uploads    {"name", "size"}   one object: the number of an upload
//   PUT  /api/v1/uploads?id=N&offset=M         the next bytes of it; one object
//   DELETE /api/v1/uploads?id=N                one object: what came of it is gone
//   GET  /api/v1/socket                        a WebSocket that carries any number of these calls (socket_calls.h)
//
// Every route says what its caller must be at least: a guest, or an owner. openapi.yaml describes them all.
// A GET changes nothing. Lines are JSON objects (api_json.h), one a line; the last one says how it ended. A reader that
// goes away ends what it asked for: its search is cancelled, its fetch stopped, its scan given up.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/index.h"
#include "tools/node/api_access.h"
#include "tools/node/api_orders.h"
#include "tools/node/covers.h"
#include "tools/node/fetches.h"
#include "tools/node/library.h"
#include "tools/node/node.h"
#include "tools/node/plays.h"
#include "tools/node/providers.h"
#include "tools/node/publishers.h"
#include "tools/node/radio.h"
#include "tools/node/scanner.h"
#include "tools/node/sessions.h"
#include "tools/node/sightings.h"
#include "tools/node/uploads.h"
#include "tools/node/users.h"
#include "tools/node/worker.h"

namespace earshot::node {

class Channel;
class Wishes;

/// Answers one request that has passed the gate.
using Serve = std::function<void(const Request&, const std::shared_ptr<Channel>&)>;

/// An answer of many bytes, pulled as fast as its reader takes them. Called from one thread; never blocks.
class Body {
 public:
  struct Head {
    int status = 200;
    std::string fields;       // header lines, each with its CRLF
    std::uint64_t size = 0;   // bytes to be pulled
    bool has_length = true;   // Content-Length is sent
    bool has_body = true;     // false: HEAD asked for the size only
  };
  virtual ~Body() = default;
  /// Nothing: not known yet, ask again soon. Errors: answered as such.
  virtual Result<std::optional<Head>> head() = 0;
  /// How many bytes were copied; 0: none have come yet, ask again soon. Errors: the answer is cut.
  virtual Result<std::size_t> pull(std::span<std::uint8_t> into) = 0;
};

/// Where one answer goes: one reply(), or one body(), or any number of line() and then close(). Thread-safe; never blocks.
class Channel {
 public:
  virtual ~Channel() = default;
  virtual void reply(Reply reply) = 0;
  virtual void body(std::unique_ptr<Body> body) = 0;
  virtual void line(std::string object) = 0;
  virtual void close() = 0;
  /// Called once, from any thread, when the reader goes away before close(); at once when it has gone already.
  virtual void when_gone(std::function<void()> gone) = 0;
  /// Turns the connection into a WebSocket whose calls `serve` answers; where that cannot be, or was not asked for, the
  /// answer is 426.
  virtual void socket(Serve serve);
};

/// What the API speaks for. All of it outlives the Api.
struct ApiParts {
  Node& node;
  index::Index& index;
  Scanner& scanner;
  Worker& worker;
  Fetches& fetches;
  Plays& plays;
  std::filesystem::path download;
  std::string role;                 // "node", "index" or "light"
  std::function<void()> shut_down;  // asks the program to end; returns at once
  Users* users = nullptr;           // none: nobody comes in by a password
  Library* library = nullptr;       // the index again, for those who tend it; null: nobody may
  Radio* radio = nullptr;           // none: no stations
  std::string radio_password{};     // of sources
  Wishes* wishes = nullptr;         // none: none are kept
  Publishers* publishers = nullptr;  // none: nobody is followed, nothing is put out
  Covers* covers = nullptr;          // none: no pictures
  Providers* providers = nullptr;    // none: the network is not asked who holds a content
  std::function<Contact()> invitation{};  // what others join through; none: our own contact
};

/// handle() is called from one thread; answers come from others too.
class Api {
 public:
  Api(ApiParts parts, Access access)
      : parts_(std::move(parts)), access_(std::move(access)), uploads_(parts_.download / "published") {
    access_.sessions = &sessions_;
  }
  ~Api() { asking_door_->close(); }
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  /// The loopback listener's address, once it has one.
  void listening_on(const Endpoint& http) {
    http_ = http;
    access_.port = http.port;
  }

  void handle(Request request, const std::shared_ptr<Channel>& channel);

  struct RouteName {
    std::string name;  // "GET /api/v1/status"
    UserRole least;    // that may ask
  };
  /// What a request may ask for.
  static std::vector<RouteName> routes();

 private:
  struct Route {
    std::string_view method;
    std::string_view path;
    UserRole least;  // that may ask
    void (Api::*serve)(const Request&, const std::shared_ptr<Channel>&);
  };
  static const Route kRoutes[];

  void serve(const Request& request, const std::shared_ptr<Channel>& channel);

  void status(const Request& request, const std::shared_ptr<Channel>& channel);
  void metrics(const Request& request, const std::shared_ptr<Channel>& channel);
  void peers(const Request& request, const std::shared_ptr<Channel>& channel);
  void shares(const Request& request, const std::shared_ptr<Channel>& channel);
  void search(const Request& request, const std::shared_ptr<Channel>& channel);
  void fetch(const Request& request, const std::shared_ptr<Channel>& channel);
  void play(const Request& request, const std::shared_ptr<Channel>& channel);
  void content(const Request& request, const std::shared_ptr<Channel>& channel);
  void cover(const Request& request, const std::shared_ptr<Channel>& channel);

  /// What an order leaves out, as far as this node knows it: the track and who holds it. Errors: kNotFound (no holder).
  Result<Fetch> completed(json::FetchOrder order, UserRole role) const;
  /// The same; when no holder is known the network is asked first, and `then` is called from another thread. What cannot be
  /// completed is refused.
  void complete(json::FetchOrder order, UserRole role, const std::shared_ptr<Channel>& channel, std::function<void(Fetch)> then);
  void begin_fetch(Fetch fetch, const std::shared_ptr<Channel>& channel);

  void share(const Request& request, const std::shared_ptr<Channel>& channel);
  void import(const Request& request, const std::shared_ptr<Channel>& channel);
  void index(const Request& request, const std::shared_ptr<Channel>& channel);
  void browse(const Request& request, const std::shared_ptr<Channel>& channel);
  void join(const Request& request, const std::shared_ptr<Channel>& channel);
  void shutdown(const Request& request, const std::shared_ptr<Channel>& channel);
  void open_link(const Request& request, const std::shared_ptr<Channel>& channel);
  void open_session(const Request& request, const std::shared_ptr<Channel>& channel);
  void end_session(const Request& request, const std::shared_ptr<Channel>& channel);
  void radio(const Request& request, const std::shared_ptr<Channel>& channel);
  void stations(const Request& request, const std::shared_ptr<Channel>& channel);
  void wishes(const Request& request, const std::shared_ptr<Channel>& channel);
  void add_wish(const Request& request, const std::shared_ptr<Channel>& channel);
  void remove_wish(const Request& request, const std::shared_ptr<Channel>& channel);
  void take_wish_hits(const Request& request, const std::shared_ptr<Channel>& channel);
  void publishers(const Request& request, const std::shared_ptr<Channel>& channel);
  void follow(const Request& request, const std::shared_ptr<Channel>& channel);
  void unfollow(const Request& request, const std::shared_ptr<Channel>& channel);
  void catalogue(const Request& request, const std::shared_ptr<Channel>& channel);
  void describe(const Request& request, const std::shared_ptr<Channel>& channel);
  void publish(const Request& request, const std::shared_ptr<Channel>& channel);
  void withdraw(const Request& request, const std::shared_ptr<Channel>& channel);
  void feed(const Request& request, const std::shared_ptr<Channel>& channel);
  void playlist(const Request& request, const std::shared_ptr<Channel>& channel);
  /// Work on our catalogue, which waits for the disk: one at a time, on a thread of its own.
  void post_publishing(const std::shared_ptr<Channel>& channel, std::function<void()> work);
  /// Where players find it without the token; empty when the node serves no HTTP.
  std::string address_of(const ContentId& content, bool whole) const;
  std::string address_of_feed(const NodeKey& publisher) const;
  std::string address_of(const std::optional<ContentId>& picture) const;
  std::string line_of(const Publishers::Row& row) const;
  void users(const Request& request, const std::shared_ptr<Channel>& channel);
  void set_user(const Request& request, const std::shared_ptr<Channel>& channel);
  void remove_user(const Request& request, const std::shared_ptr<Channel>& channel);
  /// Work that hashes a password: one at a time, on a thread of its own.
  void post_hashing(const std::shared_ptr<Channel>& channel, std::function<void()> work);
  void begin_upload(const Request& request, const std::shared_ptr<Channel>& channel);
  void go_on_upload(const Request& request, const std::shared_ptr<Channel>& channel);
  void give_up_upload(const Request& request, const std::shared_ptr<Channel>& channel);
  void socket(const Request& request, const std::shared_ptr<Channel>& channel);

  ApiParts parts_;
  Access access_;
  Sessions sessions_;
  Uploads uploads_;
  Endpoint http_;
  std::shared_ptr<Sightings> sightings_ = std::make_shared<Sightings>();
  Worker asking_;  // easier questions, after those that found nothing, and what waited for a holder
  std::shared_ptr<WorkerDoor> asking_door_ = std::make_shared<WorkerDoor>(asking_);
  std::unique_ptr<Worker> hashing_, publishing_, painting_;  // made when first needed; last: their work uses the above
};

/// Answers with an error as HTTP tells it.
void refuse(Channel& channel, const Error& error);

/// The number of "name=number" in the query of a target.
std::optional<std::uint64_t> number_in_query(std::string_view target, std::string_view name);

/// How an error is told in HTTP.
int http_status(ErrorCode code);

/// The program's version, told to neighbors and people.
std::string_view version();

}  // namespace earshot::node
