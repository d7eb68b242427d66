// Real nodes on loopback with small libraries: what a search brings, and what stays when nodes go.
#include "tools/node/node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <sstream>
#include <thread>

#include "overlay/net/transport.h"
#include "schema/check.h"
#include "tests/eventually.h"
#include "tests/node/fake_index.h"
#include "tests/temporary_folder.h"
#include "tools/node/link_carrier.h"
#include "tools/node/lookup_worker.h"

namespace earshot::node {
namespace {

using overlay::net::Identity;

NodeOptions options_of(std::vector<Contact> bootstrap = {}) {
  NodeOptions options;
  options.listen = *endpoint_from("127.0.0.1:0");
  options.stream_port = 4041;
  options.bootstrap = std::move(bootstrap);
  options.agent = "test";
  return options;
}

struct RunningNode {
  explicit RunningNode(std::vector<std::string> titles, NodeOptions options = options_of()) : index(std::move(titles)) {
    auto started = Node::start(identity, options, index);
    EARSHOT_CHECK(started.has_value());
    node = std::move(*started);
  }

  Identity identity = Identity::ephemeral();
  FakeIndex index;
  std::unique_ptr<Node> node;
};

/// Collects the events of one search.
class Listener {
 public:
  std::function<void(const SearchEvent&)> sink() {
    return [this](const SearchEvent& event) {
      const std::lock_guard lock(mutex_);
      hits_.insert(hits_.end(), event.hits.begin(), event.hits.end());
      lasts_ += event.last;
      changed_.notify_all();
    };
  }

  /// All hits, once the search has ended.
  std::vector<ReachableHit> hits() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(20), [this] { return lasts_ > 0; })) << "no last event";
    EXPECT_EQ(lasts_, 1);
    return hits_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<ReachableHit> hits_;
  int lasts_ = 0;
};

SearchRequest words(const std::string& text, Duration time = 1s) {
  SearchRequest request;
  request.text = text;
  request.time = time;
  return request;
}

std::vector<ReachableHit> search(Node& node, const std::string& text) {
  Listener listener;
  EXPECT_TRUE(node.search(words(text), listener.sink()));
  return listener.hits();
}

TEST(Node, FindsATrackThatAnotherNodeHolds) {
  RunningNode a({"So What"}), b({"Blue in Green"}, options_of({a.node->self()})),
      c({"Flamenco Sketches"}, options_of({a.node->self()}));
  ASSERT_TRUE(eventually([&] { return b.node->status().neighbors > 0 && c.node->status().neighbors > 0; }));
  const auto hits = search(*c.node, "Blue");
  ASSERT_EQ(hits.size(), 1u);
  EXPECT_EQ(hits[0].track.title, "Blue in Green");
  EXPECT_EQ(hits[0].holder, b.node->self());
  EXPECT_GE(hits[0].hops, 1);
  EXPECT_EQ(hits[0].score, 1000u);
}

TEST(Node, FindsWhoHoldsAContentByItsIdAlone) {
  RunningNode a({"So What"}), b({"Blue in Green"}, options_of({a.node->self()})),
      c({"Flamenco Sketches"}, options_of({a.node->self()}));
  ASSERT_TRUE(eventually([&] { return b.node->status().neighbors > 0 && c.node->status().neighbors > 0; }));
  const auto hits = search(*c.node, to_string(b.index.search("Blue", {})->tracks.front().track.content));
  ASSERT_EQ(hits.size(), 1u);
  EXPECT_EQ(hits[0].track.title, "Blue in Green");
  EXPECT_EQ(hits[0].holder, b.node->self());
}

Result<SharePage> browsed(Node& node, const Contact& peer, std::uint32_t place) {
  std::promise<Result<SharePage>> promise;
  const auto asked = node.browse(peer, place, [&](Result<SharePage> page) { promise.set_value(std::move(page)); });
  if (!asked) return tl::unexpected(asked.error());
  return promise.get_future().get();
}

TEST(Node, ShowsItsShareToWhoAsksForItEvenWithoutALinkBefore) {
  std::vector<std::string> titles;
  for (std::size_t i = 0; i < 60; ++i) titles.push_back(std::string(i + 1, 'x'));
  NodeOptions hidden_options = options_of();
  hidden_options.browsable = false;
  RunningNode shelf(titles), asker({}), hidden(titles, hidden_options);
  const auto first = browsed(*asker.node, shelf.node->self(), 0);
  ASSERT_TRUE(first) << first.error().what;
  EXPECT_EQ(first->shared, 60u);
  EXPECT_EQ(first->holder.key, shelf.node->self().key);
  EXPECT_EQ(first->next, first->tracks.size());
  const auto second = browsed(*asker.node, {shelf.node->self().key, {}, 0}, first->next);
  ASSERT_TRUE(second) << second.error().what;
  EXPECT_EQ(first->tracks.size() + second->tracks.size(), 60u);
  EXPECT_EQ(second->next, 60u);
  EXPECT_EQ(browsed(*asker.node, hidden.node->self(), 0).error().code, ErrorCode::kDenied);
  EXPECT_EQ(browsed(*asker.node, {NodeKey{Digest32{9}}, {}, 0}, 0).error().code, ErrorCode::kNotFound);
}

/// Everything that is logged while it lives, debug lines included.
class Log {
 public:
  Log() : before_(spdlog::default_logger()) {
    auto logger = std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_));
    logger->set_level(spdlog::level::debug);
    spdlog::set_default_logger(std::move(logger));
  }
  ~Log() { spdlog::set_default_logger(before_); }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> before_;
};

/// A chain, because a peer with one slot has one neighbor. What frames and memory of a relay hold: tests/net/sealed_hits_test.cpp.
TEST(Node, NobodyLogsWhatWasFoundOrWhoAsked) {
  NodeOptions relay = options_of(), end;
  relay.protocol = overlay::Config{};
  relay.protocol.active_size = 2;
  RunningNode r({}, relay);
  end = options_of({r.node->self()});
  end.protocol = overlay::Config{};
  end.protocol.active_size = 1;
  RunningNode asker({}, end), holder({"Blue in Green"}, end);
  ASSERT_TRUE(eventually([&] { return r.node->status().neighbors == 2; }));
  std::string text;
  {
    const Log log;
    const auto hits = search(*asker.node, "Blue");
    ASSERT_EQ(hits.size(), 1u);
    EXPECT_EQ(hits[0].hops, 2) << "over the relay";
    text = log.text();
  }
  EXPECT_EQ(text.find("Blue"), std::string::npos) << text;
  EXPECT_EQ(text.find(to_string(asker.node->self().key)), std::string::npos) << text;
  EXPECT_EQ(text.find(to_string(holder.node->self().key)), std::string::npos) << text;
}

TEST(Node, FindsItsOwnTracksWithoutAnyNeighbor) {
  RunningNode alone({"So What"});
  const auto hits = search(*alone.node, "So");
  ASSERT_EQ(hits.size(), 1u);
  EXPECT_EQ(hits[0].hops, 0);
  EXPECT_EQ(hits[0].holder, alone.node->self());
}

TEST(Node, EndsASearchThatFindsNothing) {
  RunningNode a({}), b({}, options_of({a.node->self()}));
  EXPECT_THAT(search(*b.node, "nothing"), testing::IsEmpty());
}

TEST(Node, ACancelledSearchEndsAtOnce) {
  RunningNode a({});
  Listener listener;
  const auto id = a.node->search(words("x", limits::kMaxQueryTime), listener.sink());
  ASSERT_TRUE(id);
  a.node->cancel(*id);
  EXPECT_THAT(listener.hits(), testing::IsEmpty());
  EXPECT_EQ(a.node->status().open_queries, 0u);
}

TEST(Node, AnOpenSearchEndsWithItsNode) {
  Listener listener;
  {
    RunningNode a({});
    ASSERT_TRUE(a.node->search(words("x", limits::kMaxQueryTime), listener.sink()));
  }
  EXPECT_THAT(listener.hits(), testing::IsEmpty());
}

TEST(Node, RefusesWhatIsNoSearchAndTooManyOfThem) {
  RunningNode a({});
  EXPECT_EQ(a.node->search(words(""), [](const SearchEvent&) {}).error().code, ErrorCode::kInvalid);
  SearchRequest stays = words("x", 60s);  // others end as soon as everybody has been asked, and here is nobody
  stays.keep = 60s;
  for (std::size_t i = 0; i < limits::kMaxOpenQueries; ++i) ASSERT_TRUE(a.node->search(stays, [](const SearchEvent&) {}));
  const auto refused = a.node->search(words("x"), [](const SearchEvent&) {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kExhausted);
}

TEST(Node, ShowsItsNeighbors) {
  RunningNode a({}), b({}, options_of({a.node->self()}));
  ASSERT_TRUE(eventually([&] { return a.node->status().neighbors == 1 && b.node->status().neighbors == 1; }));
  const auto rows = a.node->peers();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].contact, b.node->self());
  EXPECT_TRUE(rows[0].neighbor);
  EXPECT_TRUE(rows[0].inbound);
  EXPECT_EQ(rows[0].agent, "test");
  EXPECT_GT(rows[0].frames_in, 0u);
  EXPECT_EQ(a.node->status().malformed, 0u);
}

TEST(Node, ANodeThatLeavesIsNoNeighborAnyMore) {
  RunningNode a({});
  {
    RunningNode b({}, options_of({a.node->self()}));
    ASSERT_TRUE(eventually([&] { return a.node->status().neighbors == 1; }));
  }
  EXPECT_TRUE(eventually([&] { return a.node->status().neighbors == 0; }, std::chrono::seconds(2)));
}

TEST(Node, JoinsLaterWhenItIsTold) {
  RunningNode a({"So What"}), b({});
  b.node->join({a.node->self()});
  ASSERT_TRUE(eventually([&] { return b.node->status().neighbors == 1; }));
  EXPECT_EQ(search(*b.node, "So").size(), 1u);
}

TEST(Node, RemembersContactsOfAnEarlierRun) {
  const TemporaryFolder folder;
  const auto book = folder / "contacts";
  RunningNode a({});
  NodeOptions options = options_of({a.node->self()});
  options.address_book = book;
  {
    RunningNode b({}, options);
    ASSERT_TRUE(eventually([&] { return b.node->status().neighbors == 1; }));
  }
  options.bootstrap.clear();
  {
    RunningNode again({}, options);
    EXPECT_TRUE(eventually([&] { return again.node->status().neighbors == 1; }));
  }
}

TEST(Node, TwelveFindASingleCopyFromAnywhereAlsoAfterAThirdIsGone) {
  std::deque<RunningNode> nodes;
  nodes.emplace_back(std::vector<std::string>{"track 0"});
  for (int i = 1; i < 12; ++i)
    nodes.emplace_back(std::vector<std::string>{fmt::format("track {}.", i)}, options_of({nodes.front().node->self()}));
  ASSERT_TRUE(eventually([&] {
    return std::all_of(nodes.begin(), nodes.end(),
                       [](const RunningNode& one) { return one.node->status().neighbors >= 2; });
  }));
  EXPECT_EQ(search(*nodes[11].node, "track 7.").size(), 1u);
  EXPECT_EQ(search(*nodes[3].node, "track 10.").size(), 1u);
  for (const int gone : {1, 4, 6, 9}) nodes[static_cast<std::size_t>(gone)].node.reset();
  // Who knows only names that are gone learns others by its next shuffles, ten seconds apart.
  const auto are_linked = [&] {
    return std::all_of(nodes.begin(), nodes.end(),
                       [](const RunningNode& one) { return !one.node || one.node->status().neighbors >= 2; });
  };
  ASSERT_TRUE(eventually(are_linked, 60s));
  EXPECT_TRUE(eventually([&] { return search(*nodes[11].node, "track 7.").size() == 1; }));
}

TEST(Node, ConcurrentCallersAreServed) {
  RunningNode a({"So What"}), b({}, options_of({a.node->self()}));
  ASSERT_TRUE(eventually([&] { return b.node->status().neighbors == 1; }));
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&b] {
      for (int round = 0; round < 5; ++round) {
        EXPECT_EQ(search(*b.node, "So").size(), 1u);
        b.node->peers();
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
}

TEST(LookupWorker, AnswersUnderTheIdThatWasAskedAndDropsStrangersOnlyWhenFull) {
  const FakeIndex index({"So What"}, 5ms);
  LookupWorker worker(index, nullptr, [] {});
  const auto request = std::make_shared<const SearchRequest>(words("So"));
  std::size_t taken = 0, dropped = 0;
  for (std::uint64_t i = 0; i < 500; ++i) {
    worker.submit({{1, i}, request}, LookupWorker::Asker::kStranger) ? ++taken : ++dropped;
  }
  EXPECT_GE(dropped, 500 - LookupWorker::kMaxWaiting - 200) << "the queue is bounded";
  EXPECT_TRUE(worker.submit({{2, 7}, request}, LookupWorker::Asker::kOurselves)) << "ours wait their turn";
  std::vector<LookupWorker::Finished> all;
  ASSERT_TRUE(eventually([&] {
    for (auto& one : worker.take_finished()) all.push_back(std::move(one));
    return all.size() == taken + 1;
  }));
  const auto ours = std::find_if(all.begin(), all.end(), [](const auto& one) { return one.lookup.id == QueryId{2, 7}; });
  ASSERT_NE(ours, all.end());
  EXPECT_LT(ours - all.begin(), 100) << "ours are taken first";
  for (const auto& one : all) EXPECT_EQ(one.tracks.size(), 1u);
}

/// What a node hears over links beside the overlay's frames.
struct Heard {
  std::mutex mutex;
  std::vector<std::pair<PeerId, Bytes>> datagrams;

  stream::relay::Carrier::Hear sink() {
    return [this](stream::relay::LinkNumber from, ByteView datagram) {
      const std::lock_guard lock(mutex);
      datagrams.emplace_back(PeerId{static_cast<std::uint32_t>(from)}, Bytes(datagram.begin(), datagram.end()));
    };
  }
  std::size_t count() {
    const std::lock_guard lock(mutex);
    return datagrams.size();
  }
};

TEST(Node, CarriesDatagramsOfStreamsOverALinkThatItDialsAndAnswersOnIt) {
  LinkCarrier here, there;
  Heard heard_here, heard_there;
  here.listen(heard_here.sink());
  there.listen(heard_there.sink());
  auto options = options_of();
  options.on_stream_datagram = [&](PeerId from, ByteView datagram) { there.receive(from, datagram); };
  const RunningNode far({}, options);
  there.attach(*far.node);
  options.on_stream_datagram = [&](PeerId from, ByteView datagram) { here.receive(from, datagram); };
  const RunningNode near({}, options);
  here.attach(*near.node);
  const PeerId link = near.node->link_to(far.node->self());
  ASSERT_NE(link, kNoPeer);
  const Bytes ping = {1, 2, 3}, pong = {4, 5};
  here.send(stream::relay::LinkNumber{to_number(link)}, ping);
  ASSERT_TRUE(eventually([&] { return heard_there.count() == 1; }));
  EXPECT_EQ(heard_there.datagrams[0].second, ping);
  there.send(stream::relay::LinkNumber{to_number(heard_there.datagrams[0].first)}, pong);
  ASSERT_TRUE(eventually([&] { return heard_here.count() == 1; }));
  EXPECT_EQ(heard_here.datagrams[0], std::pair(link, pong));
  EXPECT_EQ(near.node->status().malformed + far.node->status().malformed, 0u);
  here.detach();
  there.detach();
  here.send(stream::relay::LinkNumber{to_number(link)}, ping);  // lost
}

}  // namespace
}  // namespace earshot::node
