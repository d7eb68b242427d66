// System calls.
#include "stream/net/udp.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace earshot::stream::net {

namespace {

/// Limits of UDP_SEGMENT: 64 segments, one IP packet in all.
constexpr std::size_t kMaxSegments = 64;
constexpr std::size_t kMaxRunBytes = 65'000;

struct Address {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Address address_of(const Endpoint& endpoint, bool v6) {
  Address address;
  if (v6) {
    sockaddr_in6 in6{};
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(endpoint.port);
    std::memcpy(&in6.sin6_addr, endpoint.address.data(), endpoint.address.size());
    std::memcpy(&address.storage, &in6, sizeof in6);
    address.size = sizeof in6;
  } else {
    sockaddr_in in4{};
    in4.sin_family = AF_INET;
    in4.sin_port = htons(endpoint.port);
    std::memcpy(&in4.sin_addr, endpoint.address.data() + 12, 4);
    std::memcpy(&address.storage, &in4, sizeof in4);
    address.size = sizeof in4;
  }
  return address;
}

Endpoint endpoint_of(const sockaddr_storage& storage) {
  Endpoint endpoint;
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 in6;
    std::memcpy(&in6, &storage, sizeof in6);
    std::memcpy(endpoint.address.data(), &in6.sin6_addr, endpoint.address.size());
    endpoint.port = ntohs(in6.sin6_port);
  } else {
    sockaddr_in in4;
    std::memcpy(&in4, &storage, sizeof in4);
    endpoint.address[10] = endpoint.address[11] = 0xff;
    std::memcpy(endpoint.address.data() + 12, &in4.sin_addr, 4);
    endpoint.port = ntohs(in4.sin_port);
  }
  return endpoint;
}

void set_option(int fd, int level, int option, int value) { setsockopt(fd, level, option, &value, sizeof value); }

/// The segment size that UDP_GRO reports; the whole datagram when there is none.
std::size_t segment_size(msghdr& message, std::size_t whole) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr; control = CMSG_NXTHDR(&message, control)) {
    if (control->cmsg_level != SOL_UDP || control->cmsg_type != UDP_GRO) continue;
    int size = 0;
    std::memcpy(&size, CMSG_DATA(control), sizeof size);
    if (size > 0) return static_cast<std::size_t>(size);
  }
  return whole;
}

}  // namespace

Result<std::unique_ptr<UdpSocket>> UdpSocket::bind(const Endpoint& local) {
  bool v6 = true;
  int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0) {
    set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  } else if (local.is_v4() || local.is_unspecified()) {
    v6 = false;
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  }
  if (fd < 0) return fail(ErrorCode::kUnreachable, "open a UDP socket: {}", std::strerror(errno));
  std::unique_ptr<UdpSocket> udp(new UdpSocket(fd, v6));
  set_option(fd, SOL_SOCKET, SO_RCVBUF, kBuffer);
  set_option(fd, SOL_SOCKET, SO_SNDBUF, kBuffer);
  set_option(fd, SOL_UDP, UDP_GRO, 1);
  Address address = address_of(local, v6);
  if (::bind(fd, address.get(), address.size) != 0) {
    return fail(ErrorCode::kUnreachable, "listen on UDP {}: {}", to_string(local), std::strerror(errno));
  }
  Address bound;
  if (getsockname(fd, bound.get(), &bound.size) != 0) {
    return fail(ErrorCode::kUnreachable, "listen on UDP {}: {}", to_string(local), std::strerror(errno));
  }
  udp->local_ = endpoint_of(bound.storage);
  return udp;
}

UdpSocket::~UdpSocket() { close(fd_); }

std::span<const Incoming> UdpSocket::receive() {
  std::array<mmsghdr, kBatch> messages{};
  std::array<iovec, kBatch> vectors;
  std::array<sockaddr_storage, kBatch> addresses;
  alignas(cmsghdr) std::array<std::array<char, CMSG_SPACE(sizeof(int))>, kBatch> controls;
  for (std::size_t i = 0; i < kBatch; ++i) {
    vectors[i] = {buffers_.data() + i * kRun, kRun};
    msghdr& header = messages[i].msg_hdr;
    header.msg_name = &addresses[i];
    header.msg_namelen = sizeof addresses[i];
    header.msg_iov = &vectors[i];
    header.msg_iovlen = 1;
    header.msg_control = controls[i].data();
    header.msg_controllen = controls[i].size();
  }
  incoming_.clear();
  if (std::exchange(drained_, false)) return incoming_;
  const int count = recvmmsg(fd_, messages.data(), kBatch, MSG_DONTWAIT, nullptr);
  drained_ = count > 0 && static_cast<std::size_t>(count) < kBatch;
  for (int i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    if ((messages[at].msg_hdr.msg_flags & MSG_TRUNC) != 0) continue;
    const Endpoint from = endpoint_of(addresses[at]);
    ByteView rest(buffers_.data() + at * kRun, messages[at].msg_len);
    const std::size_t segment = std::max<std::size_t>(segment_size(messages[at].msg_hdr, rest.size()), 1);
    while (!rest.empty()) {
      const std::size_t size = std::min(segment, rest.size());
      incoming_.push_back({from, rest.first(size)});
      rest = rest.subspan(size);
    }
  }
  return incoming_;
}

std::size_t UdpSocket::run_length(std::span<const Outgoing> datagrams) const {
  const Outgoing& first = datagrams.front();
  std::size_t count = 1, bytes = first.size;
  while (segments_ && count < datagrams.size() && count < kMaxSegments) {
    const Outgoing& next = datagrams[count];
    const bool adjacent = next.offset == first.offset + bytes && next.to == first.to;
    if (!adjacent || next.size > first.size || bytes + next.size > kMaxRunBytes) break;
    bytes += next.size;
    ++count;
    if (next.size < first.size) break;  // only the last segment may be shorter
  }
  return count;
}

/// One message of a call: a run of datagrams that the kernel cuts, or a single one.
struct UdpSocket::Run {
  Address address;
  iovec vector{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(std::uint16_t))> control{};
  std::size_t datagrams = 0;

  void describe(msghdr& message, std::size_t segment) {
    message = {};
    message.msg_name = address.get();
    message.msg_namelen = address.size;
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    if (datagrams == 1) return;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_UDP;
    header->cmsg_type = UDP_SEGMENT;
    header->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
    const auto size = static_cast<std::uint16_t>(segment);
    std::memcpy(CMSG_DATA(header), &size, sizeof size);
  }
};

void UdpSocket::send(std::span<const Outgoing> datagrams, ByteView arena) {
  std::array<Run, kRunsPerCall> runs;
  std::array<mmsghdr, kRunsPerCall> messages{};
  while (!datagrams.empty()) {
    std::size_t count = 0;
    for (auto rest = datagrams; !rest.empty() && count < kRunsPerCall; ++count) {
      Run& run = runs[count];
      run.datagrams = run_length(rest);
      const Outgoing &first = rest.front(), &last = rest[run.datagrams - 1];
      run.address = address_of(first.to, v6_);
      run.vector = {const_cast<std::uint8_t*>(arena.data() + first.offset), last.offset + last.size - first.offset};
      run.describe(messages[count].msg_hdr, first.size);
      rest = rest.subspan(run.datagrams);
    }
    const int sent = sendmmsg(fd_, messages.data(), static_cast<unsigned>(count), 0);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) {
      // The first run was refused: because the kernel cannot cut it, or it is lost, as any datagram may be.
      const bool cannot_cut = errno == EIO || errno == EINVAL || errno == EOPNOTSUPP || errno == EMSGSIZE;
      if (runs[0].datagrams > 1 && cannot_cut) segments_ = false;
      else datagrams = datagrams.subspan(runs[0].datagrams);
      continue;
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(sent); ++i) datagrams = datagrams.subspan(runs[i].datagrams);
  }
}

}  // namespace earshot::stream::net
