// Replication of items over peers.
#include "sim/catalog.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "schema/check.h"
#include "sim/table_file.h"

namespace earshot::sim {

namespace {

/// A sorted sample of `count` peers without repetition.
std::vector<PeerId> sample(std::uint32_t peers, std::uint32_t count, Random& random) {
  std::vector<PeerId> chosen;
  while (chosen.size() < count) {
    for (std::size_t missing = count - chosen.size(); missing > 0; --missing) {
      chosen.push_back(PeerId{static_cast<std::uint32_t>(random.below(peers))});
    }
    std::sort(chosen.begin(), chosen.end());
    chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  }
  return chosen;
}

using Library = std::vector<std::uint32_t>;

Result<std::vector<Library>> read_libraries(const std::filesystem::path& path) {
  const Result<std::string> text = read_text(path);
  if (!text) return tl::unexpected(text.error());
  Pieces lines(*text, '\n');
  std::string_view line;
  std::string_view cell;
  std::size_t column = 0;
  lines.next(line);
  Pieces header(line, '\t');
  while (header.next(cell) && cell != "items" && !cell.starts_with("items(")) ++column;
  if (cell != "items" && !cell.starts_with("items(")) {
    return fail(ErrorCode::kInvalid, "{}: no column 'items' in the header '{}'", path.string(), line);
  }
  std::vector<Library> libraries;
  for (std::size_t number = 2; lines.next(line); ++number) {
    Pieces cells(line, '\t');
    for (std::size_t i = 0; i <= column; ++i) cell = cells.next(cell) ? cell : std::string_view();
    Pieces items(cell, ' ');
    Library library;
    for (std::string_view item; items.next(item);) {
      std::uint32_t id = 0;
      if (!parse_number(item.substr(0, item.find(':')), id)) {
        return fail(ErrorCode::kInvalid, "{}:{}: '{}' is no item", path.string(), number, item);
      }
      library.push_back(id);
    }
    libraries.push_back(std::move(library));
  }
  if (libraries.empty()) return fail(ErrorCode::kInvalid, "{}: no libraries", path.string());
  return libraries;
}

}  // namespace

Catalog::Catalog(std::uint32_t peers, std::span<const std::uint32_t> copies, Random random) {
  starts_.push_back(0);
  for (const std::uint32_t count : copies) {
    EARSHOT_CHECK(count <= peers);
    const std::vector<PeerId> chosen = sample(peers, count, random);
    holders_.insert(holders_.end(), chosen.begin(), chosen.end());
    starts_.push_back(static_cast<std::uint32_t>(holders_.size()));
  }
}

Catalog::Catalog(std::vector<std::vector<PeerId>> holders) {
  std::stable_sort(holders.begin(), holders.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  starts_.push_back(0);
  for (const std::vector<PeerId>& list : holders) {
    holders_.insert(holders_.end(), list.begin(), list.end());
    starts_.push_back(static_cast<std::uint32_t>(holders_.size()));
  }
}

Result<Catalog> Catalog::imported(const std::filesystem::path& path, std::uint32_t peers, Random random) {
  const Result<std::vector<Library>> libraries = read_libraries(path);
  if (!libraries) return tl::unexpected(libraries.error());
  std::unordered_map<std::uint32_t, std::size_t> numbers;  // looked up only; the order is that of `holders`
  std::vector<std::vector<PeerId>> holders;
  for (std::uint32_t peer = 0; peer < peers; ++peer) {
    for (const std::uint32_t id : (*libraries)[random.below(libraries->size())]) {
      const auto [found, is_new] = numbers.try_emplace(id, holders.size());
      if (is_new) holders.emplace_back();
      std::vector<PeerId>& list = holders[found->second];
      if (list.empty() || list.back() != PeerId{peer}) list.push_back(PeerId{peer});
    }
  }
  return Catalog(std::move(holders));
}

std::span<const PeerId> Catalog::holders(std::uint32_t item) const {
  return {holders_.data() + starts_[item], starts_[item + 1] - starts_[item]};
}

bool Catalog::holds(PeerId peer, std::uint32_t item) const {
  const std::span<const PeerId> list = holders(item);
  return std::binary_search(list.begin(), list.end(), peer);
}

std::size_t Catalog::bytes() const {
  return starts_.capacity() * sizeof(std::uint32_t) + holders_.capacity() * sizeof(PeerId);
}

std::string query_text(std::uint32_t item) { return fmt::format("item {}", item); }

Hit hit_for(std::uint32_t item, PeerId holder) {
  Hit hit;
  hit.track.content.scheme = Scheme::kPpspp;
  for (std::size_t i = 0; i < 4; ++i) hit.track.content.digest[i] = static_cast<std::uint8_t>(item >> (8 * i));
  hit.track.title = query_text(item);
  hit.track.artist = "somebody";
  hit.track.duration_ms = 180'000;
  hit.track.size_bytes = 4'000'000;
  hit.holder = holder;
  hit.score = 1000;
  return hit;
}

Hit false_hit_for(std::uint32_t item, PeerId holder) {
  Hit hit = hit_for(item, holder);
  hit.track.content.digest.back() = 0xff;
  return hit;
}

bool is_false(const Hit& hit) { return hit.track.content.digest.back() == 0xff; }

}  // namespace earshot::sim
