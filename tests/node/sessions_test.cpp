// Links open once and for a while; sessions last until they end or are crowded out.
#include "tools/node/sessions.h"

#include <gtest/gtest.h>

#include <set>

namespace earshot::node {
namespace {

constexpr Instant kStart{Duration(1'000'000)};

TEST(Sessions, ALinkOpensOneSessionOfAnOwnerOnce) {
  Sessions sessions;
  const std::string link = sessions.issue_link(kStart);
  const auto session = sessions.redeem(link, kStart + 1s);
  ASSERT_TRUE(session);
  EXPECT_NE(*session, link);
  EXPECT_EQ(sessions.role_of(*session), UserRole::kOwner);
  EXPECT_FALSE(sessions.redeem(link, kStart + 2s));
}

TEST(Sessions, ALinkEndsAfterTenMinutes) {
  Sessions sessions;
  const std::string link = sessions.issue_link(kStart);
  EXPECT_FALSE(sessions.redeem(link, kStart + Sessions::kLinkTime));
}

TEST(Sessions, NothingAndGuessesOpenNothing) {
  Sessions sessions;
  const std::string link = sessions.issue_link(kStart);
  std::string other = link;
  other.back() = other.back() == '0' ? '1' : '0';
  for (const std::string& guess : {std::string(), std::string("0"), link.substr(1), link + "0", other}) {
    EXPECT_FALSE(sessions.redeem(guess, kStart)) << guess;
    EXPECT_FALSE(sessions.role_of(guess)) << guess;
  }
  EXPECT_FALSE(sessions.role_of(link)) << "a link is no session";
}

TEST(Sessions, FullTablesForgetTheOldest) {
  Sessions sessions;
  std::vector<std::string> links;
  for (std::size_t i = 0; i <= Sessions::kMaxLinks; ++i) links.push_back(sessions.issue_link(kStart));
  EXPECT_FALSE(sessions.redeem(links.front(), kStart));
  EXPECT_TRUE(sessions.redeem(links.back(), kStart));
  std::vector<std::string> open;
  for (std::size_t i = 0; i <= Sessions::kMaxSessions; ++i) open.push_back(sessions.open(UserRole::kGuest));
  EXPECT_FALSE(sessions.role_of(open.front()));
  EXPECT_EQ(sessions.role_of(open.back()), UserRole::kGuest);
  EXPECT_EQ(std::set<std::string>(open.begin(), open.end()).size(), open.size());
}

TEST(Sessions, WhoLeavesIsOut) {
  Sessions sessions;
  const std::string first = sessions.open(UserRole::kOwner);
  const std::string second = sessions.open(UserRole::kOwner);
  sessions.end(first);
  EXPECT_FALSE(sessions.role_of(first));
  EXPECT_TRUE(sessions.role_of(second));
}

}  // namespace
}  // namespace earshot::node
