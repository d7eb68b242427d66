// Browsing on the reactor: our own questions for others' shares, and theirs for ours.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "overlay/browse/browsing.h"
#include "overlay/net/address_book.h"
#include "overlay/net/identity.h"
#include "schema/random.h"
#include "tools/node/node.h"
#include "tools/node/share_list.h"

namespace earshot::node {

/// One thread's, but for the constructor's `wake`.
class Browser {
 public:
  struct Parts {
    const overlay::net::Identity& identity;
    const index::Index& index;
    overlay::net::AddressBook& book;
    PeerId self = kNoPeer;
    bool shows = true;                             // our share, to who asks
    std::function<void(PeerId to, Bytes)> send;
    std::function<void()> wake;                    // a page was read: call tick; from any thread
  };

  Browser(Parts parts, Random random);

  /// Errors: kNotFound (only a key is given and nothing is known of it), kExhausted.
  Result<void> ask(Instant now, const Contact& peer, std::uint32_t place, OnPage on_page);

  void take(Instant now, PeerId from, const overlay::Browse& question);
  void take(PeerId from, const overlay::Shelf& shelf);
  void lost(PeerId peer);
  /// Sends what was read, gives up what is over.
  void tick(Instant now);
  Instant next_deadline() const { return browsing_.next_deadline(); }
  /// Ends all that is open.
  void stop();

 private:
  struct Asked {
    overlay::net::Identity reply = overlay::net::Identity::ephemeral();
    PeerId holder = kNoPeer;
    OnPage on_page;
  };

  void answer(const ShareList::Page& page);
  void end(const QueryId& id, Result<SharePage> page);
  Result<SharePage> opened(const Asked& asked, const overlay::Shelf& shelf);

  Parts parts_;
  Random random_;
  overlay::Browsing browsing_;
  std::map<QueryId, Asked> asked_;
  ShareList list_;
};

}  // namespace earshot::node
