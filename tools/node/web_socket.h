// A WebSocket (RFC 6455) on a connection that the HTTP server has accepted: moves the texts of socket_calls. Includes
// Beast: only http_server.cpp and web_socket.cpp include this.
//
// Limits: a message of 64 KiB, 4 MiB of texts that the page has not taken (cut), 60 s without a sign of life (cut; the
// node asks for one after 30).
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <memory>

#include "tools/node/api.h"

namespace earshot::node {

/// Bytes that one reader may leave untaken.
inline constexpr std::size_t kMaxQueued = 4u << 20;

using HttpStream = boost::beast::basic_stream<boost::asio::generic::stream_protocol>;
using HttpRequest = boost::beast::http::request<boost::beast::http::string_body>;

/// True when a request asks for a WebSocket.
bool asks_for_web_socket(const HttpRequest& request);

/// Answers the request and serves calls until either side ends it; `slot` is let go then. Call from the stream's thread.
void open_web_socket(HttpStream stream, HttpRequest request, Serve serve, std::shared_ptr<void> slot);

}  // namespace earshot::node
