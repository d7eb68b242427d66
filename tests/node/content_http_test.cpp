// Ranges, types and tags of a content that lies in memory.
#include "tools/node/content_http.h"

#include <gmock/gmock.h>

#include "tests/node/fakes.h"
#include "tools/node/media_type.h"

namespace earshot::node {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ChooseRange, AnswersAsTheRfcDoes) {
  const auto part = [](std::string_view header) {
    const ChosenRange chosen = choose_range(header, 1000);
    EXPECT_EQ(chosen.answer, RangeAnswer::kPart) << header;
    return chosen.part;
  };
  EXPECT_EQ(part("bytes=0-499"), (Part{0, 500}));
  EXPECT_EQ(part("bytes=500-"), (Part{500, 500}));
  EXPECT_EQ(part("bytes=-200"), (Part{800, 200}));
  EXPECT_EQ(part("bytes=-2000"), (Part{0, 1000}));
  EXPECT_EQ(part("bytes=999-99999"), (Part{999, 1}));
}

TEST(ChooseRange, ARangeBehindTheEndIsUnsatisfiable) {
  for (const auto* header : {"bytes=1000-", "bytes=5000-6000", "bytes=-0"})
    EXPECT_EQ(choose_range(header, 1000).answer, RangeAnswer::kUnsatisfiable) << header;
}

TEST(ChooseRange, WhatCannotBeReadIsAnsweredWithAll) {
  for (const auto* header : {"", "bytes=", "bytes=-", "bytes=5", "bytes=9-3", "bytes=a-b", "lines=1-2", "bytes=0-1,4-5",
                             "bytes=99999999999999999999-", "bytes=1-2x", "bytes= 1-2"})
    EXPECT_EQ(choose_range(header, 1000).answer, RangeAnswer::kAll) << header;
}

TEST(MediaType, IsToldFromTheFirstBytes) {
  const auto type = [](std::string_view bytes) { return std::string(media_type_of(as_bytes(bytes))); };
  EXPECT_EQ(type(std::string_view("OggS\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\x13OpusHead", 36)), "audio/ogg; codecs=opus");
  EXPECT_EQ(type("OggS"), "audio/ogg");
  EXPECT_EQ(type("fLaC"), "audio/flac");
  EXPECT_EQ(type("RIFF....WAVEfmt "), "audio/wav");
  EXPECT_EQ(type("....ftypM4A "), "audio/mp4");
  EXPECT_EQ(type("\x1A\x45\xDF\xA3"), "audio/webm");
  EXPECT_EQ(type("\xFF\xFB\x90"), "audio/mpeg");
  EXPECT_EQ(type("\xFF\xF1\x50"), "audio/aac");
  EXPECT_EQ(type("\xFF\xD8\xFF\xE0"), "image/jpeg");
  EXPECT_EQ(type("\x89PNG\r\n\x1A\n"), "image/png");
  EXPECT_EQ(type("RIFF....WEBPVP8 "), "image/webp");
  EXPECT_EQ(type("<html>"), "application/octet-stream");
  EXPECT_EQ(type(""), "application/octet-stream");
}

TEST(MediaType, SizesOfTagsAreSevenBitsAByte) {
  EXPECT_EQ(id3v2_size(as_bytes(std::string_view("ID3\4\0\0\0\0\2\1", 10))), 10u + 257u);
  EXPECT_EQ(id3v2_size(as_bytes(std::string_view("ID3\4\0\x10\0\0\0\1", 10))), 21u);
  EXPECT_EQ(id3v2_size(as_bytes(std::string_view("ID3\4\0\0\0\0\x80\1", 10))), 0u);
  EXPECT_EQ(id3v2_size(as_bytes("ID3")), 0u);
  EXPECT_EQ(id3v2_size(as_bytes("\xFF\xFB\x90.......")), 0u);
}

class ContentBodyTest : public testing::Test {
 protected:
  ContentBody body(const std::string& text, const Request& request) {
    stream::PlaybackOptions options;
    return {request, content_of(7), stream::Playback::open(std::make_unique<FakeStream>(text, /*stalls=*/false), options)};
  }

  static Request get(const std::string& range = "") {
    Request request;
    request.method = "GET";
    request.range = range;
    return request;
  }

  static std::string all_of(ContentBody& body) {
    std::string text;
    Bytes block(100);
    for (auto left = body.head().value()->size; left > 0;) {
      const auto got = body.pull(block);
      if (!got) break;
      text += as_text(ByteView(block).first(*got));
      left -= *got;
    }
    return text;
  }

  const std::string sound_ = "\xFF\xFB\x90" + std::string(997, 's');
  const std::string tagged_ = std::string("ID3\4\0\0\0\0\2\1", 10) + std::string(257, 't') + sound_;
};

TEST_F(ContentBodyTest, AllOfItWithTypeAndTag) {
  auto answer = body(sound_, get());
  const auto head = answer.head().value().value();
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.size, 1000u);
  EXPECT_THAT(head.fields, HasSubstr("Content-Type: audio/mpeg\r\n"));
  EXPECT_THAT(head.fields, HasSubstr("Accept-Ranges: bytes\r\n"));
  EXPECT_THAT(head.fields, HasSubstr("ETag: \"ppspp:0707"));
  EXPECT_THAT(head.fields, HasSubstr("contentFeatures.dlna.org: DLNA.ORG_PN=MP3;DLNA.ORG_OP=01"));
  EXPECT_THAT(head.fields, HasSubstr("transferMode.dlna.org: Streaming\r\n"));
}

TEST_F(ContentBodyTest, APartSaysWhich) {
  auto answer = body(sound_, get("bytes=900-"));
  const auto head = answer.head().value().value();
  EXPECT_EQ(head.status, 206);
  EXPECT_EQ(head.size, 100u);
  EXPECT_THAT(head.fields, HasSubstr("Content-Range: bytes 900-999/1000\r\n"));
  EXPECT_EQ(all_of(answer), std::string(100, 's'));
}

TEST_F(ContentBodyTest, BehindTheEndIs416WithTheSize) {
  auto answer = body(sound_, get("bytes=1000-"));
  const auto head = answer.head().value().value();
  EXPECT_EQ(head.status, 416);
  EXPECT_EQ(head.size, 0u);
  EXPECT_THAT(head.fields, HasSubstr("Content-Range: bytes */1000\r\n"));
}

TEST_F(ContentBodyTest, HeadHasTheSizeAndNoBytes) {
  Request request = get();
  request.method = "HEAD";
  auto answer = body(sound_, request);
  const auto head = answer.head().value().value();
  EXPECT_EQ(head.size, 1000u);
  EXPECT_FALSE(head.has_body);
}

TEST_F(ContentBodyTest, TheTagOfAnMp3IsLeftOut) {
  auto answer = body(tagged_, get());
  EXPECT_EQ(answer.head().value()->size, 1000u);
  EXPECT_EQ(all_of(answer), sound_);
  auto part = body(tagged_, get("bytes=0-2"));
  EXPECT_EQ(all_of(part), "\xFF\xFB\x90");
}

TEST_F(ContentBodyTest, ATagBeforeSomethingElseStays) {
  const std::string flac = std::string("ID3\4\0\0\0\0\0\1", 10) + "xfLaC" + std::string(500, 'f');
  auto answer = body(flac, get());
  EXPECT_EQ(answer.head().value()->size, flac.size());
}

TEST_F(ContentBodyTest, ATagThatClaimsMoreThanThereIsStays) {
  const std::string lie = std::string("ID3\4\0\0\x7F\x7F\x7F\x7F", 10) + std::string(500, 'x');
  auto answer = body(lie, get());
  EXPECT_EQ(answer.head().value()->size, lie.size());
}

TEST_F(ContentBodyTest, WhatTheReaderHasIsNotSentAgain) {
  Request request = get();
  request.if_none_match = '"' + to_string(content_of(7)) + '"';
  auto answer = body(sound_, request);
  EXPECT_EQ(answer.head().value()->status, 304);
}

TEST_F(ContentBodyTest, ARangeOfSomethingElseIsAnsweredWithAll) {
  Request request = get("bytes=0-1");
  request.if_range = "\"another\"";
  auto answer = body(sound_, request);
  EXPECT_EQ(answer.head().value()->status, 200);
}

TEST_F(ContentBodyTest, WhileNothingHasComeThereIsNoHead) {
  stream::PlaybackOptions options;
  ContentBody answer(get(), content_of(7), stream::Playback::open(std::make_unique<FakeStream>("x", /*stalls=*/true), options));
  const auto head = answer.head();
  ASSERT_TRUE(head);
  EXPECT_FALSE(*head);
}

}  // namespace
}  // namespace earshot::node
