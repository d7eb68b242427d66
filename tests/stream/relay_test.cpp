// Contents over links: two engines that share nothing but a carrier in memory.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <fstream>
#include <memory>
#include <mutex>

#include "stream/ppspp/engine.h"
#include "stream/relay/share.h"
#include "tests/stream/content.h"
#include "tests/stream/instants.h"
#include "tests/temporary_folder.h"

namespace earshot::stream::relay {
namespace {

/// One end of a link in memory; the other end hears what is sent here, as from `name`.
class MemoryLink final : public Carrier {
 public:
  explicit MemoryLink(LinkNumber name) : name_(name) {}
  void join(std::shared_ptr<MemoryLink> other) { other_ = std::move(other); }

  void send(LinkNumber, ByteView datagram) override {
    bytes += datagram.size();
    if (const auto other = other_.lock()) other->hear(name_, datagram);
  }
  void listen(Hear hear) override {
    const std::lock_guard lock(mutex_);
    hear_ = std::move(hear);
  }
  void hear(LinkNumber from, ByteView datagram) {
    const std::lock_guard lock(mutex_);
    if (hear_) hear_(from, datagram);
  }

  std::atomic<std::uint64_t> bytes{0};

 private:
  const LinkNumber name_;
  std::weak_ptr<MemoryLink> other_;
  std::mutex mutex_;
  Hear hear_;  // guarded by mutex_
};

std::unique_ptr<Engine> engine(const std::filesystem::path& folder, std::shared_ptr<Carrier> carrier) {
  ppspp::EngineOptions options;
  options.folder = folder;
  options.listen = endpoint_from("127.0.0.1:0").value();
  options.carrier = std::move(carrier);
  return ppspp::open_engine(options).value();
}

TEST(Relay, AContentComesVerifiedOverALinkWhereNobodyIsReachedByUdp) {
  const TemporaryFolder folder;
  const auto here = std::make_shared<MemoryLink>(LinkNumber{7}), there = std::make_shared<MemoryLink>(LinkNumber{9});
  here->join(there);
  there->join(here);
  const Bytes sound = ppspp::random_bytes(1, 60'000);
  std::ofstream(folder / "sound", std::ios::binary).write(reinterpret_cast<const char*>(sound.data()), static_cast<std::streamsize>(sound.size()));
  const auto seeder = engine(folder / "seeder", there);
  const ContentId content = seeder->share(folder / "sound", {}).value();
  const auto leecher = engine(folder / "leecher", here);
  const std::array<Endpoint, 1> provider = {endpoint_of(LinkNumber{9})};
  const auto stream = leecher->open(content, provider).value();
  Bytes got(sound.size());
  for (std::size_t at = 0; at < got.size();) {
    const auto read = stream->read(at, std::span(got).subspan(at), 20s);
    ASSERT_TRUE(read) << read.error().what;
    at += *read;
  }
  EXPECT_EQ(got, sound);
  EXPECT_GE(there->bytes, sound.size());
  ASSERT_EQ(stream->status().sources.size(), 1u);
  EXPECT_EQ(stream->status().sources[0].endpoint, provider[0]) << "the link's endpoint stands for the peer";
}

TEST(Relay, AnEndpointOfALinkReadsBackAndIsNoOtherAddress) {
  EXPECT_TRUE(is_link(endpoint_of(LinkNumber{0})));
  EXPECT_EQ(link_of(endpoint_of(LinkNumber{0xdeadbeef})), LinkNumber{0xdeadbeef});
  for (const char* other : {"127.0.0.1:1", "[::1]:1", "[fd00::1]:1", "1.0.0.0:1", "[101::1]:1"}) EXPECT_FALSE(is_link(endpoint_from(other).value())) << other;
}

TEST(Relay, DatagramsLeaveAtTheShareOfTheLinkAndWhatDoesNotFitIsLost) {
  using ppspp::at;
  MemoryLink link{LinkNumber{1}};
  Share share;
  const Bytes datagram(1'200);
  for (std::size_t i = 0; i < 2 * Share::kMaxWaiting; ++i) share.push(LinkNumber{1}, datagram);
  share.send(at(0), link);
  EXPECT_LE(link.bytes, Share::kRate / 10) << "a tenth of a second's worth at once";
  for (Instant now = at(0); share.next_deadline(now) != kNever; now = share.next_deadline(now)) {
    share.send(now, link);
    EXPECT_LE(link.bytes, Share::kRate / 10 + Share::kRate * static_cast<std::uint64_t>(now.time_since_epoch().count()) / 1'000'000 + datagram.size());
  }
  EXPECT_EQ(link.bytes, Share::kMaxWaiting * datagram.size());
}

}  // namespace
}  // namespace earshot::stream::relay
