// A line of a study's journal, torn or not: what is taken is written again as it was.
#include <cstdint>
#include <string>

#include "schema/bytes.h"
#include "schema/check.h"
#include "sim/journal.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace earshot;
  const std::string_view line = as_text({data, size});
  if (line.find('\n') != std::string_view::npos) return 0;
  const auto read = sim::pair_from_line(line);
  if (!read) return 0;
  const std::string again = sim::journal_line(read->first, read->second);
  const auto once_more = sim::pair_from_line(std::string_view(again).substr(0, again.size() - 1));
  EARSHOT_CHECK(once_more && *once_more == *read);
  return 0;
}
