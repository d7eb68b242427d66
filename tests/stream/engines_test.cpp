// The table of engines, and that a new engine is one folder (echo_engine) and one line.
#include "stream/engines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "tests/stream/echo_engine/echo_engine.h"

namespace earshot::stream {
namespace {

constexpr EngineRow kEcho{Scheme::kDescribed, "echo", echo::open_engine};

EngineSettings settings() { return {testing::TempDir() + "engines_test", *endpoint_from("127.0.0.1:0"), 0, 0}; }

TEST(Engines, OfTheTableOpenEachUnderItsScheme) {
  const auto engines = open_engines(engine_table(), settings());
  ASSERT_TRUE(engines) << engines.error().what;
  ASSERT_EQ(engines->size(), engine_table().size());
  for (const auto& [scheme, engine] : *engines) EXPECT_EQ(engine->scheme(), scheme);
  EXPECT_NE(engines->at(Scheme::kPpspp)->port(), 0);
}

TEST(Engines, ANewOneIsALineAndPlaysThroughTheSamePlug) {
  std::vector<EngineRow> rows(engine_table().begin(), engine_table().end());
  rows.push_back(kEcho);
  const auto engines = open_engines(rows, settings()).value();
  const Digest32 text = *digest_from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  const auto stream = engines.at(Scheme::kDescribed)->open({Scheme::kDescribed, text}, {}).value();
  Digest32 heard{};
  EXPECT_EQ(stream->read(0, heard, 1s).value(), heard.size());
  EXPECT_EQ(heard, text);
  EXPECT_EQ(stream->read(heard.size(), heard, 1s).value(), 0u) << "the end";
}

TEST(Engines, TwoOfOneSchemeAreRefused) {
  const std::array rows = {kEcho, kEcho};
  EXPECT_EQ(open_engines(rows, settings()).error().code, ErrorCode::kInvalid);
}

TEST(Engines, OneThatDoesNotOpenIsNamed) {
  const std::array rows = {EngineRow{Scheme::kPpspp, "broken", [](const EngineSettings&) -> Result<std::unique_ptr<Engine>> {
    return fail(ErrorCode::kDisk, "no room");
  }}};
  EXPECT_THAT(open_engines(rows, settings()).error().what, testing::HasSubstr("open the broken engine"));
}

}  // namespace
}  // namespace earshot::stream
