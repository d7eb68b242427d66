// Feeds of the web, as they come.
#include "tools/cli/rss.h"

#include <gmock/gmock.h>

namespace earshot::cli {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

std::string feed_with(const std::string& channel) {
  return "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Show</title>" + channel + "</channel></rss>";
}

TEST(Rss, IsReadWithWhatPodcastsAdd) {
  const auto feed = read_rss(
      "<?xml version=\"1.0\"?><rss version=\"2.0\" xmlns:itunes=\"i\" xmlns:podcast=\"p\"><channel><title>La hora &amp; media</title>"
      "<description><![CDATA[<p>Of <b>birds</b></p>]]></description><language>es</language><podcast:guid>917393e3</podcast:guid>"
      "<itunes:image href=\"https://a/art.jpg\"/><item><title>One</title><guid>g1</guid><pubDate>Sun, 06 Nov 1994 08:49:37 GMT</pubDate>"
      "<enclosure url=\"https://a/1.mp3?x=1&amp;y=2\" length=\"12\" type=\"audio/mpeg\"/></item>"
      "<item><title>A text without sound</title></item></channel></rss>");
  ASSERT_TRUE(feed) << feed.error().what;
  EXPECT_EQ(feed->title, "La hora & media");
  EXPECT_EQ(feed->text, "Of birds");
  EXPECT_EQ(feed->language, "es");
  EXPECT_EQ(feed->guid, "917393e3");
  EXPECT_EQ(feed->art, "https://a/art.jpg");
  ASSERT_THAT(feed->items, SizeIs(1));
  EXPECT_EQ(feed->items[0].title, "One");
  EXPECT_EQ(feed->items[0].guid, "g1");
  EXPECT_EQ(feed->items[0].url, "https://a/1.mp3?x=1&y=2");
  EXPECT_EQ(feed->items[0].published, 784111777);
}

TEST(Rss, TimesAreReadWithTheirZones) {
  EXPECT_EQ(time_from_rfc822("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
  EXPECT_EQ(time_from_rfc822("6 Nov 1994 10:49:37 +0200"), 784111777);
  EXPECT_EQ(time_from_rfc822("06 Nov 1994 03:49:37 EST"), 784111777);
  EXPECT_EQ(time_from_rfc822("06 Nov 1994 08:49"), 784111740);
  for (const char* text : {"", "yesterday", "06 Nov", "06 XYZ 1994 08:49:37 GMT", "06 Nov 1594 08:49:37 GMT"}) EXPECT_EQ(time_from_rfc822(text), 0) << text;
}

TEST(Rss, WhatIsNoFeedIsSaidWhere) {
  EXPECT_THAT(read_rss("").error().what, HasSubstr("line 1"));
  EXPECT_THAT(read_rss("<rss>\n<channel>").error().what, HasSubstr("line 2"));
  EXPECT_THAT(read_rss("<html/>").error().what, HasSubstr("no podcast feed"));
}

TEST(Rss, EntitiesDepthAndItemsAreBounded) {
  EXPECT_THAT(read_rss("<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;\">]><rss><channel><title>&b;</title></channel></rss>").error().what,
              HasSubstr("entities of its own"));
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<x>";
  EXPECT_THAT(read_rss(feed_with(deep)).error().what, HasSubstr("too deeply"));
  std::string many;
  for (std::size_t i = 0; i <= RssFeed::kMostItems; ++i) many += "<item><enclosure url=\"u\"/></item>";
  EXPECT_THAT(read_rss(feed_with(many)).error().what, HasSubstr("too many items"));
  const auto longest = read_rss(feed_with("<description>" + std::string(100'000, 'x') + "</description>"));
  ASSERT_TRUE(longest);
  EXPECT_THAT(longest->text, SizeIs(4000));
}

TEST(Rss, MarkupIsNotText) {
  EXPECT_EQ(without_markup("<p>One  two</p>\n<br/>three &lt;"), "One two\nthree &lt;");
  EXPECT_EQ(without_markup("<script"), "");
}

}  // namespace
}  // namespace earshot::cli
