// Which word goes when nothing has all of them.
#include "tools/node/relaxation.h"

#include <gtest/gtest.h>

#include <map>

namespace earshot::node {
namespace {

std::optional<Relaxed> with_counts(std::string_view text, std::map<std::string, std::uint64_t, std::less<>> counts) {
  return relaxed(text, [&](std::string_view word) {
    const auto found = counts.find(word);
    return found == counts.end() ? 0 : found->second;
  });
}

TEST(Relaxation, DropsTheWordThatTheFewestHave) {
  const auto easier = with_counts("miles  davis sowhat", {{"miles", 9}, {"davis", 7}, {"sowhat", 0}});
  ASSERT_TRUE(easier);
  EXPECT_EQ(easier->text, "miles davis");
  EXPECT_EQ(easier->dropped, "sowhat");
}

TEST(Relaxation, OfSeveralTheLongest) {
  const auto easier = with_counts("a longer one", {});
  ASSERT_TRUE(easier);
  EXPECT_EQ(easier->dropped, "longer");
  EXPECT_EQ(easier->text, "a one");
}

TEST(Relaxation, LeavesWhatAPersonIsSureOf) {
  for (const char* text : {"", "one", " one ", "\"so what\" live", "so -what", "so OR what", "(so what)", "so year:1959", "so wh*"}) {
    EXPECT_FALSE(with_counts(text, {})) << text;
  }
}

}  // namespace
}  // namespace earshot::node
