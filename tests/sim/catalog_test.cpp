// Who holds what.
#include "sim/catalog.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

namespace earshot::sim {
namespace {

TEST(Catalog, GivesEachItemItsCopiesAtDifferentPeers) {
  const std::vector<std::uint32_t> copies{100, 40, 1};
  const Catalog catalog(100, copies, Random::stream(1, 0, 0));
  ASSERT_EQ(catalog.items(), 3u);
  for (std::uint32_t item = 0; item < 3; ++item) {
    const auto holders = catalog.holders(item);
    EXPECT_EQ(holders.size(), copies[item]);
    EXPECT_TRUE(std::is_sorted(holders.begin(), holders.end()));
    EXPECT_EQ(std::adjacent_find(holders.begin(), holders.end()), holders.end());
    for (std::uint32_t peer = 0; peer < 100; ++peer) {
      EXPECT_EQ(catalog.holds(PeerId{peer}, item), std::find(holders.begin(), holders.end(), PeerId{peer}) != holders.end());
    }
  }
}

TEST(Catalog, ReadsLibrariesAndNumbersItemsByReplication) {
  const auto path = std::filesystem::temp_directory_path() / "earshot_catalog_test.tsv";
  std::ofstream(path) << "user\tn\titems(item:plays)\n0\t2\t70:3 5:1\n1\t2\t70:9 5\n2\t1\t70\n";
  const auto catalog = Catalog::imported(path, 300, Random::stream(1, 0, 0));
  std::filesystem::remove(path);
  ASSERT_TRUE(catalog) << catalog.error().what;
  EXPECT_EQ(catalog->items(), 2u);
  EXPECT_EQ(catalog->holders(0).size(), 300u);            // everybody has 70
  EXPECT_NEAR(static_cast<double>(catalog->holders(1).size()), 200.0, 40.0);  // two users of three have 5
}

TEST(Catalog, NamesTheLineThatIsNoLibrary) {
  const auto path = std::filesystem::temp_directory_path() / "earshot_catalog_bad_test.tsv";
  std::ofstream(path) << "user\titems\n0\t1 2\n1\t3 x\n";
  const auto catalog = Catalog::imported(path, 3, Random::stream(1, 0, 0));
  std::filesystem::remove(path);
  ASSERT_FALSE(catalog);
  EXPECT_EQ(catalog.error().what, path.string() + ":3: 'x' is no item");
}

TEST(Catalog, AHitIsTidyAndNamesItsHolder) {
  const Hit hit = hit_for(17, PeerId{4});
  EXPECT_TRUE(is_tidy(hit.track));
  EXPECT_EQ(hit.holder, PeerId{4});
  EXPECT_NE(hit.track.content, hit_for(18, PeerId{4}).track.content);
}

}  // namespace
}  // namespace earshot::sim
