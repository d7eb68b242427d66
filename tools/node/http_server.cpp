// Beast and Asio, callbacks on one thread.
#include "tools/node/http_server.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <csignal>
#include <string>
#include <utility>

#include "schema/check.h"
#include "tools/node/api_json.h"
#include "tools/node/http_request.h"
#include "tools/node/web_socket.h"

namespace earshot::node {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

namespace {

constexpr std::chrono::seconds kHeaderTime{5};
constexpr std::chrono::seconds kBodyTime{10};
constexpr std::chrono::seconds kWriteTime{30};
constexpr std::chrono::milliseconds kFarewellTime{500};
constexpr std::size_t kMaxConnections = 64;

// Of a body: pulled and written at once, and how long to wait when none of it has come.
constexpr std::size_t kBlock = 64 * 1024;
constexpr std::chrono::milliseconds kRetryTime{5};

// Nothing that is answered may be sniffed or read by another origin.
constexpr std::string_view kSafetyHeaders =
    "X-Content-Type-Options: nosniff\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Referrer-Policy: no-referrer\r\n";

// Nothing but the page's files, which say this for themselves, may be framed, cached or run.
constexpr std::string_view kDataHeaders =
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
    "Cache-Control: no-store\r\n";

std::string header_text(int status, std::string_view fields) {
  const std::string reason(http::obsolete_reason(static_cast<http::status>(status)));
  return fmt::format("HTTP/1.1 {} {}\r\n{}{}\r\n", status, reason, kSafetyHeaders, fields);
}

using Socket = asio::generic::stream_protocol::socket;
using Stream = HttpStream;

// One connection: reads a request, hands it to the handler, writes what comes back, and reads the next one after a
// single reply. Everything but reply(), line() and close() happens on the server's thread.
class Session final : public Channel, public std::enable_shared_from_this<Session> {
 public:
  Session(Socket socket, bool unix_socket, const HttpServer::Handler& handler, std::shared_ptr<void> slot)
      : stream_(std::move(socket)), retry_(stream_.get_executor()), unix_socket_(unix_socket), handler_(handler), slot_(std::move(slot)) {}

  void read_request() {
    parser_.emplace();
    limit(*parser_);
    stream_.expires_after(kHeaderTime);
    http::async_read_header(stream_, buffer_, *parser_, [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return self->unreadable(error);
      self->read_body();
    });
  }

  void reply(Reply reply) override {
    asio::dispatch(stream_.get_executor(),
                   [self = shared_from_this(), reply = std::move(reply)] { self->queue_reply(reply); });
  }

  void body(std::unique_ptr<Body> body) override {
    asio::dispatch(stream_.get_executor(), [self = shared_from_this(), held = std::make_shared<std::unique_ptr<Body>>(std::move(body))] {
      if (self->gone_ || self->answer_ != Answer::kNone) return;
      self->answer_ = Answer::kBody;
      self->body_ = std::move(*held);
      self->begin_body();
    });
  }

  void line(std::string object) override {
    asio::post(stream_.get_executor(), [self = shared_from_this(), object = std::move(object)]() mutable {
      object.push_back('\n');
      self->queue_line(object);
    });
  }

  void close() override {
    asio::post(stream_.get_executor(), [self = shared_from_this()] { self->queue_end(); });
  }

  void when_gone(std::function<void()> gone) override {
    asio::dispatch(stream_.get_executor(), [self = shared_from_this(), gone = std::move(gone)] {
      if (self->gone_) return gone();
      self->on_gone_ = gone;
    });
  }

  void socket(Serve serve) override {
    asio::dispatch(stream_.get_executor(), [self = shared_from_this(), serve = std::move(serve)] {
      if (self->gone_ || self->answer_ != Answer::kNone) return;
      if (!asks_for_web_socket(self->message_)) return self->queue_reply({426, "", ""});
      self->answer_ = Answer::kSocket;
      self->gone_ = true;
      open_web_socket(std::move(self->stream_), std::move(self->message_), serve, self->slot_);
    });
  }

 private:
  enum class Answer : std::uint8_t { kNone, kReply, kBody, kLines, kSocket };

  void read_body() {
    stream_.expires_after(kBodyTime);
    http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return self->unreadable(error);
      self->serve();
    });
  }

  void serve() {
    message_ = parser_->release();
    keep_alive_ = message_.keep_alive();
    chunked_ = message_.version() >= 11;
    const Request request = request_from(std::move(message_), unix_socket_);
    answer_ = Answer::kNone;
    ended_ = false;
    stream_.expires_never();
    handler_(request, shared_from_this());
    if (answer_ == Answer::kNone || answer_ == Answer::kLines) watch();
  }

  // While an answer is under way nothing more is expected from the reader: an end means that it has gone, and a byte that
  // it breaks the rules. The connection ends with this answer, because one who is watched cannot be read from as well.
  void watch() {
    watched_ = true;
    keep_alive_ = false;
    stream_.async_read_some(asio::buffer(scratch_),
                            [self = shared_from_this()](error_code, std::size_t) { self->lose(); });
  }

  void unreadable(error_code error) {
    if (error == http::error::header_limit) return queue_reply({431, "", ""});
    if (error == http::error::body_limit) return queue_reply({413, "", ""});
    const bool bad_syntax = error.category() == http::make_error_code(http::error::bad_method).category();
    if (!bad_syntax || error == http::error::end_of_stream || error == http::error::partial_message) return lose();
    queue_reply({400, "", ""});
  }

  void queue_reply(const Reply& reply) {
    if (gone_ || answer_ != Answer::kNone) return;
    answer_ = Answer::kReply;
    if (reply.status >= 400) keep_alive_ = false;
    const bool file = !reply.file_fields.empty();
    const bool object = !file && !reply.body.empty();
    std::string fields = fmt::format("Content-Length: {}\r\n", reply.body.size() + (object ? 1 : 0));
    fields += file ? reply.file_fields : std::string(kDataHeaders);
    if (object) fields += "Content-Type: application/json\r\n";
    if (reply.status == 426) fields += "Upgrade: websocket\r\n";
    if (!reply.allow.empty()) fields += fmt::format("Allow: {}\r\n", reply.allow);
    if (reply.status == 401) fields += "WWW-Authenticate: Bearer\r\n";
    if (!keep_alive_) fields += "Connection: close\r\n";
    queue_ += header_text(reply.status, fields);
    queue_ += reply.body;
    if (object) queue_.push_back('\n');
    ended_ = true;
    write();
  }

  // Head and bytes of a body are asked for again and again while they are not there: they come from the network, and a
  // thread that waited for them would be one thread a player.
  void begin_body() {
    if (gone_) return;
    const auto head = body_->head();
    if (!head) return refuse_body(head.error());
    if (!*head) return try_again([](Session& self) { self.begin_body(); });
    std::string fields = (*head)->fields + std::string(kDataHeaders);
    if ((*head)->has_length) fields += fmt::format("Content-Length: {}\r\n", (*head)->size);
    if (!keep_alive_) fields += "Connection: close\r\n";
    left_ = (*head)->has_body ? (*head)->size : 0;
    queue_ += header_text((*head)->status, fields);
    ended_ = left_ == 0;
    write();
  }

  void refuse_body(const Error& error) {
    answer_ = Answer::kNone;
    queue_reply({http_status(error.code), json::error(error), ""});
  }

  void pump() {
    if (gone_) return;
    queue_.resize(std::min<std::uint64_t>(left_, kBlock));
    const auto got = body_->pull({reinterpret_cast<std::uint8_t*>(queue_.data()), queue_.size()});
    queue_.resize(got.value_or(0));
    if (!got) return lose();
    if (*got == 0) return try_again([](Session& self) { self.pump(); });
    left_ -= *got;
    ended_ = left_ == 0;
    write();
  }

  void try_again(void (*step)(Session&)) {
    char ignored = 0;
    const int descriptor = stream_.socket().native_handle();
    if (::recv(descriptor, &ignored, 1, MSG_PEEK | MSG_DONTWAIT) == 0) return lose();
    retry_.expires_after(kRetryTime);
    retry_.async_wait([self = shared_from_this(), step](error_code error) {
      if (!error) step(*self);
    });
  }

  void begin_lines() {
    if (answer_ != Answer::kNone) return;
    answer_ = Answer::kLines;
    keep_alive_ = false;
    std::string fields(kDataHeaders);
    fields += "Content-Type: application/x-ndjson\r\nConnection: close\r\n";
    if (chunked_) fields += "Transfer-Encoding: chunked\r\n";
    queue_ += header_text(200, fields);
  }

  void queue_line(const std::string& line) {
    if (gone_ || ended_) return;
    begin_lines();
    if (queue_.size() + line.size() > kMaxQueued) return lose();
    queue_ += chunked_ ? fmt::format("{:x}\r\n{}\r\n", line.size(), line) : line;
    write();
  }

  void queue_end() {
    if (gone_ || ended_) return;
    begin_lines();
    if (chunked_) queue_ += "0\r\n\r\n";
    ended_ = true;
    write();
  }

  void write() {
    if (writing_ || queue_.empty()) return;
    writing_ = true;
    leaving_.clear();
    leaving_.swap(queue_);
    stream_.expires_after(kWriteTime);
    asio::async_write(stream_, asio::buffer(leaving_), [self = shared_from_this()](error_code error, std::size_t) {
      self->writing_ = false;
      if (error) return self->lose();
      if (!self->queue_.empty()) return self->write();
      if (self->answer_ == Answer::kBody && !self->ended_) return self->pump();
      if (self->ended_) self->answered();
    });
  }

  void answered() {
    on_gone_ = nullptr;
    body_.reset();
    if (keep_alive_) return read_request();
    if (watched_) return finish();
    error_code ignored;
    stream_.socket().shutdown(Socket::shutdown_send, ignored);
    stream_.expires_after(kFarewellTime);
    drain();
  }

  // A refused request may still be arriving, and closing on unread bytes would take the refusal from the reader's
  // hands: what comes is thrown away for a moment.
  void drain() {
    stream_.async_read_some(asio::buffer(scratch_), [self = shared_from_this()](error_code error, std::size_t) {
      if (error) return self->finish();
      self->drain();
    });
  }

  void finish() {
    gone_ = true;
    body_.reset();
    retry_.cancel();
    error_code ignored;
    stream_.socket().shutdown(Socket::shutdown_both, ignored);
    stream_.close();
  }

  void lose() {
    if (gone_) return;
    finish();
    if (on_gone_) std::exchange(on_gone_, nullptr)();
  }

  Stream stream_;
  asio::steady_timer retry_;
  const bool unix_socket_;
  const HttpServer::Handler& handler_;
  std::shared_ptr<void> slot_;  // counts this connection while it lives
  beast::flat_buffer buffer_{kMaxHeaderBytes + kMaxBodyBytes};
  std::optional<RequestParser> parser_;
  HttpRequest message_;  // the one being answered; its body was handed on
  std::string queue_;    // to be written
  std::string leaving_;  // being written
  Answer answer_ = Answer::kNone;
  std::unique_ptr<Body> body_;
  std::uint64_t left_ = 0;  // bytes of the body to be pulled
  bool keep_alive_ = false;
  bool chunked_ = true;
  bool writing_ = false;
  bool ended_ = false;  // all of the answer is queued
  bool gone_ = false;
  bool watched_ = false;  // its end is being waited for
  std::array<char, 4096> scratch_{};
  std::function<void()> on_gone_;
};

// Accepts on one socket and counts what it accepted.
template <class Protocol>
class Listener {
 public:
  Listener(asio::io_context& context, bool unix_socket)
      : acceptor_(context), retry_(context), unix_socket_(unix_socket) {}

  typename Protocol::acceptor& acceptor() { return acceptor_; }

  void accept(const HttpServer::Handler& handler) {
    acceptor_.async_accept([this, &handler](error_code error, typename Protocol::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (error) return wait_and_accept(handler);
      if (open_.use_count() <= static_cast<long>(kMaxConnections)) {
        std::make_shared<Session>(Socket(std::move(socket)), unix_socket_, handler, open_)->read_request();
      }
      accept(handler);
    });
  }

 private:
  // Out of descriptors: trying again at once would spin.
  void wait_and_accept(const HttpServer::Handler& handler) {
    retry_.expires_after(std::chrono::milliseconds(100));
    retry_.async_wait([this, &handler](error_code error) {
      if (!error) accept(handler);
    });
  }

  typename Protocol::acceptor acceptor_;
  asio::steady_timer retry_;
  const bool unix_socket_;
  std::shared_ptr<void> open_ = std::make_shared<char>();  // its use count is one more than the connections
};

class BeastServer final : public HttpServer {
 public:
  BeastServer()
      : tcp_(context_, /*unix_socket=*/false),
        local_(context_, /*unix_socket=*/true),
        signals_(context_),
        farewell_(context_) {}

  ~BeastServer() override {
    if (!socket_.empty()) ::unlink(socket_.c_str());
  }

  Result<void> bind(const std::filesystem::path& socket, std::uint16_t port) {
    error_code error;
    const asio::ip::tcp::endpoint loopback(asio::ip::address_v4::loopback(), port);
    auto& tcp = tcp_.acceptor();
    tcp.open(loopback.protocol(), error);
    if (!error) tcp.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) tcp.bind(loopback, error);
    if (!error) tcp.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return fail(ErrorCode::kUnreachable, "listen on 127.0.0.1:{} for HTTP: {} (http.port = 0 takes any free port)",
                  port, error.message());
    }
    return bind_local(socket);
  }

  Endpoint endpoint() const override {
    const auto bound = const_cast<BeastServer*>(this)->tcp_.acceptor().local_endpoint();
    const auto loopback = endpoint_from(fmt::format("127.0.0.1:{}", bound.port()));
    EARSHOT_CHECK(loopback.has_value());
    return *loopback;
  }

  void run(Handler handler) override {
    handler_ = std::move(handler);
    signals_.add(SIGINT);
    signals_.add(SIGTERM);
    signals_.async_wait([this](error_code error, int) {
      if (!error) begin_to_stop();
    });
    tcp_.accept(handler_);
    local_.accept(handler_);
    context_.run();
  }

  void stop() override {
    asio::post(context_, [this] { begin_to_stop(); });
  }

 private:
  Result<void> bind_local(const std::filesystem::path& socket) {
    if (socket.string().size() >= sizeof(sockaddr_un::sun_path)) {
      return fail(ErrorCode::kInvalid, "the socket path '{}' is longer than {} bytes: choose a shorter --datadir",
                  socket.string(), sizeof(sockaddr_un::sun_path) - 1);
    }
    ::unlink(socket.c_str());
    const asio::local::stream_protocol::endpoint where(socket.string());
    auto& local = local_.acceptor();
    error_code error;
    local.open(where.protocol(), error);
    const mode_t before = ::umask(0177);
    if (!error) local.bind(where, error);
    ::umask(before);
    if (!error) local.listen(asio::socket_base::max_listen_connections, error);
    if (error) return fail(ErrorCode::kDisk, "listen on '{}': {}", socket.string(), error.message());
    socket_ = socket;
    return {};
  }

  void begin_to_stop() {
    error_code ignored;
    tcp_.acceptor().close(ignored);
    local_.acceptor().close(ignored);
    farewell_.expires_after(kFarewellTime);
    farewell_.async_wait([this](error_code) { context_.stop(); });
  }

  asio::io_context context_{1};
  Handler handler_;
  Listener<asio::ip::tcp> tcp_;
  Listener<asio::local::stream_protocol> local_;
  asio::signal_set signals_;
  asio::steady_timer farewell_;
  std::filesystem::path socket_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::open(const std::filesystem::path& socket, std::uint16_t port) {
  auto server = std::make_unique<BeastServer>();
  if (auto bound = server->bind(socket, port); !bound) return tl::unexpected(bound.error());
  return server;
}

}  // namespace earshot::node
