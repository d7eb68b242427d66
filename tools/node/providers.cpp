// One thread that asks; answers come on the reactor's.
#include "tools/node/providers.h"

#include <algorithm>
#include <utility>

namespace earshot::node {

using Clock = std::chrono::steady_clock;

/// What the reactor's callbacks and the handles share with the thread: they may outlive it.
struct Providers::State {
  struct Waiting {
    std::uint64_t number = 0;
    Wanter wanter;
    bool once = false;  // goes with the first holders, or with the end of a question
  };
  struct Entry {
    std::list<Waiting> waiting;
    std::vector<ReachableHit> holders;
    std::optional<QueryId> query;
    std::uint64_t round = 0;  // of the question under way; an older one's end means nothing
    bool asking = false;
    Clock::time_point ask_at;
    Clock::duration wait = kLater;
  };

  std::mutex mutex;
  std::condition_variable wake;
  Node* node = nullptr;  // guarded by mutex, as all below
  std::map<ContentId, Entry> wanted;
  std::uint64_t last_number = 0;
  bool stopping = false;

  std::uint64_t add(const ContentId& content, Clock::time_point ask_at, Waiting waiting);
  void remove(const ContentId& content, std::uint64_t number);
  void take(const ContentId& content, std::uint64_t round, const SearchEvent& event);
  std::vector<ReachableHit> fresh_of(Entry& entry, const SearchEvent& event) const;
  void end_question(Entry& entry);
};

namespace {

bool knows(std::span<const ReachableHit> holders, const NodeKey& key) {
  return std::any_of(holders.begin(), holders.end(), [&](const ReachableHit& known) { return known.holder.key == key; });
}

}  // namespace

std::vector<Endpoint> stream_endpoints(std::span<const ReachableHit> holders) {
  std::vector<Endpoint> endpoints;
  for (const ReachableHit& hit : holders) endpoints.push_back(hit.holder.stream_endpoint());
  return endpoints;
}

/// 0 beyond rule 4. REQUIRES: the mutex.
std::uint64_t Providers::State::add(const ContentId& content, Clock::time_point ask_at, Waiting waiting) {
  if (stopping || (wanted.size() >= kMostWanted && !wanted.contains(content))) return 0;
  const auto [at, fresh] = wanted.try_emplace(content);
  Entry& entry = at->second;
  if (entry.waiting.size() >= kMostWanters) return 0;
  entry.ask_at = fresh ? ask_at : std::min(entry.ask_at, ask_at);
  waiting.number = ++last_number;
  if (!entry.holders.empty()) waiting.wanter.found(entry.holders);
  if (!waiting.once || entry.holders.empty()) entry.waiting.push_back(std::move(waiting));
  wake.notify_all();
  return last_number;
}

void Providers::State::remove(const ContentId& content, std::uint64_t number) {
  const std::lock_guard lock(mutex);
  const auto at = wanted.find(content);
  if (at == wanted.end()) return;
  at->second.waiting.remove_if([&](const Waiting& waiting) { return waiting.number == number; });
  if (!at->second.waiting.empty()) return;
  if (node != nullptr && at->second.query) node->cancel(*at->second.query);
  wanted.erase(at);
}

/// Holders that can be asked for bytes and were not known. REQUIRES: the mutex.
std::vector<ReachableHit> Providers::State::fresh_of(Entry& entry, const SearchEvent& event) const {
  std::vector<ReachableHit> fresh;
  for (const ReachableHit& hit : event.hits) {
    const bool is_of_use = hit.holder.stream_port != 0 && node != nullptr && hit.holder.key != node->self().key;
    if (!is_of_use || entry.holders.size() >= 2 * kEnough || knows(entry.holders, hit.holder.key)) continue;
    entry.holders.push_back(hit);
    fresh.push_back(hit);
  }
  return fresh;
}

/// REQUIRES: the mutex.
void Providers::State::end_question(Entry& entry) {
  entry.asking = false;
  entry.query.reset();
  entry.ask_at = Clock::now() + entry.wait;
  entry.wait = std::min<Clock::duration>(2 * entry.wait, kSeldom);
}

void Providers::State::take(const ContentId& content, std::uint64_t round, const SearchEvent& event) {
  const std::lock_guard lock(mutex);
  const auto at = wanted.find(content);
  if (at == wanted.end()) return;
  Entry& entry = at->second;
  const std::vector<ReachableHit> fresh = fresh_of(entry, event);
  const bool ended = event.last && entry.round == round;
  if (ended) end_question(entry);
  for (auto waiting = entry.waiting.begin(); waiting != entry.waiting.end();) {
    if (!fresh.empty() || (waiting->once && ended)) waiting->wanter.found(fresh);
    waiting = waiting->once && (!fresh.empty() || ended) ? entry.waiting.erase(waiting) : std::next(waiting);
  }
  // One that is still being asked for stays: whoever waited for the first holder comes back for the others.
  if (entry.waiting.empty() && !entry.asking) wanted.erase(at);
}

Providers::Wanted::~Wanted() { state_->remove(content_, number_); }

Providers::Providers() : state_(std::make_shared<State>()) {}

Providers::~Providers() { stop(); }

void Providers::start(Node& node) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->node = &node;
  }
  thread_ = std::thread([this] { run(); });
}

void Providers::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    for (auto& [content, entry] : state_->wanted) {
      if (state_->node != nullptr && entry.query) state_->node->cancel(*entry.query);
    }
    state_->node = nullptr;
  }
  state_->wake.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::unique_ptr<Providers::Wanted> Providers::want(const ContentId& content, bool has_holder, Wanter wanter) {
  if (content.scheme == Scheme::kTorrent) return nullptr;  // no hit names one
  const std::lock_guard lock(state_->mutex);
  const auto ask_at = Clock::now() + (has_holder ? kLater : std::chrono::seconds(0));
  const std::uint64_t number = state_->add(content, ask_at, {0, std::move(wanter), /*once=*/false});
  return number == 0 ? nullptr : std::unique_ptr<Wanted>(new Wanted(state_, content, number));
}

bool Providers::ask(const ContentId& content, std::function<void(std::span<const ReachableHit>)> answer) {
  const std::lock_guard lock(state_->mutex);
  if (state_->node == nullptr) return false;
  return state_->add(content, Clock::now(), {0, {std::move(answer), [] { return false; }}, /*once=*/true}) != 0;
}

void Providers::run() {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  while (!state.stopping) {
    const auto now = Clock::now();
    auto next = now + kSeldom;
    std::vector<std::pair<ContentId, std::uint64_t>> due;
    for (auto& [content, entry] : state.wanted) {
      if (entry.asking || entry.holders.size() >= kEnough) continue;
      const auto has_all = [](const State::Waiting& waiting) { return waiting.wanter.has_all(); };
      if (now >= entry.ask_at && std::all_of(entry.waiting.begin(), entry.waiting.end(), has_all)) entry.ask_at = now + kSeldom;
      if (now >= entry.ask_at) {
        entry.asking = true;
        due.emplace_back(content, ++entry.round);
      } else {
        next = std::min(next, entry.ask_at);
      }
    }
    Node& node = *state.node;
    lock.unlock();
    for (const auto& [content, round] : due) {
      SearchRequest request;
      request.text = to_string(content);
      request.limit = 1;
      request.wanted = kEnough;
      const auto query = node.search(request, [shared = state_, content = content, round = round](const SearchEvent& event) {
        shared->take(content, round, event);
      });
      if (!query) {
        SearchEvent ended;
        ended.last = true;
        state_->take(content, round, ended);
        continue;
      }
      const std::lock_guard again(state.mutex);
      const auto at = state.wanted.find(content);
      if (at != state.wanted.end() && at->second.round == round && at->second.asking) {
        at->second.query = *query;
      } else {
        node.cancel(*query);
      }
    }
    lock.lock();
    if (!state.stopping && due.empty()) state.wake.wait_until(lock, next);
  }
}

}  // namespace earshot::node
