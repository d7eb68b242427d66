// Random changes and queries: the index and its naive twin give equal answers, scores included, through seals, merges,
// re-adds and reopening. For a million operations and queries by hand, some 20 minutes on a quiet core:
//
//   RC_PARAMS="max_success=36000" build/release/bin/index_test --gtest_filter='IndexTwin*'
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdio>

#include "index/index.h"
#include "tests/index/fixtures.h"
#include "tests/index/twin.h"

namespace earshot::index {
namespace {

// Few words and few ids, so that tracks share terms, scores tie and adds replace.
const std::vector<std::string> kWords = {
    "love",           "Löve", "lover", "AC/DC", "acdc", "P!nk",  "don't", "1959", "東京タワー", "東",
    "ジョン・レノン", "!!!",  "a",     "the",   "The",  "Ke$ha", "x-y-z", "ﬁne",  "Straße",     "blue"};

std::string words(std::size_t most) {
  std::string text;
  const auto count = *rc::gen::inRange<std::size_t>(0, most + 1);
  for (std::size_t i = 0; i < count; ++i) text += (i ? " " : "") + *rc::gen::elementOf(kWords);
  return text;
}

Track any_track() {
  Track made = track(*rc::gen::inRange(0u, 40u), "");
  made.title = words(4);
  made.artist = words(2);
  made.album = words(2);
  made.genre = words(1);
  made.publisher = words(1);
  made.year = *rc::gen::element<std::uint16_t>(0, 1959, 2001);
  made.duration_ms = *rc::gen::element<std::uint32_t>(0, 60'000, 61'500, 200'000);
  made.bitrate_kbps = *rc::gen::element<std::uint32_t>(0, 128, 320);
  made.codec = *rc::gen::element(Codec::kUnknown, Codec::kMp3, Codec::kFlac);
  made.kind = *rc::gen::element(Kind::kTrack, Kind::kEpisode, Kind::kStation, Kind::kPublisher);
  made.licence = *rc::gen::element<std::string>("", "cc0", "cc-by", "cc-by-sa");
  return made;
}

std::string any_item(int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 12 : 9)) {
    case 0: return *rc::gen::elementOf(kWords) + "*";
    case 1: return "\"" + *rc::gen::elementOf(kWords) + " " + words(2) + "\"";
    case 2: return *rc::gen::element<std::string>("title:", "artist:", "publisher:") + *rc::gen::elementOf(kWords);
    case 3:
      return *rc::gen::element<std::string>("year:1959", "year:>1959", "length:<=1m", "length:61..4m", "bitrate:>=128",
                                            "codec:mp3", "kind:station", "licence:cc-by", "licence:cc-by*");
    case 4: return "artist:\"" + *rc::gen::elementOf(kWords) + " " + words(1) + "\"";
    case 5: return *rc::gen::element<std::string>("lvoe", "lober", "bleu", "stras", "thier");
    case 9: return "(" + any_item(depth - 1) + " OR " + any_item(depth - 1) + ")";
    case 10: return "(" + any_item(depth - 1) + " " + any_item(depth - 1) + ")";
    case 11: return "-" + any_item(depth - 1);
    default: return *rc::gen::elementOf(kWords);
  }
}

std::string any_query() {
  if (*rc::gen::inRange(0, 2) == 0) {
    std::string text = any_item(2);
    for (int more = *rc::gen::inRange(0, 3); more > 0; --more) text += " " + any_item(2);
    return text;
  }
  std::string text = words(2) + " " + *rc::gen::elementOf(kWords);
  if (*rc::gen::inRange(0, 3) == 0) text += "*";
  if (*rc::gen::inRange(0, 4) == 0) text = *rc::gen::element<std::string>("l*", "1*", "東*", "lo* a", "ac/d*", "t* *");
  return text;
}

void expect_equal(const Index& index, const Twin& twin) {
  const std::string query = any_query();
  const auto limit = *rc::gen::inRange<std::size_t>(1, 12);
  const auto answer = index.search(query, {.limit = limit, .budget = 60s});
  const auto expected = twin.search(query, limit);
  RC_ASSERT(answer.has_value() == expected.has_value());
  if (!answer) return;
  RC_ASSERT(answer->complete);
  RC_ASSERT(answer->tracks.size() == expected->tracks.size());
  for (std::size_t i = 0; i < answer->tracks.size(); ++i) {
    RC_ASSERT(answer->tracks[i].track == expected->tracks[i].track);
    RC_ASSERT(answer->tracks[i].score == expected->tracks[i].score);
  }
}

// Says at the end of the program how much was tried.
struct Operations {
  ~Operations() {
    if (count > 0) std::printf("%llu changes and queries\n", static_cast<unsigned long long>(count));
  }
  std::uint64_t count = 0;
};
Operations operations;

RC_GTEST_PROP(IndexTwin, AgreesAfterAnyChanges, ()) {
  const TemporaryFolder folder;
  Index::Options options;
  options.sync = false;
  options.live_tracks = *rc::gen::element<std::size_t>(1, 3, 10, 1000);
  options.segment_tracks = *rc::gen::element<std::uint64_t>(2, 8, 1000);
  const auto open = [&] {
    auto opened = Index::open(folder.path(), options);
    RC_ASSERT(opened.has_value());
    return std::move(*opened);
  };
  auto index = open();
  Twin twin;
  const auto steps = *rc::gen::inRange(1, 30);
  for (int step = 0; step < steps; ++step) {
    const auto kind = *rc::gen::inRange(0, 20);
    if (kind < 10) {
      std::vector<Track> tracks(*rc::gen::inRange<std::size_t>(1, 6));
      for (Track& one : tracks) one = any_track();
      RC_ASSERT(index->add(tracks).has_value());
      twin.add(tracks);
    } else if (kind < 14) {
      const std::vector<ContentId> contents = {content(*rc::gen::inRange(0u, 40u)),
                                               content(*rc::gen::inRange(0u, 40u))};
      RC_ASSERT(index->remove(contents) == twin.remove(contents));
    } else if (kind < 15) {
      index.reset();
      index = open();
    } else if (kind < 16) {
      RC_ASSERT(index->compact().has_value());
    }
    expect_equal(*index, twin);
    operations.count += 2;
    RC_ASSERT(index->stats().tracks == twin.size());
    const ContentId id = content(*rc::gen::inRange(0u, 40u));
    const auto found = index->find(id);
    RC_ASSERT(found.has_value());
    RC_ASSERT(found->has_value() == twin.holds(id));
  }
}

}  // namespace
}  // namespace earshot::index
