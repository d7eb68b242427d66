// Postings and records read back as they were written, and nothing else reads at all.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "index/bits.h"
#include "index/edits.h"
#include "index/numbers.h"
#include "index/posting_list.h"
#include "index/record_page.h"
#include "index/records.h"
#include "index/term_masks.h"
#include "index/totals.h"
#include "schema/random.h"
#include "tests/index/fixtures.h"

namespace earshot::index {
namespace {

Postings any_postings() {
  Postings postings;
  for (const std::uint16_t doc : *rc::gen::arbitrary<std::set<std::uint16_t>>()) {
    postings.push_back({doc, static_cast<std::uint8_t>(*rc::gen::inRange(1, 256))});
  }
  return postings;
}

std::string columns_of(std::span<const Track> tracks) {
  ColumnsBuilder builder;
  for (const Track& track : tracks) builder.add(track);
  return builder.take();
}

bool no_head(std::size_t, std::string&) { return true; }

// Lists of every form: short, in blocks, bitmaps; with few and with many distinct counts.
Postings drawn_postings(Random& random, std::uint32_t docs, std::uint32_t one_in, std::uint32_t counts) {
  Postings postings;
  for (Doc doc = 0; doc < docs; ++doc) {
    if (random.chance(1, one_in)) postings.push_back({doc, static_cast<std::uint8_t>(1 + random.below(counts))});
  }
  return postings;
}

std::uint8_t largest(const Postings& postings) {
  std::uint8_t most = 0;
  for (const Posting& posting : postings) most = std::max(most, posting.count);
  return most;
}

TEST(PostingLists, ReadBackInEveryForm) {
  Random random = Random::stream(5, 0, 0);
  SCOPED_TRACE("seed 5");
  for (const std::uint32_t docs : {1u, 130u, 5'000u, 70'000u}) {
    for (const std::uint32_t one_in : {1u, 3u, 15u, 17u, 100u, 4'000u}) {
      for (const std::uint32_t counts : {1u, 3u, 17u, 255u}) {
        const Postings postings = drawn_postings(random, docs, one_in, counts);
        if (postings.empty()) continue;
        const std::string bytes = encode_list(postings, docs) + std::string(kPadding, 'x');
        const Cursor cursor(std::string_view(bytes).substr(0, bytes.size() - kPadding),
                            static_cast<std::uint32_t>(postings.size()), docs, largest(postings));
        EXPECT_EQ(read_all(cursor), postings) << docs << " " << one_in << " " << counts;
        Cursor probe = cursor;
        std::size_t at = 0;
        for (Doc doc = 0; doc < docs; doc += 1 + static_cast<Doc>(random.below(2 * one_in))) {
          while (at < postings.size() && postings[at].doc < doc) ++at;
          const bool is_there = at < postings.size() && postings[at].doc == doc;
          ASSERT_EQ(probe.count_in(doc), is_there ? postings[at].count : 0) << doc;
        }
      }
    }
  }
}

TEST(PostingLists, BoundTheirBlocks) {
  Random random = Random::stream(6, 0, 0);
  SCOPED_TRACE("seed 6");
  for (const std::uint32_t one_in : {2u, 40u}) {
    const Postings postings = drawn_postings(random, 50'000, one_in, 9);
    const std::string bytes = encode_list(postings, 50'000) + std::string(kPadding, 'x');
    Cursor cursor(bytes, static_cast<std::uint32_t>(postings.size()), 50'000, largest(postings));
    DocBlock block;
    while (cursor.has_block()) {
      const Doc first = cursor.block_first();
      const std::uint8_t most = cursor.block_most();
      cursor.read_block(block);
      for (std::uint32_t i = 0; i < block.size; ++i) {
        const Posting posting{block.docs[i], cursor.count_at(block.places[i])};
        ASSERT_GE(posting.doc, first);
        ASSERT_LE(posting.count, most);
      }
    }
    EXPECT_FALSE(cursor.damaged());
  }
}

// A cut list is refused, or it is a list; it is never read past its end.
TEST(PostingLists, AreNotReadPastTheirEnd) {
  Random random = Random::stream(7, 0, 0);
  SCOPED_TRACE("seed 7");
  for (const std::uint32_t one_in : {2u, 40u, 1'000u}) {
    const Postings postings = drawn_postings(random, 20'000, one_in, 9);
    const std::string bytes = encode_list(postings, 20'000);
    for (std::size_t size = 0; size < bytes.size(); size += 1 + size / 3) {
      const std::string cut = bytes.substr(0, size) + std::string(kPadding, '\xFF');
      const Cursor cursor(std::string_view(cut).substr(0, size), static_cast<std::uint32_t>(postings.size()), 20'000,
                          9);
      EXPECT_NE(read_all(cursor), postings);
    }
  }
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
  full.kind = Kind::kEpisode;
  full.licence = "cc-by";
  full.publisher = "Columbia";
  return full;
}

TEST(Records, ReadBack) {
  EXPECT_EQ(decode_record(encode(full_track())), full_track());
  EXPECT_EQ(decode_record(encode(Track())), Track());
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

TEST(RecordPages, ReadBack) {
  std::vector<Track> tracks;
  for (std::uint32_t i = 0; i < kRecordsPerPage; ++i) {
    tracks.push_back(
        track(i, "Song" + std::to_string(i) + (i % 3 == 0 ? " | Artist" : " | Other | Album | jazz | 1959")));
    tracks.back().publisher = i % 2 == 0 ? "Label" : "";
    tracks.back().size_bytes = i * 777;
    tracks.back().year = 0;
    tracks.back().content = ContentId();
  }
  for (const std::size_t count : {1u, 5u, 64u}) {
    const auto memory = memory_of_columns(columns_of(std::span<const Track>(tracks).first(count)), no_head);
    ASSERT_TRUE(memory);
    for (std::size_t i = 0; i < count; ++i) {
      Track read;
      EXPECT_TRUE(read_body(*record_at(*memory, i), read));
      EXPECT_EQ(read, tracks[i]);
      EXPECT_EQ((*texts_of_body(*record_at(*memory, i)))[4], tracks[i].publisher);
    }
    EXPECT_FALSE(record_at(*memory, count));
  }
}

TEST(RecordPages, AreRefusedWhenCutAnywhereOrExtended) {
  const std::vector<Track> tracks = {full_track(), full_track()};
  const std::string columns = columns_of(tracks);
  for (std::size_t size = 0; size < columns.size(); ++size) EXPECT_FALSE(memory_of_columns(columns.substr(0, size), no_head));
  EXPECT_FALSE(memory_of_columns(columns + "x", no_head));
}

TEST(RecordPages, PackWithADictionary) {
  std::vector<std::string> samples;
  for (std::uint32_t i = 0; i < 400; ++i) {
    std::vector<Track> tracks;
    for (std::uint32_t j = 0; j < kRecordsPerPage; ++j) {
      tracks.push_back(track(j, "Song " + std::to_string(i * j % 977) + " | The Artist | Some Album | jazz | 1959"));
    }
    samples.push_back(columns_of(tracks));
  }
  const std::string dictionary = train_dictionary(samples);
  EXPECT_FALSE(dictionary.empty());
  ColumnPacker packer(dictionary, 3);
  const ColumnUnpacker unpacker(dictionary);
  for (const std::string& sample : samples) ASSERT_EQ(unpacker.unpack(packer.pack(sample)), sample);
  EXPECT_FALSE(unpacker.unpack("no zstd"));
}

TEST(Numbers, ReadBack) {
  Random random = Random::stream(8, 0, 0);
  SCOPED_TRACE("seed 8");
  for (const bool is_whole : {true, false}) {
    NumbersBuilder builder;
    std::vector<Track> tracks(500);
    for (Track& track : tracks) {
      track.year = static_cast<std::uint16_t>(random.below(3) == 0 ? 0 : 1950 + random.below(70));
      track.duration_ms = static_cast<std::uint32_t>(random.below(400) * 1000 + (is_whole ? 0 : random.below(1000)));
      track.bitrate_kbps = static_cast<std::uint32_t>(is_whole && random.below(20) == 0 ? 4'000'000'000 : random.below(320));
      track.codec = static_cast<Codec>(random.below(7));
      track.kind = static_cast<Kind>(random.below(4));
      track.licence = random.below(2) == 0 ? "" : "cc-" + std::to_string(random.below(5));
      builder.add(track);
    }
    const std::string bytes = builder.finish();
    const auto numbers = Numbers::from(bytes, 500);
    ASSERT_TRUE(numbers);
    for (Doc doc = 0; doc < tracks.size(); ++doc) {
      Track read;
      std::string copied;
      numbers->copy(doc, copied);
      ASSERT_EQ(copied.size(), Numbers::kCopied);
      numbers->fill(copied.data(), read);
      EXPECT_EQ(read, tracks[doc]);
      EXPECT_EQ(numbers->seconds(doc), read.duration_ms / 1000);
    }
    for (std::size_t size = 0; size < bytes.size(); size += 1 + size / 7) {
      const auto cut = Numbers::from(bytes.substr(0, size), 500);
      if (cut) {
        EXPECT_EQ(cut->year(499), tracks[499].year);
      }
    }
  }
}

TEST(Edits, CountAddedDroppedReplacedAndSwappedLetters) {
  const auto edits = [](std::string_view a, std::string_view b) { return Edits(a, 2).from(b); };
  EXPECT_EQ(edits("time", "time"), 0u);
  EXPECT_EQ(edits("tmie", "time"), 1u);
  EXPECT_EQ(edits("tim", "time"), 1u);
  EXPECT_EQ(edits("timer", "time"), 1u);
  EXPECT_EQ(edits("tame", "time"), 1u);
  EXPECT_EQ(edits("björk", "bjork"), 1u);
  EXPECT_EQ(edits("emit", "time"), std::nullopt);
  EXPECT_EQ(allowed_edits("the"), 0u);
  EXPECT_EQ(allowed_edits("björ"), 1u);
  EXPECT_EQ(allowed_edits("thriller"), 2u);
  EXPECT_EQ(allowed_edits("track12"), 0u);
}

TEST(TermMasks, MissNoWordThatIsNear) {
  Random random = Random::stream(9, 0, 0);
  SCOPED_TRACE("seed 9");
  std::vector<std::string> words;
  TermMasks masks;
  for (int i = 0; i < 3'000; ++i) {
    std::string word;
    for (std::uint64_t letters = 3 + random.below(9); letters > 0; --letters) {
      word += random.below(20) == 0 ? "é" : std::string(1, static_cast<char>('a' + random.below(5)));
    }
    masks.add(word);
    words.push_back(std::move(word));
  }
  for (std::size_t i = 0; i < 40; ++i) {
    for (const unsigned most : {1u, 2u}) {
      std::vector<std::uint32_t> candidates;
      masks.find(words[i], most, candidates);
      std::sort(candidates.begin(), candidates.end());
      Edits edits(words[i], most);
      for (std::uint32_t j = 0; j < words.size(); ++j) {
        if (!edits.from(words[j])) continue;
        EXPECT_TRUE(std::binary_search(candidates.begin(), candidates.end(), j)) << words[i] << " " << words[j];
      }
    }
  }
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
    EXPECT_NEAR(static_cast<double>(terms.estimate()), static_cast<double>(goal), 0.03 * static_cast<double>(goal) + 1)
        << goal;
  }
  EXPECT_EQ(DistinctTerms::from(terms.bytes())->estimate(), terms.estimate());
}

}  // namespace
}  // namespace earshot::index
