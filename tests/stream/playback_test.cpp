// Readers over a stream that only notes what it is asked.
#include "stream/playback.h"

#include <gmock/gmock.h>

namespace earshot::stream {
namespace {

using testing::ElementsAre;

class NotedStream final : public Stream {
 public:
  struct Notes {
    std::vector<Wish> wishes;
    int told = 0;
    bool closed = false;
  };
  explicit NotedStream(std::shared_ptr<Notes> notes) : notes_(std::move(notes)) {}
  ~NotedStream() override { notes_->closed = true; }

  void add_providers(std::span<const Endpoint>) override {}
  void want(std::span<const Wish> wishes, Rest rest) override {
    EXPECT_EQ(rest, Rest::kLeave);
    notes_->wishes.assign(wishes.begin(), wishes.end());
    ++notes_->told;
  }
  Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into, Duration) override {
    constexpr std::uint64_t kSize = 10'000'000;
    const std::size_t size = std::min<std::uint64_t>(into.size(), kSize - std::min(offset, kSize));
    std::fill_n(into.begin(), size, static_cast<std::uint8_t>(offset));
    return size;
  }
  Status status() const override { return {}; }

 private:
  std::shared_ptr<Notes> notes_;
};

struct PlaybackTest : testing::Test {
  std::shared_ptr<NotedStream::Notes> notes = std::make_shared<NotedStream::Notes>();
  std::shared_ptr<Playback> playback = Playback::open(std::make_unique<NotedStream>(notes), {.bit_rate = 524'288, .ends = 1000, .read_ahead = 200'000});
};

TEST_F(PlaybackTest, OpensWithHeadAndTail) {
  EXPECT_THAT(notes->wishes, ElementsAre(Wish{{0, 1000}, 1ms}, Wish{{0, 1000}, 1ms, /*from_end=*/true}));
}

TEST_F(PlaybackTest, AReaderWishesForItsPlaceAtOnceAndForWhatFollowsByTheTimeItIsPlayed) {
  const auto reader = playback->open_reader(500'000);
  ASSERT_TRUE(reader);
  EXPECT_THAT(notes->wishes, ElementsAre(Wish{{500'000, 65'536}, 0s}, Wish{{0, 1000}, 1ms}, Wish{{0, 1000}, 1ms, true},
                                         Wish{{565'536, 65'536}, 1s}, Wish{{631'072, 65'536}, 2s}, Wish{{696'608, 3'392}, 3s}));
}

TEST_F(PlaybackTest, ReadingMovesTheWishesHalfASliceAtATime) {
  const auto reader = playback->open_reader(0).value();
  const int told = notes->told;
  Bytes block(1000);
  for (int i = 0; i < 32; ++i) ASSERT_EQ(reader->read(block, 0s).value(), 1000u);
  EXPECT_EQ(notes->told, told);
  for (int i = 0; i < 32; ++i) ASSERT_EQ(reader->read(block, 0s).value(), 1000u);
  EXPECT_EQ(notes->told, told + 1);
  EXPECT_EQ(reader->position(), 64'000u);
}

TEST_F(PlaybackTest, ASeekMovesTheWishesAtOnce) {
  const auto reader = playback->open_reader(5'000'000).value();
  reader->seek(100);
  EXPECT_EQ(notes->wishes.front(), (Wish{{100, 65'536}, 0s}));
}

TEST_F(PlaybackTest, EveryReaderHasItsOwnWishes) {
  const auto one = playback->open_reader(0).value();
  auto two = playback->open_reader(9'000'000).value();
  EXPECT_EQ(notes->wishes[0].range.first, 0u);
  EXPECT_EQ(notes->wishes[1].range.first, 9'000'000u);
  two.reset();
  EXPECT_EQ(notes->wishes.size(), 6u);
}

TEST_F(PlaybackTest, TheStreamStaysOpenForTheLastReader) {
  auto reader = playback->open_reader(0).value();
  playback.reset();
  EXPECT_FALSE(notes->closed);
  reader.reset();
  EXPECT_TRUE(notes->closed);
}

TEST_F(PlaybackTest, RefusesAHundredReaders) {
  std::vector<std::unique_ptr<Playback::Reader>> readers;
  for (std::size_t i = 0; i < Playback::kMaxReaders; ++i) readers.push_back(playback->open_reader(0).value());
  EXPECT_EQ(playback->open_reader(0).error().code, ErrorCode::kExhausted);
}

}  // namespace
}  // namespace earshot::stream
