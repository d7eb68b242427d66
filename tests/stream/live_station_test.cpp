// Live over UDP on loopback: what goes in at one end comes out at the other.
#include "stream/ppspp/engine/live_station.h"

#include <gtest/gtest.h>

#include "tests/stream/content.h"

namespace earshot::stream::ppspp {
namespace {

const Endpoint kAnyPort = *endpoint_from("127.0.0.1:0");

TEST(LiveStation, TwoListenersHearWhatIsAppended) {
  const LiveSigner signer = LiveSigner::generate(LiveAlgorithm::kEd25519);
  const auto source = LiveStation::broadcast(signer, kAnyPort, /*slots=*/1).value();
  const std::array<Endpoint, 1> peers = {source->local()};
  const auto one = LiveStation::tune_in(signer.key(), kAnyPort, peers).value();
  const auto two = LiveStation::tune_in(signer.key(), kAnyPort, peers).value();
  while (source->peers() < 2) std::this_thread::yield();
  const Bytes sound = random_bytes(1, 64 * 1024);
  Bytes heard(sound.size());
  const auto hear = [&](LiveStation& listener, std::size_t from, std::size_t to) {
    while (from < to) {
      const auto got = listener.read(std::span(heard).subspan(from, to - from), 20s);
      ASSERT_TRUE(got) << got.error().what << " after " << from;
      from += *got;
    }
    EXPECT_TRUE(std::equal(heard.begin(), heard.begin() + static_cast<std::ptrdiff_t>(to), sound.begin()));
  };
  // Both tune in at the first munro, and are there when the rest comes.
  constexpr std::size_t kMunro = 8 * 1024;
  source->append(ByteView(sound).first(kMunro));
  hear(*one, 0, kMunro);
  hear(*two, 0, kMunro);
  source->append(ByteView(sound).subspan(kMunro));
  hear(*one, kMunro, sound.size());
  hear(*two, kMunro, sound.size());
}

TEST(LiveStation, OfDraft10NeedsAKeyThatDraft10Knows) {
  const auto refused = LiveStation::broadcast(LiveSigner::generate(LiveAlgorithm::kEd25519), kAnyPort, 1, Dialect::kDraft10);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
  EXPECT_TRUE(LiveStation::broadcast(LiveSigner::generate(LiveAlgorithm::kEcdsaP256), kAnyPort, 1, Dialect::kDraft10));
}

}  // namespace
}  // namespace earshot::stream::ppspp
