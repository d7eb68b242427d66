// Open, found, closed.
#include "tools/node/plays.h"

#include <algorithm>

namespace earshot::node {

std::vector<Plays::Play> Plays::take_idle(Clock::time_point now) {
  std::vector<Play> idle;
  for (auto at = plays_.begin(); at != plays_.end();) {
    if (at->second.in_use()) at->second.used = now;
    if (now - at->second.used < kIdleTime) {
      ++at;
      continue;
    }
    idle.push_back(std::move(at->second));
    at = plays_.erase(at);
  }
  if (plays_.size() < kMaxOpen) return idle;
  auto oldest = plays_.end();
  for (auto at = plays_.begin(); at != plays_.end(); ++at) {
    if (!at->second.in_use() && (oldest == plays_.end() || at->second.used < oldest->second.used)) oldest = at;
  }
  if (oldest == plays_.end()) return idle;
  idle.push_back(std::move(oldest->second));
  plays_.erase(oldest);
  return idle;
}

Result<std::shared_ptr<stream::Playback>> Plays::find(const ContentId& content, const Error& absent) {
  const std::lock_guard lock(mutex_);
  const auto found = plays_.find(content);
  if (found == plays_.end()) return tl::unexpected(absent);
  found->second.used = Clock::now();
  return found->second.playback;
}

Result<std::shared_ptr<stream::Playback>> Plays::open(const ContentId& content, std::span<const Endpoint> providers,
                                                      std::uint32_t bit_rate) {
  const auto engine = engines_.find(content.scheme);
  if (engine == engines_.end()) {
    return fail(ErrorCode::kUnsupported, "{} is only described: nobody has said that they hold its audio",
                to_string(content));
  }
  std::vector<Play> closed;
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  if (const auto found = plays_.find(content); found != plays_.end()) {
    found->second.used = now;
    found->second.playback->add_providers(providers);
    return found->second.playback;
  }
  closed = take_idle(now);
  if (plays_.size() >= kMaxOpen) return fail(ErrorCode::kExhausted, "{} contents are being played", plays_.size());
  auto stream = engine->second->open(content, providers);
  if (!stream) return tl::unexpected(stream.error());
  stream::PlaybackOptions options;
  if (bit_rate != 0) options.bit_rate = bit_rate;
  Play play{stream::Playback::open(std::move(*stream), options), now};
  if (providers_) play.more = providers_->want(content, !providers.empty(), wanter_of(*play.playback));
  return plays_.emplace(content, std::move(play)).first->second.playback;
}

}  // namespace earshot::node
