// Digests never pass over an owner who has the answer: what a question needs is in the keys of every track that it finds.
#include "index/digest_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "schema/digest.h"

namespace earshot::index {
namespace {

Track track_by(std::string artist, std::string title, std::string album = "") {
  Track track;
  track.artist = std::move(artist);
  track.title = std::move(title);
  track.album = std::move(album);
  track.year = 1959;
  return track;
}

class DigestKeysTest : public testing::Test {
 protected:
  bool may_find(std::string_view question, const Track& track) const {
    const DigestNeeds needs = keys_.asked_by(question);
    return needs.empty() || may_answer(needs, keys_.of(track));
  }
  bool narrows(std::string_view question) const { return !keys_.asked_by(question).empty(); }

  const DigestKeys keys_;
  const Track so_what_ = track_by("Miles Davis", "So What", "Kind of Blue");
};

TEST_F(DigestKeysTest, AQuestionFindsTheOwnersOfAllItsWords) {
  for (const char* question : {"so what", "MILES blue", "miles OR coltrane", "so -live", "artist:\"miles davis\" what",
                               "\"kind of blue\"", "what year:1959", "so wh*", "(so OR never) blue"}) {
    EXPECT_TRUE(narrows(question)) << question;
    EXPECT_TRUE(may_find(question, so_what_)) << question;
  }
  for (const char* question : {"so whatever", "coltrane OR monk", "title:\"giant steps\" so", "(live OR never) blue"}) {
    EXPECT_FALSE(may_find(question, so_what_)) << question;
  }
}

TEST_F(DigestKeysTest, EverySpellingThatTheIndexKnowsIsAKey) {
  EXPECT_TRUE(may_find("acdc", track_by("AC/DC", "T.N.T.")));
  EXPECT_TRUE(may_find("ac/dc tnt", track_by("AC/DC", "T.N.T.")));
  EXPECT_TRUE(may_find("ac/dc", track_by("ACDC", "TNT")));
  EXPECT_TRUE(may_find("pink", track_by("P!nk", "Try")));
  EXPECT_TRUE(may_find("タワー", track_by("", "東京タワー")));
  EXPECT_TRUE(may_find("Bjork", track_by("Björk", "Jóga")));
}

TEST_F(DigestKeysTest, WhatSaysNoWholeWordCannotBeTold) {
  for (const char* question : {"year:1959", "wh*", "kind:album", "so OR wh*"}) {
    EXPECT_FALSE(narrows(question)) << question;
  }
  EXPECT_FALSE(narrows("")) << "no question at all";
}

TEST_F(DigestKeysTest, ManyAlternativesAreCutWithoutLosingAnOwner) {
  const std::string many = "a OR b OR c OR d OR e OR f OR g OR h OR i OR what";
  EXPECT_TRUE(may_find(many, so_what_));
  EXPECT_TRUE(may_find("(" + many + ") so", so_what_));
  EXPECT_FALSE(may_find("(" + many + ") never", so_what_));
  EXPECT_LE(keys_.asked_by("(a OR b OR so) (c OR d OR what) blue").size(), kMaxNeeds);
  EXPECT_TRUE(may_find("(a OR b OR so) (c OR d OR what) blue", so_what_));
}

TEST_F(DigestKeysTest, APairIsAKeyOfItsOwn) {
  const auto keys = keys_.of(so_what_);
  EXPECT_TRUE(std::binary_search(keys.begin(), keys.end(), digest_key_of_pair("miles davis", "so what")));
}

TEST_F(DigestKeysTest, WhoAsksForAContentFindsItsHoldersOnly) {
  Track held = so_what_, described = so_what_;
  held.content = {Scheme::kPpspp, {}};
  held.content.digest.fill(7);
  const std::string id = to_string(held.content);
  EXPECT_TRUE(narrows(id));
  EXPECT_TRUE(may_find(id, held));
  EXPECT_FALSE(may_find(id, so_what_));
  EXPECT_FALSE(narrows(to_string(described.content))) << "there is nothing to fetch";
  EXPECT_EQ(keys_.of(described).size(), keys_.of(held).size()) << "in the place of the pair";
}

}  // namespace
}  // namespace earshot::index
