// A whole peer in the hands of three strangers: at most 30 frames, mock time, its driver's answers among them. Whatever comes, it speaks
// only when spoken to or when it is time, to peers that have a name, and keeps what it keeps within its bounds.
//
//   input = step{up to 30}     step = what (1 octet) ...     as in Session::step
#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "overlay/peer.h"
#include "overlay/wire.h"
#include "schema/check.h"
#include "tests/fuzz/take.h"
#include "tests/net/small_directory.h"

namespace {

using namespace earshot;
using namespace earshot::overlay;

// One frame makes a peer speak to each neighbor, and to the owners that a look-up names.
constexpr std::size_t kMostEffects = 200;

class Session {
 public:
  Session() {
    for (std::uint32_t number = 0; number < 4; ++number) book_.intern(contact_number(number), kNoPeer);
  }

  void step(ByteView& input) {
    const std::uint8_t what = take(input);
    const PeerId from{1u + what % 3};
    switch (what / 4 % 8) {
      case 0: now_ += Duration(1000) * take(input) * take(input); break;
      case 1: peer_.lost(now_, from, out_); break;
      case 2: ask(input); break;
      case 3: answer(input); break;
      case 4: befriend(from); break;
      case 5: until_due(); break;
      default: hear(from, input); break;
    }
    settle();
    if (peer_.next_deadline() > now_) return;
    peer_.tick(now_, out_);
    settle();
  }

 private:
  void hear(PeerId from, ByteView& input) {
    const std::size_t size = std::min<std::size_t>(take(input) * 8u, input.size());
    const ByteView bytes = input.first(size);
    input = input.subspan(size);
    const auto frame = wire::decode(bytes, from, book_);
    const auto* message = frame ? std::get_if<Message>(&*frame) : nullptr;
    if (message != nullptr) peer_.receive(now_, from, *message, out_);
    else peer_.blame(now_, from, out_);
  }

  void befriend(PeerId from) { peer_.receive(now_, from, Neighbor{/*high_priority=*/true}, out_); }

  void until_due() {
    now_ = std::max(now_, std::min(peer_.next_deadline(), now_ + 1h));
    peer_.tick(now_, out_);
  }

  void ask(ByteView& input) {
    if (peer_.open_queries() >= limits::kMaxOpenQueries) return;
    SearchRequest request;
    request.text = "what";
    request.strategy = static_cast<StrategyKind>(take(input) % 3);
    peer_.ask(now_, std::move(request), out_);
  }

  /// A look-up that was asked for ends, with owners and canaries as the input says.
  void answer(ByteView& input) {
    if (lookups_.empty()) return;
    const Lookup lookup = lookups_[take(input) % lookups_.size()];
    Hit hit;
    hit.holder = peer_.self();
    hit.track.title = "what";
    const std::vector<Hit> hits(take(input) % 3, hit);
    const std::vector<PeerId> owners(take(input) % 16, PeerId{1u + take(input) % 3});
    const SharedBox box = hits.empty() || lookup.own ? nullptr : std::make_shared<const Bytes>(Bytes{1, 2, 3});
    peer_.answer(now_, lookup, Found{lookup.own ? std::span<const Hit>(hits) : std::span<const Hit>(), box}, {owners, take(input)}, out_);
  }

  void settle() {
    EARSHOT_CHECK(out_.size() <= kMostEffects);
    for (const Effect& effect : out_) {
      if (const auto* send = std::get_if<Send>(&effect)) {
        EARSHOT_CHECK(send->to != kNoPeer && send->to != peer_.self());
        EARSHOT_CHECK(wire::encode(send->message, book_).has_value());
      } else if (const auto* lookup = std::get_if<Lookup>(&effect)) {
        lookups_.push_back(*lookup);
      }
    }
    out_.clear();
    EARSHOT_CHECK(peer_.neighbors().size() <= config_.active_size && peer_.passive_view().size() <= config_.passive_size);
    EARSHOT_CHECK(peer_.open_queries() <= limits::kMaxOpenQueries);
    EARSHOT_CHECK(std::ranges::find(peer_.neighbors(), peer_.self()) == peer_.neighbors().end());
  }

  Config config_;
  std::vector<PeerId> active_ = std::vector<PeerId>(config_.active_size, kNoPeer);
  std::vector<PeerId> passive_ = std::vector<PeerId>(config_.passive_size, kNoPeer);
  std::vector<PeerId> outbound_ = std::vector<PeerId>(config_.outbound_size, kNoPeer);
  std::vector<SeenSlot> seen_ = std::vector<SeenSlot>(64);
  SmallDirectory book_;
  Instant now_{1s};
  Outbox out_;
  std::vector<Lookup> lookups_;
  Peer peer_{PeerId{0}, config_, Random::stream(1, 0, 1), Memory{active_, passive_, seen_, nullptr, outbound_}};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView input(data, size);
  Session session;
  for (int step = 0; step < 30 && !input.empty(); ++step) session.step(input);
  return 0;
}
