// A researcher's file: refused with a reason, or a scenario with somebody in it.
#include <cstdint>

#include "schema/bytes.h"
#include "schema/check.h"
#include "sim/scenario.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace earshot;
  const auto scenario = sim::parse_scenario(as_text({data, size}), "fuzzed.toml", {});
  EARSHOT_CHECK(scenario || scenario.error().what.find("fuzzed.toml") != std::string::npos);
  EARSHOT_CHECK(!scenario || !scenario->peers || *scenario->peers > 0);
  return 0;
}
