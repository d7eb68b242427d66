// Links are ZeroMQ DEALER sockets of one context, so that two hundred of them cost a thread and no more; the flood has a thread of its own.
#include "tools/bench/flood_bench.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <deque>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "index/index.h"
#include "overlay/net/identity.h"
#include "overlay/wire.h"
#include "schema/limits.h"
#include "schema/random.h"
#include "tools/node/node.h"

namespace earshot::bench {

namespace {

using Clock = std::chrono::steady_clock;
using overlay::net::Identity;

constexpr std::string_view kText = "so what";
/// How long an answer may take before it counts as none.
constexpr auto kPatience = std::chrono::seconds(2);

/// A directory of one contact: whoever speaks.
class Speaker final : public overlay::Directory {
 public:
  explicit Speaker(const Contact& self) : self_(self) {}
  std::optional<Contact> contact_of(PeerId) const override { return self_; }
  PeerId intern(const Contact&, PeerId) override { return PeerId{1}; }

 private:
  Contact self_;
};

struct CloseContext { void operator()(void* context) const { zmq_ctx_term(context); } };
struct CloseSocket { void operator()(void* socket) const { zmq_close(socket); } };
using Context = std::unique_ptr<void, CloseContext>;

class Link {
 public:
  Link(void* context, const Contact& node, std::uint16_t number)
      : speaker_(Contact{identity_.key(), *endpoint_from(fmt::format("127.0.0.1:{}", 20'000 + number)), 1}),
        socket_(zmq_socket(context, ZMQ_DEALER)) {
    set(ZMQ_CURVE_SERVERKEY, node.key.bytes.data(), 32);
    set(ZMQ_CURVE_PUBLICKEY, identity_.key().bytes.data(), 32);
    set(ZMQ_CURVE_SECRETKEY, identity_.secret().data(), 32);
    const int linger = 0;
    set(ZMQ_LINGER, &linger, sizeof linger);
    zmq_connect(socket_.get(), fmt::format("tcp://{}", to_string(node.endpoint)).c_str());
    send(overlay::wire::encode(overlay::wire::Hello{.self = *speaker_.contact_of({}), .agent = "bench"}));
    say(overlay::Neighbor{/*high_priority=*/false});
  }

  void* socket() const { return socket_.get(); }

  /// False when ZeroMQ took no more.
  bool say(const overlay::Message& message) {
    const auto frame = overlay::wire::encode(message, speaker_);
    return frame && send(*frame);
  }

  bool ask(const QueryId& id, const std::shared_ptr<const SearchRequest>& request) {
    return say(overlay::Query{id, request, StrategyKind::kFlood, /*ttl=*/0, /*hops=*/1});
  }

  /// What came, if anything did.
  std::optional<overlay::Message> hear() {
    zmq_msg_t message;
    zmq_msg_init(&message);
    std::optional<overlay::Message> heard;
    if (zmq_msg_recv(&message, socket_.get(), ZMQ_DONTWAIT) >= 0) {
      const ByteView bytes(static_cast<const std::uint8_t*>(zmq_msg_data(&message)), zmq_msg_size(&message));
      auto frame = overlay::wire::decode(bytes, PeerId{1}, speaker_);
      if (frame && std::holds_alternative<overlay::Message>(*frame)) {
        heard = std::get<overlay::Message>(std::move(*frame));
      } else {
        heard = overlay::Leave{};  // the hello, say: something that nobody waits for
      }
    }
    zmq_msg_close(&message);
    return heard;
  }

 private:
  void set(int option, const void* value, std::size_t size) { zmq_setsockopt(socket_.get(), option, value, size); }
  bool send(const Bytes& frame) { return zmq_send(socket_.get(), frame.data(), frame.size(), ZMQ_DONTWAIT) >= 0; }

  Identity identity_ = Identity::ephemeral();
  Speaker speaker_;
  std::unique_ptr<void, CloseSocket> socket_;
};

std::shared_ptr<const SearchRequest> question(const Identity& reply) {
  SearchRequest request;
  request.text = kText;
  request.reply_key = reply.key().bytes;
  return std::make_shared<const SearchRequest>(std::move(request));
}

struct Served {
  std::vector<double> ms;  // ascending once all is over
  std::uint64_t asked = 0;

  double share() const { return asked == 0 ? 0 : static_cast<double>(ms.size()) / static_cast<double>(asked); }
  double quantile(double share) const {
    return ms.empty() ? 0 : ms[std::min(ms.size() - 1, static_cast<std::size_t>(share * static_cast<double>(ms.size())))];
  }
};

class Crowd {
 public:
  Crowd(const Contact& node, std::uint32_t count) : context_(zmq_ctx_new()) {
    for (std::uint32_t i = 0; i < count; ++i) links_.push_back(std::make_unique<Link>(context_.get(), node, static_cast<std::uint16_t>(i)));
    for (const auto& link : links_) items_.push_back({link->socket(), 0, ZMQ_POLLIN, 0});
  }

  /// Until all are neighbors, or for ten seconds. How many are.
  std::size_t settle() {
    const auto end = Clock::now() + std::chrono::seconds(10);
    std::size_t neighbors = 0;
    while (neighbors < links_.size() && Clock::now() < end) {
      poll([&](const overlay::Message& message) {
        const auto* const reply = std::get_if<overlay::NeighborReply>(&message);
        neighbors += reply != nullptr && reply->accepted;
      });
    }
    return neighbors;
  }

  Served ask(std::uint32_t rate, std::uint32_t seconds) {
    Served served;
    std::map<std::uint64_t, Clock::time_point> open;
    const auto began = Clock::now();
    const std::uint64_t count = std::uint64_t{rate} * seconds;
    const auto due = [&](std::uint64_t n) { return began + std::chrono::nanoseconds(1'000'000'000) * static_cast<std::int64_t>(n) / rate; };
    const auto end = due(count) + kPatience;
    while (Clock::now() < end && (served.asked < count || !open.empty())) {
      for (; served.asked < count && due(served.asked) <= Clock::now(); ++served.asked) {
        open[++next_] = due(served.asked);
        links_[served.asked % links_.size()]->ask({random_.next(), next_}, request_);
      }
      poll([&](const overlay::Message& message) {
        const auto* const hits = std::get_if<overlay::Hits>(&message);
        const auto asked = hits == nullptr ? open.end() : open.find(hits->id.low);
        if (asked == open.end()) return;
        served.ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - asked->second).count());
        open.erase(asked);
      });
    }
    std::sort(served.ms.begin(), served.ms.end());
    return served;
  }

 private:
  template <class Take>
  void poll(const Take& take) {
    zmq_poll(items_.data(), static_cast<int>(items_.size()), 1);
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (items_[i].revents == 0) continue;
      while (const auto message = links_[i]->hear()) take(*message);
    }
  }

  Context context_;
  std::vector<std::unique_ptr<Link>> links_;
  std::vector<zmq_pollitem_t> items_;
  Identity reply_ = Identity::ephemeral();
  std::shared_ptr<const SearchRequest> request_ = question(reply_);
  Random random_ = Random::stream(1, 2, 3);
  std::uint64_t next_ = 0;
};

/// Asks for the same thing, so that each of its questions would cost a look-up and a box.
std::uint64_t flood(const Contact& node, std::uint32_t rate, const std::atomic<bool>& over) {
  const Context context(zmq_ctx_new());
  Link link(context.get(), node, 9'999);
  const Identity reply = Identity::ephemeral();
  const auto request = question(reply);
  Random random = Random::stream(4, 5, 6);
  std::uint64_t sent = 0;
  const auto began = Clock::now();
  for (std::uint64_t due = 0; !over; std::this_thread::sleep_for(std::chrono::milliseconds(1))) {
    const double elapsed = std::chrono::duration<double>(Clock::now() - began).count();
    for (; static_cast<double>(due) < elapsed * rate; ++due) sent += link.ask({random.next(), random.next()}, request);
    while (link.hear()) {}
  }
  return sent;
}

/// A greeting of ZMTP 3.1 and a CURVE HELLO (RFC 26) whose box is noise: to see that, the server pays for the key exchange.
Bytes bogus_handshake(Random& random) {
  constexpr std::size_t kGreeting = 64, kHello = 200;
  Bytes bytes(kGreeting + 2 + kHello, 0);
  bytes[0] = 0xff;
  bytes[9] = 0x7f;
  bytes[10] = 3;
  bytes[11] = 1;
  std::memcpy(bytes.data() + 12, "CURVE", 5);
  bytes[kGreeting] = 0x04;  // a short command
  bytes[kGreeting + 1] = kHello;
  std::uint8_t* const hello = bytes.data() + kGreeting + 2;
  std::memcpy(hello, "\5HELLO\1\0", 8);
  for (std::size_t at = 80; at < kHello; ++at) hello[at] = static_cast<std::uint8_t>(random.below(256));
  return bytes;
}

/// Each connection is given a quarter of a second, and is then reset.
std::uint64_t knock(const Contact& node, std::uint32_t rate, const std::atomic<bool>& over) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(node.endpoint.port);
  std::memcpy(&address.sin_addr, node.endpoint.address.data() + 12, 4);
  struct Open {
    int descriptor;
    Clock::time_point since;
  };
  std::deque<Open> open;
  const auto close_first = [&open] {
    const linger none{1, 0};
    ::setsockopt(open.front().descriptor, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    ::close(open.front().descriptor);
    open.pop_front();
  };
  Random random = Random::stream(7, 8, 9);
  std::uint64_t knocks = 0;
  const auto began = Clock::now();
  for (std::uint64_t due = 0; !over; std::this_thread::sleep_for(std::chrono::milliseconds(1))) {
    const double elapsed = std::chrono::duration<double>(Clock::now() - began).count();
    for (; static_cast<double>(due) < elapsed * rate; ++due) {
      const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      if (descriptor < 0) break;
      open.push_back({descriptor, Clock::now()});
      if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) continue;
      const Bytes bytes = bogus_handshake(random);
      knocks += ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) == static_cast<ssize_t>(bytes.size());
    }
    while (!open.empty() && Clock::now() - open.front().since > std::chrono::milliseconds(250)) close_first();
  }
  while (!open.empty()) close_first();
  return knocks;
}

double resident_mb() {
  std::ifstream statm("/proc/self/statm");
  double total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

}  // namespace

Result<std::string> run_flood_bench(const FloodBenchOptions& options) {
  auto index = index::Index::open(options.folder / "index", {});
  if (!index) return tl::unexpected(std::move(index.error()));
  Track track;
  track.title = "So What";
  track.content.scheme = Scheme::kPpspp;
  track.content.digest.fill(1);
  if (auto added = (*index)->add({&track, 1}); !added) return tl::unexpected(std::move(added.error()));
  const Identity identity = Identity::ephemeral();
  node::NodeOptions node_options;
  node_options.listen = *endpoint_from("127.0.0.1:0");
  node_options.protocol.active_size = 255;
  node_options.links = options.links + 16;
  node_options.agent = "bench";
  auto node = node::Node::start(identity, node_options, **index);
  if (!node) return tl::unexpected(std::move(node.error()));
  const Contact contact = (*node)->self();

  Crowd crowd(contact, options.links);
  const std::size_t neighbors = crowd.settle();
  crowd.ask(options.rate, 1);  // warm
  const Served idle = crowd.ask(options.rate, options.seconds);
  std::atomic<bool> over = false;
  std::uint64_t flooded = 0;
  const double before_mb = resident_mb();
  std::thread attacker([&] {
    flooded = options.handshakes > 0 ? knock(contact, options.handshakes, over) : flood(contact, options.flood, over);
  });
  const Served under = crowd.ask(options.rate, options.seconds);
  over = true;
  attacker.join();
  const node::NodeStatus status = (*node)->status();
  return fmt::format(
      R"({{"row":"{}","links":{},"neighbors":{},"rate":{},"flooded":{},"queries_in":{},"grown_mb":{:.1f},)"
      R"("idle_served":{:.4f},"idle_p50_ms":{:.2f},"idle_p99_ms":{:.2f},"flood_served":{:.4f},"flood_p50_ms":{:.2f},"flood_p99_ms":{:.2f}}})",
      options.handshakes > 0 ? "handshakes" : "flood", options.links, neighbors, options.rate, flooded, status.queries_in,
      resident_mb() - before_mb, idle.share(), idle.quantile(0.5), idle.quantile(0.99),
      under.share(), under.quantile(0.5), under.quantile(0.99));
}

}  // namespace earshot::bench
