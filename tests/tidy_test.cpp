// Style as a test.
#include <gtest/gtest.h>

TEST(Tidy, SourceDirectoryIsKnown) { EXPECT_NE(std::string(EARSHOT_SOURCE_DIR), ""); }
