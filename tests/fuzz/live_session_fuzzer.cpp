// A listener in a stranger's hands: at most 30 datagrams from three endpoints, mock time. The stranger knows the channel ids
// and not the injector's secret, so nothing he sends is ever kept, and he is not sent more than he sent before he is proven.
#include <algorithm>
#include <array>

#include "schema/check.h"
#include "stream/ppspp/live/live_swarm.h"
#include "tests/fuzz/stranger.h"

using namespace earshot;
using namespace earshot::stream::ppspp;

namespace {

/// The public key of RFC 8032, section 7.1, test 1.
const LiveKey& key() {
  static const LiveKey known = [] {
    const auto digest = digest_from_hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a").value();
    Bytes id = {15};
    id.insert(id.end(), digest.begin(), digest.end());
    return LiveKey::from_swarm_id(id).value();
  }();
  return known;
}

class Session {
 public:
  void step(ByteView& input) {
    const std::uint8_t what = take(input);
    const Endpoint& from = endpoints_[what % endpoints_.size()];
    switch (what / 4 % 5) {
      case 0: now_ += Duration(1000) * take(input) * take(input); break;
      case 1: swarm_.add_peer(now_, from, out_); break;
      case 2: greet(from, input); break;
      default: send_raw(from, input); break;
    }
    settle();
    now_ += 1us;
    swarm_.tick(now_, out_);
    settle();
    EARSHOT_CHECK(swarm_.verified().empty() && swarm_.counters().munros == 0);
    EARSHOT_CHECK(swarm_.counters().unproven_out <= swarm_.counters().unproven_in);
  }

 private:
  void greet(const Endpoint& from, ByteView& input) {
    Options options;
    options.version = options.minimum_version = 1;
    options.swarm_id = key().swarm_id();
    options.integrity = 3;
    options.merkle_hash = options.addressing = 2;
    options.live_signature = 15;
    options.live_discard_window = 2048;
    options.chunk_size = 1024;
    Bytes bytes;
    DatagramWriter writer(bytes, (take(input) & 1) != 0 ? kNoChannel : channel_, {}, 60000);
    writer.add(Handshake{ChannelId{1u + take(input)}, options});
    swarm_.receive(now_, from, bytes, out_);
  }

  /// The stranger's own bytes behind the channel that he was told of.
  void send_raw(const Endpoint& from, ByteView& input) {
    const std::size_t size = std::min<std::size_t>(take(input) * 8u, input.size());
    Bytes bytes;
    DatagramWriter writer(bytes, channel_, {}, 60000);
    bytes.insert(bytes.end(), input.begin(), input.begin() + static_cast<std::ptrdiff_t>(size));
    input = input.subspan(size);
    swarm_.receive(now_, from, bytes, out_);
  }

  /// Overhears our channel id.
  void settle() {
    channel_ = overheard(out_, channel_);
    out_.clear();
  }

  const std::array<Endpoint, 3> endpoints_ = {*endpoint_from("10.0.0.1:1"), *endpoint_from("10.0.0.2:2"), *endpoint_from("[2001:db8::3]:3")};
  Instant now_{100s};
  LiveSwarm swarm_{key(), {}, Random::stream(1, 2, 3)};
  ChannelId channel_{};
  Outbox out_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView input(data, size);
  Session session;
  for (int step = 0; step < 30 && !input.empty(); ++step) session.step(input);
  return 0;
}
