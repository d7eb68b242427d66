// Asio, callbacks on one thread.
#include "tools/node/radio.h"

#include <fmt/format.h>
#include <sodium.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "tools/node/live_ring.h"
#include "tools/node/media_type.h"
#include "tools/node/radio_request.h"
#include "tools/node/sessions.h"

namespace earshot::node {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t kMaxHead = 8 * 1024;
constexpr std::size_t kListenerBlock = 64 * 1024;
constexpr std::chrono::seconds kHeadTime{5};
constexpr std::size_t kMaxTitle = 200;

class Connection;

// Touched by the radio's thread only.
struct Station {
  explicit Station(LiveFormat format) : ring(format) {}

  LiveRing ring;
  std::uint64_t generation = 0;  // of the source: another one has another head
  std::string title, type;
  bool on_air = false;
  asio::steady_timer::time_point silent_since;
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::size_t fallback_at = 0;  // the next byte of the fallback
  std::vector<std::shared_ptr<Connection>> listeners;  // who hold the station too: cleared when it ends
};

class AsioRadio;

// A source or a listener, once its head was read.
class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, AsioRadio& radio);

  void read_head();
  /// Writes what the ring has beyond this listener's place, when nothing is being written.
  void flush();
  bool is_stuck(asio::steady_timer::time_point now) const { return writing_ && now - since_ > Radio::kSilence; }
  void cut();

 private:
  void serve(std::string_view head);
  void refuse(int status, std::string_view reason, std::string_view fields = "");
  void begin_source(const RadioRequest& request);
  void read_source();
  bool take(std::string_view bytes);
  void begin_listener(const RadioRequest& request);
  void watch();
  void write(std::string text);

  tcp::socket socket_;
  AsioRadio& radio_;
  asio::steady_timer limit_;
  asio::streambuf head_{kMaxHead};
  std::shared_ptr<Station> station_;
  bool source_ = false;
  std::optional<ChunkedText> chunks_;
  std::array<char, 16 * 1024> block_{};
  std::string decoded_;
  std::string leaving_;
  bool writing_ = false;
  bool gone_ = false;
  asio::steady_timer::time_point since_;
  std::uint64_t position_ = 0;
  std::uint64_t generation_ = 0;
  std::array<char, 256> scratch_{};
};

std::string basic(const std::string& password) {
  const std::string plain = "source:" + password;
  std::string text(sodium_base64_ENCODED_LEN(plain.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(plain.data()), plain.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  text.resize(text.find('\0'));
  return "Basic " + text;
}

asio::ip::address address_of(const Endpoint& endpoint) {
  if (!endpoint.is_v4()) return asio::ip::address_v6(endpoint.address);
  asio::ip::address_v4::bytes_type bytes{};
  std::copy(endpoint.address.end() - 4, endpoint.address.end(), bytes.begin());
  return asio::ip::address_v4(bytes);
}

/// The file that is heard while a source is away.
class Fallback {
 public:
  explicit Fallback(const Radio::Options& options) : bytes_(options.fallback), a_second_(std::uint64_t{options.fallback_kbps} * 1000 / 8) {
    const ByteView all = as_bytes(bytes_);
    const std::uint64_t tag = id3v2_size(all);
    if (tag < bytes_.size()) bytes_.erase(0, tag);
    format_ = live_format_from(media_type_of(as_bytes(bytes_)));
  }

  /// Listeners have one decoder: what it cannot go on with is not played.
  bool fits(const Station& station) const {
    return format_ != LiveFormat::kOther && format_ != LiveFormat::kWebm && format_ == live_format_from(station.type);
  }

  void play(Station& station, Duration time) const {
    if (!fits(station)) return;
    std::uint64_t left = a_second_ * static_cast<std::uint64_t>(time / 1ms) / 1000;
    while (left > 0) {
      const std::size_t size = std::min<std::uint64_t>(left, bytes_.size() - station.fallback_at);
      station.ring.append(as_bytes(bytes_).subspan(station.fallback_at, size));
      station.fallback_at = (station.fallback_at + size) % bytes_.size();
      left -= size;
    }
  }

 private:
  std::string bytes_;
  std::uint64_t a_second_;
  LiveFormat format_ = LiveFormat::kOther;
};

class AsioRadio final : public Radio {
 public:
  explicit AsioRadio(const Options& options)
      : acceptor_(context_), pace_(context_), authorization_(basic(options.password)), fallback_(options) {}

  ~AsioRadio() override {
    context_.stop();
    if (thread_.joinable()) thread_.join();
    for (const auto& [name, station] : stations_) station->listeners.clear();
  }

  Result<void> start(const Endpoint& listen) {
    error_code error;
    const tcp::endpoint where(address_of(listen), listen.port);
    acceptor_.open(where.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(where, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return fail(ErrorCode::kUnreachable, "listen on {} for radio: {}", to_string(listen), error.message());
    bound_ = listen;
    bound_.port = acceptor_.local_endpoint().port();
    accept();
    pace();
    thread_ = std::thread([this] { context_.run(); });
    return {};
  }

  Endpoint endpoint() const override { return bound_; }

  std::vector<Row> stations() const override {
    const std::lock_guard lock(mutex_);
    return rows_;
  }

  const std::string& authorization() const { return authorization_; }

  /// The station of a name; a new one when there is room.
  std::shared_ptr<Station> station(const std::string& name, bool make) {
    if (const auto found = stations_.find(name); found != stations_.end()) return found->second;
    if (!make || stations_.size() >= kMaxStations) return nullptr;
    return stations_.emplace(name, std::make_shared<Station>(LiveFormat::kOther)).first->second;
  }

  std::size_t listeners() const { return listeners_; }

 private:
  void accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error) std::make_shared<Connection>(std::move(socket), *this)->read_head();
      accept();
    });
  }

  void pace() {
    pace_.expires_after(kPace);
    pace_.async_wait([this](error_code error) {
      if (error) return;
      serve_all();
      pace();
    });
  }

  void serve_all() {
    const auto now = asio::steady_timer::clock_type::now();
    std::vector<Row> rows;
    listeners_ = 0;
    for (auto it = stations_.begin(); it != stations_.end();) {
      Station& station = *it->second;
      std::erase_if(station.listeners, [&](const auto& listener) {
        if (listener->is_stuck(now)) listener->cut();
        return listener.use_count() == 1;
      });
      const bool is_silent = !station.on_air && !station.listeners.empty() && now - station.silent_since > kPace;
      if (is_silent) fallback_.play(station, kPace);
      for (const auto& listener : station.listeners) listener->flush();
      listeners_ += station.listeners.size();
      rows.push_back({it->first, station.title, station.type, station.on_air, station.listeners.size(), station.bytes_in, station.bytes_out});
      const bool over = !station.on_air && !(is_silent && fallback_.fits(station)) && now - station.silent_since > kReturnTime;
      if (over) {
        for (const auto& listener : station.listeners) listener->cut();
        station.listeners.clear();
      }
      it = over ? stations_.erase(it) : std::next(it);
    }
    const std::lock_guard lock(mutex_);
    rows_ = std::move(rows);
  }

  asio::io_context context_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer pace_;
  const std::string authorization_;
  const Fallback fallback_;
  Endpoint bound_;
  std::map<std::string, std::shared_ptr<Station>> stations_;
  std::size_t listeners_ = 0;
  mutable std::mutex mutex_;
  std::vector<Row> rows_;  // guarded by mutex_
  std::thread thread_;     // last: it uses all of the above
};

Connection::Connection(tcp::socket socket, AsioRadio& radio)
    : socket_(std::move(socket)), radio_(radio), limit_(socket_.get_executor()) {}

void Connection::read_head() {
  limit_.expires_after(kHeadTime);
  limit_.async_wait([self = shared_from_this()](error_code error) {
    if (!error) self->cut();
  });
  asio::async_read_until(socket_, head_, "\r\n\r\n", [self = shared_from_this()](error_code error, std::size_t size) {
    self->limit_.cancel();
    if (error) return self->cut();
    const auto bytes = self->head_.data();
    const std::string all(static_cast<const char*>(bytes.data()), bytes.size());
    self->decoded_ = all.substr(size);
    self->serve(std::string_view(all).substr(0, size));
  });
}

void Connection::serve(std::string_view head) {
  const auto request = radio_request_from(head);
  if (!request) return refuse(404, "Not Found");
  if (request->method == "GET" || request->method == "HEAD") return begin_listener(*request);
  if (request->method == "PUT" || request->method == "SOURCE" || request->method == "POST") return begin_source(*request);
  refuse(405, "Method Not Allowed", "Allow: GET, PUT, SOURCE\r\n");
}

void Connection::refuse(int status, std::string_view reason, std::string_view fields) {
  leaving_ = fmt::format("HTTP/1.0 {} {}\r\nContent-Length: 0\r\nConnection: close\r\n{}\r\n", status, reason, fields);
  asio::async_write(socket_, asio::buffer(leaving_), [self = shared_from_this()](error_code, std::size_t) { self->cut(); });
}

void Connection::begin_source(const RadioRequest& request) {
  if (!is_same_secret(request.field("authorization"), radio_.authorization())) {
    return refuse(401, "Unauthorized", "WWW-Authenticate: Basic realm=\"earshot\"\r\n");
  }
  station_ = radio_.station(request.name, /*make=*/true);
  if (!station_) return refuse(503, "Too many stations");
  if (station_->on_air) return refuse(409, "Somebody else is on air here");
  source_ = true;
  const std::string_view title = request.field("ice-name");
  station_->title = is_clean_text(title) ? std::string(clip_utf8(title, kMaxTitle)) : "";
  const std::string_view type = request.field("content-type");
  station_->type = type.empty() || !is_clean_text(type) || type.size() > 100 ? "audio/mpeg" : std::string(type);
  station_->ring = LiveRing(live_format_from(station_->type));
  station_->generation += 1;
  station_->on_air = true;
  if (request.field("transfer-encoding").find("chunked") != std::string_view::npos) chunks_.emplace();
  const bool waits = request.field("expect").starts_with("100");
  leaving_ = waits ? "HTTP/1.1 100 Continue\r\n\r\n" : "HTTP/1.0 200 OK\r\n\r\n";
  asio::async_write(socket_, asio::buffer(leaving_), [self = shared_from_this()](error_code error, std::size_t) {
    const std::string early = std::exchange(self->decoded_, {});
    if (error || !self->take(early)) return self->cut();
    self->read_source();
  });
}

void Connection::read_source() {
  limit_.expires_after(Radio::kSilence);
  limit_.async_wait([self = shared_from_this()](error_code error) {
    if (!error) self->cut();
  });
  socket_.async_read_some(asio::buffer(block_), [self = shared_from_this()](error_code error, std::size_t size) {
    self->limit_.cancel();
    if (error || !self->take(std::string_view(self->block_.data(), size))) return self->cut();
    self->read_source();
  });
}

bool Connection::take(std::string_view bytes) {
  if (chunks_) {
    decoded_.clear();
    if (!chunks_->take(bytes, decoded_)) return false;
    bytes = decoded_;
  }
  station_->ring.append(as_bytes(bytes));
  station_->bytes_in += bytes.size();
  return !chunks_ || !chunks_->ended();
}

void Connection::begin_listener(const RadioRequest& request) {
  station_ = radio_.station(request.name, /*make=*/false);
  if (!station_) return refuse(404, "Nobody is on air here");
  if (radio_.listeners() >= Radio::kMaxListeners) return refuse(503, "Too many listeners");
  const std::string title = station_->title.empty() ? "" : "icy-name: " + station_->title + "\r\n";
  const std::string fields = fmt::format(
      "HTTP/1.0 200 OK\r\nContent-Type: {}\r\nCache-Control: no-store\r\nConnection: close\r\nX-Content-Type-Options: nosniff\r\n{}\r\n",
      station_->type, title);
  if (request.method == "HEAD") {
    leaving_ = fields;
    asio::async_write(socket_, asio::buffer(leaving_), [self = shared_from_this()](error_code, std::size_t) { self->cut(); });
    return;
  }
  socket_.set_option(tcp::no_delay(true));
  station_->listeners.push_back(shared_from_this());
  watch();
  write(fields);
}

// A listener says nothing more: an end means that he has gone.
void Connection::watch() {
  socket_.async_read_some(asio::buffer(scratch_), [self = shared_from_this()](error_code error, std::size_t) {
    if (error) return self->cut();
    self->watch();
  });
}

void Connection::flush() {
  if (writing_ || gone_ || source_) return;
  std::string text;
  if (generation_ != station_->generation) {
    const std::uint64_t start = station_->ring.join();
    if (start == station_->ring.end()) return;
    generation_ = station_->generation;
    position_ = start;
    text.assign(station_->ring.head().begin(), station_->ring.head().end());
  }
  const ByteView bytes = station_->ring.read(position_, kListenerBlock);
  position_ += bytes.size();
  text.append(as_text(bytes));
  if (!text.empty()) write(std::move(text));
}

void Connection::write(std::string text) {
  writing_ = true;
  since_ = asio::steady_timer::clock_type::now();
  leaving_ = std::move(text);
  asio::async_write(socket_, asio::buffer(leaving_), [self = shared_from_this()](error_code error, std::size_t size) {
    self->writing_ = false;
    if (error) return self->cut();
    self->station_->bytes_out += size;
    self->flush();
  });
}

void Connection::cut() {
  if (std::exchange(gone_, true)) return;
  limit_.cancel();
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
  if (!source_ || !station_) return;
  station_->on_air = false;
  station_->silent_since = asio::steady_timer::clock_type::now();
}

}  // namespace

Result<std::unique_ptr<Radio>> Radio::open(const Options& options) {
  auto radio = std::make_unique<AsioRadio>(options);
  if (auto started = radio->start(options.listen); !started) return tl::unexpected(started.error());
  return radio;
}

}  // namespace earshot::node
