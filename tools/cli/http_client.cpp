// A small HTTP/1.1 client for our own node: one request a connection, whole lines out, Ctrl-C noticed within 100 ms.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

#include "tools/cli/client.h"
#include "tools/cli/interrupt.h"
#include "tools/node/runtime_files.h"

namespace earshot::cli {

namespace {

constexpr int kTickMs = 100;

// A node that says nothing for longer than its longest search hangs.
constexpr int kMaxSilentMs = 180'000;

// A header of ours has 500 bytes, a line at most a hit with 16 holders: 6 KiB.
constexpr std::size_t kMaxHeader = 16 * 1024;
constexpr std::size_t kMaxLine = 1u << 20;

constexpr std::size_t kMaxToken = 256;

class Connection {
 public:
  explicit Connection(int descriptor) : descriptor_(descriptor) {}
  ~Connection() { ::close(descriptor_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Result<void> send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR && !interrupted()) continue;
      if (sent < 0) return fail(ErrorCode::kUnreachable, "the node went away: {}", std::strerror(errno));
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
  }

  /// The next bytes; empty at the end.
  Result<std::string_view> receive(const std::function<void()>& on_idle) {
    for (int silent_ms = 0; silent_ms < kMaxSilentMs; silent_ms += kTickMs) {
      if (interrupted()) return fail(ErrorCode::kStopped, "interrupted");
      pollfd waiting{descriptor_, POLLIN, 0};
      const int ready = ::poll(&waiting, 1, kTickMs);
      if (ready == 0 && on_idle) on_idle();
      if (ready <= 0) continue;
      const ssize_t got = ::recv(descriptor_, buffer_.data(), buffer_.size(), 0);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return fail(ErrorCode::kUnreachable, "the node went away: {}", std::strerror(errno));
      return std::string_view(buffer_.data(), static_cast<std::size_t>(got));
    }
    return fail(ErrorCode::kTimedOut, "the node does not answer");
  }

 private:
  int descriptor_;
  std::array<char, 16 * 1024> buffer_{};
};

struct Header {
  int status = 0;
  bool chunked = false;
  std::optional<std::size_t> length;
};

Result<Header> header_from(std::string_view text) {
  Header header;
  const std::string_view number = text.substr(std::min(text.find(' ') + 1, text.size()), 3);
  std::from_chars(number.data(), number.data() + number.size(), header.status);
  if (!text.starts_with("HTTP/1.") || header.status < 100) return fail(ErrorCode::kCorrupt, "the answer is not HTTP");
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  header.chunked = lower.find("\r\ntransfer-encoding: chunked\r\n") != std::string::npos;
  constexpr std::string_view kLength = "\r\ncontent-length: ";
  if (const std::size_t at = lower.find(kLength); at != std::string::npos) {
    std::size_t length = 0;
    std::from_chars(lower.data() + at + kLength.size(), lower.data() + lower.size(), length);
    header.length = length;
  }
  return header;
}

// Takes a body apart, chunked or not, and hands out its lines.
class Body {
 public:
  Body(const Header& header, const Reader& reader) : header_(header), reader_(reader) {
    left_ = header.length.value_or(0);
    ended_ = !header.chunked && header.length == std::size_t{0};
  }

  bool ended() const { return ended_; }

  /// False: the reader wants no more.
  Result<bool> take(std::string_view bytes) {
    raw_ += bytes;
    while (!ended_) {
      if (header_.chunked && left_ == 0) {
        const auto sized = next_chunk();
        if (!sized) return tl::unexpected(sized.error());
        if (!*sized) break;
        continue;
      }
      const std::size_t part = header_.chunked || header_.length ? std::min(left_, raw_.size()) : raw_.size();
      if (part == 0) break;
      lines_ += raw_.substr(0, part);
      raw_.erase(0, part);
      left_ -= std::min(left_, part);
      ended_ = !header_.chunked && header_.length && left_ == 0;
    }
    return hand_out();
  }

 private:
  // Reads a chunk's size line. False: more bytes are needed.
  Result<bool> next_chunk() {
    const std::size_t start = raw_.starts_with("\r\n") ? 2 : 0;
    const std::size_t end = raw_.find("\r\n", start);
    if (end == std::string::npos) return false;
    const auto [after, error] = std::from_chars(raw_.data() + start, raw_.data() + end, left_, 16);
    if (error != std::errc{} || left_ > kMaxLine)
      return fail(ErrorCode::kCorrupt, "a chunk of the answer has no good size");
    raw_.erase(0, end + 2);
    ended_ = left_ == 0;
    return !ended_;
  }

  Result<bool> hand_out() {
    if (header_.status < 300 && reader_.on_bytes) {
      const std::string bytes = std::exchange(lines_, {});
      return bytes.empty() || reader_.on_bytes(bytes);
    }
    std::size_t at = 0;
    for (std::size_t end = 0; (end = lines_.find('\n', at)) != std::string::npos; at = end + 1) {
      if (end > at && !reader_.on_line(std::string_view(lines_).substr(at, end - at))) return false;
    }
    lines_.erase(0, at);
    if (lines_.size() > kMaxLine) return fail(ErrorCode::kCorrupt, "a line of the answer is too long");
    return true;
  }

  const Header header_;
  const Reader& reader_;
  std::string raw_;       // not yet taken apart
  std::string lines_;     // not yet handed out
  std::size_t left_ = 0;  // of this chunk, or of the body
  bool ended_ = false;
};

class HttpClient final : public Client {
 public:
  using Dial = std::function<Result<int>()>;

  HttpClient(Dial dial, std::string host, std::string token)
      : dial_(std::move(dial)), host_(std::move(host)), token_(std::move(token)) {}

  Result<int> call(std::string_view method, std::string_view target, const std::string& body,
                   const Reader& reader) override {
    const auto descriptor = dial_();
    if (!descriptor) return tl::unexpected(descriptor.error());
    Connection connection(*descriptor);
    std::string request = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", method, target, host_);
    if (!token_.empty()) request += fmt::format("Authorization: Bearer {}\r\n", token_);
    if (method == "POST")
      request += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", body.size());
    request += "\r\n" + body;
    if (auto sent = connection.send(request); !sent) return tl::unexpected(sent.error());
    return read_answer(connection, reader);
  }

 private:
  static Result<int> read_answer(Connection& connection, const Reader& reader) {
    std::string head;
    std::size_t end = std::string::npos;
    while ((end = head.find("\r\n\r\n")) == std::string::npos) {
      const auto bytes = connection.receive(reader.on_idle);
      if (!bytes) return tl::unexpected(bytes.error());
      if (bytes->empty() || head.size() > kMaxHeader)
        return fail(ErrorCode::kUnreachable, "the node closed the connection");
      head += *bytes;
    }
    const auto header = header_from(std::string_view(head).substr(0, end + 2));
    if (!header) return tl::unexpected(header.error());
    Body body(*header, reader);
    auto wanted = body.take(std::string_view(head).substr(end + 4));
    while (wanted && *wanted && !body.ended()) {
      const auto bytes = connection.receive(reader.on_idle);
      if (!bytes) return tl::unexpected(bytes.error());
      if (bytes->empty() && (header->chunked || header->length))
        return fail(ErrorCode::kUnreachable, "the node ended in the middle of an answer");
      if (bytes->empty()) break;
      wanted = body.take(*bytes);
    }
    if (!wanted) return tl::unexpected(wanted.error());
    return header->status;
  }

  Dial dial_;
  std::string host_;
  std::string token_;
};

Result<int> dial_socket(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string text = path.string();
  if (text.size() >= sizeof(address.sun_path))
    return fail(ErrorCode::kInvalid, "the socket path '{}' is too long", text);
  std::memcpy(address.sun_path, text.c_str(), text.size() + 1);
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return fail(ErrorCode::kExhausted, "open a socket: {}", std::strerror(errno));
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return descriptor;
  const int reason = errno;
  ::close(descriptor);
  if (reason == EACCES) return fail(ErrorCode::kDenied, "'{}' belongs to another user", text);
  return fail(ErrorCode::kUnreachable, "no node runs on this data folder (start one: earshot node)");
}

Result<int> dial_endpoint(const Endpoint& endpoint) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(endpoint.port);
  std::memcpy(&address.sin6_addr, endpoint.address.data(), endpoint.address.size());
  const int descriptor = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return fail(ErrorCode::kExhausted, "open a socket: {}", std::strerror(errno));
  const int both = 0;
  ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &both, sizeof(both));
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return descriptor;
  const int reason = errno;
  ::close(descriptor);
  return fail(ErrorCode::kUnreachable, "no node answers at {}: {}", to_string(endpoint), std::strerror(reason));
}

}  // namespace

Result<std::unique_ptr<Client>> connect_to_socket(const std::filesystem::path& socket) {
  const auto dial = [socket] { return dial_socket(socket); };
  const auto tried = dial();
  if (!tried) return tl::unexpected(tried.error());
  ::close(*tried);
  return std::make_unique<HttpClient>(dial, "localhost", "");
}

Result<std::unique_ptr<Client>> connect_to_node(const node::Config& config) {
  if (config.url.empty()) return connect_to_socket(config.folders.runtime / "earshot.sock");
  constexpr std::string_view kScheme = "http://";
  const auto endpoint = endpoint_from(std::string_view(config.url).substr(kScheme.size()));
  if (!endpoint) return tl::unexpected(endpoint.error());
  auto token = node::read_small_file(config.token_file, kMaxToken);
  if (!token) return fail(ErrorCode::kDenied, "the token of {}: {}", config.url, token.error().what);
  while (!token->empty() && token->back() == '\n') token->pop_back();
  return std::make_unique<HttpClient>([endpoint = *endpoint] { return dial_endpoint(endpoint); }, to_string(*endpoint),
                                      *token);
}

}  // namespace earshot::cli
