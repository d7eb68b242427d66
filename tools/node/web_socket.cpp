// Beast's WebSocket: one read under way, one write under way, the rest queued.
#include "tools/node/web_socket.h"

#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <deque>
#include <string>
#include <utility>

#include "tools/node/api_access.h"
#include "tools/node/socket_calls.h"

namespace earshot::node {

namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

namespace {

constexpr std::chrono::seconds kHandshakeTime{5};
constexpr std::chrono::seconds kIdleTime{60};
constexpr std::size_t kMaxMessage = 64 * 1024;

class WebSocket final : public std::enable_shared_from_this<WebSocket> {
 public:
  WebSocket(HttpStream stream, HttpRequest request, std::shared_ptr<void> slot)
      : request_(std::move(request)), socket_(std::move(stream)), slot_(std::move(slot)) {}

  void start(Serve serve) {
    // The calls hold the socket weakly: what they say after its end goes nowhere.
    calls_ = std::make_unique<SocketCalls>(std::move(serve), [weak = weak_from_this(), executor = socket_.get_executor()](
                                                                 std::string text) {
      boost::asio::post(executor, [weak, text = std::move(text)]() mutable {
        if (const auto self = weak.lock()) self->send(std::move(text));
      });
    });
    beast::get_lowest_layer(socket_).expires_never();
    websocket::stream_base::timeout timeout{kHandshakeTime, kIdleTime, /*keep_alive_pings=*/true};
    socket_.set_option(timeout);
    socket_.set_option(websocket::stream_base::decorator([](websocket::response_type& response) {
      response.set(beast::http::field::sec_websocket_protocol, beast::string_view(kSocketProtocol.data(), kSocketProtocol.size()));
      response.set("X-Content-Type-Options", "nosniff");
    }));
    socket_.read_message_max(kMaxMessage);
    socket_.async_accept(request_, [self = shared_from_this()](error_code error) {
      if (error) return self->end();
      self->socket_.text(true);
      self->read();
    });
  }

 private:
  void read() {
    socket_.async_read(buffer_, [self = shared_from_this()](error_code error, std::size_t) {
      if (error || !self->socket_.got_text()) return self->end();
      const auto bytes = self->buffer_.data();
      const std::string text(static_cast<const char*>(bytes.data()), bytes.size());
      self->buffer_.consume(bytes.size());
      if (!self->calls_->receive(text)) return self->end();
      self->read();
    });
  }

  void send(std::string text) {
    if (ended_) return;
    queued_ += text.size();
    if (queued_ > kMaxQueued) return end();
    queue_.push_back(std::move(text));
    if (queue_.size() == 1) write();
  }

  void write() {
    socket_.async_write(boost::asio::buffer(queue_.front()), [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return self->end();
      self->queued_ -= self->queue_.front().size();
      self->queue_.pop_front();
      if (!self->queue_.empty() && !self->ended_) self->write();
    });
  }

  void end() {
    if (ended_) return;
    ended_ = true;
    beast::get_lowest_layer(socket_).close();
    calls_->gone();
  }

  HttpRequest request_;
  websocket::stream<HttpStream> socket_;
  std::shared_ptr<void> slot_;  // counts this connection while it lives
  beast::flat_buffer buffer_;
  std::unique_ptr<SocketCalls> calls_;
  std::deque<std::string> queue_;  // its first is being written
  std::size_t queued_ = 0;         // bytes of the queue
  bool ended_ = false;
};

}  // namespace

bool asks_for_web_socket(const HttpRequest& request) {
  return websocket::is_upgrade(request);
}

void open_web_socket(HttpStream stream, HttpRequest request, Serve serve, std::shared_ptr<void> slot) {
  std::make_shared<WebSocket>(std::move(stream), std::move(request), std::move(slot))->start(std::move(serve));
}

}  // namespace earshot::node
