// Messages to bytes and back.
#include "sim/wire_mirror.h"

#include <utility>
#include <variant>

#include "overlay/wire.h"
#include "schema/check.h"

namespace earshot::sim {

namespace {

/// 10.0.0.0/8 has 2^24 addresses; the port tells apart what remains.
Endpoint endpoint_of(std::uint32_t number) {
  Endpoint endpoint;
  endpoint.address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, static_cast<std::uint8_t>(number >> 16),
                      static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
  endpoint.port = static_cast<std::uint16_t>(4040 + (number >> 24));
  return endpoint;
}

}  // namespace

std::optional<Contact> NumberedDirectory::contact_of(PeerId peer) const {
  const std::uint32_t number = to_number(peer);
  Contact contact;
  for (std::size_t i = 0; i < 4; ++i) contact.key.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  contact.key.bytes[31] = 1;  // no peer has the key of zeros
  contact.endpoint = endpoint_of(number);
  contact.stream_port = contact.endpoint.port;
  return contact;
}

PeerId NumberedDirectory::intern(const Contact& contact, PeerId /*told_by*/) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number |= std::uint32_t{contact.key.bytes[i]} << (8 * i);
  return PeerId{number};
}

Bytes to_bytes(const overlay::Message& message) {
  const NumberedDirectory directory;
  Result<Bytes> frame = overlay::wire::encode(message, directory);
  EARSHOT_CHECK(frame);
  return std::move(*frame);
}

overlay::Message from_bytes(ByteView frame, PeerId from) {
  NumberedDirectory directory;
  Result<overlay::wire::Frame> decoded = overlay::wire::decode(frame, from, directory);
  EARSHOT_CHECK(decoded && std::holds_alternative<overlay::Message>(*decoded));
  return std::get<overlay::Message>(std::move(*decoded));
}

overlay::Message WireMirror::reflect(const overlay::Message& message, PeerId from) {
  const Bytes frame = to_bytes(message);
  ++frames_;
  bytes_ += frame.size();
  return from_bytes(frame, from);
}

}  // namespace earshot::sim
