// Who else holds a content that is fetched or played here: when the network is asked, and who is told.
#include "tools/node/providers.h"

#include <gmock/gmock.h>

#include <atomic>

#include "tests/eventually.h"
#include "tests/node/fakes.h"
#include "tools/node/plays.h"

namespace earshot::node {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Answers as it is told to, from the thread that asks.
class AnsweringNode final : public Node {
 public:
  Contact self() const override { return contact_of(1); }
  Result<QueryId> search(SearchRequest request, std::function<void(const SearchEvent&)> on_event) override {
    std::unique_lock lock(mutex);
    asked.push_back(std::move(request));
    listener = on_event;
    const QueryId id{7, asked.size()};
    const auto events = answers;
    lock.unlock();
    for (const SearchEvent& event : events) on_event(event);
    return id;
  }
  void cancel(const QueryId& id) override {
    const std::lock_guard lock(mutex);
    cancelled.push_back(id);
  }
  Result<void> browse(const Contact&, std::uint32_t, OnPage) override { return {}; }
  void join(std::vector<Contact>) override {}
  NodeStatus status() const override { return {}; }
  std::vector<PeerRow> peers() const override { return {}; }

  std::size_t questions() const {
    const std::lock_guard lock(mutex);
    return asked.size();
  }

  mutable std::mutex mutex;
  std::vector<SearchRequest> asked;
  std::vector<SearchEvent> answers;
  std::function<void(const SearchEvent&)> listener;
  std::vector<QueryId> cancelled;
};

SearchEvent heard_from(std::initializer_list<std::uint8_t> holders, bool last = false) {
  SearchEvent event;
  for (const std::uint8_t holder : holders) event.hits.push_back({track_of(9, "Nine"), contact_of(holder), 0, 1});
  event.last = last;
  return event;
}

class ProvidersTest : public testing::Test {
 protected:
  ~ProvidersTest() override { providers_.stop(); }

  Providers::Wanter wanter() {
    return {[this](std::span<const ReachableHit> holders) {
              for (const ReachableHit& hit : holders) told_.push_back(hit.holder.stream_port);
            },
            [this] { return has_all_.load(); }};
  }

  AnsweringNode node_;
  Providers providers_;
  std::vector<std::uint16_t> told_;  // written while the node answers
  std::atomic<bool> has_all_ = false;
};

TEST_F(ProvidersTest, AreAskedForByTheContentsIdAtOnceWhenNoneIsKnown) {
  node_.answers = {heard_from({2, 1, 3}), heard_from({3, 4}, /*last=*/true)};
  providers_.start(node_);
  const auto wanted = providers_.want(content_of(9), /*has_holder=*/false, wanter());
  ASSERT_TRUE(eventually([&] { return node_.questions() == 1; }));
  providers_.stop();
  EXPECT_EQ(node_.asked[0].text, to_string(content_of(9)));
  EXPECT_EQ(node_.asked[0].strategy, StrategyKind::kAuto);
  EXPECT_EQ(node_.asked[0].limit, 1);
  EXPECT_THAT(told_, ElementsAre(5002, 5003, 5004)) << "each once, and not ourselves";
}

TEST_F(ProvidersTest, AreNotAskedForWhileAHolderGivesOrWhenAllIsHere) {
  providers_.start(node_);
  const auto with_holder = providers_.want(content_of(1), /*has_holder=*/true, wanter());
  has_all_ = true;
  const auto complete = providers_.want(content_of(2), /*has_holder=*/false, wanter());
  const auto missing = providers_.want(content_of(3), /*has_holder=*/false, {[](auto) {}, [] { return false; }});
  ASSERT_TRUE(eventually([&] { return node_.questions() == 1; }));
  providers_.stop();
  EXPECT_EQ(node_.asked[0].text, to_string(content_of(3)));
}

TEST_F(ProvidersTest, AnAnswerComesOnceWithTheFirstHoldersOrWithNobody) {
  node_.answers = {heard_from({2}), heard_from({3}, /*last=*/true)};
  providers_.start(node_);
  std::atomic<int> answers = 0;
  std::atomic<std::size_t> holders = 0;
  const auto count = [&](std::span<const ReachableHit> hits) {
    holders += hits.size();
    ++answers;
  };
  ASSERT_TRUE(providers_.ask(content_of(9), count));
  ASSERT_TRUE(eventually([&] { return answers == 1; }));
  EXPECT_EQ(holders, 1u);
  {
    const std::lock_guard lock(node_.mutex);
    node_.answers = {heard_from({}, /*last=*/true)};
  }
  ASSERT_TRUE(providers_.ask(content_of(8), count));
  ASSERT_TRUE(eventually([&] { return answers == 2; }));
  EXPECT_EQ(holders, 1u);
}

TEST_F(ProvidersTest, WhoComesLaterIsToldWhatIsKnownAndOneQuestionServesAll) {
  providers_.start(node_);
  const auto first = providers_.want(content_of(9), /*has_holder=*/false, wanter());
  ASSERT_TRUE(eventually([&] { return node_.questions() == 1; }));
  node_.listener(heard_from({2}));
  std::vector<std::uint16_t> later;
  const auto second = providers_.want(
      content_of(9), /*has_holder=*/false,
      {[&](auto hits) { for (const auto& hit : hits) later.push_back(hit.holder.stream_port); }, [] { return false; }});
  node_.listener(heard_from({3}));
  EXPECT_THAT(later, ElementsAre(5002, 5003));
  EXPECT_THAT(told_, ElementsAre(5002, 5003));
  EXPECT_EQ(node_.questions(), 1u);
}

TEST_F(ProvidersTest, NothingIsToldAnyMoreOnceNobodyWantsIt) {
  providers_.start(node_);
  auto wanted = providers_.want(content_of(9), /*has_holder=*/false, wanter());
  ASSERT_TRUE(eventually([&] { return node_.questions() == 1; }));
  const auto told_late = node_.listener;
  wanted.reset();
  told_late(heard_from({2}));
  EXPECT_THAT(told_, IsEmpty());
  EXPECT_TRUE(eventually([&] {
    const std::lock_guard lock(node_.mutex);
    return node_.cancelled == std::vector<QueryId>{{7, 1}};
  }));
}

TEST_F(ProvidersTest, MoreThanItsLimitsAreRefused) {
  std::vector<std::unique_ptr<Providers::Wanted>> all;
  for (std::size_t i = 0; i < Providers::kMostWanters; ++i) {
    all.push_back(providers_.want(content_of(0), true, wanter()));
    ASSERT_NE(all.back(), nullptr);
  }
  EXPECT_EQ(providers_.want(content_of(0), true, wanter()), nullptr);
  for (std::size_t i = 1; i < Providers::kMostWanted; ++i) {
    all.push_back(providers_.want(content_of(static_cast<std::uint8_t>(i)), true, wanter()));
    ASSERT_NE(all.back(), nullptr);
  }
  EXPECT_EQ(providers_.want(content_of(255), true, wanter()), nullptr);
  all.pop_back();
  EXPECT_NE(providers_.want(content_of(255), true, wanter()), nullptr);
  EXPECT_FALSE(providers_.ask(content_of(1), [](auto) {})) << "nobody to ask";
}

TEST_F(ProvidersTest, APlayWithoutAHolderHasHoldersAddedAsTheyAnswer) {
  providers_.start(node_);
  node_.answers = {heard_from({2}, /*last=*/true)};
  auto engine = std::make_unique<FakeEngine>();
  FakeEngine* const asked = engine.get();
  Engines engines;
  engines.emplace(Scheme::kPpspp, std::move(engine));
  Plays plays(engines, &providers_);
  ASSERT_TRUE(plays.open(content_of(9), {}, 0));
  EXPECT_TRUE(eventually([&] { return asked->added() == std::vector<Endpoint>{contact_of(2).stream_endpoint()}; }));
}

}  // namespace
}  // namespace earshot::node
