// Channel ids.
#include "stream/ppspp/channel.h"

namespace earshot::stream::ppspp {

ChannelId ChannelIds::draw(Swarm& owner) {
  while (true) {
    const auto number = static_cast<std::uint32_t>(random_.next());
    const ChannelId id{number};
    if (id != kNoChannel && owners_.emplace(id, &owner).second) return id;
  }
}

Swarm* ChannelIds::owner(ChannelId id) const {
  const auto at = owners_.find(id);
  return at == owners_.end() ? nullptr : at->second;
}

}  // namespace earshot::stream::ppspp
