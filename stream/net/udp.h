// The only file of stream with sockets: datagrams out and in, in batches.
//
// Runs of equal datagrams to one endpoint go to the kernel as one that it cuts itself (UDP_SEGMENT), several runs in one
// call, and what comes in a run is handed up in one buffer (UDP_GRO): a third of the processor time of one call a
// datagram. A kernel without
// either is noticed at the first refusal, and each datagram travels alone from then on.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "schema/bytes.h"
#include "schema/endpoint.h"
#include "schema/result.h"

namespace earshot::stream::net {

struct Incoming {
  Endpoint from;
  ByteView bytes;
};

/// A datagram to send: a part of some arena.
struct Outgoing {
  Endpoint to;
  std::size_t offset = 0;
  std::size_t size = 0;
};

/// Not thread-safe, but for descriptor() and local().
class UdpSocket {
 public:
  /// Asked for in both directions; the kernel may cut it (net.core.rmem_max). The 212 KiB that Linux gives by itself
  /// lose bursts.
  static constexpr int kBuffer = 4 * 1024 * 1024;

  /// Takes IPv6 and IPv4 both when the address is unspecified or IPv4-mapped. Errors: kUnreachable.
  static Result<std::unique_ptr<UdpSocket>> bind(const Endpoint& local);
  ~UdpSocket();
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;

  int descriptor() const { return fd_; }
  const Endpoint& local() const { return local_; }

  /// What has come, without waiting; valid until the next call. Empty: nothing more.
  std::span<const Incoming> receive();

  /// Sends in order. What the kernel does not take is lost, as any datagram may be.
  void send(std::span<const Outgoing> datagrams, ByteView arena);

 private:
  /// Buffers in one call: each may hold a run of 64 KiB.
  static constexpr std::size_t kBatch = 16;
  static constexpr std::size_t kRun = 64 * 1024;
  static constexpr std::size_t kRunsPerCall = 16;
  struct Run;

  UdpSocket(int fd, bool v6) : fd_(fd), v6_(v6), buffers_(kBatch * kRun) {}

  /// The number of leading datagrams that can go as one run.
  std::size_t run_length(std::span<const Outgoing> datagrams) const;

  int fd_;
  bool v6_;
  bool segments_ = true;  // UDP_SEGMENT works
  bool drained_ = false;  // the last batch was not full: there was nothing more a moment ago
  Endpoint local_;
  Bytes buffers_;
  std::vector<Incoming> incoming_;
};

}  // namespace earshot::stream::net
