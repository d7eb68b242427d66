// Our share as others browse it: what is in the list, in which order, and what a page is.
#include "tools/node/share_list.h"

#include <gmock/gmock.h>

#include "tests/eventually.h"
#include "tests/node/fakes.h"

namespace earshot::node {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

class ShareListTest : public testing::Test {
 protected:
  ShareList::Page page_from(std::uint32_t place) {
    overlay::Browse question;
    question.place = place;
    EXPECT_TRUE(list_.submit(PeerId{1}, question));
    std::vector<ShareList::Page> pages;
    EXPECT_TRUE(eventually([&] {
      pages = list_.take_pages();
      return !pages.empty();
    }));
    return pages.empty() ? ShareList::Page() : pages.front();
  }

  static std::vector<std::string> titles(const ShareList::Page& page) {
    std::vector<std::string> titles;
    for (const Track& track : page.tracks) titles.push_back(track.title);
    return titles;
  }

  void add(std::uint8_t number, const std::string& artist, const std::string& title, Scheme scheme = Scheme::kPpspp) {
    Track track = track_of(number, title);
    track.artist = artist;
    track.content.scheme = scheme;
    ASSERT_TRUE(index_.add(std::array{track}));
  }

  MemoryIndex index_;
  ShareList list_{index_, [] {}};
};

TEST_F(ShareListTest, IsInTheOrderOfPeopleAndHasWhatCanBeFetched) {
  add(1, "Monk", "Misterioso");
  add(2, "Davis", "So What");
  add(3, "Davis", "Blue in Green");
  add(4, "Coltrane", "only described", Scheme::kDescribed);
  const auto page = page_from(0);
  EXPECT_THAT(titles(page), ElementsAre("Blue in Green", "So What", "Misterioso"));
  EXPECT_EQ(page.shared, 3u);
  EXPECT_EQ(page.end, 3u);
}

TEST_F(ShareListTest, APageHasSoManyTracksAndTheLastOneWhatIsLeft) {
  for (std::uint8_t i = 0; i < overlay::Browsing::kMostOnPage + 2; ++i) add(i, "A", std::to_string(i));
  const auto first = page_from(0);
  EXPECT_THAT(first.tracks, SizeIs(overlay::Browsing::kMostOnPage));
  EXPECT_EQ(first.end, overlay::Browsing::kMostOnPage);
  const auto last = page_from(first.end);
  EXPECT_THAT(last.tracks, SizeIs(2));
  EXPECT_EQ(last.end, last.shared);
  EXPECT_THAT(page_from(last.end).tracks, SizeIs(0));
  EXPECT_THAT(page_from(4'000'000'000u).tracks, SizeIs(0));
}

TEST_F(ShareListTest, WhatIsGoneIsLeftOutAndMovesNobody) {
  for (std::uint8_t i = 0; i < 4; ++i) add(i, "A", std::to_string(i));
  page_from(0);
  ASSERT_TRUE(index_.remove(std::array{content_of(1)}));
  const auto page = page_from(0);
  EXPECT_THAT(titles(page), ElementsAre("0", "2", "3"));
  EXPECT_THAT(page.places, ElementsAre(0u, 2u, 3u));
}

}  // namespace
}  // namespace earshot::node
