// Parameters that peers cannot work with are refused by name.
#include "overlay/config.h"

#include <gtest/gtest.h>

#include <string>

namespace earshot::overlay {
namespace {

std::string complaint(const Config& config) {
  const Result<void> result = validate(config);
  return result ? "" : result.error().what;
}

TEST(Config, DefaultsAreValid) {
  EXPECT_EQ(complaint({}), "");
}

TEST(Config, NamesTheFieldAndItsBounds) {
  Config config;
  config.flood_ttl = 8;
  EXPECT_EQ(complaint(config), "flood_ttl is 8, not in 1..7");
  config = {};
  config.active_size = 0;
  EXPECT_EQ(complaint(config), "active_size is 0, not in 1..255");
  config = {};
  config.shuffle_active = 5;
  EXPECT_EQ(complaint(config), "shuffle_active + shuffle_passive is 9, not in 0..8");
  config = {};
  config.passive_walk = 7;
  EXPECT_EQ(complaint(config), "passive_walk is 7, not in 0..6");
  config = {};
  config.shuffle_period = Duration::zero();
  EXPECT_EQ(complaint(config), "shuffle_period is 0 us, not between 1 ms and 24 h");
}

}  // namespace
}  // namespace earshot::overlay
