// Ids, contacts and content ids read back as they were written, and refuse what is no id.
#include "schema/ids.h"

#include <gtest/gtest.h>

#include "schema/endpoint.h"

namespace earshot {
namespace {

TEST(ContentId, ReadsBackItsText) {
  ContentId id{Scheme::kPpspp, {}};
  id.digest[0] = 0xab;
  id.digest[31] = 0x01;
  EXPECT_EQ(content_id_from(to_string(id)), id);
  id.scheme = Scheme::kDescribed;
  EXPECT_EQ(content_id_from(to_string(id)), id);
}

TEST(ContentId, OfATorrentIsItsInfoHashAndPerhapsAFile) {
  const std::string hash(40, 'b');
  const ContentId largest = content_id_from("torrent:" + hash).value();
  EXPECT_EQ(largest.scheme, Scheme::kTorrent);
  EXPECT_EQ(torrent_file_of(largest), 0u);
  EXPECT_EQ(to_string(largest), "torrent:" + hash);
  const ContentId third = content_id_from("torrent:" + hash + ":300").value();
  EXPECT_EQ(torrent_file_of(third), 300u);
  EXPECT_EQ(to_string(third), "torrent:" + hash + ":300");
  for (const char* wrong : {"torrent:", "torrent:bb", ":0", ":x", ":1x", ":99999999999"}) {
    const std::string text = wrong[0] == ':' ? "torrent:" + hash + wrong : wrong;
    EXPECT_FALSE(content_id_from(text)) << text;
  }
}

TEST(ContentId, RefusesAnUnknownSchemeAndSaysWhatIsExpected) {
  const auto id = content_id_from("btih:00");
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().code, ErrorCode::kInvalid);
  EXPECT_NE(id.error().what.find("ppspp:"), std::string::npos);
}

TEST(ContentId, RefusesShortLongAndNonHexadecimalDigests) {
  EXPECT_FALSE(content_id_from("ppspp:00"));
  EXPECT_FALSE(content_id_from("ppspp:" + std::string(65, '0')));
  EXPECT_FALSE(content_id_from("ppspp:" + std::string(63, '0') + "g"));
}

TEST(QueryId, ReadsBackItsText) {
  const QueryId id{0x0123456789abcdefu, 42};
  EXPECT_EQ(query_id_from(to_string(id)), id);
  EXPECT_FALSE(query_id_from("12"));
  EXPECT_FALSE(query_id_from(std::string(32, '-')));
}

}  // namespace
}  // namespace earshot
