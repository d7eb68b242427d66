// Digests as a stranger sends them: what is accepted can be written in one way only, and its keys are in order.
#include <algorithm>
#include <cstdlib>

#include "schema/digest.h"
#include "schema/limits.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace earshot;
  const ByteView bytes(data, size);
  const auto header = digest_header(bytes);
  const auto digest = decode_digest(bytes);
  if (digest && !header) std::abort();
  if (!digest) return 0;
  const Bytes again = encode(*digest);
  if (!std::equal(again.begin(), again.end(), bytes.begin(), bytes.end())) std::abort();
  if (digest->keys.size() != header->count || digest->keys.size() > limits::kMaxDigestKeys) std::abort();
  if (!std::is_sorted(digest->keys.begin(), digest->keys.end())) std::abort();
  return 0;
}
