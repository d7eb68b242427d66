// A request within its bounds passes; each bound, one step beyond, fails and is named.
#include "schema/search.h"

#include <gtest/gtest.h>

namespace earshot {
namespace {

SearchRequest request(std::string text) {
  SearchRequest r;
  r.text = std::move(text);
  return r;
}

void expect_refused(const SearchRequest& r, std::string_view named) {
  const auto result = validate(r);
  ASSERT_FALSE(result) << named;
  EXPECT_EQ(result.error().code, ErrorCode::kInvalid);
  EXPECT_NE(result.error().what.find(named), std::string::npos) << result.error().what;
}

TEST(SearchRequest, TakesItsLimits) {
  SearchRequest r = request(std::string(limits::kMaxQueryText, 'a'));
  r.limit = limits::kMaxHitsPerHolder;
  r.ttl = limits::kMaxFloodTtl;
  r.time = limits::kMaxQueryTime;
  EXPECT_TRUE(validate(r));
  r.strategy = StrategyKind::kWalk;
  r.ttl = limits::kMaxWalkTtl;
  r.walkers = limits::kMaxWalkers;
  EXPECT_TRUE(validate(r));
}

TEST(SearchRequest, RefusesOneStepBeyondEachLimit) {
  expect_refused(request(""), "empty");
  expect_refused(request(std::string(limits::kMaxQueryText + 1, 'a')), "bytes");
  expect_refused(request("\x01"), "UTF-8");
  SearchRequest r = request("so what");
  r.limit = 0;
  expect_refused(r, "limit");
  r.limit = limits::kMaxHitsPerHolder + 1;
  expect_refused(r, "limit");
  r = request("so what");
  r.ttl = limits::kMaxFloodTtl + 1;
  expect_refused(r, "ttl");
  r = request("so what");
  r.walkers = limits::kMaxWalkers + 1;
  expect_refused(r, "walkers");
  r = request("so what");
  r.time = limits::kMaxQueryTime + 1us;
  expect_refused(r, "time");
  r.time = Duration::zero();
  expect_refused(r, "time");
}

TEST(ContentAsked, IsATextThatIsAnIdAndNothingElse) {
  ContentId content{Scheme::kPpspp, {}};
  content.digest.fill(0xab);
  const std::string id = to_string(content);
  EXPECT_EQ(content_asked(id), content);
  content.scheme = Scheme::kDescribed;
  EXPECT_EQ(content_asked(to_string(content)), content);
  for (const std::string& words : {std::string(), std::string("so what"), std::string("ppspp:"), " " + id, id + " ", id + "0", id.substr(0, id.size() - 1),
                                   "who " + id, "title:" + id}) {
    EXPECT_EQ(content_asked(words), std::nullopt) << words;
  }
}

}  // namespace
}  // namespace earshot
