// Wishes: asked until somebody has it, remembered, and what was found handed out once.
#include "tools/node/wishes.h"

#include <gmock/gmock.h>

#include <fstream>
#include <mutex>

#include "tests/eventually.h"
#include "tests/node/fakes.h"
#include "tests/temporary_folder.h"

namespace earshot::node {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// A network that keeps what it is asked and answers when it is told; called from the wishes' thread and from the test.
class WishedNode final : public Node {
 public:
  Contact self() const override { return contact_of(1); }
  Result<QueryId> search(SearchRequest request, std::function<void(const SearchEvent&)> on_event) override {
    const std::lock_guard lock(mutex_);
    asked_.push_back(request);
    listeners_[request.text] = std::move(on_event);
    return QueryId{1, asked_.size()};
  }
  void cancel(const QueryId& id) override {
    const std::lock_guard lock(mutex_);
    cancelled_.push_back(id);
  }
  Result<void> browse(const Contact&, std::uint32_t, OnPage) override { return {}; }
  void join(std::vector<Contact>) override {}
  NodeStatus status() const override {
    NodeStatus status;
    status.neighbors = 3;
    return status;
  }
  std::vector<PeerRow> peers() const override { return {}; }

  std::vector<SearchRequest> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  std::vector<QueryId> cancelled() const {
    const std::lock_guard lock(mutex_);
    return cancelled_;
  }
  bool waits_for(const std::string& text) const {
    const std::lock_guard lock(mutex_);
    return listeners_.contains(text);
  }
  void answer(const std::string& text, std::uint8_t content, std::uint8_t holder = 7) {
    std::function<void(const SearchEvent&)> listener;
    {
      const std::lock_guard lock(mutex_);
      listener = listeners_.at(text);
    }
    SearchEvent event;
    event.progress.messages_sent = 3;
    event.hits.push_back({track_of(content, "Found"), contact_of(holder), 5, 2});
    listener(event);
  }

 private:
  mutable std::mutex mutex_;
  std::vector<SearchRequest> asked_;
  std::map<std::string, std::function<void(const SearchEvent&)>> listeners_;
  std::vector<QueryId> cancelled_;
};

class WishesTest : public testing::Test {
 protected:
  void open() {
    wishes_.reset();
    wishes_ = Wishes::open(node_, file_, trouble_);
  }
  void wish(const std::string& text) {
    ASSERT_TRUE(wishes_->add(text));
    ASSERT_TRUE(eventually([&] { return node_.waits_for(text); }));
  }

  const TemporaryFolder folder_;
  const std::filesystem::path file_ = folder_ / "wishes";
  WishedNode node_;
  std::string trouble_;
  std::unique_ptr<Wishes> wishes_;
};

TEST_F(WishesTest, AreAskedAsQuestionsThatStay) {
  open();
  wish("so what year:1959");
  const SearchRequest asked = node_.asked().at(0);
  EXPECT_EQ(asked.text, "so what year:1959");
  EXPECT_EQ(asked.strategy, StrategyKind::kBubble);
  EXPECT_EQ(asked.keep, Wishes::kKept);
  EXPECT_TRUE(validate(asked));
}

TEST_F(WishesTest, HandOutEachContentOnceWhoeverHasIt) {
  open();
  wish("so what");
  node_.answer("so what", 1);
  node_.answer("so what", 1, /*holder=*/8);
  node_.answer("so what", 2);
  node_.answer("so what", 3, /*holder=*/1);  // ourselves
  const auto lines = wishes_->take();
  ASSERT_TRUE(lines);
  ASSERT_THAT(*lines, SizeIs(2));
  EXPECT_THAT(lines->front(), HasSubstr("\"type\":\"wish_hit\""));
  node_.answer("so what", 1);
  EXPECT_THAT(*wishes_->take(), IsEmpty());
  EXPECT_EQ(wishes_->list().at(0).found, 2u);
}

TEST_F(WishesTest, SurviveARestartWithWhatWasFound) {
  open();
  wish("so what");
  node_.answer("so what", 1);
  ASSERT_THAT(*wishes_->take(), SizeIs(1));
  node_.answer("so what", 2);
  ASSERT_TRUE(eventually([&] { return text_of(file_).find("fresh") != std::string::npos; }));
  open();
  ASSERT_EQ(trouble_, "");
  ASSERT_TRUE(eventually([&] { return node_.asked().size() == 2; })) << "it is asked again";
  node_.answer("so what", 1);
  const auto lines = wishes_->take();
  ASSERT_THAT(*lines, SizeIs(1)) << "the first one was handed out before";
  EXPECT_THAT(lines->front(), HasSubstr(to_string(content_of(2))));
}

TEST_F(WishesTest, AreRemovedAndForgotten) {
  open();
  wish("so what");
  const std::uint64_t id = wishes_->list().at(0).id;
  ASSERT_TRUE(eventually([&] { return wishes_->remove(id).has_value(); }));
  EXPECT_TRUE(eventually([&] { return !node_.cancelled().empty(); }));
  EXPECT_THAT(wishes_->list(), IsEmpty());
  EXPECT_EQ(wishes_->remove(id).error().code, ErrorCode::kNotFound);
}

TEST_F(WishesTest, RefuseWhatNobodyCouldMatchAndTooMany) {
  open();
  for (const char* text : {"", "year:1959", "wh*", "two\nlines"}) {
    EXPECT_EQ(wishes_->add(text).error().code, ErrorCode::kInvalid) << text;
  }
  for (std::size_t i = 0; i < Wishes::kMost; ++i) ASSERT_TRUE(wishes_->add("word" + std::to_string(i)));
  EXPECT_TRUE(wishes_->add("word0")) << "it is there already";
  EXPECT_EQ(wishes_->add("one more").error().code, ErrorCode::kExhausted);
}

TEST_F(WishesTest, ADamagedFileIsMovedAside) {
  for (const char* text : {"nonsense", "earshot-wishes 1\n", "earshot-wishes 1\nwish 1 x so\nend 1\n",
                           "earshot-wishes 1\nseen 1 ppspp:00\nend 1\n", "earshot-wishes 1\nwish 1 5 so\nend 2\n"}) {
    std::ofstream(file_) << text;
    trouble_.clear();
    open();
    EXPECT_NE(trouble_, "") << text;
    EXPECT_THAT(wishes_->list(), IsEmpty()) << text;
    EXPECT_TRUE(std::filesystem::exists(file_.string() + ".damaged"));
  }
}

}  // namespace
}  // namespace earshot::node
