// Who has come in: one-use links that the owner's own programs ask for, and the sessions that they, or a name and a
// password, open. In memory only: a restart ends every session.
//
// Rules
//  1. A link opens one session, once, within kLinkTime. It travels in the fragment of an address
//     ("http://127.0.0.1:4080/#link=..."), which browsers never send to anyone.
//     Rationale: no password is printed into a log, and an address that stays in a history or on a screen opens nothing.
//  2. A session is a secret of 256 bits that the page sends in a header, never a cookie: browsers add cookies on their
//     own, and give those of 127.0.0.1 to every port of it.
//  3. Full tables forget the oldest: the owner can always come in again with a new link.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "schema/time.h"

namespace earshot::node {

/// What somebody may ask. A guest searches, listens and looks; an owner also changes what the node shares and does.
enum class UserRole : std::uint8_t { kGuest, kOwner };

std::string_view to_string(UserRole role);

/// True when two secrets are the same and not empty; takes the same time wherever they differ.
bool is_same_secret(std::string_view given, std::string_view wanted);

/// Thread-safe. Memory: 16 x 100 + 256 x 100 bytes.
class Sessions {
 public:
  static constexpr Duration kLinkTime = 10min;
  static constexpr std::size_t kMaxLinks = 16;
  static constexpr std::size_t kMaxSessions = 256;

  /// The secret of a new link.
  std::string issue_link(Instant now);

  /// The secret of a new session of an owner; nothing when no such link is open. The link is used up.
  std::optional<std::string> redeem(std::string_view link, Instant now);

  /// The secret of a new session.
  std::string open(UserRole role);

  std::optional<UserRole> role_of(std::string_view session) const;

  void end(std::string_view session);

 private:
  struct Link {
    std::string secret;
    Instant until;
  };
  struct Session {
    std::string secret;
    UserRole role;
  };
  mutable std::mutex mutex_;
  std::deque<Link> links_;        // oldest first; guarded by mutex_
  std::deque<Session> sessions_;  // oldest first; guarded by mutex_
};

}  // namespace earshot::node
