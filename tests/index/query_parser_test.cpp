// Search texts into words.
#include "index/query_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace earshot::index {
namespace {

using testing::ElementsAre;

std::vector<Word> words(std::string_view text) {
  const Tokenizer tokenizer;
  const auto query = parse_query(text, tokenizer);
  EXPECT_TRUE(query) << query.error().what;
  return query ? query->words : std::vector<Word>();
}

TEST(QueryParser, MakesATermOfEachWordOnce) {
  EXPECT_THAT(words("So what, so what"), ElementsAre(Term{"so"}, Term{"what"}));
}

TEST(QueryParser, MakesAPrefixOfAStar) {
  EXPECT_THAT(words("miles dav*"), ElementsAre(Term{"miles"}, Prefix{"dav"}));
  EXPECT_THAT(words("dav＊"), ElementsAre(Prefix{"dav"}));
  EXPECT_THAT(words("ac/d*"), ElementsAre(Term{"ac"}, Prefix{"d"}));
  EXPECT_THAT(words("da*vis"), ElementsAre(Compound{{"davis"}, {"da", "vis"}}));
}

TEST(QueryParser, MakesOneWordWithSpellingsOfAGroup) {
  EXPECT_THAT(words("AC/DC live"), ElementsAre(Compound{{"acdc"}, {"ac", "dc"}}, Term{"live"}));
  EXPECT_THAT(words("P!nk"), ElementsAre(Compound{{"pnk", "pink"}, {"p", "nk"}}));
}

TEST(QueryParser, MakesBigramsOfCjkAndAPrefixOfASingleCharacter) {
  EXPECT_THAT(words("東京タ"), ElementsAre(Term{"東京"}, Term{"京タ"}));
  EXPECT_THAT(words("愛"), ElementsAre(Prefix{"愛"}));
  EXPECT_THAT(words("愛\u3000夢"), ElementsAre(Prefix{"愛"}, Prefix{"夢"}));
}

TEST(QueryParser, LooksForSymbolsOnlyWhenThereIsNothingElse) {
  EXPECT_THAT(words("!!!"), ElementsAre(Term{"!!!"}));
  EXPECT_THAT(words("***"), ElementsAre(Term{"***"}));
  EXPECT_THAT(words("!!! live"), ElementsAre(Term{"live"}));
  EXPECT_THAT(words("this & that"), ElementsAre(Term{"this"}, Term{"that"}));
}

TEST(QueryParser, RefusesWhatHasNoWordOrIsTooLong) {
  const Tokenizer tokenizer;
  EXPECT_FALSE(parse_query("", tokenizer));
  EXPECT_FALSE(parse_query(" \t\u3000", tokenizer));
  EXPECT_FALSE(parse_query(std::string(513, 'a'), tokenizer));
}

}  // namespace
}  // namespace earshot::index
