// Who may ask the API at all: one pure decision over the parts of a request that any web page could forge or force.
//
// Rules, in this order; the first that fails answers. On the unix socket rules 1-3 do not apply: its folder is 0700 and
// itself 0600, and no browser can reach it.
//  1. Host must be 127.0.0.1:port, [::1]:port or localhost:port, else 403 without a body.
//     Rationale: a page whose name is re-bound to 127.0.0.1 is same-origin to the browser and sends no tell-tale
//     header but this one (measured with Chromium 156).
//  2. Origin, when sent, must be http:// and one of those hosts, else 403 without a body.
//  3. Authorization must be "Bearer " and the token of this run, else 401. Rationale: other users of the machine reach
//     loopback too; a token in a header, not a cookie, is never sent by a browser on its own.
//  4. A POST must be application/json, else 415: forms and text/plain need no preflight, JSON does.
// These hold for every route, GET included, before the route is even looked at, so that nothing can be probed.
// For GET and HEAD of /content/ID a ticket in the target ("?ticket=...") may stand for the token: <audio> and media players
// send no header of ours. A ticket opens one content and ends with the run; it follows from token and id by a keyed hash.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace earshot::node {

struct Request {
  std::string method;  // "GET", "POST", anything else
  std::string target;  // "/api/v1/status", as received
  std::optional<std::string> host;
  std::optional<std::string> origin;
  std::optional<std::string> authorization;
  std::string content_type;
  std::string range, if_range, if_none_match;  // empty: not sent
  std::string body;
  bool unix_socket = false;
  bool repeated_header = false;  // two of Host, Origin, Authorization or Content-Type
};

/// An answer that is one object, or none.
struct Reply {
  int status = 200;
  std::string body;   // JSON, or empty
  std::string allow;  // for 405
};

struct Access {
  std::uint16_t port = 0;  // of the loopback listener
  std::string token;
};

/// What opens /content/ID without the token: 32 hexadecimal digits.
std::string ticket_for(const Access& access, std::string_view content);

/// The content that a target names ("/content/ID?ticket=..."), as written; nothing for other targets.
std::optional<std::string_view> content_in(std::string_view target);

/// The refusal, or nothing: go on.
std::optional<Reply> refusal(const Request& request, const Access& access);

}  // namespace earshot::node
