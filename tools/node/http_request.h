// From Beast's message to ours, and the limits of what is read. Includes Beast: only http_server.cpp, its test and its
// fuzzer include this.
#pragma once

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <cstdint>
#include <optional>
#include <string>

#include "tools/node/api_access.h"

namespace earshot::node {

namespace http = boost::beast::http;

using RequestParser = http::request_parser<http::string_body>;

/// A browser sends 1 KiB of header at most to a page without cookies; the largest body is 64 provider endpoints or a
/// few hundred contacts.
inline constexpr std::uint32_t kMaxHeaderBytes = 8 * 1024;
inline constexpr std::uint64_t kMaxBodyBytes = 64 * 1024;

inline void limit(RequestParser& parser) {
  parser.header_limit(kMaxHeaderBytes);
  parser.body_limit(kMaxBodyBytes);
}

/// What the API looks at; everything else of the request is left out.
inline Request request_from(http::request<http::string_body>&& message, bool unix_socket) {
  Request request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  request.unix_socket = unix_socket;
  const auto single = [&](http::field name) -> std::optional<std::string> {
    if (message.count(name) > 1) request.repeated_header = true;
    const auto found = message.find(name);
    if (found == message.end()) return std::nullopt;
    return std::string(found->value());
  };
  request.host = single(http::field::host);
  request.origin = single(http::field::origin);
  request.authorization = single(http::field::authorization);
  request.socket_protocols = single(http::field::sec_websocket_protocol).value_or("");
  request.content_type = single(http::field::content_type).value_or("");
  request.range = single(http::field::range).value_or("");
  request.if_range = single(http::field::if_range).value_or("");
  request.if_none_match = single(http::field::if_none_match).value_or("");
  request.body = std::move(message.body());
  return request;
}

}  // namespace earshot::node
