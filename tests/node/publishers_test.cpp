// Publishers: put out under our key, followed under theirs, kept over restarts.
#include "tools/node/publishers.h"

#include <gmock/gmock.h>

#include <fstream>
#include <mutex>

#include "tests/eventually.h"
#include "tests/node/fakes.h"
#include "tests/temporary_folder.h"

namespace earshot::node {
namespace {

using overlay::net::Identity;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// A network that is asked from the publishers' thread and answers from the test's.
class AskedNode final : public Node {
 public:
  Contact self() const override { return contact_of(1); }
  Result<QueryId> search(SearchRequest request, std::function<void(const SearchEvent&)> on_event) override {
    const std::lock_guard lock(mutex_);
    asked_.push_back(std::move(request));
    listener_ = std::move(on_event);
    return QueryId{1, asked_.size()};
  }
  void cancel(const QueryId&) override {}
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
  void answer(const Track& track, std::uint8_t holder = 7) {
    std::function<void(const SearchEvent&)> listener;
    {
      const std::lock_guard lock(mutex_);
      listener = listener_;
    }
    SearchEvent event;
    event.hits.push_back({track, contact_of(holder), 5, 2});
    listener(event);
  }

 private:
  mutable std::mutex mutex_;
  std::vector<SearchRequest> asked_;
  std::function<void(const SearchEvent&)> listener_;
};

class PublishersTest : public testing::Test {
 protected:
  PublishersTest() {
    auto engine = std::make_unique<FakeEngine>();
    engine_ = engine.get();
    engines_.emplace(Scheme::kPpspp, std::move(engine));
    fetches_ = std::make_unique<Fetches>(
        engines_, [](const std::filesystem::path& file, Scheme) -> Result<ContentId> { return id_of_text(text_of(file)); });
    open();
  }

  void open() {
    publishers_.reset();
    auto opened = Publishers::open({node_, ours_, index_, *engine_, *fetches_, [](const auto&) {}, folder_ / "publishers", folder_ / "mirrored"},
                                   trouble_);
    ASSERT_TRUE(opened) << opened.error().what;
    publishers_ = std::move(*opened);
  }

  Catalogue theirs(std::uint64_t version, const std::string& name) const {
    Catalogue catalogue;
    catalogue.publisher = other_.key();
    catalogue.version = version;
    catalogue.name = name;
    CatalogueItem item;
    item.content = id_of_text("sound");
    item.title = "Episode";
    item.size_bytes = 5;
    catalogue.items = {item};
    return catalogue;
  }

  // A version is in the network.
  Track in_network(const Catalogue& catalogue) {
    const std::string text = signed_text(catalogue, other_);
    engine_->texts[id_of_text(text)] = text;
    return track_of(catalogue, id_of_text(text), text.size());
  }

  std::string known_name() const { return publishers_->catalogue(other_.key()).value_or(Catalogue{}).name; }

  const TemporaryFolder folder_;
  const Identity ours_ = Identity::ephemeral(), other_ = Identity::ephemeral();
  AskedNode node_;
  MemoryIndex index_;
  Engines engines_;
  FakeEngine* engine_ = nullptr;
  std::unique_ptr<Fetches> fetches_;
  std::string trouble_;
  std::unique_ptr<Publishers> publishers_;
};

TEST_F(PublishersTest, PutOutWhatTheNodeSharesUnderItsName) {
  CatalogueItem item;
  item.content = content_of(1);
  EXPECT_EQ(publishers_->publish(item, {}).error().code, ErrorCode::kInvalid) << "nobody yet";
  const auto row = publishers_->describe({"Radio Tal", "about", "es", "cc-by", "", "", {}});
  ASSERT_TRUE(row) << row.error().what;
  EXPECT_TRUE(row->mine);
  EXPECT_EQ(publishers_->publish(item, {}).error().code, ErrorCode::kNotFound) << "it is not shared";
  ASSERT_TRUE(index_.add(std::vector{track_of(1, "Tagged")}));
  const auto put = publishers_->publish(item, {});
  ASSERT_TRUE(put) << put.error().what;
  EXPECT_EQ(put->title, "Tagged");
  EXPECT_EQ(put->licence, "cc-by");
  EXPECT_EQ(put->size_bytes, 5u);
  EXPECT_EQ(index_.find(content_of(1)).value()->publisher, "Radio Tal");
  EXPECT_EQ(index_.find(content_of(1)).value()->kind, Kind::kEpisode);
  EXPECT_THAT(index_.titles(), ElementsAre("Radio Tal", "Tagged")) << "one version of the catalogue, not two";
}

TEST_F(PublishersTest, StationsHaveAStreamAndComeWithTheirCatalogue) {
  ASSERT_TRUE(publishers_->describe({"Radio Tal", "", "", "", "", "", {}}));
  CatalogueItem station;
  station.kind = Kind::kStation;
  station.title = "Tal FM";
  EXPECT_FALSE(publishers_->publish(station, {}));
  station.stream = "live:key@address";
  ASSERT_TRUE(publishers_->publish(station, {}));
  EXPECT_THAT(index_.titles(), ElementsAre("Radio Tal", "Tal FM"));
}

TEST_F(PublishersTest, SurviveARestartAndGiveThingsBack) {
  ASSERT_TRUE(publishers_->describe({"Radio Tal", "", "", "", "", "", {}}));
  ASSERT_TRUE(index_.add(std::vector{track_of(1, "Tagged")}));
  CatalogueItem item;
  item.content = content_of(1);
  ASSERT_TRUE(publishers_->publish(item, {}));
  open();
  EXPECT_EQ(trouble_, "");
  ASSERT_THAT(publishers_->list(), SizeIs(1));
  EXPECT_EQ(publishers_->list()[0].items, 1u);
  EXPECT_EQ(publishers_->list()[0].about.version, 2u);
  ASSERT_TRUE(publishers_->withdraw(content_of(1)));
  EXPECT_EQ(publishers_->withdraw(content_of(1)).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(publishers_->catalogue(ours_.key())->items, IsEmpty());
}

TEST_F(PublishersTest, AFollowedOneIsAskedForAndBelievedWhenItsKeySigned) {
  ASSERT_TRUE(publishers_->follow(other_.key(), /*mirror=*/false));
  ASSERT_TRUE(eventually([&] { return !node_.asked().empty(); }));
  const SearchRequest asked = node_.asked()[0];
  EXPECT_EQ(asked.text, "kind:publisher publisher:" + to_string(other_.key()));
  EXPECT_EQ(asked.keep, Publishers::kKept);
  EXPECT_TRUE(validate(asked));

  // Another key signs as if it were theirs.
  const std::string forged = signed_text(theirs(9, "Forged"), ours_);
  engine_->texts[id_of_text(forged)] = forged;
  Track lie = in_network(theirs(2, "Radio Otra"));
  const Track truth = lie;
  lie.content = id_of_text(forged);
  node_.answer(lie);
  node_.answer(truth, /*holder=*/8);
  ASSERT_TRUE(eventually([&] { return known_name() == "Radio Otra"; }));
  EXPECT_THAT(index_.titles(), ElementsAre("Radio Otra")) << "and it is found through us from now on";
  EXPECT_THAT(publishers_->holders_of(id_of_text("sound")), SizeIs(2));
}

TEST_F(PublishersTest, AHigherVersionReplacesALowerOneAndNeverTheOtherWay) {
  ASSERT_TRUE(publishers_->follow(other_.key(), false));
  ASSERT_TRUE(eventually([&] { return !node_.asked().empty(); }));
  const Track second = in_network(theirs(2, "Second")), third = in_network(theirs(3, "Third")), first = in_network(theirs(1, "First"));
  node_.answer(second);
  ASSERT_TRUE(eventually([&] { return known_name() == "Second"; }));
  node_.answer(first);
  node_.answer(third);
  ASSERT_TRUE(eventually([&] { return known_name() == "Third"; }));
  EXPECT_THAT(index_.titles(), ElementsAre("Third"));
  open();
  EXPECT_EQ(known_name(), "Third") << "kept over a restart";
  ASSERT_TRUE(publishers_->unfollow(other_.key()));
  EXPECT_EQ(publishers_->unfollow(other_.key()).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(index_.titles(), IsEmpty());
}

TEST_F(PublishersTest, AMirrorFetchesTheContentsToo) {
  ASSERT_TRUE(publishers_->follow(other_.key(), /*mirror=*/true));
  ASSERT_TRUE(eventually([&] { return !node_.asked().empty(); }));
  engine_->texts[id_of_text("sound")] = "sound";
  node_.answer(in_network(theirs(1, "Radio Otra")));
  const auto folder = folder_ / "mirrored" / ("Radio Otra-" + to_string(other_.key()).substr(0, 8));
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(folder / "Episode.audio"); }));
  EXPECT_EQ(text_of(folder / "Episode.audio"), "sound");
}

TEST_F(PublishersTest, PicturesArePicturesAndNotTooLarge) {
  std::ofstream(folder_ / "page.html") << "<html>";
  EXPECT_EQ(publishers_->describe({"Radio Tal", "", "", "", "", "", folder_ / "page.html"}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(publishers_->describe({"Radio Tal", "", "", "", "", "", folder_ / "no.png"}).error().code, ErrorCode::kNotFound);
}

TEST_F(PublishersTest, NobodyFollowsHimselfAndFollowingHasALimit) {
  EXPECT_EQ(publishers_->follow(ours_.key(), false).error().code, ErrorCode::kInvalid);
  std::ofstream following(folder_ / "publishers/following");
  following << "earshot-following 1\n";
  for (std::size_t i = 0; i < Publishers::kMostFollowed; ++i) {
    NodeKey key;
    key.bytes[0] = static_cast<std::uint8_t>(i);
    key.bytes[1] = 1;
    following << to_string(key) << " catalogue\n";
  }
  following.close();
  open();
  EXPECT_THAT(publishers_->list(), SizeIs(Publishers::kMostFollowed));
  EXPECT_EQ(publishers_->follow(other_.key(), false).error().code, ErrorCode::kExhausted);
}

TEST_F(PublishersTest, ADamagedFileIsToldAndLeftOut) {
  ASSERT_TRUE(publishers_->describe({"Radio Tal", "", "", "", "", "", {}}));
  std::ofstream(folder_ / "publishers/own.catalogue", std::ios::app) << "x";
  open();
  EXPECT_THAT(trouble_, HasSubstr("own.catalogue"));
  EXPECT_THAT(publishers_->list(), IsEmpty());
}

}  // namespace
}  // namespace earshot::node
