// Many calls over one connection: what is sent for each, and what ends it.
#include "tools/node/socket_calls.h"

#include <gmock/gmock.h>

#include <vector>

namespace earshot::node {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SocketCallsTest : public testing::Test {
 protected:
  std::vector<std::string> sent_;
  std::vector<Request> requests_;
  std::vector<std::shared_ptr<Channel>> channels_;
  SocketCalls calls_{[this](const Request& request, const std::shared_ptr<Channel>& channel) {
                       requests_.push_back(request);
                       channels_.push_back(channel);
                     },
                     [this](std::string text) { sent_.push_back(std::move(text)); }};
};

TEST_F(SocketCallsTest, LinesAndTheEndCarryTheCallsNumber) {
  ASSERT_TRUE(calls_.receive(R"({"id":7,"method":"POST","path":"/api/v1/searches","body":{"text":"ñ"}})"));
  EXPECT_EQ(requests_[0].method, "POST");
  EXPECT_EQ(requests_[0].target, "/api/v1/searches");
  EXPECT_EQ(requests_[0].body, R"({"text":"ñ"})");
  channels_[0]->line(R"({"n":1})");
  channels_[0]->close();
  channels_[0]->line(R"({"n":2})");
  EXPECT_THAT(sent_, ElementsAre(R"({"id":7,"line":{"n":1}})", R"({"id":7,"status":200,"end":true})"));
}

TEST_F(SocketCallsTest, AReplyIsTheWholeAnswer) {
  ASSERT_TRUE(calls_.receive(R"({"id":1,"method":"GET","path":"/x"})"));
  channels_[0]->reply({404, R"({"type":"error"})", ""});
  ASSERT_TRUE(calls_.receive(R"({"id":2,"method":"GET","path":"/x"})"));
  channels_[1]->reply({403, "", ""});
  EXPECT_THAT(sent_, ElementsAre(R"({"id":1,"status":404,"line":{"type":"error"},"end":true})", R"({"id":2,"status":403,"end":true})"));
}

TEST_F(SocketCallsTest, BytesDoNotGoOverIt) {
  ASSERT_TRUE(calls_.receive(R"({"id":1,"method":"GET","path":"/content/x"})"));
  channels_[0]->body(nullptr);
  ASSERT_EQ(sent_.size(), 1u);
  EXPECT_THAT(sent_[0], testing::HasSubstr(R"("status":406)"));
}

TEST_F(SocketCallsTest, ACancelledCallsReaderIsGoneAndHearsNothing) {
  ASSERT_TRUE(calls_.receive(R"({"id":1,"method":"GET","path":"/x"})"));
  int gone = 0;
  channels_[0]->when_gone([&] { ++gone; });
  ASSERT_TRUE(calls_.receive(R"({"id":1,"cancel":true})"));
  ASSERT_TRUE(calls_.receive(R"({"id":1,"cancel":true})"));
  ASSERT_TRUE(calls_.receive(R"({"id":99,"cancel":true})"));
  channels_[0]->line("{}");
  channels_[0]->close();
  EXPECT_EQ(gone, 1);
  EXPECT_THAT(sent_, IsEmpty());
  channels_[0]->when_gone([&] { ++gone; });
  EXPECT_EQ(gone, 2) << "who asks later hears at once";
}

TEST_F(SocketCallsTest, WhenThePageGoesAllItsReadersAreGone) {
  int gone = 0;
  for (const char* text : {R"({"id":1,"method":"GET","path":"/x"})", R"({"id":2,"method":"GET","path":"/x"})"}) {
    ASSERT_TRUE(calls_.receive(text));
    channels_.back()->when_gone([&] { ++gone; });
  }
  channels_[0]->close();
  calls_.gone();
  EXPECT_EQ(gone, 1);
}

TEST_F(SocketCallsTest, ThirtyTwoCallsAreOpenAtMostAndEndedOnesMakeRoom) {
  for (std::size_t i = 0; i < SocketCalls::kMaxOpen; ++i) {
    ASSERT_TRUE(calls_.receive(R"({"id":)" + std::to_string(i) + R"(,"method":"GET","path":"/x"})"));
  }
  channels_[5]->close();
  EXPECT_TRUE(calls_.receive(R"({"id":100,"method":"GET","path":"/x"})"));
  EXPECT_FALSE(calls_.receive(R"({"id":101,"method":"GET","path":"/x"})"));
}

TEST_F(SocketCallsTest, WhatBreaksTheRulesEndsTheConnection) {
  ASSERT_TRUE(calls_.receive(R"({"id":1,"method":"GET","path":"/x"})"));
  for (const char* text :
       {"", "[]", "{", "{}", R"({"id":1,"method":"GET","path":"/x"})", R"({"id":-1,"method":"GET","path":"/x"})",
        R"({"id":"1","method":"GET","path":"/x"})", R"({"id":2,"path":"/x"})", R"({"id":2,"method":"GET"})",
        R"({"id":2,"method":"GET","path":"/x","host":"evil"})", R"({"id":2,"cancel":false})",
        R"({"id":2,"cancel":true,"method":"GET"})", "\xff\xfe"}) {
    EXPECT_FALSE(calls_.receive(text)) << text;
  }
  EXPECT_EQ(requests_.size(), 1u);
}

}  // namespace
}  // namespace earshot::node
