// What time brings: what is overdue, what to ask for, what to tell, and when to be woken next.
#include <algorithm>
#include <utility>

#include "stream/ppspp/peer_limits.h"
#include "stream/ppspp/swarm.h"
#include "stream/relay/carrier.h"

namespace earshot::stream::ppspp {

namespace {

constexpr Duration kRedialAfter = 30s;  // doubling kMaxRedialDoublings times, to half an hour
constexpr unsigned kMaxRedialDoublings = 6;

/// Routers forget a UDP mapping after a minute or so.
constexpr Duration kMaxKeepAlive = 50s;

/// How long news may wait for more, and how many chunks of it do not wait.
constexpr Duration kNewsInterval = 50ms;
constexpr std::uint64_t kMuchNews = 256;

/// Runs announced to a peer at once: 128 x 9 bytes fit into a datagram. The rest goes with the next tick.
constexpr std::size_t kMaxAnnounced = 128;

constexpr Duration kStashTime = 2s;

/// How often to look whether what a player waits for is late.
constexpr Duration kLateWatch = 50ms;

}  // namespace

void Swarm::tick(Instant now, Outbox& out) {
  retired_.clear();
  spent_.clear();
  due_ = false;
  throttled_until_ = kNever;
  retry_stash(now, out);
  expire(now, out);
  dial_candidates(now, out);
  ask_for_peers(now);
  ask(now);
  share_news(now);
  choke(now);
  for (const auto& channel : channels_) {
    if (channel->state == Channel::State::kOpen) speak(now, *channel, out);
  }
  serve(now, out);
  update_deadline(now);
}

void Swarm::expire(Instant now, Outbox& out) {
  std::erase_if(stash_, [&](const Stashed& waiting) {
    if (now - waiting.since < kStashTime) return false;
    if (!verified_.contains(waiting.chunk)) picker_.release({waiting.chunk, waiting.chunk + 1});
    return true;
  });
  for (std::size_t i = channels_.size(); i > 0; --i) {
    Channel& channel = *channels_[i - 1];
    switch (channel.state) {
      case Channel::State::kDialling:
        if (now < channel.redial) break;
        if (channel.dials < kMaxDials) {
          dial(now, channel, out);
          break;
        }
        if (!is_complete() && candidates_.size() < config_.max_candidates) {
          const auto wait = kRedialAfter * (1 << std::min(channel.failures, kMaxRedialDoublings));
          candidates_.push_back({channel.endpoint, now + wait, channel.failures + 1, channel.hearsay});
        }
        remove(channel);
        break;
      case Channel::State::kHalfOpen:
        if (now - channel.heard >= kHalfOpenTime) remove(channel);
        break;
      case Channel::State::kOpen:
        if (const ChunkSet overdue = channel.download.take_overdue(now); !overdue.empty()) {
          release(overdue);
          make_way(now);  // what a player waits for must not queue behind what others were asked for since
        }
        channel.upload.tick(now);
        if (now - channel.heard >= kDeadAfter && channel.unanswered >= kDeadUnanswered) {
          remove(channel);
        } else if (is_complete() && is_seed(channel) && channel.to_acknowledge.empty()) {
          say_good_bye(now, channel, out);
          remove(channel);
        }
        break;
    }
  }
}

bool Swarm::is_anybody_open() const {
  return std::any_of(channels_.begin(), channels_.end(), [](const auto& channel) { return channel->state == Channel::State::kOpen; });
}

bool Swarm::knows_links_only() const {
  return channels_.empty() && std::all_of(candidates_.begin(), candidates_.end(), [](const Candidate& one) { return relay::is_link(one.endpoint); });
}

void Swarm::dial_candidates(Instant now, Outbox& out) {
  if (is_complete()) candidates_.clear();
  for (std::size_t i = 0; i < candidates_.size() && channels_.size() < config_.max_open;) {
    Candidate& candidate = candidates_[i];
    const bool is_link = relay::is_link(candidate.endpoint);
    if (is_link && is_anybody_open()) candidate.not_before = now + kLinkPatience;
    const bool is_all_there_is = is_link && candidate.failures == 0 && knows_links_only();
    if (now < candidate.not_before && !is_all_there_is) {
      ++i;
      continue;
    }
    const Candidate chosen = candidate;
    candidates_.erase(candidates_.begin() + static_cast<std::ptrdiff_t>(i));
    if (find(chosen.endpoint) != nullptr || is_banned(chosen.endpoint)) continue;
    auto channel = std::make_unique<Channel>();
    channel->ours = ids_->draw(*this);
    channel->endpoint = chosen.endpoint;
    channel->failures = chosen.failures;
    channel->hearsay = chosen.hearsay;
    channel->dialled = true;
    channel->began = channel->heard = now;
    channels_.push_back(std::move(channel));
    dial(now, *channels_.back(), out);
  }
}

void Swarm::share_news(Instant now) {
  if (news_.empty()) return;
  if (news_due_ == kNever) news_due_ = now + kNewsInterval;
  if (now < news_due_ && news_.size() < kMuchNews && !is_complete()) return;
  for (const auto& channel : channels_) {
    if (channel->state != Channel::State::kOpen || is_seed(*channel)) continue;
    for (const ChunkRange& run : news_.ranges()) channel->to_announce.insert(run);
  }
  news_.clear();
  news_due_ = kNever;
}

/// Everything there is to say to a peer but DATA, in as few datagrams as it takes.
void Swarm::speak(Instant now, Channel& channel, Outbox& out) {
  const bool quiet = now - channel.said >= channel.keep_alive;
  if (!channel.to_announce.empty() && is_seed(channel)) channel.to_announce.clear();
  if (!quiet && !channel.has_something_to_say()) return;
  DatagramFiller speech(out.arena, channel.theirs, format_, kMaxDatagram,
                        [&](const DatagramWriter& writer) { commit(now, channel, writer, out); });
  const bool busy = !channel.to_acknowledge.empty() || !channel.to_request.empty();
  ChunkRange said;
  ChunkSet acknowledge = channel.acknowledged_before;
  for (const ChunkSet* more : {&channel.acknowledged, &channel.to_acknowledge}) {
    for (const ChunkRange& run : more->ranges()) acknowledge.insert(run);
  }
  if (channel.to_acknowledge.empty()) acknowledge.clear();
  for (const ChunkRange& run : acknowledge.ranges()) {
    const ChunkRange whole = verified_.around(run.begin);
    if (whole == said || !channel.takes(Kind::kAck)) continue;
    speech.add(Ack{whole, channel.delay_us});
    said = whole;
  }
  for (std::size_t runs = 0; runs < kMaxAnnounced && !channel.to_announce.empty(); ++runs) {
    const ChunkRange whole = verified_.around(channel.to_announce.ranges().front().begin);
    channel.to_announce.erase(whole);
    if (whole != said && !channel.has.contains_all(whole)) speech.add(Have{whole});
  }
  due_ = due_ || !channel.to_announce.empty();
  if (channel.takes(Kind::kCancel)) {
    for (const ChunkRange& run : channel.to_cancel.ranges()) {
      if (!channel.to_request.contains_any(run)) speech.add(Cancel{run});
    }
  }
  for (const ChunkRange& run : channel.to_request.ranges()) speech.add(Request{run});
  if (channel.to_choke && channel.takes(Kind::kChoke)) speech.add(Choke{});
  if (channel.to_unchoke && channel.takes(Kind::kUnchoke)) speech.add(Unchoke{});
  if (channel.to_ask_for_peers) speech.add(PexRequest{});
  channel.to_choke = channel.to_unchoke = channel.to_ask_for_peers = false;
  if (!channel.to_acknowledge.empty()) {
    channel.acknowledged_before = std::exchange(channel.acknowledged, std::exchange(channel.to_acknowledge, {}));
  }
  channel.to_cancel.clear();
  channel.to_request.clear();
  speech.close(quiet);
  if (busy) channel.keep_alive = 1s;
  if (quiet) channel.keep_alive = std::min<Duration>(2 * channel.keep_alive, kMaxKeepAlive);
}

void Swarm::checkpoint(Outbox& out) {
  if (!tree_) return;
  for (const std::uint64_t index : tree_->take_dirty()) {
    if (const TreePage* page = tree_->page(index)) out.effects.push_back(KeepPage{index, page});
  }
}

void Swarm::leave(Instant now, Outbox& out) {
  candidates_.clear();
  while (!channels_.empty()) {
    say_good_bye(now, *channels_.back(), out);
    remove(*channels_.back());
  }
  update_deadline(now);
}

void Swarm::update_deadline(Instant now) {
  if (due_) {
    deadline_ = now;
    return;
  }
  Instant next = std::min(news_due_, throttled_until_);
  for (const Stashed& waiting : stash_) next = std::min(next, waiting.since + kStashTime);
  if (channels_.size() < config_.max_open) {
    for (const Candidate& candidate : candidates_) next = std::min(next, candidate.not_before);
  }
  if (is_late_watch_due()) next = std::min(next, now + kLateWatch);
  for (const auto& channel : channels_) {
    switch (channel->state) {
      case Channel::State::kDialling: next = std::min(next, channel->redial); break;
      case Channel::State::kHalfOpen: next = std::min(next, channel->heard + kHalfOpenTime); break;
      case Channel::State::kOpen:
        next = std::min({next, channel->said + channel->keep_alive, channel->download.next_deadline(),
                         channel->upload.next_deadline(now)});
        if (channel->asked_us != Instant{}) next = std::min(next, std::max(now, choker_.next_round()));
        if (channel->unanswered >= kDeadUnanswered) next = std::min(next, channel->heard + kDeadAfter);
        break;
    }
  }
  deadline_ = next;
}

}  // namespace earshot::stream::ppspp
