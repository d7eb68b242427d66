// Telling systemd how the node is: the notification protocol of sd_notify(3), which is one datagram to the socket that
// NOTIFY_SOCKET names. Without that variable nothing is said.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "schema/time.h"
#include "tools/node/config.h"

namespace earshot::node {

class ServiceNotice {
 public:
  explicit ServiceNotice(const Environment& environment);

  /// From any thread. "READY=1", "STOPPING=1", "STATUS=...". False when nobody listens.
  bool say(std::string_view state) const;

  /// How often systemd wants to hear of us (half of WATCHDOG_USEC, as it advises); nothing when it does not.
  std::optional<Duration> watchdog_period() const { return watchdog_period_; }

 private:
  std::string socket_;
  std::optional<Duration> watchdog_period_;
};

/// Says "WATCHDOG=1" as long as `is_alive` returns, on a thread of its own: it asks the part that could hang, so that a
/// hanging node is restarted and a busy one is not. Stops when destroyed.
class Watchdog {
 public:
  Watchdog(const ServiceNotice& notice, std::function<void()> is_alive);
  ~Watchdog();

  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace earshot::node
