// Questions that stay: what others (and we) wish for, held against every digest that comes (schema/search.h: keep).
//
//  1. A question stays until its time is up, at most limits::kMaxKeep. One that is here already stays as it is.
//  2. At most kMost stay. Full: a new one does not, which its asker makes up for by asking others, too.
//     2,048 x (text of 512, needs of 8 x 20 keys) = 2.4 MB at worst.
//  3. Questions of which digests cannot tell (index/digest_keys.h) do not stay: every digest would match them.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <vector>

#include "index/digest_keys.h"
#include "overlay/effect.h"
#include "schema/ids.h"
#include "schema/search.h"
#include "schema/time.h"

namespace earshot::node {

class StandingQueries {
 public:
  static constexpr std::size_t kMost = 2048;

  /// `now` by any clock that never goes back. False: it was not taken.
  bool add(Instant now, const overlay::Lookup& lookup, index::DigestNeeds needs);

  /// Those to which a digest of these keys may have an answer. Keys rise.
  std::vector<overlay::Lookup> matching(Instant now, std::span<const index::DigestKey> keys);

  void remove(const QueryId& id) { queries_.erase(id); }
  std::size_t size() const { return queries_.size(); }

 private:
  struct Standing {
    overlay::Lookup lookup;
    index::DigestNeeds needs;
    Instant until;
  };
  void forget_old(Instant now);

  std::map<QueryId, Standing> queries_;
};

}  // namespace earshot::node
