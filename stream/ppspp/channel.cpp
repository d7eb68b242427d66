// Channel ids.
#include "stream/ppspp/channel.h"

namespace earshot::stream::ppspp {

ChannelId ChannelIds::draw(Swarm& owner) {
  while (true) {
    const auto number = static_cast<std::uint32_t>(random_.next());
    if (number == 0 || !owners_.emplace(number, &owner).second) continue;
    return ChannelId{number};
  }
}

Swarm* ChannelIds::owner(ChannelId id) const {
  const auto at = owners_.find(to_number(id));
  return at == owners_.end() ? nullptr : at->second;
}

}  // namespace earshot::stream::ppspp
