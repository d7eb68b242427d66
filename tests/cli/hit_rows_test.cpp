// One row a content, shown once, after a moment.
#include "tools/cli/hit_rows.h"

#include <gmock/gmock.h>

namespace earshot::cli {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

std::string line(const std::string& content, int holders) {
  std::string list;
  for (int i = 0; i < holders; ++i)
    list += std::string(i == 0 ? "" : ",") + R"({"key":"k","endpoint":"e","stream":"s"})";
  return R"({"v":1,"type":"hit","content":")" + content + R"(","title":"t","holders":[)" + list + "]}";
}

class HitRowsTest : public testing::Test {
 protected:
  HitRows rows_{3, [this](std::size_t number, const HitLine& hit) {
                  shown_.push_back(std::to_string(number) + hit.content + std::to_string(hit.holders.size()));
                }};
  std::vector<std::string> shown_;
  HitRows::Clock::time_point now_{};
};

TEST_F(HitRowsTest, ARowWaitsForItsHoldersAndThenStays) {
  rows_.add(line("a", 1), now_);
  rows_.add(line("a", 2), now_ + milliseconds(100));
  rows_.show_ripe(now_ + milliseconds(149), false);
  EXPECT_THAT(shown_, IsEmpty());
  rows_.show_ripe(now_ + milliseconds(150), false);
  rows_.add(line("a", 3), now_ + milliseconds(200));
  rows_.show_ripe(now_ + milliseconds(900), true);
  EXPECT_THAT(shown_, ElementsAre("1a2"));
  EXPECT_THAT(rows_.lines(), ElementsAre(line("a", 3)));  // what get will use knows all three
}

TEST_F(HitRowsTest, RowsKeepTheOrderOfTheirArrival) {
  rows_.add(line("b", 1), now_);
  rows_.add(line("a", 1), now_);
  rows_.show_ripe(now_, true);
  EXPECT_THAT(shown_, ElementsAre("1b1", "2a1"));
}

TEST_F(HitRowsTest, ThereAreNoMoreThanAsked) {
  for (const char* content : {"a", "b", "c", "d", "e"}) rows_.add(line(content, 1), now_);
  rows_.show_ripe(now_, true);
  EXPECT_THAT(shown_, ElementsAre("1a1", "2b1", "3c1"));
  EXPECT_TRUE(rows_.full());
}

}  // namespace
}  // namespace earshot::cli
