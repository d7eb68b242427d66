// A node inside one command: asks, fetches, and is gone again. It has a key of its own that is forgotten with it.
#include <fmt/format.h>

#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "tools/cli/client.h"
#include "tools/cli/interrupt.h"
#include "tools/node/daemon.h"

namespace earshot::cli {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kAskPeriod{100};

// How often to look for bytes of a content that have not come yet.
constexpr std::chrono::milliseconds kBodyTick{5};

// Three dead contacts and a slow one: more than this is no network.
constexpr std::chrono::seconds kJoinTime{8};

// A node of the local network answers a beacon within a second.
constexpr std::chrono::seconds kLanTime{3};

// With the first neighbor others come at once; a moment later a question reaches more of the network.
constexpr std::chrono::milliseconds kSettleTime{300};

// Between the node's threads and the one that reads.
class LocalChannel final : public node::Channel {
 public:
  void reply(node::Reply reply) override {
    {
      const std::lock_guard lock(mutex_);
      status_ = reply.status;
      if (!reply.body.empty()) lines_.push_back(std::move(reply.body));
      closed_ = true;
    }
    wake_.notify_one();
  }

  void body(std::unique_ptr<node::Body> body) override {
    {
      const std::lock_guard lock(mutex_);
      body_ = std::move(body);
    }
    wake_.notify_one();
  }

  void line(std::string object) override {
    {
      const std::lock_guard lock(mutex_);
      lines_.push_back(std::move(object));
    }
    wake_.notify_one();
  }

  void close() override {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    wake_.notify_one();
  }

  void when_gone(std::function<void()> gone) override {
    const std::lock_guard lock(mutex_);
    gone_ = std::move(gone);
  }

  /// Hands out lines until the end; the status.
  Result<int> read(const Reader& reader) {
    std::unique_lock lock(mutex_);
    while (true) {
      const bool woken = wake_.wait_for(lock, kAskPeriod, [this] { return closed_ || body_ || !lines_.empty(); });
      if (body_) {
        const std::unique_ptr<node::Body> body = std::move(body_);
        lock.unlock();
        return read_body(*body, reader);
      }
      if (interrupted()) return give_up(lock, fail(ErrorCode::kStopped, "interrupted"));
      while (!lines_.empty()) {
        const std::string line = std::move(lines_.front());
        lines_.pop_front();
        lock.unlock();
        const bool wanted = reader.on_line(line);
        lock.lock();
        if (!wanted) return give_up(lock, status_);
      }
      if (closed_) return status_;
      if (!woken && reader.on_idle) reader.on_idle();
    }
  }

 private:
  static Result<int> read_body(node::Body& body, const Reader& reader) {
    auto head = body.head();
    while (head && !*head) {
      if (interrupted()) return fail(ErrorCode::kStopped, "interrupted");
      std::this_thread::sleep_for(kBodyTick);
      head = body.head();
    }
    if (!head) return tl::unexpected(head.error());
    std::array<std::uint8_t, 64 * 1024> block;
    for (std::uint64_t left = (*head)->has_body ? (*head)->size : 0; left > 0;) {
      if (interrupted()) return fail(ErrorCode::kStopped, "interrupted");
      const auto got = body.pull(block);
      if (!got) return tl::unexpected(got.error());
      if (*got == 0) std::this_thread::sleep_for(kBodyTick);
      if (*got > 0 && !reader.on_bytes(as_text(ByteView(block).first(*got)))) break;
      left -= *got;
    }
    return (*head)->status;
  }

  Result<int> give_up(std::unique_lock<std::mutex>& lock, Result<int> result) {
    const auto gone = std::exchange(gone_, nullptr);
    lock.unlock();
    if (gone) gone();
    return result;
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::string> lines_;  // guarded by mutex_
  std::unique_ptr<node::Body> body_;  // guarded by mutex_
  int status_ = 200;               // guarded by mutex_
  bool closed_ = false;            // guarded by mutex_
  std::function<void()> gone_;     // guarded by mutex_
};

class LightNode final : public Client {
 public:
  explicit LightNode(std::unique_ptr<node::Daemon> daemon) : daemon_(std::move(daemon)) {}

  Result<int> call(std::string_view method, std::string_view target, const std::string& body,
                   const Reader& reader) override {
    node::Request request;
    request.method = method;
    request.target = target;
    request.content_type = "application/json";
    request.body = body;
    request.unix_socket = true;
    const auto channel = std::make_shared<LocalChannel>();
    {
      const std::lock_guard lock(asking_);
      daemon_->api().handle(request, channel);
    }
    return channel->read(reader);
  }

 private:
  std::mutex asking_;  // the API takes one question at a time; several fetches ask at once
  std::unique_ptr<node::Daemon> daemon_;
};

Error nobody(std::string_view why) {
  return {ErrorCode::kUnreachable,
          fmt::format("{}. No node runs here, so a light one was started for this command, and it needs a node to join "
                      "through: --bootstrap earshot://KEY@ADDRESS:PORT (earshot status on that node shows it), or "
                      "node.bootstrap in earshot.toml. To see a whole network on this machine: earshot demo",
                      why)};
}

}  // namespace

Result<std::unique_ptr<Client>> start_light_node(const node::Config& config, bool alone,
                                                 const std::function<void(std::string_view)>& say) {
  auto daemon = node::Daemon::open(config, node::Role::kLight);
  if (!daemon) return tl::unexpected(daemon.error());
  if (alone) return std::make_unique<LightNode>(std::move(*daemon));
  const bool knows = (*daemon)->node().status().contacts > 0;
  if (!knows && (!config.lan || config.listen.is_loopback())) return tl::unexpected(nobody("no peers are known"));
  say(knows ? "no node runs here: joining the network..." : "no node runs here: looking for one in the local network...");
  const std::chrono::seconds patience = knows ? kJoinTime : kLanTime;
  const auto deadline = Clock::now() + patience;
  while ((*daemon)->node().status().neighbors == 0) {
    if (interrupted()) return fail(ErrorCode::kStopped, "interrupted");
    if (Clock::now() > deadline)
      return tl::unexpected(nobody(knows ? fmt::format("no peer answered within {} s", patience.count())
                                         : "no peers are known, and none is in the local network"));
    std::this_thread::sleep_for(kAskPeriod / 4);
  }
  std::this_thread::sleep_for(kSettleTime);
  return std::make_unique<LightNode>(std::move(*daemon));
}

}  // namespace earshot::cli
