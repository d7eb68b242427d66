// From fragment to fragment by their lengths; only the last one is read.
#include "index/torn_tail.h"

#include <boost/crc.hpp>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>

#include "index/bits.h"

namespace earshot::index {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kBlock = 32 * 1024;
constexpr std::uint64_t kFragmentHead = 7;

using Crc32c = boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;

// RocksDB stores a rotated sum with a constant added, so that a sum over bytes that hold sums is no weaker.
std::uint32_t masked(std::uint32_t sum) { return (sum >> 15 | sum << 17) + 0xA282EAD8; }

struct Fragment {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

bool read_at(std::ifstream& in, std::uint64_t at, std::string& bytes) {
  in.clear();
  in.seekg(static_cast<std::streamoff>(at));
  return static_cast<bool>(in.read(bytes.data(), static_cast<std::streamsize>(bytes.size())));
}

std::optional<Fragment> last_fragment(std::ifstream& in, std::uint64_t size) {
  std::optional<Fragment> last;
  std::string head(kFragmentHead, '\0');
  for (std::uint64_t at = 0; at < size;) {
    const std::uint64_t left = kBlock - at % kBlock;
    if (left < kFragmentHead) {
      at += left;
      continue;
    }
    if (at + kFragmentHead > size || !read_at(in, at, head)) return std::nullopt;
    const std::uint64_t end = at + kFragmentHead + number_at<std::uint16_t>(head.data() + 4);
    if (end > size || end > at + left) return std::nullopt;  // too short or no fragment: RocksDB knows what to do
    last = Fragment{at, end};
    at = end;
  }
  return last && last->end == size ? last : std::nullopt;
}

bool cut_torn_tail(const fs::path& file) {
  std::error_code error;
  const std::uint64_t size = fs::file_size(file, error);
  std::ifstream in(file, std::ios::binary);
  if (error || !in) return false;
  const auto last = last_fragment(in, size);
  if (!last) return false;
  std::string bytes(last->end - last->begin, '\0');
  if (!read_at(in, last->begin, bytes)) return false;
  Crc32c sum;
  sum.process_bytes(bytes.data() + 6, bytes.size() - 6);  // the type and what follows
  if (masked(sum.checksum()) == number_at<std::uint32_t>(bytes.data())) return false;
  fs::resize_file(file, last->begin, error);
  return !error;
}

// The last by name among files of equal length of name: their numbers have six digits at least.
std::optional<fs::path> newest_log(const fs::path& folder) {
  std::optional<fs::path> newest;
  const auto is_older = [](const fs::path& a, const fs::path& b) {
    const std::string left = a.filename().string();
    const std::string right = b.filename().string();
    return left.size() != right.size() ? left.size() < right.size() : left < right;
  };
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".log" && (!newest || is_older(*newest, entry.path()))) newest = entry.path();
  }
  return newest;
}

}  // namespace

bool cut_torn_tails(const fs::path& folder) {
  bool was_torn = false;
  if (const auto log = newest_log(folder)) was_torn = cut_torn_tail(*log);
  std::string manifest;
  if (std::getline(std::ifstream(folder / "CURRENT"), manifest) && manifest.starts_with("MANIFEST-"))
    was_torn = cut_torn_tail(folder / manifest) || was_torn;
  return was_torn;
}

}  // namespace earshot::index
