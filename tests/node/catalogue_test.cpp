// Catalogues: signed, read, refused; as a feed and as a playlist.
#include "tools/node/catalogue.h"

#include <gmock/gmock.h>

#include "tests/node/fakes.h"
#include "tools/node/feed.h"
#include "tools/node/playlist.h"

namespace earshot::node {
namespace {

using overlay::net::Identity;
using testing::HasSubstr;
using testing::Not;

Catalogue catalogue_of(const Identity& identity) {
  Catalogue catalogue;
  catalogue.publisher = identity.key();
  catalogue.version = 7;
  catalogue.updated = 784111777;
  catalogue.name = "Radio \"Ñandú\" & friends";
  catalogue.text = "Two lines\nof <text>";
  catalogue.language = "es";
  catalogue.licence = "cc-by-sa";
  catalogue.art = content_of(9);
  CatalogueItem item;
  item.content = content_of(1);
  item.title = "First & last";
  item.published = 784111777;
  item.duration_ms = 61'400;
  item.size_bytes = 5;
  item.codec = Codec::kMp3;
  catalogue.items.push_back(item);
  item.content = content_of(2);
  item.kind = Kind::kStation;
  item.title = "On air";
  item.stream = "live:key@address";
  catalogue.items.push_back(item);
  return catalogue;
}

TEST(CatalogueTest, IsReadAsItWasWritten) {
  const Identity identity = Identity::ephemeral();
  const Catalogue written = catalogue_of(identity);
  const auto read = catalogue_from(signed_text(written, identity));
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(*read, written);
}

TEST(CatalogueTest, IsRefusedWhenAnyByteChanged) {
  const Identity identity = Identity::ephemeral();
  const std::string text = signed_text(catalogue_of(identity), identity);
  for (std::size_t at = 0; at < text.size(); at += 7) {
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_FALSE(catalogue_from(changed)) << at;
  }
  for (std::size_t size = 0; size < text.size(); size += 13) EXPECT_FALSE(catalogue_from(text.substr(0, size))) << size;
  EXPECT_FALSE(catalogue_from(text + "x"));
}

TEST(CatalogueTest, OfOneKeyIsNotSignedByAnother) {
  const Identity ours = Identity::ephemeral(), theirs = Identity::ephemeral();
  const auto read = catalogue_from(signed_text(catalogue_of(ours), theirs));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
}

TEST(CatalogueTest, HasLimits) {
  const Identity identity = Identity::ephemeral();
  const auto refused = [&](const auto& change) {
    Catalogue catalogue = catalogue_of(identity);
    change(catalogue);
    return !validate(catalogue) && !catalogue_from(signed_text(catalogue, identity));
  };
  EXPECT_TRUE(refused([](Catalogue& catalogue) { catalogue.name.clear(); }));
  EXPECT_TRUE(refused([](Catalogue& catalogue) { catalogue.name.assign(513, 'n'); }));
  EXPECT_TRUE(refused([](Catalogue& catalogue) { catalogue.items[0].text.assign(4001, 't'); }));
  EXPECT_TRUE(refused([](Catalogue& catalogue) { catalogue.items[0].title.clear(); }));
  EXPECT_TRUE(refused([](Catalogue& catalogue) { catalogue.items[0].title = "\x1b[2J"; }));
  EXPECT_TRUE(refused([](Catalogue& catalogue) { catalogue.items[0].kind = Kind::kPublisher; }));
  EXPECT_TRUE(refused([](Catalogue& catalogue) { catalogue.items[1].stream.clear(); }));
  EXPECT_TRUE(refused([](Catalogue& catalogue) { catalogue.items.resize(1001, catalogue.items[0]); }));
  EXPECT_FALSE(catalogue_from(std::string(Catalogue::kMostBytes + 1, 'x')));
}

TEST(CatalogueTest, InTheIndexItIsFoundByNameAndKey) {
  const Identity identity = Identity::ephemeral();
  const Catalogue catalogue = catalogue_of(identity);
  const Track track = track_of(catalogue, content_of(3), 1234);
  EXPECT_TRUE(is_tidy(track));
  EXPECT_EQ(track.kind, Kind::kPublisher);
  EXPECT_EQ(track.title, catalogue.name);
  EXPECT_EQ(track.publisher, to_string(identity.key()));
  const Track episode = labelled(node::track_of(1, "Tagged"), catalogue.items[0], catalogue);
  EXPECT_EQ(episode.title, "First & last");
  EXPECT_EQ(episode.kind, Kind::kEpisode);
  EXPECT_EQ(episode.publisher, catalogue.name);
}

TEST(Feed, SaysWhatTheCatalogueSays) {
  const Identity identity = Identity::ephemeral();
  const Catalogue catalogue = catalogue_of(identity);
  const auto url_of = [](const ContentId& content) { return "http://127.0.0.1:1/content/" + to_string(content) + "?whole=1&ticket=0"; };
  const std::string xml = feed_of(catalogue, "http://127.0.0.1:1/feed/k.xml?ticket=1", url_of);
  EXPECT_THAT(xml, HasSubstr("<title>Radio &quot;Ñandú&quot; &amp; friends</title>"));
  EXPECT_THAT(xml, HasSubstr("of &lt;text&gt;"));
  EXPECT_THAT(xml, HasSubstr("?whole=1&amp;ticket=0\" length=\"5\" type=\"audio/mpeg\"/>"));
  EXPECT_THAT(xml, HasSubstr("<guid isPermaLink=\"false\">ppspp:0101"));
  EXPECT_THAT(xml, HasSubstr("<pubDate>Sun, 06 Nov 1994 08:49:37 GMT</pubDate>"));
  EXPECT_THAT(xml, HasSubstr("<itunes:duration>61</itunes:duration>"));
  EXPECT_THAT(xml, HasSubstr("<podcast:guid>" + podcast_guid(catalogue) + "</podcast:guid>"));
  EXPECT_THAT(xml, Not(HasSubstr("On air"))) << "a station is no episode";
}

TEST(Feed, KeepsTheNameThatAnImportedOneHad) {
  Catalogue catalogue;
  // Of the namespace and "earshot/00...0", by Python's uuid.uuid5.
  EXPECT_EQ(podcast_guid(catalogue), "3129b09e-a824-57c5-b555-d54bea35d08a");
  catalogue.guid = "917393e3-1b1e-5cef-ace4-edaa54e1f810";
  EXPECT_EQ(podcast_guid(catalogue), "917393e3-1b1e-5cef-ace4-edaa54e1f810");
}

TEST(Playlist, IsWrittenInBothFormats) {
  const std::vector<PlaylistRow> rows = {{"http://a/1?x&y", "One\nline", "Ana", "", 61'400}, {"http://a/2", "Two", "", "Album", 0}};
  EXPECT_EQ(playlist(rows, PlaylistFormat::kM3u8), "#EXTM3U\n#EXTINF:61,Ana - One line\nhttp://a/1?x&y\n#EXTINF:-1,Two\nhttp://a/2\n");
  const std::string xspf = playlist(rows, PlaylistFormat::kXspf);
  EXPECT_THAT(xspf, HasSubstr("<location>http://a/1?x&amp;y</location><title>One\nline</title><creator>Ana</creator><duration>61400</duration>"));
  EXPECT_THAT(xspf, HasSubstr("<album>Album</album></track>"));
  EXPECT_FALSE(playlist_format_from("pls"));
}

}  // namespace
}  // namespace earshot::node
