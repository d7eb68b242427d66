// One Channel a call, which wraps what it is told into texts.
#include "tools/node/socket_calls.h"

#include <fmt/format.h>

#include <mutex>
#include <utility>

#include "tools/node/api_json.h"
#include "tools/node/api_orders.h"

namespace earshot::node {

class SocketCalls::Call final : public Channel {
 public:
  Call(std::uint64_t id, Send send) : id_(id), send_(std::move(send)) {}

  void reply(Reply reply) override {
    if (!end()) return;
    const std::string line = reply.body.empty() ? "" : ",\"line\":" + reply.body;
    send_(fmt::format(R"({{"id":{},"status":{}{},"end":true}})", id_, reply.status, line));
  }

  void body(std::unique_ptr<Body>) override {
    reply({406, json::error({ErrorCode::kUnsupported, "bytes are sent over HTTP, not over this socket"}), ""});
  }

  void line(std::string object) override {
    const std::lock_guard lock(mutex_);
    if (!ended_) send_(fmt::format(R"({{"id":{},"line":{}}})", id_, object));
  }

  void close() override {
    if (end()) send_(fmt::format(R"({{"id":{},"status":200,"end":true}})", id_));
  }

  void when_gone(std::function<void()> gone) override {
    {
      const std::lock_guard lock(mutex_);
      if (!gone_) {
        if (!ended_) on_gone_ = std::move(gone);
        return;
      }
    }
    gone();
  }

  /// The reader goes away.
  void leave() {
    std::function<void()> gone;
    {
      const std::lock_guard lock(mutex_);
      if (ended_) return;
      ended_ = gone_ = true;
      gone = std::exchange(on_gone_, nullptr);
    }
    if (gone) gone();
  }

  bool ended() {
    const std::lock_guard lock(mutex_);
    return ended_;
  }

 private:
  // False: it has ended already.
  bool end() {
    const std::lock_guard lock(mutex_);
    on_gone_ = nullptr;
    return !std::exchange(ended_, true);
  }

  const std::uint64_t id_;
  const Send send_;
  std::mutex mutex_;
  bool ended_ = false;              // guarded by mutex_: nothing more is sent
  bool gone_ = false;               // guarded by mutex_: ended by its reader
  std::function<void()> on_gone_;  // guarded by mutex_
};

bool SocketCalls::receive(std::string_view text) {
  auto message = json::socket_message_from(text);
  if (!message) return false;
  if (message->cancel) {
    if (const auto found = open_.find(message->id); found != open_.end()) found->second->leave();
    return true;
  }
  forget_ended();
  if (open_.size() >= kMaxOpen || open_.contains(message->id)) return false;
  const auto call = std::make_shared<Call>(message->id, send_);
  open_.emplace(message->id, call);
  serve_(message->request, call);
  return true;
}

void SocketCalls::gone() {
  for (const auto& [id, call] : std::exchange(open_, {})) call->leave();
}

void SocketCalls::forget_ended() {
  std::erase_if(open_, [](const auto& entry) { return entry.second->ended(); });
}

}  // namespace earshot::node
