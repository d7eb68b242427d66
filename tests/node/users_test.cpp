// Names, roles and passwords: what is kept, what is told, what costs the same.
#include "tools/node/users.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <chrono>

#include "tests/node/fakes.h"

namespace earshot::node {
namespace {

using testing::HasSubstr;
using testing::Not;

class UsersTest : public testing::Test {
 protected:
  std::unique_ptr<Users> open() {
    auto users = Users::open(folder_ / "users");
    EXPECT_TRUE(users) << users.error().what;
    return std::move(*users);
  }
  TemporaryFolder folder_;
};

TEST_F(UsersTest, APasswordOpensItsOwnNameOnlyAndSurvivesARestart) {
  {
    const auto users = open();
    ASSERT_TRUE(users->set("ana", UserRole::kOwner, "correct horse"));
    ASSERT_TRUE(users->set("gast", UserRole::kGuest, "battery staple"));
  }
  const auto users = open();
  EXPECT_EQ(users->check("ana", "correct horse"), UserRole::kOwner);
  EXPECT_EQ(users->check("gast", "battery staple"), UserRole::kGuest);
  for (const auto& [name, password] : std::vector<std::pair<std::string, std::string>>{
           {"ana", "battery staple"}, {"ana", "correct horse "}, {"ana", ""}, {"nobody", "correct horse"}, {"", ""}}) {
    EXPECT_FALSE(users->check(name, password)) << name << " " << password;
  }
}

TEST_F(UsersTest, TheFileIsPrivateAndHoldsHashesOnly) {
  ASSERT_TRUE(open()->set("ana", UserRole::kOwner, "correct horse"));
  struct stat found {};
  ASSERT_EQ(::stat((folder_ / "users").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777u, 0600u);
  EXPECT_THAT(text_of(folder_ / "users"), HasSubstr("ana owner $argon2id$v=19$m=65536,t=2,p=1$"));
  EXPECT_THAT(text_of(folder_ / "users"), Not(HasSubstr("horse")));
}

TEST_F(UsersTest, WhoIsRemovedIsOut) {
  const auto users = open();
  ASSERT_TRUE(users->set("ana", UserRole::kOwner, "correct horse"));
  ASSERT_TRUE(users->remove("ana"));
  EXPECT_FALSE(users->check("ana", "correct horse"));
  EXPECT_EQ(users->remove("ana").error().code, ErrorCode::kNotFound);
}

TEST_F(UsersTest, NamesAndPasswordsAreBounded) {
  const auto users = open();
  for (const char* name : {"", "Ana", "a b", "a\nb", "../x", "añ", "123456789012345678901234567890123"}) {
    EXPECT_EQ(users->set(name, UserRole::kGuest, "correct horse").error().code, ErrorCode::kInvalid) << name;
  }
  EXPECT_EQ(users->set("ana", UserRole::kGuest, "short").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(users->set("ana", UserRole::kGuest, std::string(257, 'x')).error().code, ErrorCode::kInvalid);
  EXPECT_TRUE(users->list().empty());
}

TEST_F(UsersTest, AFileThatIsNotOursIsSaid) {
  folder_.write("users", "ana owner plaintext\n");
  const auto users = Users::open(folder_ / "users");
  ASSERT_FALSE(users);
  EXPECT_THAT(users.error().what, HasSubstr("line 1"));
}

TEST_F(UsersTest, AnUnknownNameTakesAsLongAsAWrongPassword) {
  const auto users = open();
  ASSERT_TRUE(users->set("ana", UserRole::kOwner, "correct horse"));
  users->check("nobody", "warm up: the hash of nobody is made once");
  const auto cpu = [&](const char* name) {
    const std::clock_t began = std::clock();
    users->check(name, "wrong password");
    return static_cast<double>(std::clock() - began);
  };
  const double unknown = cpu("nobody"), wrong = cpu("ana");
  EXPECT_GT(unknown, wrong / 4);
  EXPECT_LT(unknown, wrong * 4);
}

}  // namespace
}  // namespace earshot::node
