// Asks the router at home to let others in: NAT-PMP (RFC 6886) first, UPnP where there is none. In the background, because
// a router may take seconds; without one, or behind a carrier's NAT, everything works over links that we dial ourselves.
//
// A mapping lasts kLease and is renewed before; it is taken back when this goes.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace earshot::node {

class PortMapping {
 public:
  static constexpr std::chrono::seconds kLease{3600};
  static constexpr std::chrono::minutes kRenewed{25};
  /// Without a router that answers; one may come.
  static constexpr std::chrono::minutes kAgain{30};

  /// What a router gave.
  struct Mapped {
    std::string by;        // "nat-pmp" or "upnp"; empty: nothing
    std::string external;  // its address, where it told one
    std::string why;       // nothing was given
  };

  /// How the routers are asked; another one in tests. Blocks for some seconds at most.
  struct Router {
    std::function<Mapped(std::uint16_t tcp, std::uint16_t udp, std::chrono::seconds lease)> map;
    std::function<void(std::uint16_t tcp, std::uint16_t udp)> unmap;
  };
  static Router real_router();

  /// `on_change` is called on this object's thread, when what the router gives is not what it gave before.
  PortMapping(std::uint16_t tcp, std::uint16_t udp, Router router, std::function<void(const Mapped&)> on_change);
  ~PortMapping();

  PortMapping(const PortMapping&) = delete;
  PortMapping& operator=(const PortMapping&) = delete;

 private:
  void run();

  const std::uint16_t tcp_, udp_;
  const Router router_;
  const std::function<void(const Mapped&)> on_change_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;     // last: it uses all of the above
};

}  // namespace earshot::node
