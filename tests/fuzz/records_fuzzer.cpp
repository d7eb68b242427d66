// The stored forms: any bytes are refused, or read back as they were.
#include <cstdint>

#include "index/bits.h"
#include "index/numbers.h"
#include "index/posting_list.h"
#include "index/record_page.h"
#include "index/records.h"
#include "index/term_page.h"
#include "index/totals.h"
#include "schema/bytes.h"
#include "schema/check.h"

namespace {

// The first four bytes say how long the list and the segment claim to be.
void read_list(std::string_view bytes) {
  using namespace earshot::index;
  if (bytes.size() < 4) return;
  const std::uint32_t size = number_at<std::uint16_t>(bytes.data());
  const std::uint32_t docs = number_at<std::uint16_t>(bytes.data() + 2);
  const std::string padded = std::string(bytes.substr(4)) + std::string(kPadding, '\0');
  const Cursor cursor(std::string_view(padded).substr(0, bytes.size() - 4), size, docs, 255);
  for (const Posting& posting : read_all(cursor)) EARSHOT_CHECK(posting.doc < docs);
  Cursor probe = cursor;
  for (Doc doc = 0; doc < docs; doc += 1 + docs / 64) static_cast<void>(probe.count_in(doc));
}

void read_terms(std::string_view bytes) {
  using namespace earshot::index;
  TermPage terms(bytes);
  while (terms.next()) {
    EARSHOT_CHECK(terms.text().size() <= kMaxTerm && terms.entry().df > 0);
    for (std::uint32_t i = 1; i < terms.entry().df && terms.entry().df <= kMaxInlined; ++i) {
      EARSHOT_CHECK(terms.entry().inlined[i].doc > terms.entry().inlined[i - 1].doc);
    }
  }
  EARSHOT_CHECK(terms.is_damaged() || terms.rest().empty());
}

// The first two bytes say how many documents there are.
void read_numbers(std::string_view bytes) {
  using namespace earshot::index;
  if (bytes.size() < 2) return;
  const std::uint32_t docs = number_at<std::uint16_t>(bytes.data());
  const auto numbers = Numbers::from(std::string(bytes.substr(2)), docs);
  for (Doc doc = 0; numbers && doc < docs; doc += 1 + docs / 64) {
    earshot::Track track;
    std::string copied;
    numbers->copy(doc, copied);
    numbers->fill(copied.data(), track);
    EARSHOT_CHECK(track.codec <= earshot::Codec::kWav && track.kind <= earshot::kLastKind);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace earshot;
  const std::string_view bytes = as_text({data, size});
  if (const auto track = index::decode_record(bytes)) {
    EARSHOT_CHECK(index::encode(*track) == bytes);
  }
  const auto no_head = [](std::size_t, std::string&) { return true; };
  if (const auto memory = index::memory_of_columns(bytes, no_head)) EARSHOT_CHECK(index::record_at(*memory, 0));
  read_list(bytes);
  read_terms(bytes);
  read_numbers(bytes);
  if (const auto texts = index::texts_of_body(bytes)) EARSHOT_CHECK((*texts)[4].size() <= bytes.size());
  if (const auto totals = index::decode_totals(bytes)) EARSHOT_CHECK(index::encode(*totals) == bytes);
  return 0;
}
