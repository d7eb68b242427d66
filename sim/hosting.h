// Whose digests each peer hosts: what the index keeps in a real node. A digest is not kept, only its owner's number and how
// long: what it would say follows from the catalogue.
//
// 8 bytes an entry. A million peers that all publish host some 800 each: 6.5 GB, and half as much again for lists that grow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "schema/ids.h"
#include "schema/time.h"
#include "sim/population.h"

namespace earshot::sim {

class Hosting {
 public:
  /// Of the peers of this part of the run. `any`: digests are published at all; otherwise nothing is kept, and nothing paid.
  Hosting(PeerRange range, bool any) : range_(range), lists_(any ? range.size() : 0) {}

  void host(PeerId host, PeerId owner, Instant now, Instant expiry);
  void drop(PeerId host, PeerId owner);
  /// The host is gone, and with it what it kept.
  void clear(PeerId host);

  /// Calls `see(owner)` for each digest that is alive, until it returns false.
  template <class See>
  void each(PeerId host, Instant now, See see) const {
    if (lists_.empty()) return;
    for (const Entry& entry : lists_[place(host)]) {
      if (entry.expiry_s > seconds(now) && !see(entry.owner)) return;
    }
  }

  std::size_t bytes() const;

 private:
  struct Entry {
    PeerId owner = kNoPeer;
    std::uint32_t expiry_s = 0;
  };

  static std::uint32_t seconds(Instant at) { return static_cast<std::uint32_t>(at.time_since_epoch() / 1s); }
  std::size_t place(PeerId host) const { return to_number(host) - range_.first; }

  PeerRange range_;
  std::vector<std::vector<Entry>> lists_;
};

}  // namespace earshot::sim
