// Small tables, searched from end to end: a look-up takes the same time for every secret.
#include "tools/node/sessions.h"

#include <algorithm>

#include "tools/node/runtime_files.h"

namespace earshot::node {

std::string_view to_string(UserRole role) {
  return role == UserRole::kOwner ? "owner" : "guest";
}

bool is_same_secret(std::string_view given, std::string_view wanted) {
  if (given.size() != wanted.size() || wanted.empty()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) difference |= static_cast<unsigned>(given[i] ^ wanted[i]) & 0xFFu;
  return difference == 0;
}

std::string Sessions::issue_link(Instant now) {
  const std::lock_guard lock(mutex_);
  if (links_.size() == kMaxLinks) links_.pop_front();
  return links_.emplace_back(Link{random_token(), now + kLinkTime}).secret;
}

std::optional<std::string> Sessions::redeem(std::string_view link, Instant now) {
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(links_, [&](const Link& known) { return known.until <= now; });
    const auto found =
        std::find_if(links_.begin(), links_.end(), [&](const Link& known) { return is_same_secret(link, known.secret); });
    if (found == links_.end()) return std::nullopt;
    links_.erase(found);
  }
  return open(UserRole::kOwner);
}

std::string Sessions::open(UserRole role) {
  const std::lock_guard lock(mutex_);
  if (sessions_.size() == kMaxSessions) sessions_.pop_front();
  return sessions_.emplace_back(Session{random_token(), role}).secret;
}

std::optional<UserRole> Sessions::role_of(std::string_view session) const {
  const std::lock_guard lock(mutex_);
  std::optional<UserRole> role;
  for (const Session& known : sessions_) {
    if (is_same_secret(session, known.secret)) role = known.role;
  }
  return role;
}

void Sessions::end(std::string_view session) {
  const std::lock_guard lock(mutex_);
  std::erase_if(sessions_, [&](const Session& known) { return is_same_secret(session, known.secret); });
}

}  // namespace earshot::node
