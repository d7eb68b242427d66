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
