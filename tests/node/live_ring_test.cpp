// Where listeners begin: at frames, pages and clusters, a few seconds behind live, with the head that a decoder needs.
#include "tools/node/live_ring.h"

#include <gtest/gtest.h>

#include "tests/node/fakes.h"
#include "tools/node/radio_request.h"

namespace earshot::node {
namespace {

std::string sample(const std::string& name) {
  return text_of(std::filesystem::path(EARSHOT_SOURCE_DIR) / "tests/data/audio" / name);
}

// A frame of MPEG 1 layer 3 at 128 kbit/s and 44.1 kHz: 417 bytes.
std::string mpeg_frame(char filler) {
  return std::string("\xff\xfb\x90\x00", 4) + std::string(413, filler);
}

std::string ogg_page(char flags, char granule, const std::string& body) {
  std::string page("OggS\0", 5);
  page.push_back(flags);
  page.push_back(granule);
  page += std::string(7 + 12, '\0');
  page.push_back(1);
  page.push_back(static_cast<char>(body.size()));
  return page + body;
}

std::string read_from(const LiveRing& ring, std::uint64_t position) {
  return std::string(as_text(ring.read(position, 1 << 20)));
}

TEST(LiveRing, KnowsTheFormatsOfSources) {
  EXPECT_EQ(live_format_from("audio/mpeg"), LiveFormat::kMpeg);
  EXPECT_EQ(live_format_from("application/ogg; codecs=opus"), LiveFormat::kOgg);
  EXPECT_EQ(live_format_from("audio/webm;codecs=opus"), LiveFormat::kWebm);
  EXPECT_EQ(live_format_from(""), LiveFormat::kOther);
}

TEST(LiveRing, AListenerOfMpegBeginsAtAFrameNearTheBurst) {
  LiveRing ring(LiveFormat::kMpeg);
  ring.append(as_bytes("left over of a frame"));
  for (int i = 0; i < 400; ++i) ring.append(as_bytes(mpeg_frame(static_cast<char>('a' + i % 26))));
  const std::string heard = read_from(ring, ring.join());
  EXPECT_EQ(heard.substr(0, 4), mpeg_frame('x').substr(0, 4));
  EXPECT_LE(heard.size(), LiveRing::kBurst);
  EXPECT_GT(heard.size(), LiveRing::kBurst - 2 * 417);
  EXPECT_TRUE(ring.head().empty());
}

TEST(LiveRing, AHeaderInsideOfSoundIsNoFrame) {
  LiveRing ring(LiveFormat::kMpeg);
  std::string text = std::string("\xff\xfb\x90\x00", 4) + std::string(100, 'x');  // no frame follows this one
  for (int i = 0; i < 3; ++i) text += mpeg_frame('a');
  ring.append(as_bytes(text));
  EXPECT_EQ(ring.join(), 104u);
}

TEST(LiveRing, AListenerOfOggGetsTheHeaderPagesFirst) {
  LiveRing ring(LiveFormat::kOgg);
  const std::string head = ogg_page(2, 0, "id") + ogg_page(0, 0, "comments");
  ring.append(as_bytes(head));
  EXPECT_EQ(ring.join(), ring.end()) << "nothing can be heard yet";
  for (int i = 1; i <= 2; ++i) ring.append(as_bytes(ogg_page(0, static_cast<char>(i), std::string(200, 'x'))));
  EXPECT_EQ(as_text(ring.head()), head);
  EXPECT_EQ(read_from(ring, ring.join()).substr(0, 4), "OggS");
  EXPECT_EQ(ring.join(), head.size());
}

TEST(LiveRing, ANewOggStreamInTheOldOneHasANewHead) {
  LiveRing ring(LiveFormat::kOgg);
  ring.append(as_bytes(ogg_page(2, 0, "first") + ogg_page(0, 1, "sound")));
  ring.append(as_bytes(ogg_page(2, 0, "second") + ogg_page(0, 1, "sound")));
  EXPECT_EQ(as_text(ring.head()), ogg_page(2, 0, "second"));
}

TEST(LiveRing, PiecesOfAnySizeGiveTheSameBoundaries) {
  for (const auto& [name, format] : {std::pair{"tone.ogg", LiveFormat::kOgg}, {"tone.mp3", LiveFormat::kMpeg}, {"tone.opus", LiveFormat::kOgg}}) {
    const std::string whole = sample(name);
    LiveRing at_once(format);
    at_once.append(as_bytes(whole));
    for (const std::size_t size : {1u, 7u, 1000u}) {
      LiveRing pieces(format);
      for (std::size_t at = 0; at < whole.size(); at += size) pieces.append(as_bytes(std::string_view(whole).substr(at, size)));
      EXPECT_EQ(pieces.join(), at_once.join()) << name << " in pieces of " << size;
      EXPECT_EQ(pieces.head(), at_once.head()) << name;
    }
    EXPECT_LT(at_once.join(), at_once.end()) << name;
  }
}

TEST(LiveRing, AListenerOfWebmGetsTheInitSegmentAndAWholeCluster) {
  LiveRing ring(LiveFormat::kWebm);
  const std::string cluster = std::string("\x1f\x43\xb6\x75", 4) + std::string(50, 'c');
  for (const char c : "init" + cluster + cluster) ring.append(as_bytes(std::string_view(&c, 1)));
  EXPECT_EQ(as_text(ring.head()), std::string_view("init\0", 4));
  EXPECT_EQ(read_from(ring, ring.join()).substr(0, 4), cluster.substr(0, 4));
}

TEST(LiveRing, MemoryIsBoundedAndALateListenerGoesOnAtAFrame) {
  LiveRing ring(LiveFormat::kMpeg);
  std::uint64_t position = 0;
  for (int i = 0; i < 5000; ++i) ring.append(as_bytes(mpeg_frame('z')));
  const ByteView heard = ring.read(position, 4);
  EXPECT_GT(position, 5000u * 417 - LiveRing::kKept - 417);
  EXPECT_EQ(as_text(heard), mpeg_frame('z').substr(0, 4));
}

TEST(LiveRing, NoiseThatCallsItselfOggIsServedAsItIs) {
  LiveRing ring(LiveFormat::kOgg);
  for (int i = 0; i < 3000; ++i) ring.append(as_bytes(ogg_page(0, 0, std::string(200, 'n'))));
  EXPECT_TRUE(ring.head().empty());
  EXPECT_LT(ring.join(), ring.end());
}

TEST(RadioRequest, TakesWhatSourcesSend) {
  const auto put = radio_request_from("PUT /live/show HTTP/1.1\r\nHost: a\r\nAuthorization: Basic x\r\nIce-Name:  My show \r\n\r\n");
  ASSERT_TRUE(put);
  EXPECT_EQ(put->method, "PUT");
  EXPECT_EQ(put->name, "show");
  EXPECT_EQ(put->field("ice-name"), "My show");
  EXPECT_EQ(radio_request_from("SOURCE /show ICE/1.0\r\n\r\n")->name, "show");
  EXPECT_EQ(radio_request_from("GET /live/a-b_9?x=1 HTTP/1.0\r\n\r\n")->name, "a-b_9");
  for (const char* bad : {"", "\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET /live/../x. HTTP/1.1\r\n\r\n", "GET live HTTP/1.1\r\n\r\n",
                          "GET /Live/SHOW HTTP/1.1\r\n\r\n"}) {
    EXPECT_FALSE(radio_request_from(bad)) << bad;
  }
}

TEST(ChunkedText, ComesOffInPiecesOfAnySize) {
  const std::string text = "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    ChunkedText chunks;
    std::string plain;
    for (std::size_t at = 0; at < text.size(); at += size) EXPECT_TRUE(chunks.take(std::string_view(text).substr(at, size), plain));
    EXPECT_EQ(plain, "hello world");
    EXPECT_TRUE(chunks.ended());
  }
  for (const char* bad : {"x\r\n", "\r\n", "123456789\r\n", "1\r\naX"}) {
    ChunkedText chunks;
    std::string plain;
    EXPECT_FALSE(chunks.take(bad, plain)) << bad;
  }
}

}  // namespace
}  // namespace earshot::node
