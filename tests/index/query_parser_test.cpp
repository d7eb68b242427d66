// Search texts into queries.
#include "index/query_parser.h"

#include <gtest/gtest.h>

namespace earshot::index {
namespace {

std::string meaning(std::string_view text) {
  const Tokenizer tokenizer;
  const auto query = parse_query(text, tokenizer);
  return query ? to_string(*query) : query.error().what;
}

TEST(QueryParser, MakesATermOfEachWordOnce) {
  EXPECT_EQ(meaning("So what, so what"), "all(so what)");
}

TEST(QueryParser, MakesAPrefixOfAStar) {
  EXPECT_EQ(meaning("miles dav*"), "all(miles dav*)");
  EXPECT_EQ(meaning("dav＊"), "all(dav*)");
  EXPECT_EQ(meaning("ac/d*"), "all(ac d*)");
  EXPECT_EQ(meaning("da*vis"), "all(davis=da+vis)");
}

TEST(QueryParser, MakesOneWordWithSpellingsOfAGroup) {
  EXPECT_EQ(meaning("AC/DC live"), "all(acdc=ac+dc live)");
  EXPECT_EQ(meaning("P!nk"), "all(pnk=pink=p+nk)");
}

TEST(QueryParser, MakesBigramsOfCjkAndAPrefixOfASingleCharacter) {
  EXPECT_EQ(meaning("東京タ"), "all('東京' '京タ')");
  EXPECT_EQ(meaning("愛"), "all(愛*)");
  EXPECT_EQ(meaning("愛\u3000夢"), "all(愛* 夢*)");
}

TEST(QueryParser, LooksForSymbolsOnlyWhenThereIsNothingElse) {
  EXPECT_EQ(meaning("!!!"), "all('!!!')");
  EXPECT_EQ(meaning("***"), "all('***')");
  EXPECT_EQ(meaning("()"), "all('()')");
  EXPECT_EQ(meaning("!!! live"), "all(live)");
  EXPECT_EQ(meaning("this & that"), "all(this that)");
}

TEST(QueryParser, LooksForPhrasesAsTheyStand) {
  EXPECT_EQ(meaning("\"So What\" miles"), "all('so' 'what' in:any(so what) miles)");
  EXPECT_EQ(meaning("\"what\""), "all('what')");
  EXPECT_EQ(meaning("\"AC/DC live\""), "all(acdc=ac+dc 'live' in:any(ac dc live))");
}

TEST(QueryParser, LeavesNothingOutBehindAQuoteWithoutASpace) {
  EXPECT_EQ(meaning("\"Gold Coast\"-Chill Beat"), meaning("\"Gold Coast\" Chill Beat"));
  EXPECT_NE(meaning("\"Gold Coast\" -Chill Beat"), meaning("\"Gold Coast\" Chill Beat"));
  EXPECT_NE(meaning("gold\u3000-chill"), meaning("gold chill"));
}

TEST(QueryParser, LooksInFields) {
  EXPECT_EQ(meaning("artist:Miles"), "all(miles in:artist(miles))");
  EXPECT_EQ(meaning("Artist:\"Miles Davis\" so"), "all('miles' 'davis' in:artist(miles davis) so)");
  EXPECT_EQ(meaning("publisher:blue* title:AC/DC"), "all(blue* in:publisher(blue*) acdc=ac+dc in:title(ac dc|acdc))");
}

TEST(QueryParser, FiltersByNumbers) {
  EXPECT_EQ(meaning("year:1959"), "all(year=1959..1959)");
  EXPECT_EQ(meaning("year:1959..1965"), "all(year=1959..1965)");
  EXPECT_EQ(meaning("year:..1965"), "all(year=0..1965)");
  EXPECT_EQ(meaning("year:1959.."), "all(year=1959..)");
  EXPECT_EQ(meaning("length:<4m"), "all(seconds=0..239)");
  EXPECT_EQ(meaning("length:3m30..1h"), "all(seconds=210..3600)");
  EXPECT_EQ(meaning("length:>4:30"), "all(seconds=271..)");
  EXPECT_EQ(meaning("bitrate:>=256"), "all(kbps=256..)");
  EXPECT_EQ(meaning("bitrate:320k"), "all(kbps=320..320)");
}

TEST(QueryParser, FiltersByLabels) {
  EXPECT_EQ(meaning("codec:FLAC kind:episode licence:CC-BY"), "all(codec=flac kind=episode licence=cc-by)");
  EXPECT_EQ(meaning("license:cc*"), "all(licence=cc*)");
}

TEST(QueryParser, LeavesOutAndGroups) {
  EXPECT_EQ(meaning("love -live"), "all(love not(live))");
  EXPECT_EQ(meaning("love -artist:\"the who\""), "all(love not(all('the' 'who' in:artist(the who))))");
  EXPECT_EQ(meaning("love OR hate"), "all(any(love hate))");
  EXPECT_EQ(meaning("a (b OR c d) -(e OR f)"), "all(a any(b all(c d)) not(any(e f)))");
  EXPECT_EQ(meaning("(a b) c"), "all(a b c)");
}

TEST(QueryParser, TakesSignsOfTitlesAsTheyStand) {
  EXPECT_EQ(meaning("-M-"), "all(m)");
  EXPECT_EQ(meaning("-live"), "all(live)");
  EXPECT_EQ(meaning("Song -GMT remix-"), "all(song gmt remix)");
  EXPECT_EQ(meaning("foo - Remastered"), "all(foo remaster=remastered)");
  EXPECT_EQ(meaning("Re:Stacks"), "all(restacks=re+stacks)");
  EXPECT_EQ(meaning("12\" mix"), "all(12 mix)");
  EXPECT_EQ(meaning("(What's the Story) Morning"), "all(whats=what+s the story morning)");
  EXPECT_EQ(meaning("Foo (feat. Bar)"), "all(foo with=feat bar)");
  EXPECT_EQ(meaning("f(x) pop"), "all(fx=f+x pop)");
  EXPECT_EQ(meaning("Foo (feat. B"), "all(foo with=feat b)");
  EXPECT_EQ(meaning("Collectors \"Yvette Horner"), "all(collectors yvette horner)");
  EXPECT_EQ(meaning("Slipknot! -> - Live"), "all(slipknot live)");
  EXPECT_EQ(meaning("OR"), "all(or)");
  EXPECT_EQ(meaning("this OR"), "all(this or)");
  EXPECT_EQ(meaning("f:oo"), "all(foo=f+oo)");
}

TEST(QueryParser, PointsAtTheColumnAndSaysHowToMend) {
  EXPECT_EQ(meaning("ärzte year:often"),
            "column 7: 'often' is no range of year: write year:1959, year:1959..1965 or year:>=1959");
  EXPECT_EQ(meaning("year:1965..1959"), "column 1: '1965..1959' ends before it begins: write the smaller one first");
  EXPECT_EQ(meaning("x codec:mp4"), "column 3: 'mp4' is no codec: try mp3, vorbis, opus, flac, aac, wav or unknown");
  EXPECT_EQ(meaning("year:"),
            "column 1: year: needs its range right behind it: write year:1959, year:1959..1965 or year:>=1959");
  EXPECT_EQ(meaning("kind:song"), "column 1: 'song' is no kind: try track, episode, station, publisher or peer");
  EXPECT_EQ(meaning("kind:peer"), meaning("kind:publisher"));
  EXPECT_EQ(meaning("artist: miles"),
            "column 1: artist: needs its word right behind it: artist:miles or artist:\"miles davis\"");
}

TEST(QueryParser, RefusesWhatHasNoWordOrIsTooLong) {
  const Tokenizer tokenizer;
  EXPECT_FALSE(parse_query("", tokenizer));
  EXPECT_FALSE(parse_query(" \t\u3000", tokenizer));
  EXPECT_FALSE(parse_query(std::string(513, 'a'), tokenizer));
}

}  // namespace
}  // namespace earshot::index
