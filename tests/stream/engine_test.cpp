// Engines on loopback: real sockets, files and threads.
#include "stream/ppspp/engine.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <fstream>
#include <future>
#include <thread>

#include "stream/net/udp.h"
#include "tests/stream/content.h"
#include "tests/stream/sent_datagrams.h"
#include "tests/temporary_folder.h"

namespace earshot::stream::ppspp {
namespace {

constexpr Duration kPatience = 20s;

Endpoint at(std::uint16_t port) {
  auto endpoint = endpoint_from("127.0.0.1:0").value();
  endpoint.port = port;
  return endpoint;
}

class EngineTest : public testing::Test {
 protected:
  std::unique_ptr<Engine> engine(const std::string& name, std::uint16_t port = 0) {
    return open_engine({folder / name, at(port)}).value();
  }

  std::filesystem::path write_file(const std::string& name, const Bytes& bytes) {
    std::ofstream(folder / name, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return folder / name;
  }

  static Bytes read_all(Stream& stream) {
    Bytes all, block(100'000);
    while (true) {
      const auto got = stream.read(all.size(), block, kPatience);
      EXPECT_TRUE(got) << got.error().what;
      if (!got || *got == 0) return all;
      all.insert(all.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(*got));
    }
  }

  const TemporaryFolder temporary_;
  const std::filesystem::path folder = temporary_.path();
};

TEST_F(EngineTest, FetchesFromThreeSourcesAtOnceWhatHasTheSameId) {
  const Bytes content = random_bytes(1, 6'000'001);
  const auto file = write_file("song", content);
  std::vector<std::unique_ptr<Engine>> seeders;
  std::vector<Endpoint> providers;
  ContentId id;
  for (int i = 0; i < 3; ++i) {
    seeders.push_back(engine("seeder" + std::to_string(i)));
    id = seeders.back()->share(file, {}).value();
    providers.push_back(at(seeders.back()->port()));
  }
  EXPECT_EQ(id.digest, Published(content).root);
  auto leecher = engine("leecher");
  auto stream = leecher->open(id, providers).value();
  EXPECT_EQ(read_all(*stream), content);
  const Status status = stream->status();
  EXPECT_TRUE(status.complete);
  EXPECT_EQ(status.size, content.size());
  EXPECT_EQ(status.verified, content.size());
  ASSERT_EQ(status.sources.size(), 3u);
  for (const Source& source : status.sources) EXPECT_GT(source.bytes, 0u);
  EXPECT_EQ(leecher->share(status.file, {}).value(), id);
}

TEST_F(EngineTest, HandsOutTheFirstBytesBeforeTheRestIsThere) {
  const Bytes content = random_bytes(2, 40'000'000);
  auto seeder = engine("seeder");
  const ContentId id = seeder->share(write_file("song", content), {}).value();
  auto leecher = engine("leecher");
  const std::vector<Endpoint> providers = {at(seeder->port())};
  auto stream = leecher->open(id, providers).value();
  Bytes first(1000);
  EXPECT_EQ(stream->read(0, first, kPatience).value(), 1000u);
  EXPECT_TRUE(std::equal(first.begin(), first.end(), content.begin()));
  EXPECT_FALSE(stream->status().complete);
}

TEST_F(EngineTest, ContinuesAfterItWasDestroyed) {
  const Bytes content = random_bytes(3, 8'000'000);
  auto seeder = engine("seeder");
  const ContentId id = seeder->share(write_file("song", content), {}).value();
  const std::vector<Endpoint> providers = {at(seeder->port())};
  std::uint64_t before = 0;
  {
    auto leecher = engine("leecher");
    auto stream = leecher->open(id, providers).value();
    Bytes byte(1);
    ASSERT_TRUE(stream->read(1'000'000, byte, kPatience));
    before = stream->status().verified;
  }
  auto leecher = engine("leecher");
  auto stream = leecher->open(id, {}).value();
  EXPECT_GE(stream->status().verified, before) << "what was verified is still there";
  stream->add_providers(providers);
  EXPECT_EQ(read_all(*stream), content);
  const Status status = stream->status();
  std::uint64_t fetched = 0;
  for (const Source& source : status.sources) fetched += source.bytes;
  EXPECT_LE(fetched, content.size() - before + 1024);
}

TEST_F(EngineTest, ServesWhatItFetchedAlsoAfterARestart) {
  const Bytes content = random_bytes(4, 500'000);
  ContentId id;
  {
    auto seeder = engine("seeder");
    id = seeder->share(write_file("song", content), {}).value();
    auto middle = engine("middle");
    const std::vector<Endpoint> providers = {at(seeder->port())};
    auto stream = middle->open(id, providers).value();
    EXPECT_EQ(read_all(*stream), content);
  }
  auto middle = engine("middle");
  auto leecher = engine("leecher");
  const std::vector<Endpoint> providers = {at(middle->port())};
  auto stream = leecher->open(id, providers).value();
  EXPECT_EQ(read_all(*stream), content);
}

TEST_F(EngineTest, StopsServingAFileThatChanged) {
  const Bytes content = random_bytes(5, 300'000);
  const auto file = write_file("song", content);
  auto seeder = engine("seeder");
  const ContentId id = seeder->share(file, {}).value();
  std::ofstream(file, std::ios::app) << "another ending";
  auto leecher = engine("leecher");
  const std::vector<Endpoint> providers = {at(seeder->port())};
  auto stream = leecher->open(id, providers).value();
  Bytes byte(1);
  EXPECT_EQ(stream->read(0, byte, 500ms).error().code, ErrorCode::kUnreachable);
}

TEST_F(EngineTest, IsNotFooledByACorruptSource) {
  const Bytes content = random_bytes(6, 2'000'000);
  auto good = engine("good");
  const ContentId id = good->share(write_file("song", content), {}).value();
  // The bad one has the sidecar of the song and other bytes: its clock was set back after it wrote.
  Bytes wrong = content;
  for (std::size_t i = 0; i < wrong.size(); i += 1024) wrong[i] ^= 1;
  const auto file = write_file("bad-song", content);
  auto bad = engine("bad");
  ASSERT_EQ(bad->share(file, {}).value(), id);
  const auto time = std::filesystem::last_write_time(file);
  std::fstream(file, std::ios::in | std::ios::out | std::ios::binary)
      .write(reinterpret_cast<const char*>(wrong.data()), static_cast<std::streamsize>(wrong.size()));
  std::filesystem::last_write_time(file, time);
  auto leecher = engine("leecher");
  const std::vector<Endpoint> providers = {at(bad->port()), at(good->port())};
  auto stream = leecher->open(id, providers).value();
  EXPECT_EQ(read_all(*stream), content);
  for (const Source& source : stream->status().sources) EXPECT_EQ(source.banned, source.endpoint == providers[0]);
}

TEST_F(EngineTest, SaysWhyThereIsNothingToRead) {
  auto leecher = engine("leecher");
  const ContentId id{Scheme::kPpspp, sha256(as_bytes("nobody has this"))};
  auto stream = leecher->open(id, {}).value();
  Bytes byte(1);
  EXPECT_EQ(stream->read(0, byte, 50ms).error().code, ErrorCode::kUnreachable);
  EXPECT_EQ(leecher->open({Scheme::kDescribed, {}}, {}).error().code, ErrorCode::kInvalid);
}

TEST_F(EngineTest, WakesItsReadersWhenItIsDestroyed) {
  auto leecher = engine("leecher");
  auto stream = leecher->open({Scheme::kPpspp, sha256(as_bytes("nor this"))}, {}).value();
  auto reader = std::async(std::launch::async, [&] {
    Bytes byte(1);
    return stream->read(0, byte, 60s);
  });
  leecher.reset();
  EXPECT_EQ(reader.get().error().code, ErrorCode::kStopped);
  stream->want(std::array{Wish{{0, 100}}}, Rest::kFetch);  // harmless now
}

TEST_F(EngineTest, ForgottenContentIsServedNoLonger) {
  const Bytes content = random_bytes(7, 30'000);
  auto seeder = engine("seeder");
  const ContentId id = seeder->share(write_file("song", content), {}).value();
  seeder->forget(id);
  auto leecher = engine("leecher");
  const std::vector<Endpoint> providers = {at(seeder->port())};
  auto stream = leecher->open(id, providers).value();
  Bytes byte(1);
  EXPECT_EQ(stream->read(0, byte, 500ms).error().code, ErrorCode::kUnreachable);
}

TEST_F(EngineTest, ManyReadersAndSwarmsShareOnePort) {
  auto seeder = engine("seeder");
  auto leecher = engine("leecher");
  const std::vector<Endpoint> providers = {at(seeder->port())};
  std::vector<std::future<bool>> readers;
  for (std::uint64_t i = 0; i < 6; ++i) {
    const Bytes content = random_bytes(100 + i, 400'000 + i);
    const ContentId id = seeder->share(write_file("song" + std::to_string(i), content), {}).value();
    for (int twice = 0; twice < 2; ++twice) {
      readers.push_back(std::async(std::launch::async, [&, id, content] {
        auto stream = leecher->open(id, providers).value();
        return read_all(*stream) == content;
      }));
    }
  }
  for (auto& reader : readers) EXPECT_TRUE(reader.get());
}

/// A swarm of another kind on a UDP port, for a test that needs a seeder that is no engine of ours.
class ForeignSeeder {
 public:
  ForeignSeeder(const Published& published, const SwarmConfig& config) : published_(published), swarm_(published.root, config, ids_) {
    Possession possession;
    possession.peaks = published.peaks;
    possession.size = published.content.size();
    possession.verified.insert({0, published.chunk_count()});
    for (const auto& [index, page] : published.pages) {
      if (index >= TreeShape(published.chunk_count()).low_pages()) possession.pages.emplace_back(index, page);
    }
    swarm_.restore(possession);
    thread_ = std::thread([this] { serve(); });
  }
  ~ForeignSeeder() {
    stopping_ = true;
    thread_.join();
  }
  const Endpoint& local() const { return socket_->local(); }

 private:
  void serve() {
    while (!stopping_) {
      const Instant now(std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
      for (const net::Incoming& datagram : socket_->receive()) {
        to_ = datagram.from;  // there is one leecher
        swarm_.receive(now, datagram.from, datagram.bytes, out_);
      }
      if (now >= swarm_.next_deadline()) swarm_.tick(now, out_);
      const ByteView content(published_.content);
      for (const Bytes& datagram : sent_datagrams(out_, [&](const Effect& effect) {
             const auto* load = std::get_if<Load>(&effect);
             if (load == nullptr) return;
             const std::size_t begin = load->chunks.begin * 1024, end = std::min<std::size_t>(load->chunks.end * 1024, content.size());
             swarm_.loaded(now, *load, {content.subspan(begin, end - begin), &published_.pages.at(load->chunks.begin / kPageChunks)}, out_);
           })) {
        const std::array<net::Outgoing, 1> one = {{{to_, 0, datagram.size()}}};
        socket_->send(one, datagram);
      }
      std::this_thread::yield();
    }
  }

  const Published& published_;
  std::unique_ptr<net::UdpSocket> socket_ = net::UdpSocket::bind(at(0)).value();
  ChannelIds ids_{Random::stream(1, 2, 3)};
  Swarm swarm_;
  Outbox out_;
  Endpoint to_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

TEST_F(EngineTest, FetchesWhatAnotherProgramOffersWithSha1AndBins) {
  const Published published(random_bytes(1, 70'000), MerkleHash::kSha1);
  EngineOptions options{folder / "leecher", at(0)};
  options.swarm.hash = MerkleHash::kSha1;
  options.swarm.addressing = Addressing::kBin32;
  const ForeignSeeder seeder(published, options.swarm);
  const auto leecher = open_engine(options).value();
  const auto stream = leecher->open({Scheme::kPpspp, published.root}, std::array{seeder.local()}).value();
  EXPECT_EQ(read_all(*stream), published.content);
  options.swarm.chunk_size = 8192;
  EXPECT_EQ(open_engine(options).error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace earshot::stream::ppspp
