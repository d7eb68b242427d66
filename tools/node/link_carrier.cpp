// Frames to datagrams and back.
#include "tools/node/link_carrier.h"

#include <algorithm>
#include <array>

namespace earshot::node {

namespace {

constexpr std::array<std::uint8_t, 4> kMark = {'E', 'S', 'T', 'R'};

}  // namespace

std::optional<ByteView> stream_datagram_in(ByteView frame) {
  if (frame.size() < kMark.size() || !std::equal(kMark.begin(), kMark.end(), frame.begin())) return std::nullopt;
  return frame.subspan(kMark.size());
}

Bytes frame_for_stream(ByteView datagram) {
  Bytes frame(kMark.begin(), kMark.end());
  frame.insert(frame.end(), datagram.begin(), datagram.end());
  return frame;
}

void LinkCarrier::attach(Node& node) {
  const std::lock_guard lock(sending_);
  node_ = &node;
}

void LinkCarrier::detach() {
  const std::lock_guard lock(sending_);
  node_ = nullptr;
}

void LinkCarrier::receive(PeerId from, ByteView datagram) {
  const std::lock_guard lock(hearing_);
  if (hear_) hear_(stream::relay::LinkNumber{to_number(from)}, datagram);
}

void LinkCarrier::send(stream::relay::LinkNumber to, ByteView datagram) {
  const std::lock_guard lock(sending_);
  if (node_ != nullptr) node_->send_over_link(PeerId{static_cast<std::uint32_t>(to)}, frame_for_stream(datagram));
}

void LinkCarrier::listen(Hear hear) {
  const std::lock_guard lock(hearing_);
  hear_ = std::move(hear);
}

}  // namespace earshot::node
