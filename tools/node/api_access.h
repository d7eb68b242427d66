// Who may ask the API at all: one pure decision over the parts of a request that any web page could forge or force.
//
// Rules, in this order; the first that fails answers. On the unix socket rules 1-3 do not apply: its folder is 0700 and
// itself 0600, and no browser can reach it.
//  1. Host must be 127.0.0.1:port, [::1]:port or localhost:port, else 403 without a body.
//     Rationale: a page whose name is re-bound to 127.0.0.1 is same-origin to the browser and sends no tell-tale
//     header but this one (measured with Chromium 156).
//  2. Origin, when sent, must be http:// and one of those hosts, else 403 without a body.
//  3. Authorization must be "Bearer " and the token of this run or a session's secret, else 401. Rationale: other users
//     of the machine reach loopback too; a token in a header, not a cookie, is never sent by a browser on its own.
//     A WebSocket carries the secret as a second protocol name ("earshot.v1, token.SECRET"): browsers let a page set no
//     other header there. Free of this rule are a GET of the page's own files, which are the same for everybody, and
//     POST /api/v1/sessions, which takes a secret of its own in the body.
//  4. A POST must be application/json, a PUT application/octet-stream, else 415: forms and text/plain need no
//     preflight, these do.
// These hold for every route, GET included, before the route is even looked at, so that nothing can be probed.
// For GET and HEAD of /content/ID, and GET of /feed/KEY.xml, a ticket in the target ("?ticket=...") may stand for the token:
// <audio>, media players and podcast players send no header of ours. A ticket opens one content or one feed; it follows
// from a key of the data folder and the id by a keyed hash, so that a subscription outlives the run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tools/node/sessions.h"

namespace earshot::node {

struct Request {
  std::string method;  // "GET", "POST", anything else
  std::string target;  // "/api/v1/status", as received
  std::optional<std::string> host;
  std::optional<std::string> origin;
  std::optional<std::string> authorization;
  std::string socket_protocols;  // Sec-WebSocket-Protocol
  std::string content_type;
  std::string range, if_range, if_none_match;  // empty: not sent
  std::string body;
  bool unix_socket = false;
  bool repeated_header = false;  // two of Host, Origin, Authorization or Content-Type
  UserRole role = UserRole::kGuest;  // what the gate found out
};

/// An answer that is one object, or none, or a file of the page, or a text of another kind.
struct Reply {
  int status = 200;
  std::string body;   // JSON, or empty
  std::string allow;  // for 405
  std::string file_fields{};  // not empty: the body is sent as it is with these header lines
};

struct Access {
  std::uint16_t port = 0;  // of the loopback listener
  std::string token;
  const Sessions* sessions = nullptr;  // none: only the token opens
  std::string ticket_key{};            // empty: the token is it, and tickets end with the run
};

/// The protocol that a WebSocket of ours speaks, and what its second name begins with.
inline constexpr std::string_view kSocketProtocol = "earshot.v1";
inline constexpr std::string_view kSocketToken = "token.";

/// The secret that came with a request, from its header or its WebSocket protocols; empty when there is none.
std::string_view secret_of(const Request& request);

/// What opens a resource without the token: 32 hexadecimal digits. `resource` is what the target names, see below.
std::string ticket_for(const Access& access, std::string_view resource);

/// The value of "name=value" in the query of a target, as written.
std::optional<std::string_view> in_query(std::string_view target, std::string_view name);

/// The content that a target names ("/content/ID?ticket=..."), as written; nothing for other targets.
std::optional<std::string_view> content_in(std::string_view target);

/// The publisher whose feed a target names ("/feed/KEY.xml?ticket=..."), as written; nothing for other targets. As a
/// resource it is "feed/KEY".
std::optional<std::string_view> feed_in(std::string_view target);

/// The refusal, or nothing: go on.
std::optional<Reply> refusal(const Request& request, const Access& access);

/// What a request that was not refused may do.
UserRole role_of(const Request& request, const Access& access);

}  // namespace earshot::node
