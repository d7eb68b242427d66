// The overlay's links as a way for the streams' datagrams (stream/relay/carrier.h): frames beside the overlay's own, told apart by
// their first four octets, which no FlatBuffer begins with: its root would lie behind any frame's end.
//
//   frame = "ESTR" datagram
//
// A link's number is its peer's name in this process.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "schema/ids.h"
#include "stream/relay/carrier.h"
#include "tools/node/node.h"

namespace earshot::node {

/// The datagram in a frame; nothing when it is a frame of the overlay.
std::optional<ByteView> stream_datagram_in(ByteView frame);
Bytes frame_for_stream(ByteView datagram);

/// Thread-safe. Made before the engines and before the node, which is attached when it is there.
class LinkCarrier final : public stream::relay::Carrier {
 public:
  void attach(Node& node);
  /// Nothing is sent from here on. Before the node goes.
  void detach();
  /// What came over a link.
  void receive(PeerId from, ByteView datagram);

  void send(stream::relay::LinkNumber to, ByteView datagram) override;
  void listen(Hear hear) override;

 private:
  std::mutex sending_;
  Node* node_ = nullptr;  // guarded by sending_
  std::mutex hearing_;
  Hear hear_;             // guarded by hearing_
};

}  // namespace earshot::node
