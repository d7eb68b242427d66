// Postings and records read back as they were written, and nothing else reads at all.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "index/postings.h"
#include "index/records.h"
#include "index/totals.h"
#include "tests/index/fixtures.h"

namespace earshot::index {
namespace {

Postings any_postings() {
  Postings postings;
  for (const Doc doc : *rc::gen::arbitrary<std::set<Doc>>()) {
    postings.push_back({doc, *rc::gen::arbitrary<std::uint8_t>(), *rc::gen::arbitrary<std::uint8_t>()});
  }
  return postings;
}

RC_GTEST_PROP(Postings, ReadBack, ()) {
  const Postings postings = any_postings();
  const std::string bytes = encode(postings);
  RC_ASSERT(decode_postings(bytes) == postings);
  RC_ASSERT(count_postings(bytes) == postings.size());
}

TEST(Postings, HoldTheFirstAndTheLastDocument) {
  const Postings ends = {{0, 1, 2}, {65'535, 3, 4}};
  EXPECT_EQ(decode_postings(encode(ends)), ends);
}

RC_GTEST_PROP(Postings, AreRefusedWhenCutOrExtended, ()) {
  const std::string bytes = encode(any_postings());
  RC_ASSERT(!decode_postings(bytes + '\0'));
  RC_ASSERT(!decode_postings(bytes.substr(0, *rc::gen::inRange<std::size_t>(0, bytes.size()))));
}

TEST(Postings, AreRefusedWhenTheyClaimMoreThanTheyHold) {
  EXPECT_FALSE(decode_postings("\xFF\xFF\xFF\xFF\x0F"));
  EXPECT_FALSE(decode_postings(std::string("\x02\xFF\xFF\x03\x01\x01\x00\x01\x01", 9)));  // the second is past 65,535
}

RC_GTEST_PROP(Postings, CombineAsSets, ()) {
  const Postings a = any_postings();
  const Postings b = any_postings();
  std::set<Doc> in_a, in_b;
  for (const Posting& posting : a) in_a.insert(posting.doc);
  for (const Posting& posting : b) in_b.insert(posting.doc);
  std::vector<Doc> either, both, united_docs, intersected_docs;
  std::set_union(in_a.begin(), in_a.end(), in_b.begin(), in_b.end(), std::back_inserter(either));
  std::set_intersection(in_a.begin(), in_a.end(), in_b.begin(), in_b.end(), std::back_inserter(both));
  for (const Posting& posting : united(a, b)) united_docs.push_back(posting.doc);
  for (const Posting& posting : intersected(a, b)) intersected_docs.push_back(posting.doc);
  RC_ASSERT(united_docs == either);
  RC_ASSERT(intersected_docs == both);
}

Track full_track() {
  Track full = track(7, "So What | Miles Davis | Kind of Blue | jazz | 1959");
  full.content.scheme = Scheme::kPpspp;
  full.duration_ms = 545'000;
  full.bitrate_kbps = 320;
  full.codec = Codec::kFlac;
  full.size_bytes = 1ull << 40;
  return full;
}

TEST(Records, ReadBack) {
  EXPECT_EQ(decode_record(encode(full_track())), full_track());
  EXPECT_EQ(decode_record(encode(Track())), Track());
  EXPECT_EQ(content_of_record(encode(full_track())), full_track().content);
}

TEST(Records, AreRefusedWhenCutAnywhereOrExtended) {
  const std::string bytes = encode(full_track());
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(decode_record(bytes.substr(0, size)));
  EXPECT_FALSE(decode_record(bytes + "x"));
}

TEST(Records, AreRefusedWithAnUnknownSchemeOrCodecOrUncleanText) {
  std::string bytes = encode(full_track());
  bytes[0] = 9;
  EXPECT_FALSE(decode_record(bytes));
  bytes = encode(full_track());
  bytes[33] = 77;
  EXPECT_FALSE(decode_record(bytes));
  Track unclean = full_track();
  unclean.title = "\xFF";
  EXPECT_FALSE(decode_record(encode(unclean)));
}

TEST(Totals, ReadBack) {
  const auto read = decode_totals(encode(Totals{3, 1'000'000, 42'000'000}));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->next_segment, 3u);
  EXPECT_EQ(read->tracks, 1'000'000u);
  EXPECT_EQ(read->length, 42'000'000u);
  EXPECT_FALSE(decode_totals(""));
}

TEST(DistinctTerms, EstimatesToThreePercent) {
  DistinctTerms terms;
  std::uint64_t count = 0;
  for (const std::uint64_t goal : {10u, 1'000u, 30'000u, 200'000u}) {
    while (count < goal) terms.add(std::to_string(count++));
    EXPECT_NEAR(static_cast<double>(terms.estimate()), static_cast<double>(goal), 0.03 * static_cast<double>(goal) + 1) << goal;
  }
  EXPECT_EQ(DistinctTerms::from(terms.bytes())->estimate(), terms.estimate());
}

}  // namespace
}  // namespace earshot::index
