// Through the wire: every message becomes bytes and is read back before it travels on, so that a whole simulation also tests
// the frames, and whatever the wire would lose or change shows as a different result.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "overlay/directory.h"
#include "overlay/message.h"
#include "schema/bytes.h"
#include "schema/endpoint.h"
#include "schema/ids.h"

namespace earshot::sim {

/// An address book without memory: a peer's key and address are its number.
class NumberedDirectory final : public overlay::Directory {
 public:
  std::optional<Contact> contact_of(PeerId peer) const override;
  PeerId intern(const Contact& contact, PeerId told_by) override;
};

/// A message as bytes, and back, for a link from `from`. What does not survive is our own mistake, and ends the program.
Bytes to_bytes(const overlay::Message& message);
overlay::Message from_bytes(ByteView frame, PeerId from);

class WireMirror {
 public:
  /// The message as its receiver will see it, on the link from `from`.
  overlay::Message reflect(const overlay::Message& message, PeerId from);

  std::uint64_t frames() const { return frames_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::uint64_t frames_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace earshot::sim
