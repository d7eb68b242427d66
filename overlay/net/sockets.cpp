// libzmq's C interface: it answers in return codes, and sends that fail are ordinary here.
#include "overlay/net/sockets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sodium.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "schema/check.h"
#include "schema/defence.h"
#include "schema/limits.h"

namespace earshot::overlay::net {

namespace {

// Options of both sockets; times in milliseconds. Sources: measured on Debian 12's libzmq 4.3.4 unless said otherwise.
// Without the next one a stranger's claim of 8 GiB took 4 GB. CURVE puts 33 bytes around a frame, and ZeroMQ counts them.
constexpr std::int64_t kMaxMessage = static_cast<std::int64_t>(limits::kMaxFrame) + 33;
constexpr int kHandshakeTime = 5000;  // silent connections are gone after it; the default is 30 s
constexpr int kConnectTime = 5000;
constexpr int kHeartbeat = 5000;  // a frozen peer is gone after 20 s; a killed one closes its TCP connection
constexpr int kHeartbeatTimeout = 15000;
constexpr int kBacklog = 1024;
constexpr int kGoodbyeTime = 300;  // for what was sent before the sockets are closed
/// Messages that ZeroMQ holds for one link each way. 32 x 64 KiB = 2 MiB a link at the worst, 12 kB for queries.
constexpr int kHighWater = 32;

constexpr std::size_t kRoutingIdSize = 17;
constexpr const char* kZapEndpoint = "inproc://zeromq.zap.01";

class Part {
 public:
  Part() { zmq_msg_init(&message_); }
  ~Part() { zmq_msg_close(&message_); }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  bool receive(void* socket) { return zmq_msg_recv(&message_, socket, ZMQ_DONTWAIT) >= 0; }
  bool has_more() const { return zmq_msg_more(&message_) != 0; }
  ByteView bytes() const {
    return {static_cast<const std::uint8_t*>(zmq_msg_data(const_cast<zmq_msg_t*>(&message_))), zmq_msg_size(&message_)};
  }
  std::string_view text() const { return as_text(bytes()); }
  const char* property(const char* name) { return zmq_msg_gets(&message_, name); }
  int descriptor() { return zmq_msg_get(&message_, ZMQ_SRCFD); }

 private:
  zmq_msg_t message_;
};

template <class Value>
bool set(void* socket, int option, const Value& value) {
  return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

/// What both ROUTERs have in common.
bool set_up_router(void* socket, const Identity& identity) {
  const Digest32& public_key = identity.key().bytes;
  const bool is_limited = !stands(Defence::kFrameLimit) || set(socket, ZMQ_MAXMSGSIZE, kMaxMessage);
  const bool is_timed = !stands(Defence::kHandshakeTime) || set(socket, ZMQ_HANDSHAKE_IVL, kHandshakeTime);
  return is_limited && is_timed &&
         set(socket, ZMQ_CONNECT_TIMEOUT, kConnectTime) && set(socket, ZMQ_HEARTBEAT_IVL, kHeartbeat) &&
         set(socket, ZMQ_HEARTBEAT_TIMEOUT, kHeartbeatTimeout) && set(socket, ZMQ_HEARTBEAT_TTL, kHeartbeatTimeout) &&
         set(socket, ZMQ_SNDHWM, kHighWater) && set(socket, ZMQ_RCVHWM, kHighWater) && set(socket, ZMQ_LINGER, 0) &&
         set(socket, ZMQ_IPV6, 1) && set(socket, ZMQ_BACKLOG, kBacklog) && set(socket, ZMQ_RECONNECT_IVL, -1) &&
         set(socket, ZMQ_ROUTER_MANDATORY, 1) && set(socket, ZMQ_ROUTER_HANDOVER, 0) &&
         zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public_key.data(), public_key.size()) == 0 &&
         zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, identity.secret().data(), identity.secret().size()) == 0;
}

/// Events must never make ZeroMQ's own thread wait for us, hence no limit; each is 60 bytes and one connection makes two.
bool set_up_monitor(void* monitor, void* watched, const char* endpoint, int events) {
  return zmq_socket_monitor(watched, endpoint, events) == 0 && set(monitor, ZMQ_RCVHWM, 0) &&
         set(monitor, ZMQ_LINGER, 0) && zmq_connect(monitor, endpoint) == 0;
}

std::optional<Endpoint> address_from(const char* text) {
  if (text == nullptr) return std::nullopt;
  Endpoint endpoint;
  if (inet_pton(AF_INET6, text, endpoint.address.data()) == 1) return endpoint;
  endpoint.address[10] = endpoint.address[11] = 0xff;
  if (inet_pton(AF_INET, text, endpoint.address.data() + 12) == 1) return endpoint;
  return std::nullopt;
}

void drain(void* socket) {
  Part part;
  do {
    if (!part.receive(socket)) return;
  } while (part.has_more());
}

}  // namespace

std::string dial_text(const Endpoint& endpoint) {
  return "tcp://" + to_string(endpoint);
}

void Sockets::CloseContext::operator()(void* context) const {
  while (zmq_ctx_term(context) != 0 && errno == EINTR) {
  }
}

void Sockets::CloseSocket::operator()(void* socket) const {
  zmq_close(socket);
}

Sockets::Socket Sockets::open_socket(int type) {
  Socket socket(zmq_socket(context_.get(), type));
  EARSHOT_CHECK(socket != nullptr);
  return socket;
}

Result<std::unique_ptr<Sockets>> Sockets::open(const Identity& identity, const Endpoint& listen) {
  std::unique_ptr<Sockets> sockets(new Sockets());
  if (auto started = sockets->start(identity, listen); !started) return tl::unexpected(std::move(started.error()));
  return sockets;
}

Result<void> Sockets::start(const Identity& identity, const Endpoint& listen) {
  if (zmq_has("curve") != 1) return fail(ErrorCode::kUnsupported, "this libzmq is built without CURVE");
  wake_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wake_ < 0) return fail(ErrorCode::kExhausted, "no descriptor left: raise the limit with ulimit -n");
  context_.reset(zmq_ctx_new());
  zap_ = open_socket(ZMQ_REP);
  inbound_monitor_ = open_socket(ZMQ_PAIR);
  outbound_monitor_ = open_socket(ZMQ_PAIR);
  inbound_ = open_socket(ZMQ_ROUTER);
  outbound_ = open_socket(ZMQ_ROUTER);
  constexpr std::string_view kDomain = "earshot";
  const bool ready = set(zap_.get(), ZMQ_LINGER, 0) && zmq_bind(zap_.get(), kZapEndpoint) == 0 &&
                     set_up_router(inbound_.get(), identity) && set_up_router(outbound_.get(), identity) &&
                     set(inbound_.get(), ZMQ_CURVE_SERVER, 1) &&
                     zmq_setsockopt(inbound_.get(), ZMQ_ZAP_DOMAIN, kDomain.data(), kDomain.size()) == 0 &&
                     set_up_monitor(inbound_monitor_.get(), inbound_.get(), "inproc://inbound-events",
                                    ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED) &&
                     set_up_monitor(outbound_monitor_.get(), outbound_.get(), "inproc://outbound-events",
                                    ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED);
  if (!ready) return fail(ErrorCode::kUnsupported, "libzmq refuses an option: {}", zmq_strerror(errno));

  if (zmq_bind(inbound_.get(), dial_text(listen).c_str()) != 0) {
    return fail(ErrorCode::kUnreachable, "cannot listen on {}: {}; choose another --listen", to_string(listen),
                zmq_strerror(errno));
  }
  std::array<char, 128> bound{};
  std::size_t size = bound.size();
  EARSHOT_CHECK(zmq_getsockopt(inbound_.get(), ZMQ_LAST_ENDPOINT, bound.data(), &size) == 0);
  const std::string_view text(bound.data());
  port_ = static_cast<std::uint16_t>(std::stoul(std::string(text.substr(text.rfind(':') + 1))));
  return {};
}

Sockets::~Sockets() {
  for (const Socket* socket : {&inbound_, &outbound_}) {
    if (*socket) set(socket->get(), ZMQ_LINGER, kGoodbyeTime);
  }
  if (wake_ >= 0) ::close(wake_);
}

void Sockets::wait(Duration patience) {
  std::array<zmq_pollitem_t, 6> items{};
  void* const sockets[] = {inbound_.get(), outbound_.get(), zap_.get(), inbound_monitor_.get(),
                           outbound_monitor_.get()};
  for (std::size_t i = 0; i < 5; ++i) items[i] = {sockets[i], 0, ZMQ_POLLIN, 0};
  items[5] = {nullptr, wake_, ZMQ_POLLIN, 0};
  // Rounded up: a deadline that is 300 us away must not turn into a busy loop.
  const Duration at_most = std::clamp<Duration>(patience, 0s, 60s);
  zmq_poll(items.data(), static_cast<int>(items.size()), static_cast<long>((at_most + 999us) / 1ms));
  std::uint64_t count = 0;
  if ((items[5].revents & ZMQ_POLLIN) != 0) [[maybe_unused]]
    const auto size = ::read(wake_, &count, sizeof count);
}

void Sockets::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto size = ::write(wake_, &one, sizeof one);
}

std::optional<Incoming> Sockets::receive(Side side) {
  void* const socket = router(side);
  Part id;
  if (!id.receive(socket)) return std::nullopt;
  Incoming incoming;
  incoming.side = side;
  incoming.routing_id = id.text();
  Part body;
  if (!id.has_more() || !body.receive(socket)) {
    incoming.well_formed = false;
    return incoming;
  }
  incoming.frame.assign(body.bytes().begin(), body.bytes().end());
  incoming.descriptor = body.descriptor();
  if (const auto address = address_from(body.property("Peer-Address"))) incoming.address = *address;
  if (const char* user = side == Side::kInbound ? body.property("User-Id") : nullptr) {
    if (const auto key = digest_from_hex(user)) incoming.key = NodeKey{*key};
  }
  if (body.bytes().size() > limits::kMaxFrame) incoming.well_formed = false;
  if (body.has_more()) {
    incoming.well_formed = false;
    drain(socket);
  }
  return incoming;
}

std::optional<SocketEvent> Sockets::next_event() {
  if (auto event = read_event(Side::kInbound)) return event;
  return read_event(Side::kOutbound);
}

std::optional<SocketEvent> Sockets::read_event(Side side) {
  void* const monitor = side == Side::kInbound ? inbound_monitor_.get() : outbound_monitor_.get();
  Part head, endpoint;
  if (!head.receive(monitor) || !head.has_more() || !endpoint.receive(monitor)) return std::nullopt;
  std::uint16_t kind = 0;
  std::int32_t value = 0;
  EARSHOT_CHECK(head.bytes().size() == sizeof kind + sizeof value);
  std::memcpy(&kind, head.bytes().data(), sizeof kind);
  std::memcpy(&value, head.bytes().data() + sizeof kind, sizeof value);
  return SocketEvent{side, kind == ZMQ_EVENT_ACCEPTED ? SocketEvent::Kind::kAccepted : SocketEvent::Kind::kGone, value,
                     std::string(endpoint.text())};
}

std::optional<Gate::Verdict> Sockets::answer_handshake(Gate& gate, Instant now) {
  // ZMQ RFC 27: version, request id, domain, address, routing id, mechanism, credentials.
  std::array<Part, 7> request;
  std::size_t parts = 0;
  do {
    if (!request[parts].receive(zap_.get())) return std::nullopt;
  } while (request[parts].has_more() && ++parts < request.size());
  if (parts == request.size()) drain(zap_.get());
  const ByteView key = request[6].bytes();
  const auto address = address_from(std::string(request[3].text()).c_str());
  const Gate::Verdict verdict = gate.admit(now, request[5].text(), key, address.value_or(Endpoint{}));
  const bool welcome = verdict == Gate::Verdict::kWelcome;
  const std::string user = welcome ? to_hex(key) : std::string();
  const std::array<std::string_view, 6> reply = {
      "1.0", request[1].text(), welcome ? "200" : "400", to_string(verdict), user, ""};
  for (std::size_t i = 0; i < reply.size(); ++i) {
    zmq_send(zap_.get(), reply[i].data(), reply[i].size(), ZMQ_DONTWAIT | (i + 1 < reply.size() ? ZMQ_SNDMORE : 0));
  }
  return verdict;
}

Sockets::Sent Sockets::send(Side side, std::string_view routing_id, ByteView frame) {
  void* const socket = router(side);
  if (zmq_send(socket, routing_id.data(), routing_id.size(), ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0 ||
      zmq_send(socket, frame.data(), frame.size(), ZMQ_DONTWAIT) < 0) {
    return errno == EAGAIN ? Sent::kFull : Sent::kGone;
  }
  return Sent::kDone;
}

std::optional<std::string> Sockets::dial(const std::string& where, const NodeKey& key) {
  std::string id(kRoutingIdSize, '\x01');
  randombytes_buf(id.data() + 1, id.size() - 1);
  const bool dialled = zmq_setsockopt(outbound_.get(), ZMQ_CONNECT_ROUTING_ID, id.data(), id.size()) == 0 &&
                       zmq_setsockopt(outbound_.get(), ZMQ_CURVE_SERVERKEY, key.bytes.data(), key.bytes.size()) == 0 &&
                       zmq_connect(outbound_.get(), where.c_str()) == 0;
  if (!dialled) return std::nullopt;
  return id;
}

void Sockets::hang_up(const std::string& where) {
  zmq_disconnect(outbound_.get(), where.c_str());
}

std::optional<Endpoint> Sockets::remote_end(int descriptor) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (descriptor < 0 || ::getpeername(descriptor, reinterpret_cast<sockaddr*>(&storage), &size) != 0)
    return std::nullopt;
  Endpoint endpoint;
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &storage, sizeof v6);
    std::memcpy(endpoint.address.data(), &v6.sin6_addr, 16);
    endpoint.port = ntohs(v6.sin6_port);
    return endpoint;
  }
  if (storage.ss_family != AF_INET) return std::nullopt;
  sockaddr_in v4{};
  std::memcpy(&v4, &storage, sizeof v4);
  endpoint.address[10] = endpoint.address[11] = 0xff;
  std::memcpy(endpoint.address.data() + 12, &v4.sin_addr, 4);
  endpoint.port = ntohs(v4.sin_port);
  return endpoint;
}

void Sockets::cut(int descriptor, const Endpoint& remote) {
  if (remote_end(descriptor) == remote) ::shutdown(descriptor, SHUT_RDWR);
}

}  // namespace earshot::overlay::net
