// The link table and its rules.
#include "overlay/net/transport.h"

#include <sodium.h>

#include <algorithm>

#include "schema/check.h"

namespace earshot::overlay::net {

namespace {

/// From connect() to the other side's Hello.
constexpr Duration kDialTime = 5s;
/// From accept() to the Hello: 5 s of handshake (which ZeroMQ ends itself) and as much for the first frame.
constexpr Duration kGreetingTime = 10s;
/// The losing link of two is read a little longer by its dialler, who hangs up; the other side waits for that.
constexpr Duration kRetireTime = 2s;
constexpr Duration kRetireTimeInbound = 10s;
/// The dialler of a silent link closes it; the other side does so only when the dialler forgot.
constexpr Duration kInboundPatience = 15s;
/// ZeroMQ does not say when a full link has room again.
constexpr Duration kFullRetry = 5ms;
/// Queued for all peers together. More: new frames are dropped and counted.
constexpr std::size_t kMaxQueuedBytes = 32u << 20;
constexpr int kMaxHandshakesPerRun = 64;

SipKey secret_hash_key() {
  SipKey key;
  randombytes_buf(&key, sizeof key);
  return key;
}

}  // namespace

Transport::Transport(const TransportOptions& options, AddressBook& book, Random random)
    : options_(options), book_(book), random_(random), gate_(secret_hash_key(), options.farthest) {}

Result<std::unique_ptr<Transport>> Transport::open(const Identity& identity, const TransportOptions& options,
                                                   AddressBook& book, Random random) {
  std::unique_ptr<Transport> transport(new Transport(options, book, random));
  auto sockets = Sockets::open(identity, options.listen);
  if (!sockets) return tl::unexpected(std::move(sockets.error()));
  transport->sockets_ = std::move(*sockets);
  transport->self_ =
      Contact{identity.key(), {options.listen.address, transport->sockets_->port()}, options.stream_port};
  book.set_self(transport->self_);
  transport->hello_ = wire::encode(wire::Hello{wire::kVersion, wire::kMinVersion, transport->self_, options.agent});
  return transport;
}

void Transport::wait(Duration patience) {
  sockets_->wait(pending_.empty() && !frames_left_ ? patience : Duration::zero());
}

Instant Transport::next_deadline() const {
  if (!pending_.empty() || frames_left_) return now_;
  return full_ > 0 ? std::min(next_sweep_, now_ + kFullRetry) : next_sweep_;
}

void Transport::run(Instant now, std::size_t max_frames, std::vector<Report>& reports) {
  now_ = now;
  for (int i = 0; i < kMaxHandshakesPerRun; ++i) {
    const auto verdict = sockets_->answer_handshake(gate_, now);
    if (!verdict) break;
    if (*verdict != Gate::Verdict::kWelcome) pending_.push_back(Refused{{}, std::string(to_string(*verdict))});
  }
  std::size_t taken = 0;
  for (bool found = true; found && taken < max_frames;) {
    found = false;
    for (const Side side : {Side::kInbound, Side::kOutbound}) {
      auto incoming = sockets_->receive(side);
      if (!incoming) continue;
      found = true;
      ++taken;
      take(now, std::move(*incoming));
    }
  }
  frames_left_ = taken >= max_frames;
  // After the frames: what a peer said before it went is heard.
  while (const auto event = sockets_->next_event()) take_event(now, *event);
  if (now >= next_sweep_) sweep(now);
  for (auto next = remotes_.begin(); full_ > 0 && next != remotes_.end();) {
    Remote& remote = (next++)->second;
    if (remote.full) flush(now, remote);
  }
  std::move(pending_.begin(), pending_.end(), std::back_inserter(reports));
  pending_.clear();
}

// What comes in.

void Transport::take_event(Instant now, const SocketEvent& event) {
  if (event.side == Side::kOutbound) {
    const auto link = by_dialled_.find(event.dialled);
    if (link != by_dialled_.end())
      drop(now, *link->second, link->second->stage == Stage::kDialling ? "no connection" : "connection closed");
    return;
  }
  if (event.kind == SocketEvent::Kind::kAccepted) {
    const auto remote = Sockets::remote_end(event.descriptor);
    strangers_[event.descriptor] = {remote.value_or(Endpoint{}), now + kGreetingTime};
    arm(now + kGreetingTime);
    return;
  }
  strangers_.erase(event.descriptor);
  const auto link = by_descriptor_.find(event.descriptor);
  if (link != by_descriptor_.end()) drop(now, *link->second, "connection closed");
}

void Transport::take(Instant now, Incoming incoming) {
  const auto place = links_.find({incoming.side, incoming.routing_id});
  if (place == links_.end()) {
    if (incoming.side == Side::kInbound) greet_inbound(now, incoming);
    return;
  }
  Link& link = *place->second;
  if (link.stage == Stage::kDialling) return greet_outbound(now, link, incoming);
  if (!incoming.well_formed) return drop(now, link, "not one frame of at most 64 KiB");
  Remote& remote = remotes_.at(link.peer);
  remote.used = now;
  remote.bytes_in += incoming.frame.size();
  ++remote.frames_in;
  traffic_.bytes_in += incoming.frame.size();
  ++traffic_.frames_in;
  pending_.push_back(Received{link.peer, std::move(incoming.frame)});
}

/// A descriptor names a connection only until it is closed; all events up to now tell which one it is.
void Transport::greet_inbound(Instant now, const Incoming& incoming) {
  while (const auto event = sockets_->next_event()) take_event(now, *event);
  const auto stranger = strangers_.find(incoming.descriptor);
  if (stranger == strangers_.end() || !incoming.key) return;  // the rest of what a closed connection said
  const NodeKey key = *incoming.key;
  const auto hello = hello_of(incoming, key);
  if (!hello) return cut_stranger(incoming.descriptor, hello.error().what);
  if (key == self_.key || gate_.is_denied(now, key)) return cut_stranger(incoming.descriptor, "not welcome");
  if (const auto stale = by_descriptor_.find(incoming.descriptor); stale != by_descriptor_.end())
    drop(now, *stale->second, "replaced");
  if (!make_room(now, Side::kInbound)) return cut_stranger(incoming.descriptor, "no room");

  auto owned = std::make_unique<Link>();
  Link& link = *owned;
  link.name = {Side::kInbound, incoming.routing_id};
  link.key = key;
  link.peer = book_.introduce(hello->self, incoming.address);
  link.descriptor = incoming.descriptor;
  link.remote = stranger->second.remote;
  strangers_.erase(stranger);
  by_descriptor_[link.descriptor] = &link;
  links_.emplace(link.name, std::move(owned));
  sockets_->send(Side::kInbound, link.name.second, hello_);
  link_is_up(now, link, *hello);
}

void Transport::greet_outbound(Instant now, Link& link, const Incoming& incoming) {
  const auto hello = hello_of(incoming, link.key);
  if (!hello) return drop(now, link, hello.error().what);
  book_.introduce(hello->self, incoming.address);
  link_is_up(now, link, *hello);
}

Result<wire::Hello> Transport::hello_of(const Incoming& incoming, const NodeKey& key) const {
  if (!incoming.well_formed) return fail(ErrorCode::kInvalid, "not one frame of at most 64 KiB");
  auto hello = wire::decode_hello(incoming.frame);
  if (!hello) return hello;
  if (hello->self.key != key) return fail(ErrorCode::kInvalid, "hello in another's name");
  if (hello->min_version > wire::kVersion || hello->version < wire::kMinVersion) {
    return fail(ErrorCode::kUnsupported, "speaks versions {} to {}", hello->min_version, hello->version);
  }
  return hello;
}

void Transport::link_is_up(Instant now, Link& link, const wire::Hello& hello) {
  Remote& remote = remote_of(now, link.peer);
  book_.dial_succeeded(link.peer);
  if (remote.dial == &link) remote.dial = nullptr;
  link.stage = Stage::kUp;
  link.deadline = kNever;
  remote.agent = hello.agent;
  remote.used = now;
  Link* const present = remote.link;
  if (present == nullptr) {
    remote.link = &link;
    remote.up_since = now;
    pending_.push_back(LinkUp{link.peer, link.name.first == Side::kInbound});
  } else if (!keeps_newcomer(link, *present)) {
    retire(now, link);
  } else {
    remote.link = &link;
    if (link.name.first == present->name.first) {
      drop(now, *present, "replaced");
    } else {
      retire(now, *present);
    }
  }
  arm(now + options_.idle_time);
  flush(now, remote);
}

bool Transport::keeps_newcomer(const Link& newcomer, const Link& present) const {
  if (newcomer.name.first == present.name.first) return true;
  const bool we_dialled_newcomer = newcomer.name.first == Side::kOutbound;
  return we_dialled_newcomer == (self_.key < newcomer.key);
}

void Transport::retire(Instant now, Link& link) {
  link.stage = Stage::kRetiring;
  link.deadline = now + (link.name.first == Side::kOutbound ? kRetireTime : kRetireTimeInbound);
  arm(link.deadline);
}

// What goes out.

Transport::Remote& Transport::remote_of(Instant now, PeerId peer) {
  const auto [place, is_new] = remotes_.try_emplace(peer);
  if (is_new) {
    place->second.peer = peer;
    place->second.used = now;
    book_.keep(peer);
  }
  return place->second;
}

void Transport::send(Instant now, PeerId to, Bytes frame, Priority priority) {
  now_ = now;
  Remote& remote = remote_of(now, to);
  remote.used = now;
  std::size_t dropped = 1;
  if (queued_bytes_ + frame.size() <= kMaxQueuedBytes) {
    queued_bytes_ -= remote.queue.bytes();
    dropped = remote.queue.push(priority, std::move(frame));
    queued_bytes_ += remote.queue.bytes();
  }
  remote.dropped += dropped;
  traffic_.dropped += dropped;
  if (remote.link != nullptr) return flush(now, remote);
  if (remote.dial == nullptr) dial(now, remote);
}

void Transport::pin(Instant now, PeerId peer) {
  now_ = now;
  Remote& remote = remote_of(now, peer);
  remote.pinned = true;
  if (remote.link == nullptr && remote.dial == nullptr) dial(now, remote);
}

void Transport::unpin(PeerId peer) {
  const auto remote = remotes_.find(peer);
  if (remote == remotes_.end()) return;
  remote->second.pinned = false;
  arm(remote->second.used + options_.idle_time);
}

void Transport::ban(PeerId peer, Instant until) {
  const auto contact = book_.contact_of(peer);
  if (!contact) return;
  gate_.deny(contact->key, until);
  std::vector<Link*> theirs;
  for (const auto& [name, link] : links_) {
    if (link->peer == peer) theirs.push_back(link.get());
  }
  for (Link* link : theirs) drop(now_, *link, "banned");
}

/// Ends in a link that is dialling, or in forget().
void Transport::dial(Instant now, Remote& remote) {
  const auto contact = book_.contact_of(remote.peer);
  if (!contact || !book_.may_dial(remote.peer, now)) return forget(remote.peer, "not to be dialled now");
  if (gate_.is_denied(now, contact->key)) return forget(remote.peer, "banned");
  const std::string where = dial_text(contact->endpoint);
  if (by_dialled_.contains(where)) return forget(remote.peer, "another key is dialled there");
  if (!make_room(now, Side::kOutbound)) return forget(remote.peer, "no room");
  auto id = sockets_->dial(where, contact->key);
  if (!id) {
    book_.dial_failed(remote.peer, now, random_);
    return forget(remote.peer, "cannot be dialled");
  }
  auto link = std::make_unique<Link>();
  link->name = {Side::kOutbound, std::move(*id)};
  link->key = contact->key;
  link->peer = remote.peer;
  link->deadline = now + kDialTime;
  link->dialled = where;
  arm(link->deadline);
  remote.dial = by_dialled_[where] = link.get();
  sockets_->send(Side::kOutbound, link->name.second, hello_);
  links_.emplace(link->name, std::move(link));
}

/// May end the link, and with it the remote.
void Transport::flush(Instant now, Remote& remote) {
  if (remote.full) --full_, remote.full = false;
  while (remote.link != nullptr && !remote.queue.empty()) {
    const Bytes& frame = remote.queue.front();
    const auto sent = sockets_->send(remote.link->name.first, remote.link->name.second, frame);
    if (sent == Sockets::Sent::kGone) return drop(now, *remote.link, "unreachable");
    if (sent == Sockets::Sent::kFull) {
      remote.full = true;
      ++full_;
      return;
    }
    remote.bytes_out += frame.size();
    ++remote.frames_out;
    traffic_.bytes_out += frame.size();
    ++traffic_.frames_out;
    queued_bytes_ -= frame.size();
    remote.queue.pop();
  }
}

// How links end.

/// The link is gone afterwards; so is its remote, unless it has another link or a dial under way.
void Transport::drop(Instant now, Link& link, std::string_view why) {
  close(link);
  const auto owner = links_.extract(link.name);
  EARSHOT_CHECK(!owner.empty());
  const auto place = remotes_.find(link.peer);
  if (place == remotes_.end()) return;
  Remote& remote = place->second;
  if (remote.dial == &link) {
    remote.dial = nullptr;
    book_.dial_failed(link.peer, now, random_);
  }
  if (remote.link == &link) {
    const auto other = std::find_if(links_.begin(), links_.end(), [&link](const auto& entry) {
      return entry.second->peer == link.peer && entry.second->stage != Stage::kDialling;
    });
    remote.link = other == links_.end() ? nullptr : other->second.get();
    if (remote.link != nullptr) {
      remote.link->stage = Stage::kUp;
      remote.link->deadline = kNever;
    }
  }
  if (remote.link == nullptr && remote.dial == nullptr) forget(link.peer, why);
}

void Transport::close(Link& link) {
  if (link.name.first == Side::kOutbound) {
    by_dialled_.erase(link.dialled);
    sockets_->hang_up(link.dialled);
    return;
  }
  by_descriptor_.erase(link.descriptor);
  Sockets::cut(link.descriptor, link.remote);
}

void Transport::forget(PeerId peer, std::string_view why) {
  const auto place = remotes_.find(peer);
  EARSHOT_CHECK(place != remotes_.end());
  queued_bytes_ -= place->second.queue.bytes();
  if (place->second.full) --full_;
  remotes_.erase(place);
  book_.release(peer);
  pending_.push_back(LinkLost{peer, std::string(why)});
}

/// False when all places of this side are taken by pinned links.
bool Transport::make_room(Instant now, Side side) {
  if (links_of(side) < (side == Side::kInbound ? options_.max_inbound : options_.max_outbound)) return true;
  const Remote* idlest = nullptr;
  for (const auto& [peer, remote] : remotes_) {
    const bool movable = !remote.pinned && remote.link != nullptr && remote.link->name.first == side;
    if (movable && (idlest == nullptr || remote.used < idlest->used)) idlest = &remote;
  }
  if (idlest == nullptr) return false;
  drop(now, *idlest->link, "made room");
  return true;
}

void Transport::cut_stranger(int descriptor, std::string_view why) {
  const auto stranger = strangers_.find(descriptor);
  EARSHOT_CHECK(stranger != strangers_.end());
  Sockets::cut(descriptor, stranger->second.remote);
  pending_.push_back(Refused{stranger->second.remote, std::string(why)});
  strangers_.erase(stranger);
}

void Transport::arm(Instant deadline) {
  next_sweep_ = std::min(next_sweep_, deadline);
}

void Transport::sweep(Instant now) {
  next_sweep_ = kNever;
  std::vector<int> silent;
  for (const auto& [descriptor, stranger] : strangers_) {
    if (now >= stranger.deadline) {
      silent.push_back(descriptor);
    } else {
      arm(stranger.deadline);
    }
  }
  for (const int descriptor : silent) cut_stranger(descriptor, "no hello");

  std::vector<std::pair<Link*, std::string_view>> over;
  for (const auto& [name, link] : links_) {
    Instant deadline = link->deadline;
    std::string_view why = link->stage == Stage::kDialling ? "no answer" : "retired";
    const Remote& remote = remotes_.at(link->peer);
    if (remote.link == link.get() && !remote.pinned) {
      deadline =
          remote.used + options_.idle_time + (name.first == Side::kInbound ? kInboundPatience : Duration::zero());
      why = "idle";
    }
    if (now >= deadline) {
      over.emplace_back(link.get(), why);
    } else {
      arm(deadline);
    }
  }
  for (const auto& [link, why] : over) drop(now, *link, why);
}

// What people see.

bool Transport::all_sent() const {
  return std::all_of(remotes_.begin(), remotes_.end(),
                     [](const auto& entry) { return entry.second.link == nullptr || entry.second.queue.empty(); });
}

std::size_t Transport::links() const {
  return static_cast<std::size_t>(
      std::count_if(remotes_.begin(), remotes_.end(), [](const auto& entry) { return entry.second.link != nullptr; }));
}

std::vector<LinkRow> Transport::rows(Instant now) const {
  std::vector<LinkRow> rows;
  for (const auto& [peer, remote] : remotes_) {
    if (remote.link == nullptr) continue;
    rows.push_back({peer, remote.agent, remote.link->name.first == Side::kInbound, now - remote.up_since,
                    remote.bytes_in, remote.bytes_out, remote.frames_in, remote.frames_out, remote.dropped});
  }
  return rows;
}

}  // namespace earshot::overlay::net
