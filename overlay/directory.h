// Who is behind a PeerId: the one thing the wire needs to know of the address book.
#pragma once

#include <optional>

#include "schema/endpoint.h"
#include "schema/ids.h"

namespace earshot::overlay {

class Directory {
 public:
  virtual ~Directory() = default;

  /// The contact of a peer, or nothing when it has been forgotten.
  virtual std::optional<Contact> contact_of(PeerId peer) const = 0;

  /// The local name of a contact; the same key always gets the same name while it is remembered. `told_by` is the peer
  /// that named it (kNoPeer: we configured it ourselves); a stranger's word overwrites what the key itself
  /// said only once that has proved wrong.
  virtual PeerId intern(const Contact& contact, PeerId told_by) = 0;
};

}  // namespace earshot::overlay
