// The reactor: poll until the next deadline; then what others posted, finished look-ups, due deadlines, and a bounded
// batch of frames, in that order, so that local work comes before strangers'.
#include "tools/node/node.h"

#include <sodium.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>

#include "index/rematch.h"
#include "overlay/net/address_book.h"
#include "overlay/net/sealed_hits.h"
#include "overlay/net/transport.h"
#include "overlay/membership/address_groups.h"
#include "overlay/peer.h"
#include "overlay/search/strategy.h"
#include "overlay/wire.h"
#include "schema/check.h"
#include "schema/digest.h"
#include "schema/limits.h"
#include "tools/node/accept_guard.h"
#include "tools/node/browser.h"
#include "tools/node/clocks.h"
#include "tools/node/digest_host.h"
#include "tools/node/link_carrier.h"
#include "tools/node/lookup_worker.h"
#include "tools/node/remembered_network.h"

namespace earshot::node {

namespace {

using overlay::net::Priority;
using overlay::net::Transport;

/// 64 frames of the cheapest kind take some 300 us: what local work waits at most.
constexpr std::size_t kFramesPerTurn = 64;
/// A real peer's memory of queries: 64 Ki x 8 bytes = 512 KiB.
constexpr std::size_t kSeenSlots = 64 * 1024;
/// Contacts of an earlier run that are tried beside the configured ones.
constexpr std::size_t kRememberedContacts = 8;
constexpr Duration kSaveEvery = 5min;
/// How long good-byes may take to leave.
constexpr Duration kGoodbyeTime = 500ms;
/// Lines that strangers can cause: 20 a minute, the rest is counted. 100 bytes a line is 3 MB a day.
constexpr int kStrangerLines = 20;

Random random_stream() {
  EARSHOT_CHECK(sodium_init() >= 0);
  SipKey key;
  randombytes_buf(&key, sizeof key);
  return Random(key);
}

SipKey hash_key() {
  Random random = random_stream();
  const std::uint64_t first = random.next();
  return {first, random.next()};
}

struct alignas(64) SeenBucket {
  std::array<overlay::SeenSlot, overlay::SeenQueries::kWays> slots;
};

/// What overlay::Memory points into.
struct PeerMemory {
  explicit PeerMemory(const overlay::Config& config)
      : active(config.active_size, kNoPeer),
        passive(config.passive_size, kNoPeer),
        outbound(config.outbound_size, kNoPeer),
        seen(kSeenSlots / overlay::SeenQueries::kWays) {}

  overlay::Memory view() { return {active, passive, {seen.front().slots.data(), kSeenSlots}, &ledger, outbound}; }

  std::vector<PeerId> active, passive, outbound;
  std::vector<SeenBucket> seen;
  overlay::Ledger ledger;
};
static_assert(sizeof(SeenBucket) == 64, "the slots of all buckets are one span");

/// Groups of public addresses: IPv4 /16, IPv6 /32, as providers are given them. On this machine and in networks of our own everybody is
/// alone in his: there one network is one group.
class BookGroups final : public overlay::AddressGroups {
 public:
  explicit BookGroups(const overlay::net::AddressBook& book) : book_(book) {}

  std::uint64_t group_of(PeerId peer) const override {
    constexpr std::uint64_t kAlone = std::uint64_t{1} << 40;
    const auto contact = book_.contact_of(peer);
    const auto group = contact ? overlay::net::public_group_of(contact->endpoint) : std::nullopt;
    return group.value_or(kAlone | to_number(peer));
  }

 private:
  const overlay::net::AddressBook& book_;
};

NodeOptions with_groups(NodeOptions options, const overlay::AddressGroups& groups) {
  options.protocol.groups = &groups;
  return options;
}

/// Whoever waits for a search, with the key that its answers are sealed to.
struct Client {
  explicit Client(std::string_view text, std::function<void(const SearchEvent&)> sink)
      : on_event(std::move(sink)), question(text) {}

  std::function<void(const SearchEvent&)> on_event;
  overlay::net::Identity reply = overlay::net::Identity::ephemeral();
  index::Rematch question;
};

class Reactor final : public Node {
 public:
  Reactor(const overlay::net::Identity& identity, const NodeOptions& options, index::Index& index)
      : book_(Contact{identity.key(), options.listen, options.stream_port}, hash_key()),
        groups_(book_),
        options_(with_groups(options, groups_)),
        identity_(identity),
        memory_(options_.protocol),
        random_(random_stream()),
        peer_(book_.self(), options_.protocol, random_stream(), memory_.view()),
        started_(steady_now()),
        index_(index) {
    if (options_.local_only) book_.keep_within(overlay::net::Reach::kPrivate);
  }

  ~Reactor() override {
    if (!thread_.joinable()) return;
    post([this] { stopping_ = true; });
    thread_.join();
  }

  Result<void> open(const overlay::net::Identity& identity);

  Contact self() const override { return transport_->self(); }
  Result<QueryId> search(SearchRequest request, std::function<void(const SearchEvent&)> on_event) override;
  void cancel(const QueryId& id) override;
  Result<void> browse(const Contact& peer, std::uint32_t place, OnPage on_page) override;
  void join(std::vector<Contact> contacts) override;
  NodeStatus status() const override;
  std::vector<PeerRow> peers() const override;
  PeerId link_to(const Contact& contact) override;
  void send_over_link(PeerId to, Bytes frame) override;

 private:
  // Any thread.
  void post(std::function<void()> task) const;
  template <class T>
  T ask_reactor(std::function<T()> question) const;

  // The reactor thread, from here on.
  void run();
  Instant next_deadline() const;
  void turn();
  void run_posted();
  void take_answers();
  void take_news();
  void answer(const overlay::Lookup& lookup, std::vector<index::Found> tracks, const DigestHost::Met& met);
  void name_canaries(SearchRequest& request);
  overlay::SharedBox sealed(const SearchRequest& request, std::span<const Hit> hits);
  void take(const overlay::net::Received& received);
  void take(PeerId, const overlay::wire::Hello&) {}  // a second one says nothing new
  void take(PeerId from, const overlay::Message& message);
  void take(PeerId from, const overlay::Browse& question);
  void take(PeerId from, const overlay::Shelf& shelf) { browser_->take(from, shelf); }
  void take(const overlay::net::LinkUp& link);
  void take(const overlay::net::LinkLost& link);
  void take(const overlay::net::Refused& refused);
  void blame(PeerId peer, const Error& error);
  void perform_all();
  void perform(const overlay::Send& send);
  void perform(const overlay::Lookup& lookup);
  void perform(const overlay::Open& open);
  void perform(const overlay::Connect& connect) { transport_->pin(now_, connect.peer); }
  void perform(const overlay::Disconnect& disconnect) { transport_->unpin(disconnect.peer); }
  void perform(const overlay::Ban& ban);
  void perform(const overlay::Deliver& deliver);
  void perform(const overlay::HostDigest& host);
  void perform(const overlay::DropDigest& drop);
  void enter(const std::vector<Contact>& contacts);
  void save_book();
  void say_goodbye();
  bool may_log_stranger();

  overlay::net::AddressBook book_;
  const BookGroups groups_;
  const NodeOptions options_;
  const overlay::net::Identity& identity_;
  PeerMemory memory_;
  Random random_;  // the driver's own draws
  overlay::Peer peer_;
  const Instant started_;
  index::Index& index_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<DigestHost> digests_;  // null: none are published or hosted
  std::unique_ptr<LookupWorker> lookups_;
  std::unique_ptr<Browser> browser_;

  Instant now_{};
  overlay::Outbox outbox_;
  std::vector<overlay::net::Report> reports_;
  std::map<QueryId, std::unique_ptr<Client>> clients_;
  std::vector<std::pair<overlay::Open, std::vector<Hit>>> opened_;  // to be told to the peer once the outbox is empty
  Instant next_save_{};
  Instant log_minute_{};
  int log_lines_ = 0, log_suppressed_ = 0;
  std::uint64_t malformed_ = 0, unknown_ = 0, lookups_dropped_ = 0, frames_unsent_ = 0;
  bool stopping_ = false;

  mutable std::mutex mutex_;
  mutable std::deque<std::function<void()>> posted_;  // guarded by mutex_
  std::thread thread_;                                // last: it uses all of the above
};

Priority priority_of(const overlay::Message& message) {
  if (std::holds_alternative<overlay::Query>(message)) return Priority::kQueries;
  return std::holds_alternative<overlay::Hits>(message) ? Priority::kHits : Priority::kControl;
}

Result<void> Reactor::open(const overlay::net::Identity& identity) {
  if (!options_.address_book.empty()) {
    if (auto loaded = book_.load(options_.address_book); !loaded)
      spdlog::warn("event=address-book-unusable why=\"{}\"", loaded.error().what);
  }
  if (!options_.network.empty()) peer_.assume(remembered_network(options_.network));
  overlay::net::TransportOptions transport_options;
  transport_options.listen = options_.listen;
  transport_options.stream_port = options_.stream_port;
  transport_options.agent = options_.agent;
  transport_options.max_inbound = options_.links;
  transport_options.max_outbound = options_.links;
  if (options_.local_only) transport_options.farthest = overlay::net::Reach::kPrivate;
  auto transport = Transport::open(identity, transport_options, book_, random_stream());
  if (!transport) return tl::unexpected(std::move(transport.error()));
  transport_ = std::move(*transport);
  const auto wake = [transport = transport_.get()] { transport->wake(); };
  if (options_.digests) digests_ = std::make_unique<DigestHost>(index_, identity, wake);
  lookups_ = std::make_unique<LookupWorker>(index_, digests_.get(), wake);
  browser_ = std::make_unique<Browser>(
      Browser::Parts{identity, index_, book_, peer_.self(), options_.browsable,
                     [this](PeerId to, Bytes frame) { transport_->send(now_, to, std::move(frame), Priority::kQueries); }, wake},
      random_stream());
  thread_ = std::thread([this] { run(); });
  return {};
}

// Any thread.

void Reactor::post(std::function<void()> task) const {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(task));
  }
  transport_->wake();
}

/// REQUIRES: not the reactor thread, which would wait for itself.
template <class T>
T Reactor::ask_reactor(std::function<T()> question) const {
  EARSHOT_CHECK(std::this_thread::get_id() != thread_.get_id());
  std::promise<T> promise;
  std::future<T> answer = promise.get_future();
  post([&] { promise.set_value(question()); });
  return answer.get();
}

Result<QueryId> Reactor::search(SearchRequest request, std::function<void(const SearchEvent&)> on_event) {
  if (auto valid = validate(request); !valid) return tl::unexpected(std::move(valid.error()));
  return ask_reactor<Result<QueryId>>([&]() -> Result<QueryId> {
    if (peer_.open_queries() >= limits::kMaxOpenQueries) {
      return fail(ErrorCode::kExhausted, "{} searches are open already: wait for one to end", limits::kMaxOpenQueries);
    }
    name_canaries(request);
    auto client = std::make_unique<Client>(request.text, std::move(on_event));
    request.reply_key = client->reply.key().bytes;
    const QueryId id = peer_.ask(now_, std::move(request), outbox_);
    clients_.emplace(id, std::move(client));
    perform_all();
    return id;
  });
}

void Reactor::cancel(const QueryId& id) {
  post([this, id] {
    if (digests_) digests_->forget(id);
    peer_.cancel(now_, id, outbox_);
    perform_all();
  });
}

Result<void> Reactor::browse(const Contact& peer, std::uint32_t place, OnPage on_page) {
  return ask_reactor<Result<void>>([&] { return browser_->ask(now_, peer, place, std::move(on_page)); });
}

void Reactor::join(std::vector<Contact> contacts) {
  post([this, contacts = std::move(contacts)] { enter(contacts); });
}

PeerId Reactor::link_to(const Contact& contact) {
  return ask_reactor<PeerId>([&] { return book_.intern(contact, book_.self()); });
}

void Reactor::send_over_link(PeerId to, Bytes frame) {
  post([this, to, frame = std::move(frame)]() mutable { transport_->send(now_, to, std::move(frame), Priority::kQueries); });
}

NodeStatus Reactor::status() const {
  return ask_reactor<NodeStatus>([this] {
    const auto& counters = peer_.counters();
    NodeStatus status;
    status.self = transport_->self();
    status.neighbors = peer_.neighbors().size();
    status.passive = peer_.passive_view().size();
    status.links = transport_->links();
    status.contacts = book_.size() - 1;
    status.open_queries = peer_.open_queries();
    status.queries_in = counters.queries_in;
    status.queries_out = counters.queries_out;
    status.duplicates = counters.duplicates;
    status.hits_relayed = counters.hits_relayed;
    status.lookups_dropped = lookups_dropped_;
    status.lookups = lookups_->times();
    if (digests_) status.digests = digests_->counts();
    status.network = peer_.network();
    status.traffic = transport_->traffic();
    status.malformed = malformed_;
    status.unknown = unknown_;
    status.uptime = now_ - started_;
    return status;
  });
}

std::vector<PeerRow> Reactor::peers() const {
  return ask_reactor<std::vector<PeerRow>>([this] {
    std::vector<PeerRow> rows;
    const auto neighbors = peer_.neighbors();
    for (const auto& link : transport_->rows(now_)) {
      const auto contact = book_.contact_of(link.peer);
      if (!contact) continue;
      const bool is_neighbor = std::find(neighbors.begin(), neighbors.end(), link.peer) != neighbors.end();
      rows.push_back({*contact, link.agent, is_neighbor, link.inbound, link.connected, link.bytes_in, link.bytes_out,
                      link.frames_in, link.frames_out, link.dropped, 0, {}});
      if (const auto account = memory_.ledger.account_of(now_, link.peer)) {
        rows.back().score = account->score / 100.0;
        for (std::size_t deed = 0; deed < overlay::kDeeds; ++deed) {
          if (account->deeds[deed] > 0) rows.back().deeds.emplace_back(to_string(static_cast<overlay::Deed>(deed)), account->deeds[deed]);
        }
      }
    }
    return rows;
  });
}

// The reactor thread.

void Reactor::run() {
  now_ = steady_now();
  next_save_ = now_ + kSaveEvery;
  spdlog::info("event=listening contact={}", to_string(transport_->self()));
  enter(options_.bootstrap);
  while (!stopping_) {
    transport_->wait(next_deadline() - steady_now());
    turn();
  }
  say_goodbye();
  save_book();
}

Instant Reactor::next_deadline() const {
  return std::min({peer_.next_deadline(), transport_->next_deadline(), browser_->next_deadline(), next_save_});
}

void Reactor::turn() {
  now_ = steady_now();
  run_posted();
  take_answers();
  if (digests_) take_news();
  browser_->tick(now_);
  if (now_ >= peer_.next_deadline()) {
    peer_.tick(now_, outbox_);
    perform_all();
  }
  transport_->run(now_, kFramesPerTurn, reports_);
  for (const auto& report : reports_) {
    std::visit([this](const auto& one) { take(one); }, report);
  }
  reports_.clear();
  if (now_ >= next_save_) save_book();
}

void Reactor::run_posted() {
  std::deque<std::function<void()>> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(posted_);
  }
  for (const auto& task : tasks) task();
}

void Reactor::take_answers() {
  for (auto& finished : lookups_->take_finished()) {
    if (finished.failed) spdlog::error("event=look-up-failed why=\"{}\"", finished.why);
    answer(finished.lookup, std::move(finished.tracks), finished.met);
  }
}

void Reactor::take_news() {
  DigestHost::News news = digests_->take_news();
  if (news.own != nullptr) {
    peer_.publish(now_, std::move(news.own), outbox_);
    perform_all();
  }
  for (DigestHost::Match& match : news.matches) {
    if (match.owner == book_.contact_of(peer_.self())->key) {  // our own library has something new
      match.lookup.hosted = false;
      if (!lookups_->submit(match.lookup, LookupWorker::Asker::kStranger)) ++lookups_dropped_;
    } else {
      answer(match.lookup, {}, {{match.owner}, 0});
    }
  }
}

/// Peers from afar that may have published. Rationale: neighbors' digests lie close by, and would be met too often.
void Reactor::name_canaries(SearchRequest& request) {
  const overlay::Strategy* const strategy = overlay::strategy_of(request.strategy);
  if (strategy == nullptr || !strategy->meets_digests()) return;
  std::vector<PeerId> passive(peer_.passive_view().begin(), peer_.passive_view().end());
  random_.shuffle(std::span(passive));
  for (const PeerId peer : passive) {
    if (request.canaries.size() == limits::kMaxCanaries) return;
    if (const auto contact = book_.contact_of(peer)) request.canaries.push_back(canary_key_of(contact->key));
  }
}

void Reactor::answer(const overlay::Lookup& lookup, std::vector<index::Found> tracks, const DigestHost::Met& met) {
  std::vector<PeerId> owners;  // those whom the book has forgotten cannot be asked
  for (const NodeKey& owner : met.owners) {
    if (const auto peer = book_.find(owner)) owners.push_back(*peer);
  }
  std::vector<Hit> hits;
  hits.reserve(tracks.size());
  for (auto& found : tracks) hits.push_back({std::move(found.track), peer_.self(), found.score});
  overlay::Found found{hits, nullptr};
  if (!lookup.own && !hits.empty()) found.box = sealed(*lookup.request, hits);
  peer_.answer(now_, lookup, found, {owners, met.canaries}, outbox_);
  perform_all();
}

/// Null when nobody could open it, or when we cannot be dialled.
overlay::SharedBox Reactor::sealed(const SearchRequest& request, std::span<const Hit> hits) {
  const std::size_t most = std::min<std::size_t>(hits.size(), options_.protocol.hits_per_answer);
  auto box = overlay::net::seal_hits(identity_, request.reply_key, hits.first(most), book_);
  if (box) return std::move(*box);
  spdlog::debug("event=not-answered why=\"{}\"", box.error().what);
  return nullptr;
}

void Reactor::take(const overlay::net::Received& received) {
  if (const auto datagram = stream_datagram_in(received.frame)) {
    if (options_.on_stream_datagram) options_.on_stream_datagram(received.from, *datagram);
    return;
  }
  const auto frame = overlay::wire::decode(received.frame, received.from, book_);
  if (!frame) {
    if (frame.error().code == ErrorCode::kUnsupported) {
      ++unknown_;
    } else {
      blame(received.from, frame.error());
    }
    return;
  }
  std::visit([&](const auto& what) { take(received.from, what); }, *frame);
}

void Reactor::take(PeerId from, const overlay::Message& message) {
  peer_.receive(now_, from, message, outbox_);
  perform_all();
}

void Reactor::take(PeerId from, const overlay::Browse& question) {
  if (memory_.ledger.admits_query(now_, from, options_.protocol.queries_per_s)) browser_->take(now_, from, question);
}

void Reactor::take(const overlay::net::LinkUp& link) {
  spdlog::debug("event=link-up peer={} inbound={}", to_number(link.peer), link.inbound);
}

void Reactor::take(const overlay::net::LinkLost& link) {
  spdlog::debug("event=link-lost peer={} why=\"{}\"", to_number(link.peer), link.why);
  peer_.lost(now_, link.peer, outbox_);
  perform_all();
  browser_->lost(link.peer);
}

void Reactor::take(const overlay::net::Refused& refused) {
  if (may_log_stranger()) spdlog::info("event=refused address={} why=\"{}\"", to_string(refused.address), refused.why);
}

/// A relay encodes what it passes on anew, so whoever sent a malformed frame made it.
void Reactor::blame(PeerId peer, const Error& error) {
  ++malformed_;
  if (may_log_stranger()) spdlog::info("event=malformed peer={} why=\"{}\"", to_number(peer), error.what);
  peer_.blame(now_, peer, outbox_);
  perform_all();
}

/// Carrying out an effect never calls the peer: what fails comes back as a report of a later turn.
void Reactor::perform_all() {
  for (;;) {
    for (const overlay::Effect& effect : outbox_) {
      std::visit([this](const auto& one) { perform(one); }, effect);
    }
    outbox_.clear();
    if (opened_.empty()) return;
    const auto [box, hits] = std::move(opened_.back());
    opened_.pop_back();
    peer_.opened(now_, box, hits, outbox_);
  }
}

void Reactor::perform(const overlay::Send& send) {
  auto frame = overlay::wire::encode(send.message, book_);
  if (!frame) {
    ++frames_unsent_;
    spdlog::debug("event=not-sent peer={} why=\"{}\"", to_number(send.to), frame.error().what);
    return;
  }
  transport_->send(now_, send.to, std::move(*frame), priority_of(send.message));
}

void Reactor::perform(const overlay::Lookup& lookup) {
  if (digests_ && lookup.request->keep > Duration::zero()) digests_->stand(lookup);
  const auto asker = lookup.own ? LookupWorker::Asker::kOurselves : LookupWorker::Asker::kStranger;
  if (!lookups_->submit(lookup, asker)) ++lookups_dropped_;
}

void Reactor::perform(const overlay::Ban& ban) {
  const auto contact = book_.contact_of(ban.peer);
  spdlog::warn("event=banned peer={} key={} why={} for_s={}", to_number(ban.peer), contact ? to_string(contact->key) : "unknown",
               to_string(ban.why), ban.time / 1s);
  transport_->ban(ban.peer, now_ + ban.time);
}

/// What is in the box is judged here, and what the core makes of it comes behind the effects that are being carried out.
void Reactor::perform(const overlay::Open& open) {
  const auto client = clients_.find(open.id);
  if (client == clients_.end()) return;
  auto hits = overlay::net::open_hits(client->second->reply, *open.box, open.from, book_);
  if (!hits) spdlog::debug("event=box-refused peer={} why=\"{}\"", to_number(open.from), hits.error().what);
  std::vector<Hit> good = hits ? std::move(*hits) : std::vector<Hit>();
  std::erase_if(good, [&](const Hit& hit) { return !client->second->question.holds(hit.track); });
  opened_.push_back({open, std::move(good)});
}

void Reactor::perform(const overlay::HostDigest& host) {
  const auto owner = book_.contact_of(host.owner);
  if (digests_ && owner && overlay::net::reach_of(owner->endpoint) != overlay::net::Reach::kNowhere) {
    digests_->offer({*owner, host.digest, host.expiry - now_});
  }
}

void Reactor::perform(const overlay::DropDigest& drop) {
  const auto owner = book_.contact_of(drop.owner);
  if (digests_ && owner) digests_->drop(owner->key);
}

void Reactor::perform(const overlay::Deliver& deliver) {
  const auto client = clients_.find(deliver.id);
  if (client == clients_.end()) return;
  SearchEvent event;
  for (const Hit& hit : *deliver.hits) {
    if (const auto holder = book_.contact_of(hit.holder))
      event.hits.push_back({hit.track, *holder, hit.score, deliver.hops});
  }
  event.progress = deliver.progress;
  event.last = deliver.last;
  if (event.last && digests_) digests_->forget(deliver.id);
  client->second->on_event(event);
  if (event.last) clients_.erase(client);
}

void Reactor::enter(const std::vector<Contact>& contacts) {
  std::vector<PeerId> peers;
  for (const Contact& contact : contacts) peers.push_back(book_.intern(contact, kNoPeer));
  for (const PeerId peer : book_.recent(kRememberedContacts)) {
    if (std::find(peers.begin(), peers.end(), peer) == peers.end()) peers.push_back(peer);
  }
  if (peers.empty()) return;
  peer_.join(now_, peers, outbox_);
  perform_all();
}

void Reactor::save_book() {
  next_save_ = now_ + kSaveEvery;
  if (!options_.network.empty() && peer_.network().peers > 0) {
    if (auto saved = remember_network(options_.network, peer_.network()); !saved)
      spdlog::error("event=network-unsaved why=\"{}\"", saved.error().what);
  }
  if (options_.address_book.empty()) return;
  if (auto saved = book_.save(options_.address_book); !saved)
    spdlog::error("event=address-book-unsaved why=\"{}\"", saved.error().what);
}

void Reactor::say_goodbye() {
  peer_.leave(now_, outbox_);
  perform_all();
  for (auto& [id, client] : clients_) client->on_event({{}, {}, /*last=*/true});
  clients_.clear();
  browser_->stop();
  const Instant end = now_ + kGoodbyeTime;
  while (!transport_->all_sent() && now_ < end) {
    transport_->wait(10ms);
    now_ = steady_now();
    reports_.clear();
    transport_->run(now_, kFramesPerTurn, reports_);
  }
}

bool Reactor::may_log_stranger() {
  if (now_ - log_minute_ >= 1min) {
    if (log_suppressed_ > 0) spdlog::info("event=lines-suppressed count={}", log_suppressed_);
    log_minute_ = now_;
    log_lines_ = log_suppressed_ = 0;
  }
  if (log_lines_ >= kStrangerLines) {
    ++log_suppressed_;
    return false;
  }
  ++log_lines_;
  return true;
}

}  // namespace

Result<std::unique_ptr<Node>> Node::start(const overlay::net::Identity& identity, const NodeOptions& options,
                                          index::Index& index) {
  if (auto valid = overlay::validate(options.protocol); !valid) return tl::unexpected(std::move(valid.error()));
  limit_accepted_connections({.total = 4 * options.links});
  NodeOptions decided = options;
  decided.digests = options.digests && index.owners() != nullptr;
  decided.protocol.hosts = decided.digests;
  auto reactor = std::make_unique<Reactor>(identity, decided, index);
  if (auto opened = reactor->open(identity); !opened) return fail_in("network", std::move(opened.error()));
  return std::unique_ptr<Node>(std::move(reactor));
}

}  // namespace earshot::node
