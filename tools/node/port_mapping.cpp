// libnatpmp and miniupnpc, each for both ports.
#include "tools/node/port_mapping.h"

#include <arpa/inet.h>
#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnpcommands.h>
#include <miniupnpc/upnperrors.h>
#include <natpmp.h>
#include <poll.h>

#include <array>
#include <optional>
#include <utility>

namespace earshot::node {

namespace {

/// RFC 6886 doubles its waits from 250 ms up to a minute; a router at home answers the first ones.
constexpr std::chrono::milliseconds kPmpPatience{1500};
constexpr int kUpnpPatienceMs = 1500;
constexpr const char* kDescription = "earshot";

/// The library's state, closed when it goes.
struct Pmp {
  natpmp_t state{};
  bool open = initnatpmp(&state, 0, 0) == 0;
  ~Pmp() {
    if (open) closenatpmp(&state);
  }

  std::optional<natpmpresp_t> answer() {
    const auto end = std::chrono::steady_clock::now() + kPmpPatience;
    natpmpresp_t response{};
    for (;;) {
      const int result = readnatpmpresponseorretry(&state, &response);
      if (result == 0) return response;
      if (result != NATPMP_TRYAGAIN || std::chrono::steady_clock::now() >= end) return std::nullopt;
      pollfd waiting{state.s, POLLIN, 0};
      ::poll(&waiting, 1, 100);
    }
  }
};

bool pmp_map(Pmp& pmp, int protocol, std::uint16_t port, std::chrono::seconds lease) {
  if (sendnewportmappingrequest(&pmp.state, protocol, port, lease.count() == 0 ? 0 : port,
                                static_cast<std::uint32_t>(lease.count())) < 0)
    return false;
  const auto response = pmp.answer();
  return response && (lease.count() == 0 || response->pnu.newportmapping.mappedpublicport == port);
}

std::optional<PortMapping::Mapped> by_pmp(std::uint16_t tcp, std::uint16_t udp, std::chrono::seconds lease) {
  Pmp pmp;
  if (!pmp.open || sendpublicaddressrequest(&pmp.state) < 0) return std::nullopt;
  const auto address = pmp.answer();
  if (!address) return std::nullopt;
  std::array<char, INET_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET, &address->pnu.publicaddress.addr, text.data(), text.size());
  if (!pmp_map(pmp, NATPMP_PROTOCOL_TCP, tcp, lease)) return std::nullopt;
  if (udp != 0) pmp_map(pmp, NATPMP_PROTOCOL_UDP, udp, lease);
  return PortMapping::Mapped{"nat-pmp", text.data(), ""};
}

/// A gateway found by UPnP; empty when there is none.
struct Gateway {
  UPNPUrls urls{};
  IGDdatas data{};
  std::array<char, 64> lan{};
  bool found = false;

  Gateway() {
    int error = 0;
    UPNPDev* const devices = upnpDiscover(kUpnpPatienceMs, nullptr, nullptr, UPNP_LOCAL_PORT_ANY, /*ipv6=*/0, /*ttl=*/2, &error);
    if (devices == nullptr) return;
    const int kind = UPNP_GetValidIGD(devices, &urls, &data, lan.data(), static_cast<int>(lan.size()));
    freeUPNPDevlist(devices);
    found = kind == 1;
    if (kind != 0 && !found) FreeUPNPUrls(&urls);
  }
  ~Gateway() {
    if (found) FreeUPNPUrls(&urls);
  }
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  int add(std::uint16_t port, const char* protocol, std::chrono::seconds lease) const {
    const std::string number = std::to_string(port), seconds = std::to_string(lease.count());
    return UPNP_AddPortMapping(urls.controlURL, data.first.servicetype, number.c_str(), number.c_str(), lan.data(),
                               kDescription, protocol, nullptr, seconds.c_str());
  }
  void remove(std::uint16_t port, const char* protocol) const {
    UPNP_DeletePortMapping(urls.controlURL, data.first.servicetype, std::to_string(port).c_str(), protocol, nullptr);
  }
};

PortMapping::Mapped by_upnp(std::uint16_t tcp, std::uint16_t udp, std::chrono::seconds lease) {
  const Gateway gateway;
  if (!gateway.found) return {"", "", "no router answers to NAT-PMP or UPnP"};
  if (const int error = gateway.add(tcp, "TCP", lease); error != UPNPCOMMAND_SUCCESS) {
    const char* const text = strupnperror(error);
    return {"", "", std::string("the router refused: ") + (text != nullptr ? text : "unknown error")};
  }
  if (udp != 0) gateway.add(udp, "UDP", lease);
  std::array<char, 64> external{};
  UPNP_GetExternalIPAddress(gateway.urls.controlURL, gateway.data.first.servicetype, external.data());
  return {"upnp", external.data(), ""};
}

}  // namespace

PortMapping::Router PortMapping::real_router() {
  Router router;
  router.map = [](std::uint16_t tcp, std::uint16_t udp, std::chrono::seconds lease) {
    if (auto mapped = by_pmp(tcp, udp, lease)) return *mapped;
    return by_upnp(tcp, udp, lease);
  };
  router.unmap = [](std::uint16_t tcp, std::uint16_t udp) {
    if (by_pmp(tcp, udp, std::chrono::seconds(0))) return;
    const Gateway gateway;
    if (!gateway.found) return;
    gateway.remove(tcp, "TCP");
    if (udp != 0) gateway.remove(udp, "UDP");
  };
  return router;
}

PortMapping::PortMapping(std::uint16_t tcp, std::uint16_t udp, Router router, std::function<void(const Mapped&)> on_change)
    : tcp_(tcp), udp_(udp), router_(std::move(router)), on_change_(std::move(on_change)) {
  thread_ = std::thread([this] { run(); });
}

PortMapping::~PortMapping() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void PortMapping::run() {
  std::optional<Mapped> before;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const Mapped mapped = router_.map(tcp_, udp_, kLease);
    if (!before || before->by != mapped.by || before->external != mapped.external) on_change_(mapped);
    before = mapped;
    lock.lock();
    wake_.wait_for(lock, mapped.by.empty() ? kAgain : kRenewed, [this] { return stopping_; });
  }
  lock.unlock();
  if (before && !before->by.empty()) router_.unmap(tcp_, udp_);
}

}  // namespace earshot::node
