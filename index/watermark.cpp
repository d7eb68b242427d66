// Sixteen bytes in place.
#include "index/watermark.h"

#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include <array>
#include <cstring>
#include <system_error>

#include "schema/defence.h"

namespace earshot::index {

namespace {

constexpr std::string_view kName = "acknowledged";

using Words = std::array<std::uint64_t, 2>;

std::uint64_t check_of(std::uint64_t sequence) { return XXH3_64bits(&sequence, sizeof sequence); }

}  // namespace

Watermark::Watermark(const std::filesystem::path& folder)
    : descriptor_(::open((folder / kName).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {}

Watermark::~Watermark() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::uint64_t Watermark::read() const {
  Words words{};
  if (::pread(descriptor_, words.data(), sizeof words, 0) != static_cast<ssize_t>(sizeof words)) return 0;
  return stands(Defence::kWatermark) && words[1] == check_of(words[0]) ? words[0] : 0;
}

void Watermark::write(std::uint64_t sequence) {
  const Words words = {sequence, check_of(sequence)};
  static_cast<void>(!::pwrite(descriptor_, words.data(), sizeof words, 0));
}

void Watermark::remove(const std::filesystem::path& folder) {
  std::error_code ignored;
  std::filesystem::remove(folder / kName, ignored);
}

}  // namespace earshot::index
